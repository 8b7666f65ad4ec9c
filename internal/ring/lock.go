package ring

import (
	"context"

	"github.com/multiproc/mp/internal/park"
	"github.com/multiproc/mp/internal/prim"
)

// enter takes a lock if that is free and nobody sleeps, and the ring is not corrupt. It inlines. Otherwise, enterSlow.
func (r *Ring) enter(u *User, l *prim.Lock) bool { return !r.Corrupt() && l.TryLock(u.me) }

func (r *Ring) enterSlow(ctx context.Context, u *User, l *prim.Lock, spin *park.Spin) error {
	if r.Corrupt() {
		return r.refuse()
	}
	return r.lockSlow(ctx, u, l, spin)
}

func (r *Ring) lock(ctx context.Context, u *User, l *prim.Lock, spin *park.Spin) error {
	if l.TryLock(u.me) {
		return nil
	}
	return r.lockSlow(ctx, u, l, spin)
}

func (r *Ring) lockSlow(ctx context.Context, u *User, l *prim.Lock, spin *park.Spin) error {
	if err := r.stray(u, l); err != nil {
		return err
	}
	if err := l.LockSlow(ctx, u.me, u.Parker, spin); err != nil {
		return r.wrongLock(u, err)
	}
	return nil
}

// unlock has no error: what was done under the lock is done.
func (r *Ring) unlock(u *User, l *prim.Lock) {
	if !l.Unlock(u.me) {
		r.unlockSlow(u, l)
	}
}

func (r *Ring) unlockSlow(u *User, l *prim.Lock) {
	if err := l.UnlockSlow(u.me, u.Parker); err != nil {
		free(l, u.Parker)
		_ = r.condemn(u.Parker, err) // whoever comes next is told
	}
}
