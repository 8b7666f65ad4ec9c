package inspect

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/sys"
)

// newFamily is an arena with this process in it.
func newFamily(t testing.TB, name string, size int64) *arena.Arena {
	t.Helper()
	a, err := arena.New(name, size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func kin(t testing.TB, name string) *arena.Arena {
	t.Helper()
	return newFamily(t, name, arena.MinSize)
}

// sleepers is an arena for tests in which goroutines sleep on its words: the parker looks at it once more when
// they have gone, so it stays mapped as it does in a program.
func sleepers(t testing.TB, name string) *arena.Arena {
	t.Helper()
	a, err := arena.New(name, arena.MinSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { runtime.KeepAlive(a) }) // collected, its descriptors would be closed: it would look dead
	return a
}

// member is another process of a family, as far as the arena can tell.
type member struct {
	*arena.Arena
	life *os.File
	slot uint32
}

// relative is a second view, with a line of its own in the table. It stays as long as the test binary: see sleepers.
func relative(t testing.TB, a *arena.Arena) *member {
	t.Helper()
	life, slot, err := a.Claim(a.Me(), "relative")
	if err != nil {
		t.Fatal(err)
	}
	f, err := sys.Reopen(a.File())
	if err != nil {
		t.Fatal(err)
	}
	b, err := arena.Attach(f, life, slot, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { runtime.KeepAlive(b) }) // as in sleepers
	return &member{b, life, slot}
}

// die makes a member look dead: the kernel has dropped its byte, and its pid tells nothing.
func (m *member) die(t testing.TB) {
	t.Helper()
	m.MySlot().Namespace.Store(0)
	if err := m.life.Close(); err != nil {
		t.Fatal(err)
	}
}

func watch(t testing.TB, a *arena.Arena) *Arena {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", a.File().Fd()))
	if err != nil {
		t.Fatal(err)
	}
	l, err := OpenFile(f)
	if err != nil {
		t.Fatal(err)
	}
	l.pauses = nil
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func object(t testing.TB, a *arena.Arena, spec arena.ObjectSpec) *arena.Object {
	t.Helper()
	o, _, err := a.NewObject(spec)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func lock(t testing.TB, a *arena.Arena, name string) (*arena.Object, *arena.LockState) {
	t.Helper()
	o := object(t, a, arena.ObjectSpec{Kind: arena.KindLock, Name: name, Type: "mp.Lock", Size: lockSize})
	return o, arena.PayloadOf[arena.LockState](o)
}

// file is memory of the given size, with the given beginning.
func file(t testing.TB, size int64, head []byte) *os.File {
	t.Helper()
	fd, err := unix.MemfdCreate("inspected", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "inspected")
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.WriteAt(head[:min(int64(len(head)), size)], 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return f
}
