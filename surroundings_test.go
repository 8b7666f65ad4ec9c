//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"golang.org/x/sys/unix"
)

// What surrounds a program may be poor: each of these roles is a program of its own, which changes its own surroundings.
func init() {
	mistakes["no /proc"] = withoutProc
	mistakes["/proc goes away"] = losesProc
	mistakes["replaced on disk"] = replacesItself
	mistakes["few descriptors"] = hasFewDescriptors
}

// play runs a role in a directory of its own. It has to end well, and to print the words.
func play(t *testing.T, c *exec.Cmd, role string, says ...string) {
	t.Helper()
	c.Env = append(os.Environ(), mistakeVar+"="+role)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, words := range says {
		if !strings.Contains(string(out), words) {
			t.Errorf("expected %q in\n%s", words, out)
		}
	}
}

func demand(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

// hideProc makes the working directory the root: there is nothing in it.
func hideProc() {
	demand(unix.Chroot(".") == nil, "chroot")
	_, err := os.Stat("/proc")
	demand(errors.Is(err, os.ErrNotExist), "/proc is still there: %v", err)
}

// jail is the test binary, which may hide /proc. Whoever is not root may in a user namespace of his own, if the machine
// allows it to him.
func jail(t *testing.T) *exec.Cmd {
	t.Helper()
	c := exec.Command("/proc/self/exe")
	c.Dir = t.TempDir()
	if os.Geteuid() != 0 {
		c.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
	}
	probe := *c
	probe.Env = append(os.Environ(), mistakeVar+"=may hide")
	if out, err := probe.CombinedOutput(); err != nil {
		if os.Getenv("MP_REQUIRE_ALL") == "1" {
			t.Fatalf("a test hides /proc by chroot, which root may, and MP_REQUIRE_ALL=1: %v\n%s", err, out)
		}
		t.Skipf("a test hides /proc by chroot, which root may: %v", err)
	}
	return c
}

var _ = func() bool { mistakes["may hide"] = hideProc; return true }()

func TestNoProc(t *testing.T) {
	c := jail(t)
	play(t, c, "no /proc", "Process.Start: mp: starting Process-1: mp: reopening the shared memory (is /proc mounted?)", "NewLock: mp: reopening")
}

func withoutProc() {
	hideProc()
	mp.Init()
	fmt.Println("Process.Start:", (&mp.Process{Target: addOne(nil)}).Start(context.Background()))
	defer func() { fmt.Println("NewLock:", recover()) }()
	mp.NewLock()
}

// Whoever is in the family needs /proc only to start processes.
func TestProcGoesAway(t *testing.T) {
	play(t, jail(t), "/proc goes away", "in the child: mp: starting Process-2:1: mp: reopening the shared memory (is /proc mounted?)",
		"in the parent: mp: starting Process-3: mp: reopening the shared memory (is /proc mounted?)")
}

var (
	holdForEver = mp.Proc2(func(_ context.Context, l *mp.Lock, g gate) error {
		l.Lock()
		g.pass()
		select {}
	})
	waitWithoutProc = mp.Func3(func(ctx context.Context, l *mp.Lock, v *mp.Value[room], g gate) (string, error) {
		hideProc()
		_, refused := mp.Run(ctx, addOne(mp.NewValue(1)))
		v.Update(func(r *room) { r.Now++ })
		g.pass()
		err := l.LockContext(ctx)
		if _, ok := errors.AsType[*mp.OwnerDiedError](err); !ok {
			return "", fmt.Errorf("expected an *OwnerDiedError, got %w", err)
		}
		return fmt.Sprint(refused), l.Recover(ctx, nil)
	})
)

func losesProc() {
	mp.Init()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	l, v, held, waiting := mp.NewLock(), mp.NewValue(room{}), newGate(), newGate()
	holder := &mp.Process{Target: holdForEver(l, held)}
	demand(holder.Start(ctx) == nil, "no holder")
	held.await(ctx, 1)
	var refused string
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		refused, err = mp.Run(ctx, waitWithoutProc(l, v, waiting))
	}()
	waiting.await(ctx, 1)
	hideProc()
	demand(holder.Kill() == nil && holder.Join() != nil, "the holder goes on")
	<-done
	demand(err == nil && v.Load().Now == 1, "%v, %+v", err, v.Load())
	fmt.Println("in the child:", refused)
	_, err = mp.Run(ctx, addOne(mp.NewValue(1)))
	fmt.Println("in the parent:", err)
}

