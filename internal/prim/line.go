package prim

import (
	"context"
	"sync"
	"sync/atomic"
)

// Line is the goroutines of one process that wait on one condition, in the order in which they came. The zero
// Line is empty. It lies on the heap of its process whatever the condition's place: no other process looks at it.
//
//	waiting   in the line
//	granted   taken out of it by a grant: the wait has ended well
//	gone      taken out of it because the context has ended
//
// Whoever takes a turn out of the line, under mu, decides which: a grant is never given to one who is leaving.
type Line struct {
	size        atomic.Int32 // of the line: changes under mu
	mu          sync.Mutex
	first, last *turn
	spare       *turn // those that are not in use, by next
}

// Saver is what a wait does with the lock of its condition: let go of it altogether, however often it is held, and
// take it as often again.
type Saver interface {
	Release()
	Restore()
}

// turn is one goroutine's place in a line. All of it is the line's, under its mutex.
//
// The goroutine sleeps in look, whose locker is the turn itself: sync.Cond makes the goroutine known to signals
// first, then calls Unlock, and only that lets others at the line and at the condition's lock. So every signal
// finds its sleeper, nothing has to be looked at after it, and a turn is a spare again as soon as it is granted.
// A channel would belong to the testing/synctest bubble in which it was made, and could not be kept.
type turn struct {
	next, prev *turn
	line       *Line
	lock       Saver
	granted    bool
	cancelled  bool // or will be some day: not kept as a spare
	look       sync.Cond
}

func (t *turn) Lock() {}

func (t *turn) Unlock() {
	lock := t.lock
	t.line.mu.Unlock()
	lock.Release()
}

// Wait waits at the end of the line until it is granted. It lets go of lock once it is in the line, and takes it again
// at the end.
func (l *Line) Wait(lock Saver) {
	l.mu.Lock()
	t := l.spare
	if t == nil {
		t = l.newTurn()
	} else {
		l.spare = t.next
	}
	t.lock = lock
	l.push(t)
	t.look.Wait()
	lock.Restore()
}

// WaitContext is Wait that leaves the line with ctx's error when that ends; a grant that came first wins.
func (l *Line) WaitContext(ctx context.Context, lock Saver) (err error) {
	l.mu.Lock()
	t := l.newTurn()
	t.lock, t.cancelled = lock, true
	l.push(t)
	stop := context.AfterFunc(ctx, func() { l.leave(t) })
	t.look.Wait()
	stop()
	l.mu.Lock()
	if !t.granted {
		err = ctx.Err()
	}
	l.mu.Unlock()
	lock.Restore()
	return err
}

// leave takes the turn out of the line if it is still there.
func (l *Line) leave(t *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !t.granted {
		l.remove(t)
		t.look.Signal()
	}
}

// Grant ends the waits of the first n, or of all if there are fewer. With an empty line it costs one load.
func (l *Line) Grant(n int) {
	if l.size.Load() != 0 {
		l.grant(n)
	}
}

func (l *Line) grant(n int) {
	l.mu.Lock()
	for ; n > 0 && l.first != nil; n-- {
		l.serve()
	}
	l.mu.Unlock()
}

// serve grants the first turn.
func (l *Line) serve() {
	t := l.first
	l.remove(t)
	t.granted = true
	t.look.Signal()
	if !t.cancelled {
		t.next, l.spare = l.spare, t
	}
}

func (l *Line) newTurn() *turn {
	t := &turn{line: l}
	t.look.L = t
	return t
}

func (l *Line) push(t *turn) {
	t.next, t.prev = nil, l.last
	if t.prev == nil {
		l.first = t
	} else {
		t.prev.next = t
	}
	l.last = t
	l.size.Add(1)
}

func (l *Line) remove(t *turn) {
	if t.prev == nil {
		l.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		l.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	l.size.Add(-1)
}
