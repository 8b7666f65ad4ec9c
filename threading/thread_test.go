package threading

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"
)

// Most tests run in a bubble: it fails if a goroutine is left behind, and its time needs no waiting. The names
// of Python's tests stand beside each, all of test/test_threading.py.

var errTest = errors.New("run failed")

func nothing(context.Context) error { return nil }

// until is a Target that ends when c is closed.
func until(c <-chan struct{}) func(context.Context) error {
	return func(context.Context) error { <-c; return nil }
}

func started(f func(context.Context) error) *Thread {
	t := &Thread{Target: f}
	t.Start(context.Background())
	return t
}

// panics returns what f panicked with, as text.
func panics(f func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text, _ = v.(string)
		}
	}()
	f()
	return ""
}

type counter struct{ n int }

func (c *counter) Run(context.Context) error { c.n++; return nil }

// test_args_argument: a function of any kind, with what it captures.
func TestTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, word := new(counter), ""
		arguments := func(s string) func(context.Context) error {
			return func(context.Context) error { word = s; return nil }
		}
		for _, f := range []func(context.Context) error{c.Run, arguments("str"), nothing} {
			if err := started(f).Join(); err != nil {
				t.Error(err)
			}
		}
		if c.n != 1 || word != "str" {
			t.Errorf("the method ran %d times, the closure left %q", c.n, word)
		}
	})
}

func TestThreadName(t *testing.T) { // test_name
	synctest.Test(t, func(t *testing.T) {
		named := &Thread{Target: nothing, Name: "myname1"}
		named.Start(context.Background())
		first, second := started(nothing), started(nothing)
		for _, th := range []*Thread{named, first, second} {
			_ = th.Join()
		}
		if named.Name != "myname1" {
			t.Errorf("a given name became %s", named.Name)
		}
		if !strings.HasPrefix(first.Name, "Thread-") || first.Name == second.Name {
			t.Errorf("unnamed threads are %s and %s", first.Name, second.Name)
		}
	})
}

// test_various_ops: ten threads, at most three at work at once; none has an ident before, all have their own after.
func TestVariousOps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lock Lock
		running, places, idents := 0, make(chan struct{}, 3), map[int64]bool{MainThread().Ident(): true}
		count := func(by int) {
			lock.Lock()
			defer lock.Unlock()
			if running += by; running < 0 || running > 3 {
				t.Errorf("%d tasks at work", running)
			}
		}
		var threads []*Thread
		for range 10 {
			th := &Thread{Target: func(context.Context) error {
				places <- struct{}{}
				count(1)
				<-time.After(time.Millisecond)
				count(-1)
				<-places
				return nil
			}}
			if th.Ident() != 0 || th.Alive() {
				t.Error("a thread has an ident, or is alive, before Start")
			}
			th.Start(context.Background())
			threads = append(threads, th)
		}
		for _, th := range threads {
			if err := th.Join(); err != nil || th.Alive() {
				t.Errorf("after Join: %v, alive: %t", err, th.Alive())
			}
			idents[th.Ident()] = true
		}
		if len(idents) != 11 || idents[0] {
			t.Errorf("ten threads and the main one have the idents %v", idents)
		}
	})
}

func TestJoinFromMany(t *testing.T) { // test_join_from_multiple_threads
	synctest.Test(t, func(t *testing.T) {
		for n := 2; n < 20; n++ {
			end := make(chan struct{})
			worker := started(func(context.Context) error { <-end; return errTest })
			var joiners []*Thread
			for range n {
				joiners = append(joiners, started(func(context.Context) error {
					if err := worker.Join(); err != errTest {
						t.Errorf("got %v", err)
					}
					return nil
				}))
			}
			synctest.Wait() // all wait in Join
			close(end)
			for _, j := range joiners {
				_ = j.Join()
			}
		}
	})
}

func TestJoinContext(t *testing.T) { // test_join_with_timeout
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		worker := started(until(end))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := worker.JoinContext(ctx); err != context.DeadlineExceeded || !worker.Alive() {
			t.Errorf("got %v, alive: %t", err, worker.Alive())
		}
		close(end)
		if err := worker.Join(); err != nil || worker.Alive() {
			t.Errorf("got %v, alive: %t", err, worker.Alive())
		}
		for range 50 {
			if err := worker.JoinContext(ctx); err != nil {
				t.Fatalf("an ended thread, joined with an ended context: %v", err)
			}
		}
	})
}

func TestJoinTellsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := started(func(context.Context) error { return errTest }).Join(); err != errTest {
			t.Errorf("an error: got %v", err)
		}
		th := &Thread{Name: "falls", Target: func(context.Context) error { panic(errTest) }}
		th.Start(t.Context())
		var p *PanicError
		if err := th.Join(); !errors.As(err, &p) || !errors.Is(err, errTest) {
			t.Fatalf("a panic: got %v", err)
		}
		if p.Where != "falls" || !strings.Contains(string(p.Stack), "TestJoinTellsTheEnd") {
			t.Errorf("a panic in %s, with the stack %s", p.Where, p.Stack)
		}
		if err := started(func(context.Context) error { runtime.Goexit(); return nil }).Join(); err == nil {
			t.Error("a Goexit: no error")
		}
	})
}

// test_start_thread_again, test_joining_inactive_thread, test_joining_current_thread, test_limbo_cleanup
func TestMisuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if text := panics(func() { new(Thread).Start(t.Context()) }); !strings.Contains(text, "without a Target") {
			t.Errorf("no Target: %q", text)
		}
		if n := ActiveCount(); n != 1 {
			t.Errorf("%d threads after a start that failed", n)
		}
		th := &Thread{Target: nothing}
		if err := th.Join(); err != ErrNotStarted {
			t.Errorf("joined before Start: %v", err)
		}
		th.Start(t.Context())
		if text := panics(func() { th.Start(t.Context()) }); !strings.Contains(text, "started once") {
			t.Errorf("a second Start: %q", text)
		}
		_ = th.Join()
		th = started(func(ctx context.Context) error { return Current(ctx).JoinContext(ctx) })
		if err := th.Join(); err != ErrJoinsItself {
			t.Errorf("joined itself: %v", err)
		}
		th = started(Shutdown)
		if err := th.Join(); err != ErrJoinsItself || !MainThread().Alive() {
			t.Errorf("a thread waits for all: %v", err)
		}
	})
}

// test_daemon_param, test_daemonize_active_thread, test_repr_daemon, test_repr_stopped
func TestString(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		th := &Thread{Target: until(end), Name: "n"}
		expect := func(want string) {
			t.Helper()
			if got := th.String(); !strings.HasPrefix(got, want) {
				t.Errorf("got %s, expected %s", got, want)
			}
		}
		expect("Thread(n, initial)")
		if th.Daemon {
			t.Error("a daemon without asking for it")
		}
		th.Daemon = true
		th.Start(t.Context())
		th.Daemon = false // comes too late
		expect("Thread(n, started daemon ")
		close(end)
		synctest.Wait() // without a Join
		expect("Thread(n, stopped daemon ")
	})
}

// test_leak_without_join: the bubble would tell of it.
func TestLeakWithoutJoin(t *testing.T) {
	synctest.Test(t, func(*testing.T) { started(nothing) })
	if n := ActiveCount(); n != 1 {
		t.Errorf("%d threads are left", n)
	}
}

// test_no_refcycle_through_target: nothing keeps what an ended thread has used, also if it failed.
func TestNothingKeepsAnEndedThread(t *testing.T) {
	type cyclic struct {
		thread *Thread
		_      [64]byte
	}
	for _, err := range []error{nil, errTest} {
		object := new(cyclic)
		object.thread = started(func(context.Context) error { _ = object; return err })
		if got := object.thread.Join(); got != err {
			t.Errorf("got %v, expected %v", got, err)
		}
		weakly := weak.Make(object)
		object = nil
		collected(t, "the thread's object", func() bool { return weakly.Value() == nil })
	}
}

// collected waits for the collection of garbage, which takes a cycle or two.
func collected(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); runtime.Gosched() {
		runtime.GC()
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("%s: not collected", what)
		}
	}
}

func TestGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group
		var ran atomic.Int32
		end := make(chan struct{})
		for range 5 {
			g.Start(t.Context(), func(context.Context) error { ran.Add(1); return nil })
		}
		g.StartThread(t.Context(), &Thread{Name: "waits", Target: until(end)})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.JoinContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one still runs: %v", err)
		}
		close(end)
		g.Start(t.Context(), func(context.Context) error { return errTest })
		if err := g.Join(); !errors.Is(err, errTest) || errors.Is(err, context.DeadlineExceeded) || ran.Load() != 5 {
			t.Errorf("got %v, and %d of 5 ran", err, ran.Load())
		}
	})
}

func TestEnumerate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		first, second := started(until(end)), started(until(end))
		if all := Enumerate(); !slices.Equal(all, []*Thread{MainThread(), first, second}) || ActiveCount() != 3 {
			t.Errorf("alive: %v, and %d", all, ActiveCount())
		}
		close(end)
		_, _ = first.Join(), second.Join()
	})
}

func TestEnumerateAfterJoin(t *testing.T) { // test_enumerate_after_join
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			th := started(nothing)
			_ = th.Join()
			if all := Enumerate(); slices.Contains(all, th) {
				t.Fatalf("joined, and still among %v", all)
			}
		}
	})
}