// A child is the program that its parent is, whatever now lies on the disk under its name.
func TestReplacedOnDisk(t *testing.T) {
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, program, 0o700); err != nil {
		t.Fatal(err)
	}
	play(t, exec.Command(path), "replaced on disk", "child 2, grandchild 3")
}

var addTwice = mp.Func(func(ctx context.Context, v *mp.Value[int]) ([2]int, error) {
	first := mp.Add(v, 1)
	second, err := mp.Run(ctx, addOne(v))
	return [2]int{first, second}, err
})

func replacesItself() {
	mp.Init()
	path, err := os.Executable()
	demand(err == nil && os.Remove(path) == nil && os.WriteFile(path, []byte("#!/bin/false\n"), 0o700) == nil, "replacing %s: %v", path, err)
	got, err := mp.Run(context.Background(), addTwice(mp.NewValue(1)))
	demand(err == nil, "%v", err)
	fmt.Printf("child %d, grandchild %d\n", got[0], got[1])
}

// Out of descriptors there are no new processes, and an error that says so; everything else goes on.
func TestFewDescriptors(t *testing.T) {
	play(t, exec.Command(os.Args[0]), "few descriptors", "too many open files", "ulimit -n")
}

func hasFewDescriptors() {
	mp.Init()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	l, held := mp.NewLock(), newGate()
	holder := &mp.Process{Target: holdForEver(l, held)}
	demand(holder.Start(ctx) == nil, "no holder")
	held.await(ctx, 1)
	limit := unix.Rlimit{Cur: 30, Max: 30}
	demand(unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) == nil, "setrlimit")
	for range 2 { // what the first left open would leave the second fewer
		others, err := startUntilRefused(ctx)
		demand(errors.Is(err, syscall.EMFILE) && len(others) > 1, "%d started, then %v", len(others), err)
		fmt.Println(err)
		short, stop := context.WithTimeout(ctx, 10*time.Millisecond)
		err = l.LockContext(short)
		stop()
		demand(errors.Is(err, context.DeadlineExceeded), "waiting: %v", err)
		v := mp.NewValue(room{})
		v.Update(func(r *room) { r.Now++ })
		for _, p := range others {
			demand(p.Kill() == nil && p.Join() != nil && v.Load().Now == 1, "%v", p.Name)
		}
	}
	demand(holder.Kill() == nil && holder.Join() != nil, "the holder goes on")
}

func startUntilRefused(ctx context.Context) (started []*mp.Process, err error) {
	for {
		p := &mp.Process{Target: holdForEver(mp.NewLock(), newGate())}
		if err := p.Start(ctx); err != nil {
			return started, err
		}
		started = append(started, p)
	}
}

// A variable that no parent has set makes no child.
func TestStrangersVariable(t *testing.T) {
	for _, value := range []string{"yes", "1", "0:3:4:5:-:0", "1:3:4:5:-:0", "1:0:1:2:-:0", "1:900:901:902:903:1023", strings.Repeat("1:", 1000)} {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "MP_CHILD="+value, mistakeVar+"=init")
		out, err := c.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "unset MP_CHILD") || strings.Contains(string(out), "Init took") || len(out) > 1000 {
			t.Errorf("MP_CHILD=%.20s: %v\n%.1000s", value, err, out)
		}
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "MP_CHILD=", mistakeVar+"=init")
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "Init took") {
		t.Errorf("an empty variable is none: %v\n%s", err, out)
	}
	p := &mp.Process{Target: addOne(mp.NewValue(1)), Env: append(os.Environ(), "MP_CHILD=1:3:4:5:-:0")}
	if err := startProcess(t, p).Join(); err != nil {
		t.Errorf("a variable in Env: %v", err)
	}
}
