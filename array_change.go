package mp

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/bulk"
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/pod"
	"github.com/multiproc/mp/internal/prim"
	"github.com/multiproc/mp/internal/race"
)

// Set sets element i. Of elements that are no words it waits for the lock, and panics with *OwnerDiedError if the array is
// abandoned.
func (a *Array[T]) Set(i int, x T) {
	if race.Enabled {
		a.shadow.Release()
	}
	switch {
	case sizeOf[T]() == 8: // is storeElement, which would be a call
		atomic.StoreUint64(word64(&a.elements[i]), toWord(x))
		runtime.KeepAlive(a)
	case isWord[T]():
		storeElement(&a.elements[i], x)
		runtime.KeepAlive(a)
	default:
		a.setLarge(i, x)
	}
}

func (a *Array[T]) setLarge(i int, x T) {
	p := &a.elements[i]
	a.lock()
	defer a.unlock(a.me)
	*a.slip = x
	a.replace(i, p)
}

// replace makes element i what the slip is, at one instant.
func (a *Array[T]) replace(i int, p *T) {
	if race.Enabled {
		a.shadow.Release() // an At may see it before the unlock
	}
	a.state.Array.Decide(i)
	if failpoint.Enabled { // a death in the middle, which is anywhere in the line below
		to, from := pod.Bytes(p), pod.Bytes(a.slip)
		half := copy(to[:len(to)/2], from)
		failpoint.Hit("array: half copied")
		copy(to[half:], from[half:])
	} else {
		*p = *a.slip
	}
	a.state.Array.Copied()
}

// Update calls f with element i and stores what f makes of it. No other Update or With runs meanwhile, in any process, and
// nobody sees a part of the change: if f panics, or the process is killed in it, nothing happened. It panics with
// *OwnerDiedError if the array is abandoned.
//
// f works on a copy. If a Set of another comes between, which only words allow, f is called again with the new
// element. f must not keep the pointer, nor use a itself: it would wait for itself.
func (a *Array[T]) Update(i int, f func(*T)) {
	p := &a.elements[i]
	a.lock()
	defer a.unlock(a.me) // which also keeps a alive until then
	_ = a.change(i, p, func(x *T) error { f(x); return nil })
}

// UpdateContext is Update unless f returns an error, or ctx ends while it waits for the lock: then nothing happened, and the
// error is returned; so is *OwnerDiedError.
func (a *Array[T]) UpdateContext(ctx context.Context, i int, f func(*T) error) error {
	p := &a.elements[i]
	if err := a.take(ctx, a.me); err != nil {
		return err
	}
	defer a.unlock(a.me)
	return a.change(i, p, f)
}

// change is Update with the lock held.
func (a *Array[T]) change(i int, p *T, f func(*T) error) error {
	if a.slip != nil {
		*a.slip = *p
		failpoint.Hit("array: slip written")
		err := f(a.slip)
		if err == nil {
			a.replace(i, p)
		}
		return err
	}
	for {
		old := loadElement(p)
		a.scratch = fromWord[T](old)
		if err := f(&a.scratch); err != nil {
			return err
		}
		if race.Enabled {
			a.shadow.Release()
		}
		failpoint.Hit("array: before swap")
		if swapElement(p, old, a.scratch) {
			failpoint.Hit("array: swapped")
			return nil
		}
	}
}

// With calls f with all elements, under the array's lock: no Update, CopyTo or other With runs meanwhile, in any process.
// The slice is the memory itself: f may sort it, or change several elements that belong together. Others that use At
// and Set on words see what f does as it does it. f must not keep the slice, nor use a itself; append copies it away.
//
// If f does not return, as the process is killed, f panics or its goroutine ends, the elements may be half changed: the array
// is abandoned, unless it was made with [Release]. If it was abandoned before, With panics with *OwnerDiedError.
func (a *Array[T]) With(f func(elements []T)) {
	if err := a.WithContext(background, f); err != nil {
		panic(err)
	}
}

// WithContext is With unless ctx ends while it waits for the lock: then f was not called, and the error is returned; so is
// *OwnerDiedError.
func (a *Array[T]) WithContext(ctx context.Context, f func(elements []T)) error {
	if err := a.take(ctx, a.section); err != nil {
		return err
	}
	return a.inside(func(e []T) error { f(e); return nil })
}

