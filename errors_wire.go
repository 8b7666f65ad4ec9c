package mp

import (
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"

	"github.com/multiproc/mp/internal/wire"
)

// remoteError is an error that came from another process: its text, and what errors.Is and errors.As
// found in it there.
type remoteError struct {
	text string
	in   []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.in }

// The forms of a failure on the wire.
const (
	failedByError uint64 = iota
	failedByPanic
)

// appendFailure encodes why a call gave no result.
func appendFailure(b []byte, err error) []byte {
	var p *PanicError
	if errors.As(err, &p) && p == err {
		b = wire.AppendUvarint(b, failedByPanic)
		b = wire.AppendString(b, p.Where)
		b = wire.AppendString(b, fmt.Sprint(p.Value))
		return wire.AppendBytes(b, p.Stack)
	}
	b = wire.AppendUvarint(b, failedByError)
	b = wire.AppendString(b, err.Error())
	b = wire.AppendUvarint(b, uint64(errnoOf(err)))
	numbers := sentinelsOf(err)
	b = wire.AppendUvarint(b, uint64(len(numbers)))
	for _, n := range numbers {
		b = wire.AppendUvarint(b, n)
	}
	for i, t := range registered.types {
		if encoded, ok := t.find(err); ok {
			b = wire.AppendUvarint(b, uint64(i)+1)
			b = wire.AppendBytes(b, encoded)
		}
	}
	return wire.AppendUvarint(b, 0)
}

// decodeFailure is the other way; bytes that make no sense give an error that says so.
func decodeFailure(b []byte) error {
	f := wire.NewFields(b)
	switch form := f.Uvarint(); {
	case f.Err() != nil:
	case form == failedByPanic:
		p := &PanicError{Where: f.String(), Value: f.String(), Stack: f.Bytes()}
		if f.Err() == nil {
			return p
		}
	case form == failedByError:
		if e := decodeRemote(f); f.Err() == nil {
			return e
		}
	default:
		return fmt.Errorf("mp: a child's failure: expected form 0 or 1, found %d", form)
	}
	return fmt.Errorf("mp: a child's failure cannot be read: %w", f.Err())
}

func decodeRemote(f *wire.Fields) error {
	e := &remoteError{text: f.String()}
	if errno := f.Uvarint(); errno != 0 {
		e.in = append(e.in, syscall.Errno(errno))
	}
	for n := f.Uvarint(); n > 0 && f.Err() == nil; n-- {
		if s := sentinel(f.Uvarint()); s != nil {
			e.in = append(e.in, s)
		}
	}
	for f.Err() == nil {
		i := f.Uvarint()
		if i == 0 {
			break
		}
		encoded := f.Bytes()
		if i > uint64(len(registered.types)) {
			continue
		}
		if typed, err := registered.types[i-1].decode(encoded); err == nil {
			e.in = append(e.in, typed)
		}
	}
	return e
}

// recovered turns a panic in a call into its error.
func recovered(err *error, where string) {
	if v := recover(); v != nil {
		*err = &PanicError{Where: where, Value: v, Stack: debug.Stack()}
	}
}
