package mp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/boot"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/wire"
)

// The exit statuses of a child: Python's where Python has one.
const (
	exitDone   = 0
	exitFailed = 1 // the function returned an error
	exitPanic  = 2 // or the child could not come up at all
)

// servant is a child from its own side.
type servant struct {
	in     *boot.Inheritance
	arena  *arena.Arena
	cancel context.CancelCauseFunc
	acked  chan struct{} // closed when the parent has taken the result, or is gone
	name   string
}

// serve is the life of a child: it attaches to the arena, waits for its order, carries it out, tells the
// outcome and exits. It never returns. What goes wrong before the order goes to stderr and ends the child
// with status 2.
func serve(in *boot.Inheritance) {
	if in.Crash != nil {
		_ = debug.SetCrashOutput(in.Crash, debug.CrashOptions{})
	}
	a, err := arena.Attach(in.Memory, in.Life, in.Slot, in.SameNamespace)
	if err != nil {
		die(fmt.Errorf("mp: this child cannot use its parent's arena: %w", err))
	}
	self.arena.view = &Arena{in: a}
	self.arena.made.Store(true)
	failpoint.Hit("child: attached")
	s := &servant{in: in, arena: a, acked: make(chan struct{})}
	if err := wire.WriteFrame(in.Control, wire.Hello, nil); err != nil {
		os.Exit(exitDone) // the parent is gone
	}
	failpoint.Hit("child: hello")
	slog.SetDefault(Logger())
	kind, payload, err := wire.ReadFrame(in.Control, frameLimit)
	if err != nil {
		os.Exit(exitDone) // the parent is gone, or has no use for this spare
	}
	if kind != wire.Call {
		die(fmt.Errorf("mp: expected an order, found a frame of kind %d", kind))
	}
	o, err := decodeOrder(payload)
	if err != nil {
		die(err)
	}
	s.settle(o)
	failpoint.Hit("child: ordered")
	s.exit(s.carryOut(o))
}

func die(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(exitPanic)
}

// settle makes this process the one that its order names.
func (s *servant) settle(o order) {
	s.name = o.name
	me := s.arena.MySlot()
	if me.Named() != o.name {
		me.Rename(o.name)
	}
	self.daemon = o.daemon
	self.prefix = childPrefix(o.name)
	self.me = newSelf(o.name)
	self.me.Daemon = o.daemon
	parent := s.arena.Who(arena.SlotOf(me.Parent.Load()))
	self.parent = newSelf(parent.Name)
	self.parent.state.pid = parent.PID
	if o.memory > 0 {
		debug.SetMemoryLimit(o.memory - o.memory/10)
	}
	self.ready.Store(true)
}

// carryOut runs the order's call and returns the frame that tells the outcome, and the exit status.
func (s *servant) carryOut(o order) (kind wire.Kind, payload []byte, status int) {
	ctx, cancel := context.WithCancelCause(context.Background())
	s.cancel = cancel
	if o.deadline != 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadline(ctx, time.Unix(0, o.deadline))
		defer stop()
	}
	go s.listen()
	result, err := s.call(ctx, o)
	windDown()
	if err == nil {
		return wire.Result, result, exitDone
	}
	status = exitFailed
	if _, ok := err.(*PanicError); ok {
		status = exitPanic
	}
	return wire.Failure, appendFailure(nil, err), status
}

// call runs the function. A runtime.Goexit in it would end this goroutine and leave the process without
// a purpose: it is a failure as well.
func (s *servant) call(ctx context.Context, o order) (result []byte, err error) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Where: s.name, Value: v, Stack: debug.Stack()}
		} else if !returned {
			err := errors.New("mp: the function ended its goroutine by runtime.Goexit")
			s.exit(wire.Failure, appendFailure(nil, err), exitFailed)
		}
	}()
	fn, err := lookup(o.named)
	if err == nil {
		result, err = fn.run(ctx, o.args)
	}
	returned = true
	return result, err
}

// listen reads what the parent says. The end of the socket is the end of the parent, and so of this child.
func (s *servant) listen() {
	boot.SetComm(s.name) // here, as the function need not wait for it
	for {
		kind, payload, err := wire.ReadFrame(s.in.Control, frameLimit)
		switch {
		case err != nil:
			os.Exit(exitFailed)
		case kind == wire.Ack:
			close(s.acked)
		case kind == wire.Cancel:
			s.cancel(cancelled(wire.NewFields(payload).String()))
		}
	}
}

// cancelled is the reason that a parent gave.
func cancelled(text string) error {
	switch text {
	case context.DeadlineExceeded.Error():
		return context.DeadlineExceeded
	case errInterrupted.Error():
		return errInterrupted
	}
	return context.Canceled
}

// exit tells the outcome and ends the process. If the result may hold handles, the parent must have them
// before this process lets go of the objects.
func (s *servant) exit(kind wire.Kind, payload []byte, status int) {
	failpoint.Hit("child: outcome known")
	err := wire.WriteFrame(s.in.Control, kind, payload)
	if err == nil && kind == wire.Result && handlesSent.Load() > 0 {
		<-s.acked
	}
	failpoint.Hit("child: outcome told")
	s.arena.Exit(status)
	os.Exit(status)
}

// handlesSent counts the handles that this process has encoded.
var handlesSent atomic.Int64

// handedOver is the result that this process has encoded, if it has handles. They must not be collected before the
// parent has opened its own: the objects would go with them.
var handedOver atomic.Pointer[any]
