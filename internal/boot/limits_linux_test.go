package boot

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/multiproc/mp/internal/wire"
	"golang.org/x/sys/unix"
)

// endThread ends its thread: a goroutine that exits while locked takes it along.
func endThread(ended chan<- struct{}) {
	runtime.LockOSThread()
	defer close(ended)
}

func openDescriptors(t testing.TB) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func threads(t testing.TB) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestNoThreadPerChild(t *testing.T) {
	const children = 200
	memory := newMemory(t)
	var all []*Child
	begin := func(slot uint32) {
		s, err := nextSpec(&Inheritance{Memory: memory, Slot: slot}, "hello")
		if err != nil {
			t.Fatal(err)
		}
		c := launch(t, s)
		if err := s.Life.Close(); err != nil {
			t.Fatal(err)
		}
		expectFrame(t, c, wire.Hello)
		all = append(all, c)
	}
	begin(0)
	before := threads(t)
	for i := range uint32(children) {
		begin(1 + i)
	}
	if after := threads(t); after > before+10 {
		t.Errorf("%d threads with one child, %d with %d more", before, after, children)
	}
	for _, c := range all {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range all {
		if s := await(t, c); !s.Success() {
			t.Errorf("process %d: %v", c.PID(), s)
		}
	}
}

func TestNoDescriptorLeaks(t *testing.T) {
	await(t, launch(t, newSpec(t, "exit", "0"))) // the netpoller has opened what it needs
	s := newSpec(t, "hello")
	before := openDescriptors(t)
	for range 10 {
		c, err := Start(s)
		if err != nil {
			t.Fatal(err)
		}
		expectFrame(t, c, wire.Hello)
		if err := c.SignalTree(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		await(t, c)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := openDescriptors(t); after != before {
		t.Errorf("%d descriptors open before, %d after ten children", before, after)
	}
}

func TestDescriptorLimit(t *testing.T) {
	var stderr bytes.Buffer
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := newSpec(t, "starved")
	s.Stderr = w
	c := launch(t, s)
	_ = w.Close()
	_, _ = stderr.ReadFrom(r)
	_ = r.Close()
	if s := await(t, c); !s.Success() {
		t.Errorf("%v: %s", s, stderr.Bytes())
	}
}

// playStarved starts children with ever more free descriptors, from none on, until one starts.
func playStarved(in *Inheritance) error {
	s, err := nextSpec(in, "exit", "0")
	if err != nil {
		return err
	}
	if err := startAndAwait(s); err != nil { // the netpoller opens what it needs
		return err
	}
	limit := unix.Rlimit{Cur: 40, Max: 40}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	var fill []int
	for {
		fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == unix.EMFILE {
			break
		}
		if err != nil {
			return err
		}
		fill = append(fill, fd)
	}
	for free := 0; ; free++ {
		before := descriptorsBelow(int(limit.Cur))
		err := startAndAwait(s)
		if after := descriptorsBelow(int(limit.Cur)); after != before {
			return fmt.Errorf("with %d free descriptors: %d open before, %d after; error %v", free, before, after, err)
		}
		if err == nil {
			if free < 3 {
				return fmt.Errorf("a child started with %d free descriptors", free)
			}
			return nil
		}
		if !errors.Is(err, unix.EMFILE) && !errors.Is(err, unix.EBADF) || !strings.Contains(err.Error(), "ulimit -n") {
			return fmt.Errorf("with %d free descriptors: %w", free, err)
		}
		if free == len(fill) {
			return fmt.Errorf("with %d free descriptors still: %w", free, err)
		}
		if err := unix.Close(fill[free]); err != nil {
			return err
		}
	}
}

func startAndAwait(s Spec) error {
	c, err := Start(s)
	if err != nil {
		return err
	}
	<-c.Done()
	if !c.State().Success() {
		err = errors.New(c.State().String())
	}
	return errors.Join(err, c.Close())
}

// descriptorsBelow counts without opening one.
func descriptorsBelow(limit int) int {
	n := 0
	for fd := range limit {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
}
