//go:build linux

package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// TestWounds shows, row by row, that what the issue tracker of CPython complains of cannot happen here. The names
// are the issues' numbers there.
func TestWounds(t *testing.T) {
	for _, w := range []struct {
		name string
		test func(t *testing.T)
	}{
		{"88304 a lock held by a dead process is locked for ever", lockOfTheDead},
		{"80180 children survive a parent that was killed", childrenOfTheDead},
		{"114062 and 82300 something is left in shared memory", nothingLeft},
		{"82300 whoever attaches destroys at its exit", attachingDestroysNothing},
		{"96062 nobody notices that a worker has died", deathIsTold},
		{"79492 an error that cannot be decoded", undecodableError},
		{"116400 a child that was not waited for cannot end", resultNobodyTakes},
	} {
		t.Run(w.name, w.test)
	}
}

// inTime fails the test if f takes longer than anything may that must not hang.
func inTime(t *testing.T, d time.Duration, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(d):
		t.Fatalf("not done after %v", d)
	}
}

var lockAndDie = mp.Proc(func(ctx context.Context, l *mp.Lock) error {
	if err := l.LockContext(ctx); err != nil {
		return err
	}
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
})

func lockOfTheDead(t *testing.T) {
	for _, c := range []struct {
		name  string
		lock  *mp.Lock
		freed bool
	}{
		{"abandoned", mp.NewLock(mp.Name("account")), false},
		{"freed", mp.NewLock(mp.Release), true},
	} {
		p := &mp.Process{Target: lockAndDie(c.lock), Name: "careless"}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var err error
		_ = p.Join()
		inTime(t, within, func() { err = c.lock.LockContext(t.Context()) })
		died, told := errors.AsType[*mp.OwnerDiedError](err)
		switch {
		case c.freed && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case !c.freed && (!told || died.PID != p.PID() || died.Process != "careless" || died.Object != "account"):
			t.Errorf("%s: %v", c.name, err)
		}
		if last, n := c.lock.LastDeath(); n != 1 || last.PID != p.PID() {
			t.Errorf("%s: %d deaths, the last %v", c.name, n, last)
		}
	}
}

// idler starts what it is given, and stays.
var idler = mp.Proc(func(ctx context.Context, below []mp.Call[mp.None]) error {
	fmt.Println(os.Getpid())
	for _, call := range below {
		if err := (&mp.Process{Target: call}).Start(ctx); err != nil {
			return err
		}
	}
	select {} // deaf to everything
})

// holdEverything is a program with shared objects and children of children; it prints all pids.
func holdEverything(ctx context.Context) error {
	l, v := mp.NewLock(), mp.NewRawValue([1 << 20]byte{})
	l.Lock()
	v.Ptr()[0] = 1
	fmt.Println(os.Getpid())
	for range 2 {
		below := []mp.Call[mp.None]{idler([]mp.Call[mp.None]{idler(nil)})}
		p := &mp.Process{Target: idler(below)}
		if err := p.Start(ctx); err != nil {
			return err
		}
	}
	select {}
}

// family starts holdEverything as a program of its own.
func family(t *testing.T) (root *exec.Cmd, pids []int) {
	t.Helper()
	root = exec.Command("/proc/self/exe")
	root.Env = append(os.Environ(), roleVariable+"=holder of everything")
	out, err := root.StdoutPipe()
	if err == nil {
		err = root.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Process.Kill() })
	inTime(t, 20*time.Second, func() {
		for len(pids) < 7 {
			var pid int
			if _, err := fmt.Fscan(out, &pid); err != nil {
				t.Errorf("after %d pids: %v", len(pids), err)
				return
			}
			pids = append(pids, pid)
		}
	})
	go io.Copy(io.Discard, out)
	return root, pids
}

func running(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(b), ") ")
	return err == nil && after != "" && after[0] != 'Z' && after[0] != 'X'
}

