package mp

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/multiproc/mp/internal/boot"
	"github.com/multiproc/mp/internal/wire"
)

// processState is a child from the side of its parent.
//
//	started --hello--> up --order--> running --result or failure--> ending --reaped--> done
//
// The end may come at any point; what was told before it decides how Join reports it. Fields without a
// note are set before the goroutines begin. Three goroutines serve a child: one reads its frames, one
// waits for its end, and one, if its context can end, watches that.
type processState struct {
	arena *Arena
	child *boot.Child
	pid   int
	id    uint32 // in the arena
	crash *os.File

	owner   *Process // set by begin; nil in a spare
	daemon  bool     // set by begin
	grace   time.Duration
	streams *streams // nil in a spare

	hello   chan struct{} // closed: it has reached Main
	outcome chan struct{} // closed: a result was taken, or a failure came
	read    chan struct{} // closed: the socket gave all it had
	done    chan struct{} // closed: err and code are final
	ended   listeners     // of done

	greeted sync.Once
	writing sync.Mutex // of frames to the child

	mu         sync.Mutex
	take       func([]byte) error
	told       bool  // a result or a failure came
	failure    error // the failure
	cause      error // why we end it
	overMemory bool

	kills   uint64 // OOM kills of the system when it began
	endOnce sync.Once
	err     error // before done is closed
	code    int   // before done is closed
}

// frameLimit bounds what a child may send at once.
const frameLimit = 1 << 40

// begin gives the child its order.
func (st *processState) begin(ctx context.Context, p *Process, call []byte, take func([]byte) error) {
	self.children.Lock()
	st.owner, st.daemon = p, p.Daemon
	self.children.Unlock()
	st.mu.Lock()
	st.take = take
	st.mu.Unlock()
	st.grace = p.Grace
	if st.grace == 0 {
		st.grace = time.Second
	}
	st.kills = oomKillsAtStart()
	if p.MemoryLimit > 0 {
		go boot.WatchMemory(st.pid, p.MemoryLimit, st.done, func(int64) {
			st.mu.Lock()
			st.overMemory = true
			st.mu.Unlock()
			_ = st.child.SignalTree(syscall.SIGKILL)
		})
	}
	st.writing.Lock() // here, so that nothing goes before the order
	send := func() {
		defer st.writing.Unlock()
		_ = wire.WriteFrame(st.child.Control(), wire.Call, call) // a dead child is told by its end
	}
	if len(call) <= 32<<10 {
		send() // it fits in the socket
	} else {
		go send()
	}
	if ctx.Done() != nil {
		go st.watch(ctx)
	}
}

// watch ends the child when ctx ends: first by its own context, then by SIGTERM, then by SIGKILL.
func (st *processState) watch(ctx context.Context) {
	select {
	case <-st.done:
		return
	case <-ctx.Done():
	}
	st.mu.Lock()
	st.cause = ctx.Err()
	st.mu.Unlock()
	go func() { _ = st.cancelChild(ctx.Err()) }()
	if st.grace > 0 && st.endsWithin(st.grace) {
		return
	}
	_ = st.terminate()
}

// cancelChild cancels the child's context.
func (st *processState) cancelChild(cause error) error {
	return st.tell(wire.Cancel, wire.AppendString(nil, cause.Error()))
}

// tell sends a frame. It blocks on a child that is stopped while its socket is full.
func (st *processState) tell(kind wire.Kind, payload []byte) error {
	st.writing.Lock()
	defer st.writing.Unlock()
	return wire.WriteFrame(st.child.Control(), kind, payload)
}

// terminate sends SIGTERM to the tree and, after the grace, SIGKILL.
func (st *processState) terminate() error {
	if st.grace > 0 {
		err := st.child.SignalTree(syscall.SIGTERM)
		go st.endOnce.Do(func() {
			if !st.endsWithin(st.grace) {
				_ = st.child.SignalTree(syscall.SIGKILL)
			}
		})
		return ignoreDone(err)
	}
	return ignoreDone(st.child.SignalTree(syscall.SIGKILL))
}

func (st *processState) endsWithin(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-st.done:
		return true
	case <-t.C:
		return false
	}
}

// readFrames reads what the child says until its end of the socket is closed.
func (st *processState) readFrames() {
	defer close(st.read)
	for {
		kind, payload, err := wire.ReadFrame(st.child.Control(), frameLimit)
		if err != nil {
			if _, bad := errors.AsType[*wire.FrameError](err); bad {
				st.settled(err)
			}
			return
		}
		switch kind {
		case wire.Hello:
			st.greeted.Do(func() { close(st.hello) })
		case wire.Result:
			st.result(payload)
			_ = st.tell(wire.Ack, nil) // its handles are ours now
		case wire.Failure:
			st.settled(decodeFailure(payload))
		}
	}
}

func (st *processState) result(b []byte) {
	st.mu.Lock()
	take, told := st.take, st.told
	st.mu.Unlock()
	if take != nil && !told {
		if _, gone := errors.AsType[*StaleHandleError](take(b)); gone {
			return // it has died, and its objects with it, before we had their handles: its end is the outcome
		}
	}
	st.settled(nil)
}

// settled notes the outcome; only the first counts, as a child that sends two is broken.
func (st *processState) settled(failure error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.told {
		st.told, st.failure = true, failure
		close(st.outcome)
	}
}

func (st *processState) failed() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.failure
}
