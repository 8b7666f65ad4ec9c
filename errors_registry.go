package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"syscall"

	"github.com/multiproc/mp/internal/codec"
	"github.com/multiproc/mp/internal/refusal"
)

// The sentinels that every program's errors are made of travel without registration.
var standardSentinels = []error{
	context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, io.ErrShortWrite,
	fs.ErrInvalid, fs.ErrPermission, fs.ErrExist, fs.ErrNotExist, fs.ErrClosed,
	os.ErrDeadlineExceeded, os.ErrNoDeadline, os.ErrProcessDone, errors.ErrUnsupported,
	ErrNoMain, ErrRunning, ErrClosed, ErrNotStarted, ErrCorrupt,
	refusal.ErrEmpty, refusal.ErrFull, refusal.ErrShutDown,
}

// registered holds what RegisterErrors and RegisterErrorType were told. All processes of a program make
// the same registrations in the same order, so a number names one.
var registered struct {
	sentinels []error
	types     []errorType
}

type errorType struct {
	name   string
	find   func(err error) (encoded []byte, ok bool)
	decode func(b []byte) (error, error)
}

// RegisterErrors lets these sentinels survive the way between processes, for errors.Is. Package level:
//
//	var _ = mp.RegisterErrors(ErrNotFound, ErrTooBig)
func RegisterErrors(sentinels ...error) None {
	for _, err := range sentinels {
		if err == nil || !reflect.TypeOf(err).Comparable() {
			panic(fmt.Sprintf("mp: RegisterErrors: %v (%T) is no sentinel: errors.Is compares by ==", err, err))
		}
	}
	registered.sentinels = append(registered.sentinels, sentinels...)
	return None{}
}

// RegisterErrorType does the same for an error type, for errors.As. Its exported fields travel.
// Package level: var _ = mp.RegisterErrorType[*NotFoundError]()
func RegisterErrorType[E error]() None {
	pointer := reflect.TypeFor[E]().Kind() == reflect.Pointer
	registered.types = append(registered.types, errorType{
		name: reflect.TypeFor[E]().String(),
		find: func(err error) ([]byte, bool) {
			var e E
			if !errors.As(err, &e) {
				return nil, false
			}
			b, encodeErr := codec.Append(nil, e)
			return b, encodeErr == nil
		},
		decode: func(b []byte) (_ error, err error) {
			defer recovered(&err, "decoding an error") // of E's UnmarshalBinary; its text arrives all the same
			e, err := codec.Decode[E](b)
			if err == nil && pointer && reflect.ValueOf(e).IsNil() {
				err = errors.New("a nil pointer")
			}
			return e, err
		},
	})
	return None{}
}

// sentinel is the one with this number; nil if there is none.
func sentinel(i uint64) error {
	n := uint64(len(standardSentinels))
	switch {
	case i < n:
		return standardSentinels[i]
	case i-n < uint64(len(registered.sentinels)):
		return registered.sentinels[i-n]
	}
	return nil
}

// sentinelsOf are the numbers of those that err is.
func sentinelsOf(err error) (numbers []uint64) {
	for i, s := range standardSentinels {
		if errors.Is(err, s) {
			numbers = append(numbers, uint64(i))
		}
	}
	for i, s := range registered.sentinels {
		if errors.Is(err, s) {
			numbers = append(numbers, uint64(len(standardSentinels)+i))
		}
	}
	return numbers
}

// errnoOf is the system call's error in err; 0 if there is none.
func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	errors.As(err, &errno)
	return errno
}
