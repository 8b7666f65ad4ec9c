package mp

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"
	"unsafe"

	"context"

	"github.com/multiproc/mp/internal/codec"
)

// function is one registration. All processes of a program make the same ones in the same order, as Go
// initialises packages in a fixed order; the id proves it when a call arrives.
type function struct {
	ordinal int
	code    uintptr       // of f: its name is looked up when somebody asks
	site    uintptr       // where it was registered
	ident   func() string // see id
	run     func(ctx context.Context, args []byte) ([]byte, error)
	bind    func(args []byte) (any, error)
	check   func() error
	maker   any // what Func returned: func(A) Call[R]
}

var registry struct {
	all    []*function
	seen   map[[2]uintptr]bool
	makers map[unsafe.Pointer]*function
	types  map[reflect.Type]bool
	sealed bool
	byID   func() map[string]*function
}

// define registers f, which runs as run does. It must be called by a function that its user calls.
func define[T, R any](f any, p packer[T], run func(context.Context, T) (R, error)) *definition[T, R] {
	var pcs [1]uintptr
	runtime.Callers(3, pcs[:])
	fn := &function{ordinal: len(registry.all), code: reflect.ValueOf(f).Pointer(), site: pcs[0], check: p.check}
	key := [2]uintptr{fn.code, fn.site}
	switch {
	case fn.code == 0:
		panic("mp: Func of a nil function, at " + fn.place())
	case registry.sealed:
		panic(fmt.Sprintf("mp: %v is registered after Main or Init: register functions by package-level variables, so that every process does", fn))
	case registry.seen[key]:
		panic(fmt.Sprintf("mp: %v is registered twice: every registration has its own line, and none is in a loop", fn))
	}
	if registry.seen == nil {
		registry.seen = make(map[[2]uintptr]bool)
		registry.makers = make(map[unsafe.Pointer]*function)
		registry.types = make(map[reflect.Type]bool)
		registry.byID = sync.OnceValue(indexRegistry)
	}
	fn.ident = sync.OnceValue(fn.id)
	registry.seen[key] = true
	registry.all = append(registry.all, fn)
	d := &definition[T, R]{function: fn, f: run, p: p}
	fn.run, fn.bind = d.run, d.bindArgs
	return d
}

// remember lets what Func returned travel as a value of its own: it is known by its identity.
func remember[M any](fn *function, maker M) M {
	fn.maker = maker
	registry.makers[funcPointer(unsafe.Pointer(&maker))] = fn
	if t := reflect.TypeFor[M](); !registry.types[t] {
		registry.types[t] = true
		codec.RegisterFuncType(t, appendMaker, setMaker)
	}
	return maker
}

// funcPointer is the identity of the function value at p: the closure, not its code, which others share.
func funcPointer(p unsafe.Pointer) unsafe.Pointer { return *(*unsafe.Pointer)(p) }

func makerOf(v reflect.Value) *function {
	holder := reflect.New(v.Type())
	holder.Elem().Set(v)
	return registry.makers[funcPointer(holder.UnsafePointer())]
}

// String tells name and place.
func (f *function) String() string { return f.name() + " (" + f.place() + ")" }

func (f *function) name() string {
	if fn := runtime.FuncForPC(f.code); fn != nil {
		return fn.Name()
	}
	return "an unnamed function"
}

func (f *function) place() string {
	file, line := f.source()
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

func (f *function) source() (string, int) {
	frame, _ := runtime.CallersFrames([]uintptr{f.site}).Next()
	return frame.File, frame.Line
}

// id is what travels: name and full place.
func (f *function) id() string {
	file, line := f.source()
	return fmt.Sprintf("%s@%s:%d", f.name(), file, line)
}

func indexRegistry() map[string]*function {
	m := make(map[string]*function, len(registry.all))
	for _, f := range registry.all {
		m[f.id()] = f
	}
	return m
}

// mark is two numbers that tell functions apart within one binary, wherever that is loaded: they cost nothing.
func (f *function) mark() uint64 {
	base := reflect.ValueOf(indexRegistry).Pointer()
	return uint64(f.code-base)<<32 ^ uint64(f.site-base)
}

// lookup finds the function that another process named: by its number if the mark agrees, else by its id.
func lookup(n name) (*function, error) {
	if n.ordinal < uint64(len(registry.all)) {
		if f := registry.all[n.ordinal]; f.mark() == n.mark {
			return f, nil
		}
	}
	if registry.byID != nil {
		if f := registry.byID()[n.id]; f != nil {
			return f, nil
		}
	}
	return nil, &UnknownFunctionError{Function: n.id, Known: len(registry.all)}
}
