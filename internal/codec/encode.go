package codec

import (
	"encoding"
	"encoding/binary"
	"reflect"
	"slices"
	"strconv"

	"github.com/multiproc/mp/internal/bulk"
)

// maxDepth is how many slices, maps and pointers may lie within each other in one value. It is far above what data needs
// and far below what a stack holds, and it is how a value that contains itself is noticed. A longer linked list
// travels as a slice.
const maxDepth = 10_000

const tooDeep = "is nested deeper than 10000 levels, or contains itself"

// append appends the bytes of v, which is addressable and of the type of n. The error is a *fault.
func (n *node) append(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, faultf(tooDeep)
	}
	switch n.kind {
	case kindRaw:
		return bulk.Append(b, memory(v)), nil
	case kindString:
		return appendString(b, v.String()), nil
	case kindRawSlice:
		if v.IsNil() {
			return append(b, 0), nil
		}
		return bulk.Append(appendCount(b, v.Len()), sliceMemory(v)), nil
	case kindSlice:
		if v.IsNil() {
			return append(b, 0), nil
		}
		return n.appendElements(appendCount(b, v.Len()), v, depth+1)
	case kindArray:
		return n.appendElements(b, v, depth)
	case kindMap:
		return n.appendMap(b, v, depth+1)
	case kindPointer:
		if v.IsNil() {
			return append(b, 0), nil
		}
		return n.elem.append(append(b, 1), v.Elem(), depth+1)
	case kindStruct:
		return n.appendFields(b, v, depth)
	case kindBinary:
		return appendBinary(b, v)
	case kindFunc:
		return n.appendFunc(b, v)
	default:
		return appendDynamic(b, v.Interface(), depth)
	}
}

// appendCount appends the length of something that is not nil.
func appendCount(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)+1) }

func (n *node) appendElements(b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	for i := range v.Len() {
		if b, err = n.elem.append(b, v.Index(i), depth); err != nil {
			return nil, within(err, "["+strconv.Itoa(i)+"]")
		}
	}
	return b, nil
}

func (n *node) appendFields(b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	for i := range n.fields {
		f := &n.fields[i]
		if b, err = f.node.append(b, v.Field(f.index), depth); err != nil {
			return nil, within(err, f.name)
		}
	}
	return b, nil
}

func (n *node) appendMap(b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	if v.IsNil() {
		return append(b, 0), nil
	}
	b = appendCount(slices.Grow(b, v.Len()*(n.key.min+n.elem.min)), v.Len())
	key, value := reflect.New(n.key.typ).Elem(), reflect.New(n.elem.typ).Elem() // what lies in a map has no address
	for iter := v.MapRange(); iter.Next(); {
		key.SetIterKey(iter)
		if b, err = n.key.append(b, key, depth); err != nil {
			return nil, within(err, "[key]")
		}
		value.SetIterValue(iter)
		if b, err = n.elem.append(b, value, depth); err != nil {
			return nil, within(err, keyStep(key))
		}
	}
	return b, nil
}

// keyStep is the step of a path through the map value under the key.
func keyStep(key reflect.Value) string {
	switch {
	case key.Kind() == reflect.String:
		return "[" + strconv.Quote(key.String()) + "]"
	case key.CanInt():
		return "[" + strconv.FormatInt(key.Int(), 10) + "]"
	case key.CanUint():
		return "[" + strconv.FormatUint(key.Uint(), 10) + "]"
	default:
		return "[…]"
	}
}

// appendBinary calls MarshalBinary on v itself: a handle copied is a handle with two owners.
func appendBinary(b []byte, v reflect.Value) ([]byte, error) {
	data, err := v.Addr().Interface().(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return nil, because(err, "was refused by its MarshalBinary")
	}
	return appendBlob(b, data), nil
}

func (n *node) appendFunc(b []byte, v reflect.Value) ([]byte, error) {
	if v.IsNil() {
		return append(b, 0), nil
	}
	data, err := n.fn.enc(v)
	if err != nil {
		return nil, because(err, "is a func that cannot travel")
	}
	return appendBlob(append(b, 1), data), nil
}

func appendString(b []byte, s string) []byte {
	return bulk.Append(binary.AppendUvarint(b, uint64(len(s))), stringBytes(&s))
}

func appendBlob(b, data []byte) []byte {
	return bulk.Append(binary.AppendUvarint(b, uint64(len(data))), data)
}
