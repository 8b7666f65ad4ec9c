package codec

import (
	"encoding"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/multiproc/mp/internal/pod"
)

// nodeKind is how a part of a value is written.
type nodeKind uint8

const (
	kindRaw      nodeKind = iota // its memory
	kindString                   // length, bytes
	kindRawSlice                 // length+1, memory of the elements; 0: nil
	kindSlice                    // length+1, elements; 0: nil
	kindArray                    // elements
	kindMap                      // length+1, key and value in turn; 0: nil
	kindPointer                  // 0: nil; 1, what it points to
	kindStruct                   // fields
	kindBinary                   // length, what MarshalBinary returned
	kindFunc                     // 0: nil; 1, length, what the registered function returned
	kindDynamic                  // a tag and what it says
)

// A node says how a part of a type is written. The nodes of a type that contains itself form a circle.
type node struct {
	kind   nodeKind
	typ    reflect.Type
	bools  bool // raw kinds: the memory holds bools
	min    int  // the least number of bytes a value takes
	key    *node
	elem   *node
	fields []field
	fn     funcCodec
}

type field struct {
	index int
	name  string
	node  *node
}

// A builder makes the nodes of one type.
type builder struct {
	root  reflect.Type
	nodes map[reflect.Type]*node
}

func (b *builder) refuse(path, format string, args ...any) error {
	return &TypeError{Type: b.root, Path: path, Why: fmt.Sprintf(format, args...)}
}

// node returns the node of t, which is found at path in the root, or a *TypeError.
func (b *builder) node(t reflect.Type, path string) (*node, error) {
	if n := b.nodes[t]; n != nil {
		return n, nil
	}
	n := &node{typ: t, min: 1}
	b.nodes[t] = n // before its parts, which may contain it
	if err := b.build(n, t, path); err != nil {
		return nil, err
	}
	return n, nil
}

func (b *builder) build(n *node, t reflect.Type, path string) error {
	if binary, err := b.binary(t, path); binary || err != nil {
		n.kind = kindBinary
		return err
	}
	if pod.Plain(t) && !holdsMarshaler(t) {
		n.kind, n.min, n.bools = kindRaw, int(t.Size()), holdsBool(t)
		return nil
	}
	switch t.Kind() {
	case reflect.String:
		n.kind = kindString
		return nil
	case reflect.Struct:
		return b.structNode(n, t, path)
	case reflect.Interface:
		return b.interfaceNode(n, t, path)
	case reflect.Func:
		return b.funcNode(n, t, path)
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Pointer:
		return b.containerNode(n, t, path)
	default:
		return b.refuse(path, "is of type %v, which means nothing in another process", t)
	}
}

func (b *builder) containerNode(n *node, t reflect.Type, path string) (err error) {
	step := "[]"
	switch t.Kind() {
	case reflect.Map:
		n.kind = kindMap
		if !keyed(t.Key()) {
			return b.refuse(path+"[key]", "is of type %v, which would be another key over there: use numbers, strings, arrays or structs of these", t.Key())
		}
		if n.key, err = b.node(t.Key(), path+"[key]"); err != nil {
			return err
		}
	case reflect.Slice:
		n.kind = kindSlice
	case reflect.Array:
		n.kind = kindArray
		if t.Len() == 0 { // without elements it is nothing, whatever they would be
			n.kind, n.min = kindRaw, 0
			return nil
		}
	case reflect.Pointer:
		n.kind, step = kindPointer, ""
	}
	if n.elem, err = b.node(t.Elem(), path+step); err != nil {
		return err
	}
	switch {
	case n.kind == kindSlice && n.elem.kind == kindRaw:
		n.kind, n.bools = kindRawSlice, n.elem.bools
	case n.kind == kindArray && n.elem.kind == kindRaw: // not plain, so of nothing: [3][0]string
		n.kind, n.min = kindRaw, 0
	case n.kind == kindArray:
		n.min = t.Len() * n.elem.min
	}
	return nil
}

// keyed reports whether a key of type t arrives as the same key. A pointer is a key by its address, unless it is that of
// a handle, and an interface by what it holds, which may be no key at all.
func keyed(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer:
		return marshals(t.Elem())
	case reflect.Interface:
		return false
	case reflect.Array:
		return marshals(t) || keyed(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !marshals(t) && !keyed(t.Field(i).Type) {
				return false
			}
		}
	}
	return true
}

