package mp

import (
	"context"
	"sync"
)

// until is a context that ends with another one, or when a handle is closed. What that costs is paid when somebody asks for
// Done, which is when he goes to sleep: most waits end before that.
type until struct {
	context.Context // the caller's
	end             *pipeEnd
	once            sync.Once
	both            context.Context // made by once
	cancel          context.CancelFunc
	detach          func() bool
}

// until is ctx, ended by the handle's Close. stop of the second must follow; it may be nil.
func (e *pipeEnd) until(ctx context.Context) (context.Context, *until) {
	if ctx.Done() == nil {
		return e.open, nil
	}
	u := &until{Context: ctx, end: e}
	return u, u
}

// Done is the channel of both.
func (u *until) Done() <-chan struct{} { return u.merged().Done() }

// Err is the caller's, or else that of the handle's Close.
func (u *until) Err() error {
	if err := u.Context.Err(); err != nil {
		return err
	}
	return u.end.open.Err()
}

// Value finds the context behind Done for package context, which needs no goroutine then.
func (u *until) Value(key any) any { return u.merged().Value(key) }

func (u *until) merged() context.Context {
	u.once.Do(func() {
		u.both, u.cancel = context.WithCancel(u.Context)
		u.detach = context.AfterFunc(u.end.open, u.cancel)
	})
	return u.both
}

func (u *until) stop() {
	if u != nil && u.cancel != nil {
		u.detach()
		u.cancel()
	}
}

// ended is what a wait says that an until has ended with err.
func (e *pipeEnd) ended(ctx context.Context, err error) error {
	if ctx != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if why := e.closed(); why != nil {
		return why
	}
	return err
}
