package arena

import "fmt"

// FullError: the arena cannot give what was asked for.
type FullError struct {
	What  string // "bytes", "objects", "processes"
	Asked int64
	Left  int64
	Err   error // the kernel's reason, if it was the kernel that refused
}

// Error names what was asked and what is left.
func (e *FullError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("mp: the arena cannot give %d %s: %v", e.Asked, e.What, e.Err)
	}
	return fmt.Sprintf("mp: the arena is full: asked for %d %s, %d left", e.Asked, e.What, e.Left)
}

// Unwrap gives the kernel's reason.
func (e *FullError) Unwrap() error { return e.Err }

// FormatError: what was to be read as an arena is none, or not one of ours.
type FormatError struct {
	What     string
	Expected any
	Found    any
}

// Error says what was expected and what came.
func (e *FormatError) Error() string {
	return fmt.Sprintf("mp: not an arena that this program can use: %s: expected %v, found %v", e.What, e.Expected, e.Found)
}

// StaleError: a handle names an object that is no more, or never was.
type StaleError struct {
	Index, Generation uint32
}

// Error names the object.
func (e *StaleError) Error() string {
	return fmt.Sprintf("mp: shared object %d.%d is gone: every process had dropped it", e.Index, e.Generation)
}
