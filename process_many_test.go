//go:build linux

package mp_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// test_many_processes. Here all of them run at the same moment.
func TestManyProcesses(t *testing.T) {
	const many = 100
	g, e := newGate(), mp.NewEvent()
	startMany := func(target mp.Target) (all []*mp.Process) {
		for range many {
			all = append(all, startProcess(t, &mp.Process{Target: target, Grace: time.Hour}))
		}
		return all
	}
	endWith := func(code int, all []*mp.Process) {
		t.Helper()
		for _, p := range all {
			err := p.Join()
			if got, _ := p.ExitCode(); got != code {
				t.Errorf("%s ended with %d, expected %d: %v", p.Name, got, code, err)
			}
		}
	}
	within(t, time.Minute, "a hundred processes", func() {
		all := startMany(waitForEvent(g, e))
		g.await(t.Context(), many)
		e.Set()
		endWith(0, all)
	})
	within(t, time.Minute, "a hundred that are ended while they start", func() {
		all := startMany(behave("deaf"))
		for _, p := range all {
			if err := p.Terminate(); err != nil {
				t.Error(err)
			}
		}
		endWith(-int(syscall.SIGTERM), all)
	})
}
