package mp

import (
	"fmt"
	"reflect"

	"github.com/multiproc/mp/internal/wire"
)

// UnknownFunctionError: a process was asked to run a function that its binary does not register, or not
// under all circumstances: a registration in an if, or in a file with a build tag.
type UnknownFunctionError struct {
	Function string // name@file:line of the registration
	Known    int    // how many functions this binary registers
}

// Error names the function and where it was registered.
func (e *UnknownFunctionError) Error() string {
	return fmt.Sprintf("mp: this binary does not know the function %s (it registers %d): every process must register the same functions, at package level", e.Function, e.Known)
}

// name is how a function is named in another process.
type name struct {
	ordinal, mark uint64
	id            string
}

func (f *function) appendName(b []byte) []byte {
	b = wire.AppendUvarint(b, uint64(f.ordinal))
	b = wire.AppendUvarint(b, f.mark())
	return wire.AppendString(b, f.ident())
}

func readName(f *wire.Fields) name { return name{f.Uvarint(), f.Uvarint(), f.String()} }

// appendMaker encodes what Func returned.
func appendMaker(v reflect.Value) ([]byte, error) {
	f := makerOf(v)
	if f == nil {
		return nil, fmt.Errorf("mp: a %v that Func or Proc did not return cannot travel: a closure has no name in another process", v.Type())
	}
	return f.appendName(nil), nil
}

// setMaker decodes it into v.
func setMaker(b []byte, v reflect.Value) error {
	f := wire.NewFields(b)
	named := readName(f)
	if err := f.Done(); err != nil {
		return fmt.Errorf("mp: reading a function: %w", err)
	}
	fn, err := lookup(named)
	if err != nil {
		return err
	}
	maker := reflect.ValueOf(fn.maker)
	if maker.Type() != v.Type() {
		return fmt.Errorf("mp: reading a function: expected a %v, found %v of type %v", v.Type(), fn, maker.Type())
	}
	v.Set(maker)
	return nil
}
