package mp

import (
	"os"
	"strings"
)

// newSelf is a Process that this process did not start: itself, or its parent.
func newSelf(name string) *Process {
	return &Process{Name: name, state: &processState{pid: os.Getpid(), done: make(chan struct{})}}
}

// childPrefix is what the names of a process's children have between "Process-" and their number: the
// numbers of a process with a default name, and a colon.
func childPrefix(name string) string {
	if numbers, ok := strings.CutPrefix(name, "Process-"); ok {
		return numbers + ":"
	}
	return ""
}
