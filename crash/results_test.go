//go:build linux

package crash

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
)

// slowValue is a handle in a result that its receiver is slow to open.
type slowValue struct{ V *mp.Value[int] }

// meanwhile is what happens in the receiver between the result's arrival and the opening of its handles.
var meanwhile func()

func (s slowValue) MarshalBinary() ([]byte, error) { return s.V.MarshalBinary() }

func (s *slowValue) UnmarshalBinary(b []byte) error {
	meanwhile()
	s.V = new(mp.Value[int])
	return s.V.UnmarshalBinary(b)
}

// answerAndCollect gives a handle that nobody here has any more, while garbage is collected.
var answerAndCollect = mp.Func0(func(context.Context) (slowValue, error) {
	go func() {
		for {
			runtime.GC()
		}
	}()
	return slowValue{mp.NewValue(42)}, nil
})

// TestResultsHandles: the object of a handle in a result outlives the way to the receiver, or the sender was killed,
// and the receiver is told that and nothing else.
func TestResultsHandles(t *testing.T) {
	t.Run("the sender collects garbage", func(t *testing.T) {
		meanwhile = func() { time.Sleep(30 * time.Millisecond) }
		if s, err := mp.Run(t.Context(), answerAndCollect()); err != nil || s.V.Load() != 42 {
			t.Errorf("%v, %v", s, err)
		}
	})
	t.Run("the sender is killed", func(t *testing.T) {
		look, err := inspect.Open(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = look.Close() }()
		meanwhile = func() {
			for _, p := range mp.ActiveChildren() {
				_ = p.Signal(syscall.SIGKILL)
				swept(t, look, p.PID())
			}
		}
		s, err := mp.Run(t.Context(), answerAndCollect())
		if exit, ok := errors.AsType[*mp.ExitError](err); !ok || exit.Signal != syscall.SIGKILL {
			t.Errorf("%v, %v", s, err)
		}
	})
}