// allEnd waits until none of the processes runs.
func allEnd(t *testing.T, pids []int) {
	t.Helper()
	deadline := time.Now().Add(within)
	for _, pid := range pids {
		for running(pid) {
			if time.Now().After(deadline) {
				t.Fatalf("%v after the kill process %d is still there", within, pid)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

func childrenOfTheDead(t *testing.T) {
	root, pids := family(t)
	if err := root.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	allEnd(t, pids)
	_ = root.Wait()
}

func nothingLeft(t *testing.T) {
	before := shm(t)
	root, pids := family(t)
	memory := memories(t, pids...)
	if len(memory) == 0 {
		t.Fatal("the family has no shared memory")
	}
	for _, pid := range slices.Backward(pids) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	}
	_ = root.Wait()
	allEnd(t, pids)
	if after := shm(t); !slices.Equal(before, after) {
		t.Errorf("in /dev/shm before: %v, after: %v", before, after)
	}
	everywhere := memories(t, everybody(t)...)
	for id, name := range memory {
		if _, there := everywhere[id]; there {
			t.Errorf("%s is still open in some process", name)
		}
	}
}

func shm(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir("/dev/shm")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func everybody(t *testing.T) (pids []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// memories are the anonymous files that processes have open, by inode.
func memories(t *testing.T, pids ...int) map[uint64]string {
	t.Helper()
	found := make(map[uint64]string)
	for _, pid := range pids {
		names, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			target, _ := os.Readlink(name) // a process may end meanwhile
			var st syscall.Stat_t
			if strings.HasPrefix(target, "/memfd:mp-") && syscall.Stat(name, &st) == nil {
				found[st.Ino] = target
			}
		}
	}
	return found
}

func attachingDestroysNothing(t *testing.T) {
	v := mp.NewValue(bank{1, -1}, mp.Name("stays"))
	for range 3 {
		look := lookAtSelf(t)
		if err := look.Close(); err != nil {
			t.Fatal(err)
		}
		p := &mp.Process{Target: dieWith(v)}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = p.Join()
	}
	if b := v.Load(); b[0] != 1 || b[1] != -1 {
		t.Errorf("the value is %v", b)
	}
}

var dieWith = mp.Proc(func(_ context.Context, v *mp.Value[bank]) error {
	b := v.Load()
	if err := b.check(); err != nil {
		return err
	}
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
})

var dieBy = mp.Func(func(_ context.Context, sig int) (int, error) {
	if err := syscall.Kill(os.Getpid(), syscall.Signal(sig)); err != nil {
		return 0, err
	}
	select {}
})

func deathIsTold(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		inTime(t, 10*time.Second, func() {
			p := &mp.Process{Target: dieBy(int(sig)), Name: "worker"}
			if err := p.Start(t.Context()); err != nil {
				t.Error(err)
				return
			}
			exit, ok := errors.AsType[*mp.ExitError](p.Join())
			if code, ended := p.ExitCode(); !ok || exit.Signal != sig || exit.PID != p.PID() || exit.Code != -1 || !ended || code != -int(sig) {
				t.Errorf("Process: %v, exit code %d", p.Join(), code)
			}
			_, err := mp.Run(t.Context(), dieBy(int(sig)))
			if exit, ok = errors.AsType[*mp.ExitError](err); !ok || exit.Signal != sig {
				t.Errorf("Run: %v", err)
			}
			var g mp.Group
			good := g.Start(t.Context(), grandchild(mp.NewValue(bank{}), 1))
			g.Start(t.Context(), dieBy(int(sig)))
			if exit, ok = errors.AsType[*mp.ExitError](g.Join()); !ok || exit.Signal != sig {
				t.Errorf("Group: %v", g.Join())
			}
			if err := good.Join(); err != nil {
				t.Errorf("the other of the group: %v", err)
			}
		})
	}
}

// sourError travels, and cannot be read at its end.
type sourError struct{ Text string }

func (e *sourError) Error() string                  { return e.Text }
func (e *sourError) MarshalBinary() ([]byte, error) { return json.Marshal(e.Text) }
func (e *sourError) UnmarshalBinary([]byte) error   { return errors.New("sour") }

// bombError is worse.
type bombError struct{ Text string }

func (e *bombError) Error() string                  { return e.Text }
func (e *bombError) MarshalBinary() ([]byte, error) { return json.Marshal(e.Text) }
func (e *bombError) UnmarshalBinary([]byte) error   { panic("boom") }

var (
	errSour = errors.New("sour milk")
	_       = mp.RegisterErrors(errSour)
	_       = mp.RegisterErrorType[*sourError]()
	_       = mp.RegisterErrorType[*bombError]()
)

var fail = mp.Proc(func(_ context.Context, how string) error {
	if how == "bomb" {
		return errors.Join(&bombError{"the text of a bomb"}, errSour)
	}
	return errors.Join(&sourError{"the text of a sour error"}, errSour)
})

func undecodableError(t *testing.T) {
	for _, how := range []string{"sour error", "bomb"} {
		inTime(t, 10*time.Second, func() {
			_, err := mp.Run(t.Context(), fail(how))
			if err == nil || !strings.Contains(err.Error(), "the text of a "+how) || !errors.Is(err, errSour) {
				t.Errorf("%s: %v", how, err)
			}
		})
	}
	inTime(t, 10*time.Second, func() {
		_, err := mp.Run(t.Context(), makeBomb())
		if _, panicked := errors.AsType[*mp.PanicError](err); !panicked {
			t.Errorf("a result that panics when it is decoded: %v", err)
		}
	})
}

var makeBomb = mp.Func0(func(context.Context) (*bombError, error) { return &bombError{"a bomb as a result"}, nil })

var large = mp.Func(func(_ context.Context, n int) ([]byte, error) { return make([]byte, n), nil })

// resultNobodyTakes joins a process whose result is larger than what a socket holds.
func resultNobodyTakes(t *testing.T) {
	p := &mp.Process{Target: large(16 << 20)}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	inTime(t, 10*time.Second, func() {
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	})
}
