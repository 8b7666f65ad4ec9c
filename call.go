package mp

import (
	"context"
	"fmt"

	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/wire"
)

// Call is a registered function together with its arguments: a value that any process of the program can
// run. It is what [Process], [Group] and [Run] take, and it can itself travel as an argument. The zero
// Call calls nothing: to use it panics.
//
// The handles among its arguments stay valid as long as the Call is held.
type Call[R any] struct {
	bound bound[R] // one allocation: function and arguments, unboxed
}

// bound is a *call[T, R] for some T.
type bound[R any] interface {
	function() *function
	here(ctx context.Context) (R, error)
	appendArgs(b []byte) ([]byte, error)
}

// Target is a Call whatever its result: Process and Group do not care for it.
type Target interface {
	String() string
	target() *function
	appendArgs(b []byte) ([]byte, error)
}

// Here runs the call in the calling goroutine: an ordinary function call, nothing encoded.
func (c Call[R]) Here(ctx context.Context) (R, error) { return c.must().here(ctx) }

// String tells function and place: "main.square (main.go:12)".
func (c Call[R]) String() string {
	if c.bound == nil {
		return "no call"
	}
	return c.bound.function().String()
}

func (c Call[R]) must() bound[R] {
	if c.bound == nil {
		panic("mp: use of a zero Call: calls are made by what Func and Proc return")
	}
	return c.bound
}

func (c Call[R]) target() *function                   { return c.must().function() }
func (c Call[R]) appendArgs(b []byte) ([]byte, error) { return c.must().appendArgs(b) }

// AppendBinary appends the call as another process of the same program reads it by UnmarshalBinary.
func (c Call[R]) AppendBinary(b []byte) ([]byte, error) { return appendCall(b, c) }

func appendCall(b []byte, c Target) ([]byte, error) {
	f := c.target()
	args, err := c.appendArgs(nil)
	if err != nil {
		return nil, fmt.Errorf("mp: arguments of %v: %w", f, err)
	}
	return wire.AppendBytes(f.appendName(b), args), nil
}

// MarshalBinary is AppendBinary to a new slice. It lets calls travel as arguments.
func (c Call[R]) MarshalBinary() ([]byte, error) { return c.AppendBinary(nil) }

// UnmarshalBinary reads a call. It is an error if this binary does not know the function, or if the
// function has another type of result.
func (c *Call[R]) UnmarshalBinary(b []byte) error {
	fn, made, err := readCall(b)
	if err != nil {
		return err
	}
	bound, ok := made.(bound[R])
	if !ok {
		return fmt.Errorf("mp: reading a call: expected one of type %T, found a call of %v", *c, fn)
	}
	c.bound = bound
	return nil
}

// readCall reads a call whatever its result: made is a *call.
func readCall(b []byte) (fn *function, made any, err error) {
	f := wire.NewFields(b)
	named, args := readName(f), f.Bytes()
	if err := f.Done(); err != nil {
		return nil, nil, fmt.Errorf("mp: reading a call: %w", err)
	}
	if fn, err = lookup(named); err == nil {
		made, err = fn.bind(args)
	}
	return fn, made, err
}

// definition is a registered function of packed arguments T.
type definition[T, R any] struct {
	*function
	f func(context.Context, T) (R, error)
	p packer[T]
}

func (d *definition[T, R]) call(args T) Call[R] {
	return Call[R]{&call[T, R]{d, args}}
}

// call is what a Call holds.
type call[T, R any] struct {
	d    *definition[T, R]
	args T
}

func (c *call[T, R]) function() *function                 { return c.d.function }
func (c *call[T, R]) here(ctx context.Context) (R, error) { return c.d.f(ctx, c.args) }
func (c *call[T, R]) appendArgs(b []byte) ([]byte, error) { return c.d.p.pack(b, c.args) }

// run is here for those who do not want the result.
func (c *call[T, R]) run(ctx context.Context) error {
	_, err := c.here(ctx)
	return err
}

// run is a call from bytes to bytes: what a child does.
func (d *definition[T, R]) run(ctx context.Context, b []byte) ([]byte, error) {
	args, err := d.p.unpack(b)
	if err != nil {
		return nil, fmt.Errorf("mp: arguments of %v: %w", d.function, err)
	}
	r, err := d.f(ctx, args)
	if err != nil {
		return nil, err
	}
	before := handlesSent.Load()
	out, err := codec.Append(nil, r)
	if err != nil {
		return nil, fmt.Errorf("mp: result of %v: %w", d.function, err)
	}
	if handlesSent.Load() > before {
		kept := any(r)
		handedOver.Store(&kept)
	}
	return out, nil
}

func (d *definition[T, R]) bindArgs(b []byte) (any, error) {
	args, err := d.p.unpack(b)
	if err != nil {
		return nil, fmt.Errorf("mp: arguments of %v: %w", d.function, err)
	}
	return bound[R](&call[T, R]{d, args}), nil
}
