// Package codec is how arguments, results and messages travel between processes that run the same binary.
//
// Both sides know the type, so the bytes carry values alone, in the order of the declaration: no names, no types, no
// versions. They are meant for the other process, now: never keep them, never send them to another build.
//
// What travels, at any depth: plain data (package pod), copied raw; strings; slices, arrays, maps and pointers of what
// travels; structs whose fields are exported; types with MarshalBinary and UnmarshalBinary (time.Time, and the handles of
// package mp), which are called on the value itself, never on a copy of it, except in a map, where Go has only copies;
// registered func types; and any, whose value must be nil, a bool, a number, a string, a []byte, a time.Duration, a
// time.Time, a []any or a map[string]any, and arrives as the type that it was. Struct tags mean nothing here. What else a
// type holds, Check refuses, with the reason.
//
// What changes on the way:
//   - Two pointers to one value arrive as pointers to two values. A value that holds itself is an error.
//   - A nil slice stays nil and an empty one empty, but for a slice of plain data that is itself the value sent:
//     without elements it has no bytes, and arrives nil.
//   - A nil map, a nil pointer and a nil any stay nil; so does a nil slice or map in an any, with its type.
//   - time.Time loses its monotonic clock reading and the name of its zone, not the offset. (Package time refuses offsets of
//     one minute west, and misreads those west that are not whole minutes; the instant stays right.)
//   - The bytes of padding and of fields named _ arrive or not; nobody can read them.
//
// Cost on a 2-core VM: an int 10 ns out and 15 ns in, without an allocation; plain slices the speed of memory and one
// allocation; a struct with strings and a time about 1.1 µs there and back; a small map[string]any about 3 µs.
// docs/adr/0002-codec.md has the table.
package codec

import (
	"reflect"

	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/pod"
)

// Append appends the bytes of v to b and returns the longer slice. The error is a *TypeError if no T can travel, a
// *ValueError if this one cannot; b's own bytes are untouched then. v is not kept, and may be used at once.
func Append[T any](b []byte, v T) ([]byte, error) {
	p := planOf(reflect.TypeFor[T]())
	switch p.form {
	case formRaw:
		return bulk.Append(b, pod.Bytes(&v)), nil
	case formElements:
		return bulk.Append(b, elements(&v, p.size)), nil
	case formString:
		return bulk.Append(b, stringBytes(asString(&v))), nil
	default:
		return appendWalked(b, v, p)
	}
}

// appendWalked is apart so that v moves to the heap only here.
//
//go:noinline
func appendWalked[T any](b []byte, v T, p *plan) ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	out, err := p.root.append(b, reflect.ValueOf(&v).Elem(), 0)
	if err != nil {
		return nil, valueError(p.typ, err)
	}
	return out, nil
}

// Decode returns the T whose bytes b holds, all of b and no more. Nothing in the result points into b. The error is a
// *TypeError if no T can travel, else a *DecodeError; whatever the bytes are, Decode does not panic, and uses memory in
// proportion to len(b), also if b changes meanwhile, as memory may that others share. (The UnmarshalBinary of other packages'
// types is called, and must keep to the same.)
func Decode[T any](b []byte) (T, error) {
	p := planOf(reflect.TypeFor[T]())
	switch p.form {
	case formRaw:
		var v T
		if uintptr(len(b)) != p.size {
			return v, rawError(p, b)
		}
		bulk.Copy(pod.Bytes(&v), b)
		if p.bools && !validBools(p.typ, pod.Bytes(&v)) { // of the copy, which nobody else can change
			var zero T
			return zero, rawError(p, b)
		}
		return v, nil
	case formElements:
		var v T
		if uintptr(len(b))%p.size != 0 {
			return v, rawError(p, b)
		}
		setElements(&v, b, p.size)
		if p.bools && !validElements(p.typ.Elem(), elements(&v, p.size)) {
			var zero T
			return zero, rawError(p, b)
		}
		return v, nil
	case formString:
		var v T
		*asString(&v) = bulk.String(b)
		return v, nil
	default:
		return decodeWalked[T](b, p)
	}
}

//go:noinline
func decodeWalked[T any](b []byte, p *plan) (T, error) {
	var v, zero T
	if p.err != nil {
		return zero, p.err
	}
	rest, err := p.root.decode(b, reflect.ValueOf(&v).Elem(), 0)
	if err == nil && len(rest) > 0 {
		err = faultf("is followed by %d bytes too many", len(rest))
	}
	if err != nil {
		return zero, decodeError(p.typ, err)
	}
	return v, nil
}
