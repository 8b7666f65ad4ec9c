package threading

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/multiproc/mp/internal/conform"
)

func TestEvent(t *testing.T) {
	conform.Event(t, func(*testing.T) conform.Eventer { return new(Event) })
}

func TestEventInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e Event
		time.AfterFunc(time.Minute, e.Set)
		begin := time.Now()
		if err := e.WaitContext(context.Background()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); d != time.Minute {
			t.Errorf("waited %v of the bubble's time, expected a minute", d)
		}
	})
}

func BenchmarkEventWaitSet(b *testing.B) {
	var e Event
	e.Set()
	for range b.N {
		e.Wait()
	}
}
