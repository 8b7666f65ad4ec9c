//go:build linux

package crash

import (
	"context"
	"testing"
	"time"

	"github.com/multiproc/mp"
)

// TestWoundsOfConditions is TestWounds for mp.Condition.
func TestWoundsOfConditions(t *testing.T) {
	for _, w := range []struct {
		name string
		test func(t *testing.T)
	}{
		{"RMS PR 935 notify blocks for ever after a waiter was killed", notifyAfterAKill},
		{"found here a killed waiter takes the next notification and the lock with it", killedWaiterTakesNothing},
		{"found here a condition over a lock that was made elsewhere is unusable", conditionOverALock},
	} {
		t.Run(w.name, w.test)
	}
}

// asleep counts those who wait, under the condition's lock.
type asleep struct {
	C *mp.Condition
	N *mp.RawValue[int]
}

func newAsleep() asleep { return asleep{mp.NewCondition(nil), mp.NewRawValue(0)} }

func (a asleep) wait(ctx context.Context) error {
	a.C.Lock()
	defer a.C.Unlock()
	*a.N.Ptr()++
	return a.C.WaitContext(ctx)
}

// until waits until n have begun to wait.
func (a asleep) until(n int) {
	for is := 0; is < n; time.Sleep(100 * time.Microsecond) {
		a.C.Lock()
		is = a.N.Load()
		a.C.Unlock()
	}
}

var waitAsleep = mp.Proc(func(ctx context.Context, a asleep) error { return a.wait(ctx) })

// killedWaiter is a process that was killed while it waited.
func killedWaiter(t *testing.T, a asleep, n int) {
	t.Helper()
	p := &mp.Process{Target: waitAsleep(a)}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	inTime(t, 10*time.Second, func() { a.until(n) })
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Join()
}

func notifyAfterAKill(t *testing.T) {
	a := newAsleep()
	for n := 1; n <= 3; n++ {
		killedWaiter(t, a, n)
		inTime(t, within, func() {
			a.C.Lock()
			a.C.Notify(1)
			a.C.NotifyAll()
			a.C.Unlock()
		})
	}
}

func killedWaiterTakesNothing(t *testing.T) {
	a := newAsleep()
	for n := 1; n <= 5; n += 2 {
		killedWaiter(t, a, n)
		done := make(chan error, 1)
		go func() { done <- a.wait(t.Context()) }()
		inTime(t, within, func() { a.until(n + 1) })
		a.C.Lock()
		a.C.Notify(1)
		a.C.Unlock()
		inTime(t, within, func() {
			if err := <-done; err != nil {
				t.Error(err)
			}
			a.C.Lock() // nobody has taken it along
			a.C.Unlock()
		})
	}
}

func conditionOverALock(t *testing.T) {
	l := mp.NewLock()
	a := asleep{mp.NewCondition(l), mp.NewRawValue(0)}
	p := &mp.Process{Target: waitAsleep(a)}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	inTime(t, 10*time.Second, func() {
		a.until(1)
		l.Lock()
		a.C.Notify(1)
		l.Unlock()
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	})
}
