//go:build linux

package mp_test

import (
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
)

// objects are those of this name, as mp ps shows them.
func objects(t *testing.T, name string) []inspect.Object {
	t.Helper()
	mp.DefaultArena()
	a, err := inspect.Open(os.Getpid())
	if err != nil {
		t.Error(err)
		return nil
	}
	defer a.Close()
	s, err := a.Snapshot()
	if err != nil {
		t.Error(err)
		return nil
	}
	return slices.DeleteFunc(s.Objects, func(o inspect.Object) bool { return o.Name != name })
}

// memory is how many bytes of the arena all objects of this name have: those of other tests, which may go at any time, do not count.
func memory(t *testing.T, name string) (n int64) {
	t.Helper()
	for _, o := range objects(t, name) {
		n += int64(o.Memory)
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
