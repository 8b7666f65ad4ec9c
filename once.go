package mp

import (
	"context"
	"errors"
)

// Once runs a function once in the whole family: sync.Once between processes. Of all functions that its Do is given,
// in whatever process, one succeeds, and what that did synchronizes before the return of every Do without error.
//
// It is made by [NewOnce]; the handle travels as an argument and must not be copied. A process that dies in its
// function has not run it: the next caller, or one that waits, runs its own. What the dead had done by then is for
// that function to find.
//
// A Do after the success costs a few ns, as a load of a [Value] does: it is one.
type Once struct {
	noCopy noCopy
	done   *Value[bool]
}

// NewOnce makes a Once of which no function has succeeded. It panics, as make does, if the arena is full, and
// before Main.
func NewOnce(opts ...Option) *Once { return &Once{done: NewValue(false, opts...)} }

// Do calls f unless a function has succeeded before; meanwhile everybody else waits in Do. If f returns an error
// or panics it has not succeeded: Do returns the error, or passes the panic on, and the next caller's f is called. When
// ctx ends while Do waits for another's function it returns ctx's error; f itself is not ended by it. f must not use the
// Once: it would wait for itself.
func (o *Once) Do(ctx context.Context, f func() error) error {
	if o.done.Load() {
		return nil
	}
	return o.done.UpdateContext(ctx, func(done *bool) error {
		if *done {
			return nil
		}
		*done = true // if f succeeds
		return f()
	})
}

// Done tells whether a function has succeeded.
func (o *Once) Done() bool { return o.done.Load() }

// MarshalBinary lets the handle travel as an argument; other processes of the family alone can read it.
func (o *Once) MarshalBinary() ([]byte, error) {
	if o.done == nil {
		return nil, errors.New("mp: a zero Once cannot travel: make it with NewOnce")
	}
	return o.done.MarshalBinary()
}

// UnmarshalBinary makes o a handle of the Once that another process's MarshalBinary named.
func (o *Once) UnmarshalBinary(b []byte) error {
	done := new(Value[bool])
	if err := done.UnmarshalBinary(b); err != nil {
		return err
	}
	o.done = done
	return nil
}
