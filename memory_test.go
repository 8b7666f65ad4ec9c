//go:build linux

package mp_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
)

// memory is how many bytes of the arena all objects of this name have, as mp ps shows them: those of other tests, which may go at any
// time, do not count.
func memory(t *testing.T, name string) (n int64) {
	t.Helper()
	mp.DefaultArena()
	a, err := inspect.Open(os.Getpid())
	if err != nil {
		t.Error(err)
		return 0
	}
	defer a.Close()
	s, err := a.Snapshot()
	if err != nil {
		t.Error(err)
		return 0
	}
	for _, o := range s.Objects {
		if o.Name == name {
			n += int64(o.Memory)
		}
	}
	return n
}

// shrinks waits until they have no more than so many: 0 means that they are freed.
func shrinks(t *testing.T, name string, most int64) {
	t.Helper()
	within(t, soonest, "the memory of "+name+" comes back", func() {
		for memory(t, name) > most {
			runtime.GC()
		}
	})
}

// soonest is how long what must come may take on a busy machine.
const soonest = 20 * time.Second
