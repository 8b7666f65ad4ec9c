package mp

import (
	"runtime"
	"time"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/race"
)

// ownerDied tells who left the object torn, as its header says.
func (h *hold) ownerDied() *OwnerDiedError {
	o := h.object
	return &OwnerDiedError{
		Object: o.Named(), Process: o.DiedNamed(), PID: int(o.DiedPID), Since: time.Unix(0, o.DiedAt), Panicked: o.Panicked(),
	}
}

func (h *hold) lastDeath() (died *OwnerDiedError, deaths int) {
	if n := h.object.Deaths(); n > 0 {
		return h.ownerDied(), int(n)
	}
	return nil, 0
}

// With calls f with l locked, and unlocks l when f has returned. If f does not return, as it panics or its goroutine
// ends (runtime.Goexit, t.FailNow), it may have left half done what l guards: l is abandoned then, as if the process
// had died, and every locker is told by *OwnerDiedError, with Panicked set, until one calls Recover. The panic goes on.
// With the option [Release] nothing can be half done, and l is unlocked. f must not unlock l itself.
//
// A deferred Unlock gives l to the next locker whatever has happened: it is for sections that cannot be torn.
// The locks of package threading have a With that does the same.
func (l *Lock) With(f func()) {
	l.Lock()
	whole := false
	defer func() {
		if whole {
			l.Unlock()
		} else {
			l.tear()
		}
	}()
	f()
	whole = true
}

// tear gives l up in the middle of a section.
func (l *Lock) tear() {
	if l.state.Policy.Load() == arena.PolicyRelease {
		l.Unlock()
		return
	}
	if id, dead := l.state.Lock.HeldBy(); id != l.arena.in.Me() || dead {
		return // f has unlocked it
	}
	if race.Enabled {
		l.shadow.Release()
	}
	l.arena.in.NotePanic(l.object)
	l.abandon()
	runtime.KeepAlive(l)
}

// With is [Lock.With] on one level more: a panic in f leaves the lock to others abandoned once h has left the levels
// below. Until then h itself is told, by LockContext and its like, and may mend it with Recover. What f has locked
// and not unlocked before it panics is unlocked with it.
func (h *Holder) With(f func()) {
	h.Lock()
	level, whole := h.Depth(), false
	defer func() {
		if whole {
			h.Unlock()
		} else {
			h.tear(level)
		}
	}()
	f()
	whole = true
}

// tear gives a level up in the middle of a section.
func (h *Holder) tear(level int) {
	if h.Depth() < level {
		return // f has left it
	}
	if h.state.Policy.Load() == arena.PolicyAbandon {
		h.lock.arena.in.NotePanic(h.lock.object)
	}
	h.abandon(level)
}
