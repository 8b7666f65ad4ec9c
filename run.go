package mp

import (
	"context"
	"fmt"

	"github.com/multiproc/mp/internal/codec"
)

// Run runs the call in a process of its own and returns its result as soon as it is there; the process then ends by
// itself. Cancelling ctx, or its deadline, ends
// the process: its context first, then SIGTERM a second later, then SIGKILL. The errors are Process.Join's.
// It costs a process: a millisecond or more, or a small part of that with KeepSpares.
func Run[R any](ctx context.Context, c Call[R]) (R, error) {
	var result R
	var decodeErr error
	p := &Process{Target: c}
	err := p.start(ctx, func(b []byte) error {
		defer recovered(&decodeErr, "decoding the result") // of R's UnmarshalBinary, in a goroutine that is not the caller's
		if result, decodeErr = codec.Decode[R](b); decodeErr != nil {
			decodeErr = fmt.Errorf("mp: result of %v: %w", c, decodeErr)
		}
		return decodeErr
	})
	if err == nil {
		select {
		case <-p.state.outcome:
			err = p.state.failed()
		case <-p.state.done:
			err = p.state.err
		}
	}
	if err == nil {
		err = decodeErr
	}
	if err != nil {
		var none R
		return none, err
	}
	return result, nil
}
