// Package pod says which Go types are plain data: values whose bytes mean the same in every process that runs the same
// declaration, because no part of them is a pointer. Only plain data may lie in shared memory.
//
// Plain are the bools, all integers (uintptr too, which is a number here), floats, complex numbers, and arrays and structs
// of these; fields may be unexported, and the size may be 0.
package pod

import (
	"reflect"
	"strings"
	"sync"
)

// A NotPlainError says that a type cannot live in shared memory, and which part of it is the reason.
type NotPlainError struct {
	Type reflect.Type // the type that was asked about
	Path string       // where in it the offence is, as in "Name.First" or "Rows[].Tag"; empty: the type itself
	Kind string       // what was found there: "string", "slice", "map", …
}

// Error names the type, the offending part, what it is, and what was expected.
func (e *NotPlainError) Error() string {
	where := "field " + e.Path
	switch {
	case e.Path == "":
		where = "it"
	case e.Path[0] == '[':
		where = "element " + e.Path
	}
	article := " is a "
	if strings.ContainsRune("aeiou", rune(e.Kind[0])) {
		article = " is an "
	}
	return "mp: " + e.Type.String() + " is not plain data: " + where + article + e.Kind +
		", and shared memory holds no pointers (numbers, bools, arrays and structs of these only)"
}

// verdicts caches Check: reflect.Type to *NotPlainError, nil for plain types. Types are few and never go away.
var verdicts sync.Map

// Check returns nil if values of type t can live in shared memory, and a *NotPlainError that names the first offending
// part if not. The verdict is kept: a second call for the same type is one look-up, about 10 ns.
func Check(t reflect.Type) error {
	if verdict := check(t); verdict != nil {
		return verdict
	}
	return nil
}

// Plain reports whether Check(t) is nil.
func Plain(t reflect.Type) bool { return check(t) == nil }

func check(t reflect.Type) *NotPlainError {
	if verdict, ok := verdicts.Load(t); ok {
		return verdict.(*NotPlainError)
	}
	var verdict *NotPlainError
	if path, kind := offence(t, ""); kind != "" {
		verdict = &NotPlainError{Type: t, Path: path, Kind: kind}
	}
	verdicts.Store(t, verdict)
	return verdict
}

// offence returns the path and the kind of the first part of t that is not plain; the kind is empty if all of it is.
// It ends: a type can contain itself only through a pointer, and a pointer is an offence.
func offence(t reflect.Type, path string) (where, kind string) {
	switch k := t.Kind(); {
	case k >= reflect.Bool && k <= reflect.Complex128: // reflect keeps bools, integers, uintptr, floats and complex together
		return "", ""
	case k == reflect.Array:
		return offence(t.Elem(), path+"[]")
	case k == reflect.Struct:
		for i := range t.NumField() {
			field := t.Field(i)
			if where, kind = offence(field.Type, join(path, field.Name)); kind != "" {
				return where, kind
			}
		}
		return "", ""
	case k == reflect.Pointer:
		return path, "pointer" // reflect's own word is ptr
	default:
		return path, k.String()
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
