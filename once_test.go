//go:build linux

package mp_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

type onceArgs struct {
	Once *mp.Once
	Runs *mp.Value[int]
	Gate gate
}

var (
	errUnready = errors.New("unready")
	_          = mp.RegisterErrors(errUnready)

	runOnce = mp.Proc(func(ctx context.Context, a onceArgs) error {
		return a.Once.Do(ctx, func() error { mp.Add(a.Runs, 1); return nil })
	})
	failOnce = mp.Proc(func(ctx context.Context, a onceArgs) error {
		return a.Once.Do(ctx, func() error { return errUnready })
	})
	hangOnce = mp.Proc(func(ctx context.Context, a onceArgs) error {
		return a.Once.Do(ctx, func() error { a.Gate.pass(); select {} })
	})
)

func newOnceArgs() onceArgs { return onceArgs{mp.NewOnce(), mp.NewValue(0), newGate()} }

func TestOnceInManyProcesses(t *testing.T) {
	a := newOnceArgs()
	var group mp.Group
	for range 8 {
		group.Start(t.Context(), runOnce(a))
	}
	if err := group.Join(); err != nil {
		t.Fatal(err)
	}
	if n := a.Runs.Load(); n != 1 || !a.Once.Done() {
		t.Errorf("ran %d times, done: %t", n, a.Once.Done())
	}
}

// Who fails, or is killed in it, has not run it; who waits runs its own.
func TestOnceSurvivesItsRunner(t *testing.T) {
	a := newOnceArgs()
	if err := start(t, failOnce(a)).Join(); !errors.Is(err, errUnready) || a.Once.Done() {
		t.Fatalf("a function that fails: %v, done: %t", err, a.Once.Done())
	}
	hangs := start(t, hangOnce(a))
	a.Gate.wait(t, 1)
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := a.Once.Do(short, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another runs: %v", err)
	}
	waits := start(t, runOnce(a))
	if err := hangs.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "Do of one who waits", func() {
		if err := errors.Join(waits.Join(), a.Once.Do(t.Context(), nil)); err != nil {
			t.Error(err)
		}
	})
	if n := a.Runs.Load(); n != 1 {
		t.Errorf("ran %d times", n)
	}
}

// Goroutines of one process: what the function did is seen by all, and a panic is no success.
func TestOnceInOneProcess(t *testing.T) {
	o := mp.NewOnce(mp.Name("setup"))
	func() {
		defer func() {
			if recover() == nil || o.Done() {
				t.Error("the panic was kept, or taken for success")
			}
		}()
		_ = o.Do(t.Context(), func() error { panic("not today") })
	}()
	for range 200 {
		o, made := mp.NewOnce(), 0
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := o.Do(t.Context(), func() error {
					for range 100 { // the others come meanwhile
						runtime.Gosched()
					}
					made++
					return nil
				}); err != nil || made != 1 {
					t.Errorf("%v, made %d", err, made)
				}
			})
		}
		wg.Wait()
	}
	if _, err := new(mp.Once).MarshalBinary(); err == nil {
		t.Error("a zero Once travels")
	}
}
