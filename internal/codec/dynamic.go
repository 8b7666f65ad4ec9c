package codec

import (
	"reflect"
	"strconv"
	"time"

	"github.com/multiproc/mp/internal/bulk"
)

// What lies in an any has no type that both sides know, so it says itself what it is: a tag, then the value as a part of
// that type is written. Lists and maps hold more of the same.

// The tags. Those of the numbers are in number.go.
const (
	tagNil byte = iota
	tagFalse
	tagTrue
	tagString // length, bytes
	tagBytes  // length+1, bytes; 0: nil
	tagTime   // length, what MarshalBinary returned
	tagList   // length+1, values; 0: nil
	tagMap    // length+1, key (length, bytes) and value in turn; 0: nil
	firstNumber
)

// anySize is what an element of a list takes; a string takes as much.
const anySize = 2 * strconv.IntSize / 8

// appendDynamic appends what an any holds.
func appendDynamic(b []byte, x any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, faultf(tooDeep)
	}
	switch x := x.(type) {
	case nil:
		return append(b, tagNil), nil
	case bool:
		if x {
			return append(b, tagTrue), nil
		}
		return append(b, tagFalse), nil
	case string:
		return appendString(append(b, tagString), x), nil
	case []byte:
		b = append(b, tagBytes)
		if x == nil {
			return append(b, 0), nil
		}
		return bulk.Append(appendCount(b, len(x)), x), nil
	case time.Time:
		return appendBinary(append(b, tagTime), reflect.ValueOf(&x).Elem())
	case []any:
		return appendList(append(b, tagList), x, depth+1)
	case map[string]any:
		return appendAnyMap(append(b, tagMap), x, depth+1)
	default:
		return appendNumber(b, x)
	}
}

func appendList(b []byte, list []any, depth int) (_ []byte, err error) {
	if list == nil {
		return append(b, 0), nil
	}
	b = appendCount(b, len(list))
	for i := range list {
		if b, err = appendDynamic(b, list[i], depth); err != nil {
			return nil, within(err, "["+strconv.Itoa(i)+"]")
		}
	}
	return b, nil
}

func appendAnyMap(b []byte, m map[string]any, depth int) (_ []byte, err error) {
	if m == nil {
		return append(b, 0), nil
	}
	b = appendCount(b, len(m))
	for key, value := range m {
		if b, err = appendDynamic(appendString(b, key), value, depth); err != nil {
			return nil, within(err, "["+strconv.Quote(key)+"]")
		}
	}
	return b, nil
}

// cutDynamic takes a value with its tag.
func cutDynamic(b []byte, depth int) (x any, rest []byte, err error) {
	if depth > maxDepth {
		return nil, nil, faultf(tooDeep)
	}
	if len(b) == 0 {
		return nil, nil, faultf("is cut off: nothing is left")
	}
	tag, b := b[0], b[1:]
	switch tag {
	case tagNil:
		return nil, b, nil
	case tagFalse, tagTrue:
		return tag == tagTrue, b, nil
	case tagString:
		data, rest, err := cutBlob(b)
		return bulk.String(data), rest, err
	case tagBytes:
		return cutBytes(b)
	case tagTime:
		var t time.Time
		rest, err := decodeBinary(b, reflect.ValueOf(&t).Elem())
		return t, rest, err
	case tagList:
		return cutList(b, depth+1)
	case tagMap:
		return cutMap(b, depth+1)
	default:
		return cutNumber(tag, b)
	}
}

func cutBytes(b []byte) (any, []byte, error) {
	count, present, rest, err := cutCount(b, 1)
	if err != nil || !present {
		return []byte(nil), rest, err
	}
	return bulk.Append([]byte{}, rest[:count]), rest[count:], nil
}

func cutList(b []byte, depth int) (any, []byte, error) {
	count, present, b, err := cutCount(b, 1)
	if err != nil || !present {
		return []any(nil), b, err
	}
	list := make([]any, 0, believed(count, anySize))
	for i := range count {
		var x any
		if x, b, err = cutDynamic(b, depth); err != nil {
			return nil, nil, within(err, "["+strconv.Itoa(i)+"]")
		}
		list = append(list, x)
	}
	return list, b, nil
}

func cutMap(b []byte, depth int) (any, []byte, error) {
	count, present, b, err := cutCount(b, 2)
	if err != nil || !present {
		return map[string]any(nil), b, err
	}
	m := make(map[string]any, believed(count, 2*anySize))
	for range count {
		data, rest, err := cutBlob(b)
		if err != nil {
			return nil, nil, within(err, "[key]")
		}
		key := string(data)
		if m[key], b, err = cutDynamic(rest, depth); err != nil {
			return nil, nil, within(err, "["+strconv.Quote(key)+"]")
		}
	}
	if len(m) != count {
		return nil, nil, faultf("has %d keys, of which only %d are different", count, len(m))
	}
	return m, b, nil
}
