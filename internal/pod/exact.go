package pod

import "reflect"

// Exact reports whether two values of type t are == if, and only if, all their bytes are the same: t is plain and
// consists of integers and bools alone. Floats are not exact: 0 equals -0, and a NaN not even itself. Nor is a struct
// with gaps, or with fields named _, whose bytes == ignores.
func Exact(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Array:
		return Exact(t.Elem())
	case reflect.Struct:
		used := uintptr(0)
		for i := range t.NumField() {
			field := t.Field(i)
			if field.Name == "_" || !Exact(field.Type) {
				return false
			}
			used += field.Type.Size()
		}
		return used == t.Size()
	default:
		return k >= reflect.Bool && k <= reflect.Uintptr
	}
}
