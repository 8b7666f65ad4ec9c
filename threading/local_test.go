package threading

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"weak"
)

// The names of Python's tests are those of test/test_threading_local.py.

type named struct {
	Name string
	_    [64]byte // too large for the allocator to keep several in one block
}

var global Local[named] // not on the heap, as most of them

func TestLocal(t *testing.T) { // test_threading_local
	synctest.Test(t, func(t *testing.T) {
		for _, local := range []*Local[named]{new(Local[named]), &global} {
			set, end := make(chan struct{}), make(chan struct{})
			first := started(func(ctx context.Context) error {
				local.Get(ctx).Name = "foo"
				close(set)
				<-end
				if name := local.Get(ctx).Name; name != "foo" {
					t.Errorf("foo became %q", name)
				}
				return nil
			})
			<-set
			second := started(func(ctx context.Context) error {
				if name := local.Get(ctx).Name; name != "" {
					t.Errorf("another thread sees %q", name)
				}
				return nil
			})
			_ = second.Join()
			if name := local.Get(t.Context()).Name; name != "" {
				t.Errorf("the main thread sees %q", name)
			}
			close(end)
			_ = first.Join()
		}
	})
}

func TestLocalNew(t *testing.T) { // test_derived
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int32
		local := Local[int]{New: func() int { return int(made.Add(1)) }}
		var g Group
		for i := range 10 {
			g.Start(t.Context(), func(ctx context.Context) error {
				if *local.Get(ctx) == 0 {
					t.Error("New was not called")
				}
				*local.Get(ctx) = -i
				if got := *local.Get(ctx); got != -i {
					t.Errorf("%d became %d", -i, got)
				}
				return nil
			})
		}
		if _ = g.Join(); made.Load() != 10 {
			t.Errorf("ten threads made %d values", made.Load())
		}
	})
}

// Goroutines that share a thread's context share one value, made once; a New that panics is called again.
func TestLocalOfSeveralGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		local := Local[int]{New: func() int {
			if calls++; calls == 1 {
				panic("not ready")
			}
			for range 100 { // the others come meanwhile
				runtime.Gosched()
			}
			return calls
		}}
		th := started(func(ctx context.Context) error {
			if text := panics(func() { local.Get(ctx) }); text != "not ready" {
				t.Errorf("New's panic came out as %q", text)
			}
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					if got := *local.Get(ctx); got != 2 {
						t.Errorf("got %d", got)
					}
				})
			}
			wg.Wait()
			return nil
		})
		if err := th.Join(); err != nil || calls != 2 {
			t.Errorf("%v, and %d calls of New", err, calls)
		}
	})
}

// test_local_refs: the values go with their threads, though the Local stays.
func TestLocalGoneWithThread(t *testing.T) {
	local, ended := new(Local[named]), context.Context(nil)
	var values []weak.Pointer[named]
	for range 50 {
		_ = started(func(ctx context.Context) error {
			values, ended = append(values, weak.Make(local.Get(ctx))), ctx
			return nil
		}).Join()
	}
	local.values.Range(func(any, any) bool { t.Error("the Local still has a value"); return false })
	for _, v := range values {
		collected(t, "a thread's value", func() bool { return v.Value() == nil })
	}
	local.Get(ended).Name = "late"
	if name := local.Get(ended).Name; name != "" {
		t.Errorf("an ended thread has %q", name)
	}
}

// test_derived_cycle_dealloc, test_threading_local_clear_race: a Local that is garbage leaves nothing in
// a thread, and nothing for a new one that lies where it lay.
func TestLocalCollected(t *testing.T) {
	used, look := make(chan struct{}), make(chan struct{})
	var fresh []*Local[*named]
	th := started(func(ctx context.Context) error {
		own := Current(ctx).life.Load()
		for range 1000 {
			local := new(Local[*named])
			*local.Get(ctx) = &named{Name: "bar"}
		}
		collected(t, "a thread's list", func() bool {
			own.mu.Lock()
			defer own.mu.Unlock()
			return len(own.locals) == 0
		})
		close(used)
		<-look
		for _, local := range fresh {
			if *local.Get(ctx) != nil {
				t.Error("a new Local is not empty")
			}
		}
		return nil
	})
	<-used
	for range 10 {
		fresh = append(fresh, new(Local[*named]))
	}
	close(look)
	_ = th.Join()
}

// test_cycle_collection: a value that leads back to its Local keeps neither, in a thread that lives on.
func TestLocalCycle(t *testing.T) {
	type cycle struct {
		local *Local[*cycle]
		_     [64]byte
	}
	x := &cycle{local: new(Local[*cycle])}
	*x.local.Get(t.Context()) = x
	weakly := weak.Make(x)
	x = nil
	collected(t, "the cycle", func() bool { return weakly.Value() == nil })
}

func BenchmarkLocal(b *testing.B) {
	var local Local[int]
	_ = started(func(ctx context.Context) error {
		for b.Loop() {
			*local.Get(ctx)++
		}
		return nil
	}).Join()
}

func BenchmarkThread(b *testing.B) {
	ctx := context.Background()
	for b.Loop() {
		th := &Thread{Target: nothing}
		th.Start(ctx)
		_ = th.Join()
	}
}
