//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

func TestCancelReachesTheChild(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &mp.Process{Target: behave("wait")}
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := p.Join(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if code, _ := p.ExitCode(); code != 1 {
		t.Errorf("exit code %d: the child did not end by itself", code)
	}
}

func TestDeadlineReachesTheChildAndEndsTheDeaf(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if got, err := mp.Run(ctx, behave("deadline")); err != nil || got != "true true" {
		t.Errorf("got %q, %v", got, err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	p := &mp.Process{Target: behave("deaf"), Grace: 250 * time.Millisecond} // a busy machine needs some to end it
	if err := p.Start(ctx); err != nil {
		t.Fatal(err)
	}
	err := p.Join()
	e, ok := errors.AsType[*mp.ExitError](err)
	if !ok || e.Signal != syscall.SIGTERM || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, expected SIGTERM because of the deadline", err)
	}
}

func TestInterruptCancelsTheContext(t *testing.T) {
	g := newGate()
	p := start(t, waitAtGate(g))
	g.wait(t, 1)
	if err := p.Interrupt(); err != nil {
		t.Fatal(err)
	}
	if err := p.Join(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestKillEndsTheTree(t *testing.T) {
	g := mp.NewValue(int64(0))
	p := start(t, startCommand(g))
	within(t, 20*time.Second, "the command starts", func() {
		for g.Load() == 0 {
			runtime.Gosched()
		}
	})
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
	within(t, 5*time.Second, "the command ends", func() {
		for syscall.Kill(int(g.Load()), 0) == nil && !zombie(int(g.Load())) {
			runtime.Gosched()
		}
	})
}

var startCommand = mp.Proc(func(ctx context.Context, pid *mp.Value[int64]) error {
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		return err
	}
	pid.Store(int64(c.Process.Pid))
	return c.Wait()
})

// zombie tells whether a process has ended but was not reaped: its parent is whoever adopts orphans here.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(b, []byte(") Z "))
}

func TestMemoryLimit(t *testing.T) {
	p := startProcess(t, &mp.Process{Target: hoard(), MemoryLimit: 200 << 20})
	err := p.Join()
	e, ok := errors.AsType[*mp.ExitError](err)
	if !ok || !e.OutOfMemory || e.Signal != syscall.SIGKILL || e.PeakMemory < 100<<20 {
		t.Errorf("got %+v (%v)", e, err)
	}
}

var hoard = mp.Proc0(func(ctx context.Context) error {
	var all [][]byte
	for {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
		if len(all) > 4<<10 {
			return errors.New("4 GiB and nobody minded")
		}
	}
})
