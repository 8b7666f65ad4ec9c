package mp

import (
	"errors"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/race"
)

var errNilWait = errors.New("it is nil, or was not made by its constructor")

func (p *Process) mayWait() (uint32, error) {
	switch {
	case p == nil:
		return 0, errNilWait
	case p.state == nil:
		return 0, ErrNotStarted
	}
	return 0, nil
}

func (p *Process) ready(uint32) bool { return !p.Alive() }

// watch: a process has no word.
func (p *Process) watch(uint32) (w park.Watch, ok bool) { return w, !p.ready(0) }

func (p *Process) others() *listeners { return &p.state.ended }
func (p *Process) watched()           {}

func (e *Event) mayWait() (uint32, error) {
	if e == nil || e.hold == nil {
		return 0, errNilWait
	}
	return e.state.Event.Came(), nil
}

func (e *Event) ready(came uint32) bool {
	if !e.state.Event.Since(came) {
		return false
	}
	if race.Enabled {
		e.shadow.Acquire()
	}
	return true
}

func (e *Event) watch(came uint32) (park.Watch, bool) { return e.state.Event.Watch(came) }
func (e *Event) others() *listeners                   { return nil }
func (e *Event) watched()                             {}

func (q *Queue[T]) mayWait() (uint32, error) {
	if q == nil || q.hold == nil {
		return 0, errNilWait
	}
	return 0, nil
}

func (q *Queue[T]) ready(uint32) bool               { return q.way.ring.Ready() }
func (q *Queue[T]) watch(uint32) (park.Watch, bool) { return q.way.ring.Watch() }
func (q *Queue[T]) others() *listeners              { return nil }
func (q *Queue[T]) watched()                        { q.way.ring.HandOn(q.way.user) }

func (c *Connection[S, R]) mayWait() (uint32, error) {
	if c == nil || c.hold == nil {
		return 0, errNilWait
	}
	return 0, c.mayTake()
}

func (c *Connection[S, R]) ready(uint32) bool               { return c.end.closed() != nil || c.in.ring.Ready() }
func (c *Connection[S, R]) watch(uint32) (park.Watch, bool) { return c.in.ring.Watch() }
func (c *Connection[S, R]) others() *listeners              { return &c.end.told }
func (c *Connection[S, R]) watched()                        { c.in.ring.HandOn(c.in.user) }