func (b *builder) structNode(n *node, t reflect.Type, path string) error {
	n.kind, n.min = kindStruct, 0
	for i := range t.NumField() {
		f := t.Field(i)
		at := strings.TrimPrefix(path+"."+f.Name, ".")
		if f.Name == "_" { // padding and markers: no Go code can read them
			continue
		}
		if !f.IsExported() {
			// The exported fields of an embedded struct can be reached though its own name is not exported.
			reached := f.Anonymous && f.Type.Kind() == reflect.Struct && !marshals(f.Type)
			if !reached {
				return b.refuse(at, "is not exported and would be lost: export it, or give %v the methods MarshalBinary and UnmarshalBinary", t)
			}
		}
		child, err := b.node(f.Type, at)
		if err != nil {
			return err
		}
		n.min += child.min
		n.fields = append(n.fields, field{i, f.Name, child})
	}
	if n.min == 0 { // or a few bytes could claim a slice of any length
		return b.refuse(path, "is of type %v, which holds nothing that could be sent", t)
	}
	return nil
}

func (b *builder) interfaceNode(n *node, t reflect.Type, path string) error {
	switch {
	case t.NumMethod() == 0:
		n.kind = kindDynamic
		return nil
	case t == errorType:
		return b.refuse(path, "is an error, whose type the other process cannot know: send its text, err.Error()")
	default:
		return b.refuse(path, "is the interface %v, whose value could be of any type: send a concrete type, or any", t)
	}
}

func (b *builder) funcNode(n *node, t reflect.Type, path string) error {
	fn, ok := funcCodecs.Load(t)
	if !ok {
		return b.refuse(path, "is of type %v, and only functions that were registered travel", t)
	}
	n.kind, n.fn = kindFunc, fn.(funcCodec)
	return nil
}

var (
	marshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	errorType       = reflect.TypeFor[error]()
)

// binary reports whether values of t write themselves. A type with half of the methods is refused: what it writes
// nobody could read, or the other way round.
func (b *builder) binary(t reflect.Type, path string) (bool, error) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return false, nil // a pointer stands for what it points to, nil included
	}
	p := reflect.PointerTo(t)
	switch out, in := p.Implements(marshalerType), p.Implements(unmarshalerType); {
	case out && !in:
		return false, b.refuse(path, "has MarshalBinary but not UnmarshalBinary: %v needs both or neither", t)
	case in && !out:
		return false, b.refuse(path, "has UnmarshalBinary but not MarshalBinary: %v needs both or neither", t)
	case !out:
		return false, nil
	}
	if f, ok := borrowed(t); ok {
		return false, b.refuse(path, "would send its embedded %s alone, whose MarshalBinary has become its own: give that field a name, or %v both methods", f, t)
	}
	return true, nil
}

// borrowed reports whether the methods of t are those of a field embedded in it, though it has other fields as well, and
// names that field. Whether a method was declared or promoted, only its source file tells: the compiler wrote the latter.
func borrowed(t reflect.Type) (string, bool) {
	if t.Kind() != reflect.Struct || t.NumField() < 2 || declares(t) {
		return "", false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && (f.Type.Implements(marshalerType) || marshals(f.Type)) {
			return f.Name, true
		}
	}
	return "", false
}

// declares reports whether t or a pointer to it has the two methods of its own. Their names must stand here as constants:
// with a MethodByName(variable) anywhere in a program, the linker keeps every method of every type.
func declares(t reflect.Type) bool {
	var out, in bool
	for _, receiver := range []reflect.Type{t, reflect.PointerTo(t)} {
		if m, ok := receiver.MethodByName("MarshalBinary"); ok {
			out = out || written(m)
		}
		if m, ok := receiver.MethodByName("UnmarshalBinary"); ok {
			in = in || written(m)
		}
	}
	return out && in
}

func written(m reflect.Method) bool {
	f := runtime.FuncForPC(m.Func.Pointer())
	file, _ := f.FileLine(f.Entry())
	return file != "<autogenerated>"
}

// marshals reports whether t has, or a pointer to it has, one of the two methods.
func marshals(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(marshalerType) || p.Implements(unmarshalerType)
}
