package pod

import (
	"reflect"
	"strconv"
	"strings"
)

// FNV-1a, 64 bits. Written out because the values are part of the memory layout: they must never change.
const (
	fnvOffset uint64 = 14695981039346656037
	fnvPrime  uint64 = 1099511628211
)

// Fingerprint returns a hash of how a value of the plain type t lies in memory: kinds, sizes, offsets, field names and
// array lengths. Two programs with the same declaration get the same number, whatever their packages and types are
// called; int and int64 differ, though they have one layout here, because they have two on a 32-bit machine. It is never 0,
// so that 0 can mean "none". A few hundred ns; keep the result. Parts behind pointers are not looked at: Check first.
func Fingerprint(t reflect.Type) uint64 {
	h := layout(fnvOffset, t)
	if h == 0 {
		return fnvPrime
	}
	return h
}

func layout(h uint64, t reflect.Type) uint64 {
	h = mix(h, uint64(t.Kind()))
	h = mix(h, uint64(t.Size()))
	switch t.Kind() {
	case reflect.Array:
		h = mix(h, uint64(t.Len()))
		h = layout(h, t.Elem())
	case reflect.Struct:
		h = mix(h, uint64(t.NumField()))
		for i := range t.NumField() {
			field := t.Field(i)
			h = mix(h, uint64(field.Offset))
			h = mix(h, uint64(len(field.Name))) // the length first: the name cannot run into what follows it
			for _, c := range []byte(field.Name) {
				h = (h ^ uint64(c)) * fnvPrime
			}
			h = layout(h, field.Type)
		}
	}
	return h
}

func mix(h, word uint64) uint64 {
	for range 8 {
		h = (h ^ word&0xff) * fnvPrime
		word >>= 8
	}
	return h
}

// shownFields is how many fields of a struct Describe writes out.
const shownFields = 8

// Describe returns t in a short form for error messages and tools: the name, and what is behind it one level deep, as in
// "main.room struct{Now int; Most int}". Of a long struct it shows the first 8 fields and how many more there are.
func Describe(t reflect.Type) string {
	if t.Kind() == reflect.Struct {
		return strings.TrimPrefix(named(t)+" "+describeStruct(t), " ")
	}
	if t.PkgPath() == "" { // int, [4]float64: the name says all
		return t.String()
	}
	under := t.Kind().String()
	if t.Kind() == reflect.Array {
		under = "[" + strconv.Itoa(t.Len()) + "]" + t.Elem().String()
	}
	return t.String() + " " + under
}

func named(t reflect.Type) string {
	if t.Name() == "" {
		return ""
	}
	return t.String()
}

func describeStruct(t reflect.Type) string {
	var b strings.Builder
	b.WriteString("struct{")
	for i := range t.NumField() {
		if i > 0 {
			b.WriteString("; ")
		}
		if i == shownFields {
			b.WriteString("… " + strconv.Itoa(t.NumField()-i) + " more")
			break
		}
		field := t.Field(i)
		if !field.Anonymous {
			b.WriteString(field.Name + " ")
		}
		b.WriteString(field.Type.String())
	}
	b.WriteString("}")
	return b.String()
}
