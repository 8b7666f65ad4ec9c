//go:build !linux

package boot

import (
	"os"
	"syscall"

	"github.com/multiproc/mp/internal/sys"
)

// Inherited is nil: nobody can have started this process.
func Inherited() (*Inheritance, error) { return nil, nil }

// Start needs Linux.
func Start(Spec) (*Child, error) {
	return nil, &sys.UnsupportedError{What: "starting a process"}
}

func signalGroup(int, syscall.Signal) error {
	return &sys.UnsupportedError{What: "signalling a process group"}
}

// PeakMemory is 0: unknown.
func PeakMemory(*os.ProcessState) int64 { return 0 }

// WatchMemory returns at once: nothing can be known.
func WatchMemory(int, int64, <-chan struct{}, func(used int64)) {}

// OOMKills is 0: unknown.
func OOMKills() uint64 { return 0 }

// SetComm does nothing.
func SetComm(string) {}
