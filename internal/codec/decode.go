package codec

import (
	"encoding"
	"encoding/binary"
	"math"
	"reflect"
	"strconv"

	"github.com/multiproc/mp/internal/bulk"
)

// decode sets v, which is zero, settable memory of the type of n, to the value at the start of b, and returns what
// follows it. The error is a *fault. No length is believed before the bytes for it are there.
func (n *node) decode(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, faultf(tooDeep)
	}
	switch n.kind {
	case kindRaw:
		return n.decodeRaw(b, memory(v))
	case kindString:
		data, rest, err := cutBlob(b)
		if err != nil {
			return nil, err
		}
		v.SetString(bulk.String(data))
		return rest, nil
	case kindRawSlice, kindSlice:
		return n.decodeSlice(b, v, depth+1)
	case kindArray:
		return n.decodeArray(b, v, depth)
	case kindMap:
		return n.decodeMap(b, v, depth+1)
	case kindPointer:
		present, rest, err := cutPresence(b)
		if err != nil || !present {
			return rest, err
		}
		v.Set(reflect.New(n.elem.typ))
		return n.elem.decode(rest, v.Elem(), depth+1)
	case kindStruct:
		return n.decodeFields(b, v, depth)
	case kindBinary:
		return decodeBinary(b, v)
	case kindFunc:
		return n.decodeFunc(b, v)
	default:
		x, rest, err := cutDynamic(b, depth)
		if err == nil && x != nil {
			v.Set(reflect.ValueOf(x))
		}
		return rest, err
	}
}

// decodeRaw fills the memory of a plain value, or of the elements of a slice of them.
func (n *node) decodeRaw(b, memory []byte) ([]byte, error) {
	if len(b) < len(memory) {
		return nil, faultf("takes %d bytes, and %d are left", len(memory), len(b))
	}
	typ := n.typ
	if n.kind == kindRawSlice {
		typ = typ.Elem()
	}
	bulk.Copy(memory, b)
	if n.bools && !validElements(typ, memory) {
		clear(memory)
		return nil, faultf(badBool)
	}
	return b[len(memory):], nil
}

func (n *node) decodeSlice(b []byte, v reflect.Value, depth int) ([]byte, error) {
	count, present, rest, err := cutCount(b, n.elem.min)
	if err != nil || !present {
		return rest, err
	}
	if n.kind == kindRawSlice {
		v.Set(reflect.MakeSlice(n.typ, count, count))
		return n.decodeRaw(rest, sliceMemory(v))
	}
	v.Set(reflect.MakeSlice(n.typ, 0, believed(count, n.elem.typ.Size())))
	for i := range count {
		if i == v.Cap() {
			v.Grow(1)
		}
		v.SetLen(i + 1)
		if rest, err = n.elem.decode(rest, v.Index(i), depth); err != nil {
			return nil, within(err, "["+strconv.Itoa(i)+"]")
		}
	}
	return rest, nil
}

// flat: a value holds no other that could claim memory. Of maps of such, one at a time is being filled, and its count has
// bytes behind it: it may be believed whole.
func (n *node) flat() bool { return n.kind == kindString || n.kind == kindRaw }

// believed is how many of count elements get memory before they arrive: about a kilobyte. Each level of a value that holds
// its like could claim all the bytes that are left, which would make the memory the square of their number.
func believed(count int, size uintptr) int { return min(count, 1+1024/max(int(size), 1)) }

func (n *node) decodeArray(b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	for i := range v.Len() {
		if b, err = n.elem.decode(b, v.Index(i), depth); err != nil {
			return nil, within(err, "["+strconv.Itoa(i)+"]")
		}
	}
	return b, nil
}

func (n *node) decodeFields(b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	for i := range n.fields {
		f := &n.fields[i]
		if b, err = f.node.decode(b, v.Field(f.index), depth); err != nil {
			return nil, within(err, f.name)
		}
	}
	return b, nil
}

func (n *node) decodeMap(b []byte, v reflect.Value, depth int) ([]byte, error) {
	count, present, b, err := cutCount(b, n.key.min+n.elem.min)
	if err != nil || !present {
		return b, err
	}
	if n.key.min == 0 && count > 1 {
		return nil, faultf("has %d keys, and there is one %v", count, n.key.typ)
	}
	room := count
	if !n.key.flat() || !n.elem.flat() {
		room = believed(count, n.key.typ.Size()+n.elem.typ.Size())
	}
	v.Set(reflect.MakeMapWithSize(n.typ, room))
	key, value := reflect.New(n.key.typ).Elem(), reflect.New(n.elem.typ).Elem()
	for range count {
		key.SetZero()
		if b, err = n.key.decode(b, key, depth); err != nil {
			return nil, within(err, "[key]")
		}
		value.SetZero()
		if b, err = n.elem.decode(b, value, depth); err != nil {
			return nil, within(err, keyStep(key))
		}
		v.SetMapIndex(key, value)
	}
	if v.Len() != count {
		return nil, faultf("has %d keys, of which only %d are different", count, v.Len())
	}
	return b, nil
}

func decodeBinary(b []byte, v reflect.Value) ([]byte, error) {
	data, rest, err := cutBlob(b)
	if err != nil {
		return nil, err
	}
	if err := v.Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(data); err != nil {
		return nil, because(err, "was refused by its UnmarshalBinary")
	}
	return rest, nil
}

func (n *node) decodeFunc(b []byte, v reflect.Value) ([]byte, error) {
	present, b, err := cutPresence(b)
	if err != nil || !present {
		return b, err
	}
	data, rest, err := cutBlob(b)
	if err != nil {
		return nil, err
	}
	if err := n.fn.dec(data, v); err != nil {
		return nil, because(err, "names a func that is not here")
	}
	return rest, nil
}

// cutPresence takes the byte that says whether there is a value.
func cutPresence(b []byte) (present bool, rest []byte, err error) {
	if len(b) == 0 {
		return false, nil, faultf("is cut off: nothing is left")
	}
	if b[0] > 1 {
		return false, nil, faultf("begins with the byte %d, and 0 (nil) or 1 was expected", b[0])
	}
	return b[0] == 1, b[1:], nil
}

// cutCount takes a length+1, or the 0 that is nil. A count whose elements, of least bytes each, cannot be in b is refused.
func cutCount(b []byte, least int) (count int, present bool, rest []byte, err error) {
	n, rest, err := cutUvarint(b)
	if err != nil || n == 0 {
		return 0, false, rest, err
	}
	n--
	if n > math.MaxInt || least > 0 && n > uint64(len(rest)/least) {
		return 0, false, nil, faultf("has %d elements, and the %d bytes left cannot hold them", n, len(rest))
	}
	return int(n), true, rest, nil
}

// cutBlob takes a length and as many bytes. They are part of b.
func cutBlob(b []byte) (data, rest []byte, err error) {
	n, rest, err := cutUvarint(b)
	if err != nil {
		return nil, nil, err
	}
	if n > uint64(len(rest)) {
		return nil, nil, faultf("is %d bytes long, and %d are left", n, len(rest))
	}
	return rest[:n:n], rest[n:], nil
}

func cutUvarint(b []byte) (n uint64, rest []byte, err error) {
	n, size := binary.Uvarint(b)
	if size <= 0 {
		return 0, nil, faultf("has a length that is cut off or above 64 bits")
	}
	return n, b[size:], nil
}