// inside calls f in a section, with the lock held, and unlocks. If f fails the array is left torn.
func (a *Array[T]) inside(f func(elements []T) error) (err error) {
	a.state.Array.Enter()
	whole := false
	defer func() {
		if whole {
			a.state.Array.Leave()
			a.unlock(a.section)
		} else {
			a.tear(err == nil)
		}
	}()
	err = f(a.elements[:len(a.elements):len(a.elements)])
	whole = err == nil
	return err
}

// tear gives the array up in the middle of a section.
func (a *Array[T]) tear(panicked bool) {
	if a.state.Policy.Load() == arena.PolicyRelease {
		a.state.Array.Leave()
		a.unlock(a.section)
		return
	}
	if race.Enabled {
		a.shadow.Release()
	}
	if panicked {
		a.arena.in.NotePanic(a.object)
	}
	a.state.Array.Lock.Abandon(a.section, a.arena.in.Parker())
	runtime.KeepAlive(a)
}

// Recover is for those who can mend. If the array is abandoned it calls mend with who left it so, and all elements, under
// the lock; what mend returns decides: nil makes the array usable again, an error leaves it abandoned and is returned. A mend
// that panics, or is killed, leaves it abandoned too. Of several that call Recover one mends. If the array is not
// abandoned, or ctx ends while Recover waits for the lock, mend is not called. mend may be nil if there is nothing
// to mend.
func (a *Array[T]) Recover(ctx context.Context, mend func(died *OwnerDiedError, elements []T) error) error {
	defer runtime.KeepAlive(a)
	takenOver, err := a.state.Array.Lock.Recover(ctx, a.section, a.arena.in.Parker(), &a.spin)
	if err != nil {
		return err
	}
	if race.Enabled {
		a.shadow.Acquire()
	}
	if !takenOver {
		a.unlock(a.section)
		return nil
	}
	return a.inside(func(e []T) error {
		if mend == nil {
			return nil
		}
		return mend(a.ownerDied(), e)
	})
}

// LastDeath tells of the last time that a was abandoned, or freed by [Release], because a process had died in With, CopyFrom
// or a mend, or because one of these had panicked; and how often that was. It is nil if a never was.
func (a *Array[T]) LastDeath() (died *OwnerDiedError, deaths int) { return a.lastDeath() }

// CopyTo copies elements to dst, as many as both have, and returns how many: as of one moment, but for what Set does to words
// meanwhile. It panics with *OwnerDiedError if a is abandoned.
func (a *Array[T]) CopyTo(dst []T) int {
	a.lock()
	defer a.unlock(a.me)
	return bulk.CopyOf(dst, a.elements)
}

// CopyFrom copies elements from src, as many as both have, and returns how many. It is a [Array.With]: a process that is killed
// in it leaves a abandoned.
func (a *Array[T]) CopyFrom(src []T) (n int) {
	a.With(func(elements []T) { n = bulk.CopyOf(elements, src) })
	return n
}

// lock takes the lock for what a death leaves whole.
func (a *Array[T]) lock() {
	if !a.state.Array.Lock.TryLock(a.me) {
		if err := a.wait(background, a.me); err != nil {
			panic(err)
		}
	}
	if race.Enabled {
		a.shadow.Acquire()
	}
}

func (a *Array[T]) take(ctx context.Context, me uint32) error {
	if !a.state.Array.Lock.TryLock(me) {
		if err := a.wait(ctx, me); err != nil {
			return err
		}
	}
	if race.Enabled {
		a.shadow.Acquire()
	}
	return nil
}

func (a *Array[T]) wait(ctx context.Context, me uint32) error {
	err := a.state.Array.Lock.LockSlow(ctx, me, a.arena.in.Parker(), &a.spin)
	if errors.Is(err, prim.ErrAbandoned) {
		err = a.ownerDied()
	}
	runtime.KeepAlive(a)
	return err
}

func (a *Array[T]) unlock(me uint32) {
	if race.Enabled {
		a.shadow.Release()
	}
	if !a.state.Array.Lock.Unlock(me) {
		_ = a.state.Array.Lock.UnlockSlow(me, a.arena.in.Parker())
	}
	runtime.KeepAlive(a)
}
