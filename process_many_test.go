//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// test_args_argument
var (
	giveNumber = mp.Func(func(_ context.Context, x int) (int, error) { return x, nil })
	giveText   = mp.Func(func(_ context.Context, x string) (string, error) { return x, nil })
	giveSlice  = mp.Func(func(_ context.Context, x []int) ([]int, error) { return x, nil })
	giveArray  = mp.Func(func(_ context.Context, x [1]int) ([1]int, error) { return x, nil })
	giveThree  = mp.Func3(func(_ context.Context, a string, b []int, c [1]int) ([]any, error) { return []any{a, b[0], c[0]}, nil })
)

func TestArguments(t *testing.T) {
	gives(t, 1, giveNumber(1))
	gives(t, "str", giveText("str"))
	gives(t, []int{1}, giveSlice([]int{1}))
	gives(t, [1]int{1}, giveArray([1]int{1}))
	gives(t, []any{"str", 2, 3}, giveThree("str", []int{2}, [1]int{3}))
}

func gives[T any](t *testing.T, want T, c mp.Call[T]) {
	t.Helper()
	if got, err := mp.Run(t.Context(), c); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%#v came back as %#v: %v", want, got, err)
	}
}

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

// test_stderr_flush: what the runtime says of a goroutine that fails is whole, in the stream and in the error. The function's own panic
// comes back by Join: TestPanicComesBack.
func TestStderrFlush(t *testing.T) {
	var stderr bytes.Buffer
	err := startProcess(t, &mp.Process{Target: failApart(), Stderr: &stderr}).Join()
	e, ok := errors.AsType[*mp.ExitError](err)
	if !ok {
		t.Fatalf("got %v, expected *mp.ExitError", err)
	}
	for where, text := range map[string][]byte{"the stream": stderr.Bytes(), "the error": e.Stderr} {
		for _, words := range []string{"panic: MARKER", "mp_test.failHere(", "/process_many_test.go:", "created by "} {
			if !bytes.Contains(text, []byte(words)) {
				t.Errorf("no %q in %s:\n%s", words, where, text)
			}
		}
	}
}

var failApart = mp.Proc0(func(context.Context) error {
	go failHere()
	select {}
})

func failHere() { panic("MARKER") }
