package threading

import "fmt"

// PanicError: a function panicked, in a goroutine here or in another process.
type PanicError struct {
	Where string // the thread's or process's name
	Value any    // what it panicked with; from another process: its text
	Stack []byte // the stack there
}

// Error tells who panicked with what, and the stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("panic in %s: %v\n\n%s", e.Where, e.Value, e.Stack)
}

// Unwrap is what it panicked with, if that was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
