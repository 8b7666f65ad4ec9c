//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

var nothing = mp.Proc0(func(context.Context) error { return nil })

var answer = mp.Func0(func(context.Context) (*mp.Value[int], error) { return mp.NewValue(42), nil })

// runArmed has the next child armed from its first instruction on, and tells whether it got a result from it.
func runArmed(f *family, n int, spare bool) error {
	if err := os.Setenv(armVariable, strconv.Itoa(n)); err != nil {
		return err
	}
	var err error
	if spare {
		err = mp.KeepSpares(1)
		defer mp.KeepSpares(0)
		_ = os.Unsetenv(armVariable)
	}
	if err == nil {
		var v *mp.Value[int]
		v, err = mp.Run(f.ctx, answer())
		if err == nil && v.Load() != 42 {
			err = fmt.Errorf("the answer is %d", v.Load())
		}
	}
	_ = os.Unsetenv(armVariable)
	for deadline := time.Now().Add(within); len(mp.ActiveChildren()) > 2; time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) { // Run returns with the result, which is before the end
			return fmt.Errorf("%v after its result a child is still there", within)
		}
	}
	exit, ended := errors.AsType[*mp.ExitError](err)
	b, _ := os.ReadFile(os.Getenv(stepVariable))
	told := len(b) == 0 || bytes.Contains(b, []byte("child: outcome told")) || bytes.Contains(b, []byte("exit: status told"))
	switch {
	case told && err != nil:
		return fmt.Errorf("the result was told before the death %s, and Run says: %w", b, err)
	case !told && err == nil:
		// A spare that dies while nobody has asked it for anything is replaced.
		if !spare || !slices.ContainsFunc([]string{"start: ", "child: attached", "child: hello"}, func(s string) bool { return bytes.Contains(b, []byte(s)) }) {
			return fmt.Errorf("a death at %s, and Run has a result", b)
		}
	case !told && (!ended || exit.Signal != syscall.SIGKILL):
		return fmt.Errorf("a death at %s, and Run says: %w", b, err)
	}
	return nil
}

// hold has an object, tells its pid, and stays.
var hold = mp.Proc(func(ctx context.Context, s stage) error {
	v := mp.NewValue(wide{})
	s.Gate.Store(int32(os.Getpid()))
	<-ctx.Done()
	v.Load()
	return nil
})

// parentOfOne starts a child, kills it, and joins it.
var parentOfOne = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	arm(n)
	p := &mp.Process{Target: hold(s)}
	if err := p.Start(ctx); err != nil {
		return err
	}
	s.await(1)
	if err := p.Kill(); err != nil {
		return err
	}
	if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
		return fmt.Errorf("joining a killed child: %v", p.Join())
	}
	return nil
})

// grandchildEnds waits until the child of the dead has ended too.
func grandchildEnds(f *family) error {
	pid := int(f.Gate.Load())
	for deadline := time.Now().Add(within); pid != 0 && running(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the child %d of a dead process is still there", pid)
		}
	}
	return nil
}

// state is the letter that the kernel has for a process, 0 if there is none.
func state(pid int) byte {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if i := bytes.LastIndexByte(b, ')'); err == nil && i >= 0 && i+2 < len(b) {
		return b[i+2]
	}
	return 0
}

func running(pid int) bool { return !slices.Contains([]byte{0, 'Z', 'X'}, state(pid)) }

// stopper stops its parent, so that nobody sees its end but those who want what it has.
var stopper = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	parent := os.Getppid()
	if err := syscall.Kill(parent, syscall.SIGSTOP); err != nil {
		return err
	}
	for state(parent) != 'T' {
		time.Sleep(50 * time.Microsecond)
	}
	arm(n)
	for range 5 {
		if err := s.round(ctx, theVictim); err != nil {
			return err
		}
	}
	failpoint.Disarm()
	s.Gate.Store(1)
	return nil
})

// middle has a child that stops it.
var middle = mp.Proc2(func(ctx context.Context, s stage, n int) error {
	p := &mp.Process{Target: stopper(s, n), Name: fmt.Sprintf("victim-%d", n)}
	err := p.Start(ctx)
	if err == nil {
		err = p.Join()
	}
	if exit, ok := errors.AsType[*mp.ExitError](err); ok && exit.Signal == syscall.SIGKILL {
		return nil
	}
	return err
})

// beneathStopped has the victim's end seen by nobody whose business it would be.
func beneathStopped(f *family, n int) error {
	p := &mp.Process{Target: middle(f.stage, n)}
	if err := p.Start(f.ctx); err != nil {
		return err
	}
	for f.Gate.Load() == 0 && f.killed == nil && p.Alive() {
		time.Sleep(50 * time.Microsecond)
		f.readLast()
	}
	_, stuck := f.progress()
	if err := p.Signal(syscall.SIGCONT); err != nil {
		return errors.Join(stuck, err)
	}
	if err := f.join(p); err != nil {
		return err
	}
	return stuck
}

func processScenarios() []scenario {
	return []scenario{
		{name: "start", fromStart: true, victim: func(*family, int) mp.Target { return nothing() }},
		{name: "start for a result", start: func(f *family, n int) error { return runArmed(f, n, false) }},
		{name: "start from a spare", start: func(f *family, n int) error { return runArmed(f, n, true) }},
		{name: "parent of a child", after: grandchildEnds, victim: func(f *family, n int) mp.Target { return parentOfOne(f.stage, n) }},
		{name: "parent stopped", busy: true, most: 60, start: beneathStopped},
	}
}
