package codec

import (
	"time"

	"github.com/multiproc/mp/internal/pod"
)

// The numbers that may lie in an any: their tag, then their memory. Each arrives as the type that it was.
const (
	tagInt = firstNumber + iota
	tagInt8
	tagInt16
	tagInt32
	tagInt64
	tagUint
	tagUint8
	tagUint16
	tagUint32
	tagUint64
	tagUintptr
	tagFloat32
	tagFloat64
	tagComplex64
	tagComplex128
	tagDuration
)

// appendNumber appends x, which no other case of appendDynamic fits.
func appendNumber(b []byte, x any) ([]byte, error) {
	switch x := x.(type) {
	case int:
		return appendMemory(b, tagInt, x), nil
	case int8:
		return appendMemory(b, tagInt8, x), nil
	case int16:
		return appendMemory(b, tagInt16, x), nil
	case int32:
		return appendMemory(b, tagInt32, x), nil
	case int64:
		return appendMemory(b, tagInt64, x), nil
	case uint:
		return appendMemory(b, tagUint, x), nil
	case uint8:
		return appendMemory(b, tagUint8, x), nil
	case uint16:
		return appendMemory(b, tagUint16, x), nil
	case uint32:
		return appendMemory(b, tagUint32, x), nil
	case uint64:
		return appendMemory(b, tagUint64, x), nil
	case uintptr:
		return appendMemory(b, tagUintptr, x), nil
	case float32:
		return appendMemory(b, tagFloat32, x), nil
	case float64:
		return appendMemory(b, tagFloat64, x), nil
	case complex64:
		return appendMemory(b, tagComplex64, x), nil
	case complex128:
		return appendMemory(b, tagComplex128, x), nil
	case time.Duration:
		return appendMemory(b, tagDuration, x), nil
	default:
		return nil, faultf("holds a %T, and an any that travels holds nil, a bool, a number, a string, []byte, time.Duration, time.Time, "+
			"[]any or map[string]any, no other named type: convert it, or give the field its type", x)
	}
}

// cutNumber takes what follows the tag, which no other case of cutDynamic fits.
func cutNumber(tag byte, b []byte) (any, []byte, error) {
	switch tag {
	case tagInt:
		return cutMemory[int](b)
	case tagInt8:
		return cutMemory[int8](b)
	case tagInt16:
		return cutMemory[int16](b)
	case tagInt32:
		return cutMemory[int32](b)
	case tagInt64:
		return cutMemory[int64](b)
	case tagUint:
		return cutMemory[uint](b)
	case tagUint8:
		return cutMemory[uint8](b)
	case tagUint16:
		return cutMemory[uint16](b)
	case tagUint32:
		return cutMemory[uint32](b)
	case tagUint64:
		return cutMemory[uint64](b)
	case tagUintptr:
		return cutMemory[uintptr](b)
	case tagFloat32:
		return cutMemory[float32](b)
	case tagFloat64:
		return cutMemory[float64](b)
	case tagComplex64:
		return cutMemory[complex64](b)
	case tagComplex128:
		return cutMemory[complex128](b)
	case tagDuration:
		return cutMemory[time.Duration](b)
	default:
		return nil, nil, faultf("begins with the byte %d, the tag of nothing that an any may hold", tag)
	}
}

func appendMemory[T any](b []byte, tag byte, x T) []byte {
	return append(append(b, tag), pod.Bytes(&x)...)
}

func cutMemory[T any](b []byte) (any, []byte, error) {
	var x T
	memory := pod.Bytes(&x)
	if len(b) < len(memory) {
		return nil, nil, faultf("takes %d bytes, and %d are left", len(memory), len(b))
	}
	copy(memory, b)
	return x, b[len(memory):], nil
}
