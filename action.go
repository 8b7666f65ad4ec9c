package mp

import (
	"context"
	"fmt"
)

// Action is an option of [NewBarrier]: the last party of each turn runs the call in its own process, with its own context,
// before any goes on. If it returns an error, or panics, or the process dies in it, the barrier is broken. The call and
// its arguments are fixed when the barrier is made; shared objects among them live as long as it does.
func Action(c Target) Option { return action{c} }

type action struct{ call Target }

func (a action) apply(s *settings) { s.action = a.call }

// decodeAction reads what appendCall has written.
func decodeAction(b []byte) (func(context.Context) error, error) {
	_, made, err := readCall(b)
	if err != nil {
		return nil, fmt.Errorf("mp: the action of a barrier: %w", err)
	}
	return made.(interface{ run(context.Context) error }).run, nil
}
