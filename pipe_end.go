package mp

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/refusal"
	"github.com/multiproc/mp/internal/ring"
	"github.com/multiproc/mp/internal/wire"
)

// pipeEnd is a handle of an end, apart from the handle that the garbage collector watches. This process holds an end as long
// as it has open handles of it: hold.ends counts them.
type pipeEnd struct {
	hold   *hold
	side   int // the end: 0 or 1
	number uint64

	receives, sends way                   // without a ring: nothing travels that way
	why             atomic.Pointer[error] // of being closed; nil: it is open
	told            listeners             // of its being closed
}

// pipeNumbers tell the handles of this process apart: each writes its number into its bytes, by which Start finds out
// which of several handles of an end it passes on.
var pipeNumbers atomic.Uint64

// newEnd makes an open handle of an end that this process holds; the table's mutex is held.
func (h *hold) newEnd(side int) (*pipeEnd, error) {
	receives, err := h.pipeWay(1 - side)
	sends, err2 := h.pipeWay(side)
	if err = errors.Join(err, err2); err != nil {
		return nil, err
	}
	e := &pipeEnd{hold: h, side: side, number: pipeNumbers.Add(1), receives: receives, sends: sends}
	h.ends[side]++
	t := &h.arena.holds
	if t.pipes == nil {
		t.pipes = make(map[*pipeEnd]struct{})
	}
	t.pipes[e] = struct{}{}
	return e, nil
}

// pipeWay is the ring for what an end sends.
func (h *hold) pipeWay(end int) (way, error) {
	u, err := h.arena.in.PipeUser(h.object, end)
	return way{ring: h.arena.in.PipeRing(h.object, end), user: u, hold: h}, named(err, h)
}

// bothEnds makes the handles of a pipe that was just created.
func (h *hold) bothEnds() (a, b *pipeEnd, err error) {
	t := &h.arena.holds
	t.mu.Lock()
	defer t.mu.Unlock()
	h.refs++
	if a, err = h.newEnd(0); err == nil {
		b, err = h.newEnd(1)
	}
	return a, b, err
}

func (e *pipeEnd) clone() (*pipeEnd, error) {
	if err := e.closed(); err != nil {
		return nil, err
	}
	t := &e.hold.arena.holds
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := e.closed(); err != nil { // meanwhile
		return nil, err
	}
	other, err := e.hold.newEnd(e.side)
	if err == nil {
		e.hold.refs++
	}
	return other, err
}

// openEnd opens the end that a handle on the wire names, for one that sends s and receives r.
func openEnd(b []byte, s, r reflect.Type) (*pipeEnd, error) {
	f := wire.NewFields(b)
	id, at, side := f.Uvarint(), readHandle(f), f.Uvarint()
	f.Uvarint()
	if err := f.Done(); err != nil {
		return nil, fmt.Errorf("mp: reading a handle: %w", err)
	}
	if side > 1 {
		return nil, fmt.Errorf("mp: reading a handle: expected end 0 or 1 of a pipe, found %d", side)
	}
	if side == 1 {
		s, r = r, s
	}
	fp, typ := pipeType(s, r)
	h, err := openObject(id, at, arena.KindPipe, fp, typ)
	if err != nil {
		return nil, err
	}
	e, err := h.joinEnd(int(side))
	if err != nil {
		h.drop()
		return nil, fmt.Errorf("mp: reading a handle: %w", err)
	}
	return e, nil
}

// joinEnd makes a handle of an end that is not gone. The caller's reference is the handle's.
func (h *hold) joinEnd(side int) (*pipeEnd, error) {
	t := &h.arena.holds
	t.mu.Lock()
	defer t.mu.Unlock()
	if h.ends[side] == 0 && !h.arena.in.JoinEnd(h.object, side) {
		return nil, fmt.Errorf("an end of a pipe that every process has closed: %w", ErrClosed)
	}
	return h.newEnd(side)
}

// may tells why nothing can travel by w, one of the handle's two ways, whether it would have to wait or not.
func (e *pipeEnd) may(w way) error {
	if err := e.closed(); err != nil {
		return err
	}
	if w.ring == nil {
		return errOneWay
	}
	return nil
}

// over is what an error of one of its rings means; gone: that nobody holds the other end.
func (e *pipeEnd) over(err, gone error) error {
	if err != refusal.ErrShutDown {
		return e.ended(err)
	}
	if why := e.closed(); why != nil {
		return why
	}
	return gone
}

// ended is what a wait says that has ended with err: the context's, or that of the handle's being closed.
func (e *pipeEnd) ended(err error) error {
	if err == ring.ErrLeft {
		return e.closed()
	}
	return err
}

// closed is why the handle cannot be used; nil if it can.
func (e *pipeEnd) closed() error {
	if e == nil {
		return fmt.Errorf("mp: a zero Connection: make it with NewPipe: %w", ErrClosed)
	}
	if why := e.why.Load(); why != nil {
		return *why
	}
	return nil
}

// close closes the handle, once; the hold stays until the handle is collected, as others may just be using it.
func (e *pipeEnd) close(why error) {
	if e == nil {
		return
	}
	t := &e.hold.arena.holds
	t.mu.Lock()
	if e.why.CompareAndSwap(nil, &why) {
		delete(t.pipes, e)
		if e.hold.ends[e.side]--; e.hold.ends[e.side] == 0 {
			e.hold.arena.in.LeaveEnd(e.hold.object, e.side)
		}
	}
	t.mu.Unlock()
	for _, w := range []way{e.receives, e.sends} {
		if w.ring != nil {
			w.user.Leave(w.ring)
		}
	}
	e.told.tell()
}

// collect is for a handle that is garbage.
func (e *pipeEnd) collect() {
	e.close(errPipeClosed)
	e.hold.drop()
}

// bytes name the handle in messages, and are found nowhere else.
func (e *pipeEnd) bytes() []byte {
	b := wire.AppendUvarint(e.hold.bytes(), uint64(e.side))
	return wire.AppendUvarint(b, e.number)
}

// passOn gives the ends in a child's order to the child, before it has the order, and closes the handles here. They are
// found in the encoded order by their bytes. If the child is dead already, and perhaps swept, its ends are closed.
func (st *processState) passOn(name string, order []byte) {
	for _, e := range st.arena.endsIn(order) {
		enter := func(slot uint32) { arena.PayloadOf[arena.PipeState](e.hold.object).Ends[e.side].Enter(slot) }
		st.arena.in.Lend(e.hold.object, st.id, enter)
		failpoint.Hit("pipe: end lent")
		e.close(fmt.Errorf("mp: a connection that was passed to process %s: Clone it before Start to keep the end as well: %w", name, ErrClosed))
		e.hold.drop()
	}
}

// endsIn takes a hold of each open handle that is among the bytes. The caller drops them.
func (a *Arena) endsIn(b []byte) (found []*pipeEnd) {
	a.holds.mu.Lock()
	defer a.holds.mu.Unlock()
	for e := range a.holds.pipes {
		if bytes.Contains(b, e.bytes()) {
			e.hold.refs++
			found = append(found, e)
		}
	}
	return found
}
