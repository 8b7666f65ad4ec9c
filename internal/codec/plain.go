package codec

import "reflect"

// holdsMarshaler reports whether a part of the plain type t wants to write itself: then t is not copied raw.
func holdsMarshaler(t reflect.Type) bool {
	return holds(t, marshals)
}

func holdsBool(t reflect.Type) bool {
	return holds(t, func(part reflect.Type) bool { return part.Kind() == reflect.Bool })
}

// holds reports whether is is true for the plain type t or a part of it.
func holds(t reflect.Type, is func(reflect.Type) bool) bool {
	if is(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return t.Len() > 0 && holds(t.Elem(), is)
	case reflect.Struct:
		for i := range t.NumField() {
			if holds(t.Field(i).Type, is) {
				return true
			}
		}
	}
	return false
}

// validBools reports whether each bool in the memory of a t is 0 or 1. The compiler relies on it: with a 2 in a bool, a
// program may take both branches of an if, or none. Types without bools, nearly all, are not looked at.
func validBools(t reflect.Type, memory []byte) bool {
	switch t.Kind() {
	case reflect.Bool:
		return memory[0] <= 1
	case reflect.Array:
		return validElements(t.Elem(), memory)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Name != "_" && !validBools(f.Type, memory[f.Offset:f.Offset+f.Type.Size()]) {
				return false
			}
		}
	}
	return true
}

// validElements is validBools for elements that lie one behind the other.
func validElements(elem reflect.Type, memory []byte) bool {
	size := int(elem.Size())
	if size == 0 || !holdsBool(elem) {
		return true
	}
	for ; len(memory) >= size; memory = memory[size:] {
		if !validBools(elem, memory[:size]) {
			return false
		}
	}
	return true
}
