package threading

import (
	"context"
	"testing"
	"testing/synctest"
)

func TestMainThread(t *testing.T) { // test_main_thread
	synctest.Test(t, func(t *testing.T) {
		main := MainThread()
		if main.Name != "MainThread" || main.Ident() != 1 || !main.Alive() || Current(t.Context()) != main {
			t.Errorf("%v, alive: %t; and here is %v", main, main.Alive(), Current(t.Context()))
		}
		var inside *Thread
		th := started(func(ctx context.Context) error { inside = Current(ctx); return nil })
		_ = th.Join()
		if inside != th || inside.Ident() == main.Ident() {
			t.Errorf("in %v the current thread is %v", th, inside)
		}
		if text := panics(func() { main.Start(t.Context()) }); text == "" {
			t.Error("the main thread was started")
		}
	})
}

// test_ident_of_no_threading_threads, test_foreign_thread: what has no Thread belongs to the main one, which can be
// waited for with a limit, and leaves nothing in the lists.
func TestPlainGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		found := make(chan *Thread)
		go func() { found <- Current(context.Background()) }()
		if th := <-found; th != MainThread() || ActiveCount() != 1 {
			t.Errorf("a goroutine counts as %v, of %d", th, ActiveCount())
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := MainThread().JoinContext(ctx); err != context.Canceled {
			t.Errorf("joining the main thread: %v", err)
		}
	})
}

// What a thread makes of its context is still its own; a thread that it starts has another.
func TestCurrentInherits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := started(func(ctx context.Context) error {
			derived, cancel := context.WithCancel(ctx)
			defer cancel()
			own, found := Current(ctx), make(chan *Thread)
			go func() { found <- Current(derived) }()
			if th := <-found; th != own {
				t.Errorf("a goroutine of %v counts as %v", own, th)
			}
			inner := &Thread{Target: func(ctx context.Context) error { found <- Current(ctx); return nil }}
			inner.Start(ctx)
			if th := <-found; th != inner {
				t.Errorf("in %v the current thread is %v", inner, th)
			}
			return inner.Join()
		})
		if err := th.Join(); err != nil {
			t.Error(err)
		}
	})
}
