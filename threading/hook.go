package threading

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
)

// ExceptHookArgs is a thread's error that no Join returned. The Thread itself may be garbage by now.
type ExceptHookArgs struct {
	Name  string // the thread's
	Ident int64  // the thread's
	Err   error  // what its function returned, or *PanicError, which has the stack
}

var hook atomic.Pointer[func(ExceptHookArgs)]

// SetExceptHook sets what is called with an error of a thread that no Join returned, and returns what was
// called before. nil is the default, and stands for it: an error record in slog.Default, which the program can
// direct where it likes. The error of a context that has ended is not told: who returns it did as it was told.
//
// The hook is called by the thread that fails, by Shutdown, or by the runtime's goroutine for cleanups. It may be
// called by several at once, must not wait for long, and must not join the thread. If it panics, that is
// logged, and the thread's error too.
func SetExceptHook(f func(ExceptHookArgs)) (before func(ExceptHookArgs)) {
	var next *func(ExceptHookArgs)
	if f != nil {
		next = &f
	}
	if p := hook.Swap(next); p != nil {
		return *p
	}
	return nil
}

func tell(args ExceptHookArgs) {
	f := hook.Load()
	if f == nil {
		logExcept(args)
		return
	}
	defer func() {
		if v := recover(); v != nil {
			args.Err = errors.Join(args.Err, &PanicError{Where: "the hook of threading.SetExceptHook", Value: v, Stack: debug.Stack()})
			logExcept(args)
		}
	}()
	(*f)(args)
}

// logExcept is the default hook, with Python's words.
func logExcept(args ExceptHookArgs) {
	slog.Error(fmt.Sprintf("Exception in thread %s: %v", args.Name, args.Err))
}
