package threading

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/multiproc/mp/internal/conform"
)

func TestCondition(t *testing.T) {
	t.Run("own lock", func(t *testing.T) {
		conform.Condition(t, func(*testing.T) conform.Waiter { return new(Condition) })
	})
	t.Run("Lock", func(t *testing.T) {
		conform.Condition(t, func(*testing.T) conform.Waiter { return &Condition{L: new(Lock)} })
	})
	t.Run("as a lock", func(t *testing.T) {
		conform.Lock(t, func(*testing.T) conform.Locker { return new(Condition) })
	})
}

// mutex gives a Condition over a sync.Mutex what the suite asks for and that lock has not.
type mutex struct{ Condition }

func (m *mutex) LockContext(ctx context.Context) error {
	for !m.TryLock() {
		if err := ctx.Err(); err != nil {
			return err
		}
		runtime.Gosched()
	}
	return nil
}

func TestConditionOverOtherLocks(t *testing.T) {
	t.Run("sync.Mutex", func(t *testing.T) {
		conform.Condition(t, func(*testing.T) conform.Waiter { return &mutex{Condition{L: new(sync.Mutex)}} })
	})
	t.Run("the lock of another Condition", func(t *testing.T) {
		conform.Condition(t, func(*testing.T) conform.Waiter { return &Condition{L: new(Condition)} })
	})
	// Readers notify each other: several hold the lock at once.
	t.Run("sync.RWMutex for reading", func(t *testing.T) {
		var rw sync.RWMutex
		c := &Condition{L: rw.RLocker()}
		for range 200 {
			done := make(chan error)
			c.Lock()
			go func() {
				c.Lock()
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				defer cancel()
				err := c.WaitContext(ctx)
				c.Unlock()
				done <- err
			}()
			for ended := false; !ended; runtime.Gosched() {
				c.Notify(1)
				select {
				case err := <-done:
					if ended = true; err != nil {
						t.Fatal(err)
					}
				default:
				}
			}
			c.Unlock()
		}
	})
	t.Run("without TryLock and LockContext", func(t *testing.T) {
		var rw sync.RWMutex
		c := &Condition{L: rw.RLocker()}
		for name, f := range map[string]func(){"TryLock": func() { c.TryLock() }, "LockContext": func() { _ = c.LockContext(t.Context()) }} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s did not panic", name)
					}
				}()
				f()
			}()
		}
	})
}

// A Condition that was used outside of bubbles works in one, and the other way round.
func TestConditionInABubble(t *testing.T) {
	var c Condition
	for range 2 {
		pass(&c)
		synctest.Test(t, func(t *testing.T) {
			pass(&c)
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			c.Lock()
			if err := c.WaitContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			time.AfterFunc(time.Minute, func() {
				c.Lock()
				c.Notify(1)
				c.Unlock()
			})
			c.Wait()
			c.Unlock()
			if d := time.Since(begin); d != time.Hour+time.Minute {
				t.Errorf("waited %v of the bubble's time", d)
			}
		})
	}
}

// pass has one goroutine wait for another.
func pass(c *Condition) {
	c.Lock()
	go func() {
		c.Lock()
		c.Notify(1)
		c.Unlock()
	}()
	c.Wait()
	c.Unlock()
}
