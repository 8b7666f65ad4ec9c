package prim

import (
	"context"
	"structs"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/park"
)

// The lock word.
//
//	bit  0      W  somebody may sleep
//	bit  1      A  abandoned: the holder died, the id names the dead
//	bits 2–30      id of the holding process, 0 = free
//	bit  31     C  what the lock guards cannot be torn: a dead holder's lock is freed, not abandoned
const (
	waiters    uint32 = 1 << 0
	abandoned  uint32 = 1 << 1
	consistent uint32 = 1 << 31
	idShift           = 2
	idMask     uint32 = 1<<31 - 1<<idShift
)

// Lock is the state of a lock: 12 bytes, zero is free.
//
//	free         0|W?              anybody may take it: CAS to held, keeping W
//	held         id|W?|C?          only the holding process frees it
//	abandoned    id of the dead|A  only Recover moves it, to held
//
// Who moves it: a locker from free to held; the holder's process from held to free; whoever has proof of
// the holder's death from held to abandoned (or free, with C); a recoverer from abandoned to held.
//
// W stays set when the lock is freed, so that a newcomer who takes it in passing still knows of the
// sleepers; it is cleared only by an unlock that found nobody to wake. A waiter that has slept takes the
// lock with W set, as others may sleep behind it.
//
// woken keeps unlocks from waking a second waiter while the first is still on its way: 0 nobody was woken,
// 1 somebody was, 2 somebody was and an unlock has relied on it since. Whoever returns from Park clears it,
// whatever it does next. It is a hint: a process that is killed or stopped between the two is made good by
// Died or by the parker's tick.
//
// starving keeps newcomers from taking a free lock that a sleeper was woken for, again and again: 1 means that a
// sleeper was woken too late more than patience after it came, or got the lock only after it had waited
// for crowded, and that who has not slept lets it go first. It binds nobody who runs to somebody who may
// not: a newcomer defers for patience at most, then takes the lock and clears the mark.
type Lock struct {
	_        structs.HostLayout
	word     atomic.Uint32
	woken    atomic.Uint32
	starving atomic.Uint32
}

// patience is how long a sleeper bears that newcomers go first; sync.Mutex has the same. crowded is what a wait in
// a crowd may take before sleepers go first: with 10 processes of 100 goroutines it takes the worst wait from
// 320 to 180 ms; always letting them go first would cost ten times the throughput.
const (
	patience = time.Millisecond
	crowded  = 50 * time.Millisecond
)

// words are where the machine's words lie, in a Lock or in an RLock: the slow paths are the same for both.
type words struct{ word, woken, starving *atomic.Uint32 }

func (l *Lock) words() words { return words{&l.word, &l.woken, &l.starving} }

// Holder makes the value that a process with the given id writes into the words of locks. tearable is
// false for sections that a death cannot leave half done.
func Holder(id uint32, tearable bool) uint32 {
	if tearable {
		return id << idShift
	}
	return id<<idShift | consistent
}

func held(now, _ uint32) bool { return now&idMask != 0 && now&abandoned == 0 }

// asleep is held with W: where W is missing the holder would not wake anybody.
func asleep(now, _ uint32) bool { return held(now, 0) && now&waiters != 0 }

// TryLock takes the lock if it is free and nobody sleeps. It inlines: one CAS.
func (l *Lock) TryLock(me uint32) bool { return l.word.CompareAndSwap(0, me) }

// TryLockSlow takes the lock if it is free, or returns ErrAbandoned.
func (l *Lock) TryLockSlow(me uint32) (bool, error) { return l.words().tryLock(me) }

func (l words) tryLock(me uint32) (bool, error) {
	for {
		v := l.word.Load()
		switch {
		case v&abandoned != 0:
			return false, ErrAbandoned
		case v&idMask != 0:
			return false, nil
		case l.word.CompareAndSwap(v, me|v&waiters):
			return true, nil
		}
	}
}

// LockSlow takes the lock, waiting if it must. It returns nil holding it; ErrAbandoned, or ctx's error,
// without. If the lock is free the end of ctx does not matter: success wins.
func (l *Lock) LockSlow(ctx context.Context, me uint32, p park.Parker, spin *park.Spin) error {
	return l.words().lock(ctx, me, p, spin)
}

func (l words) lock(ctx context.Context, me uint32, p park.Parker, spin *park.Spin) error {
	slept := uint32(0) // W, once we have slept
	var since time.Time
	for {
		v := l.word.Load()
		switch {
		case v&abandoned != 0:
			return l.giveUp(p, ErrAbandoned)
		case v&idMask == 0:
			failpoint.Hit("lock: free")
			if slept == 0 && v&waiters != 0 && l.starving.Load() != 0 && l.deferTo() {
				continue
			}
			if l.word.CompareAndSwap(v, me|v&waiters|slept) {
				failpoint.Hit("lock: taken")
				if slept != 0 {
					l.woken.Store(0)
					l.fed(since)
				}
				return nil
			}
			continue
		}
		if (slept != 0 || l.starving.Load() == 0) && spin.Until(l.word, v, held) {
			continue
		}
		if v = l.word.Load(); !held(v, 0) || v&waiters == 0 && !l.word.CompareAndSwap(v, v|waiters) {
			continue
		}
		failpoint.Hit("lock: waiter announced")
		err := error(nil)
		if slept != 0 {
			l.woken.Store(0) // before sleeping: from here on an unlock has to wake somebody again
			if l.starving.Load() == 0 && time.Since(since) > patience {
				l.starving.Store(1)
			}
			err = p.ParkAgain(ctx, l.word, v, asleep)
		} else {
			since = time.Now()
			err = p.Park(ctx, l.word, v, asleep)
		}
		failpoint.Hit("lock: woken")
		if err != nil {
			return l.giveUp(p, err)
		}
		slept = waiters
	}
}

// deferTo lets those go first who have slept. It tells whether somebody has gone, and clears starving if nobody does.
func (l words) deferTo() bool {
	for begin := time.Now(); time.Since(begin) < patience; park.Yield() {
		if v := l.word.Load(); v&idMask != 0 || v&waiters == 0 || l.starving.Load() == 0 {
			return true
		}
	}
	l.starving.Store(0)
	return false
}

// fed says how one that has slept fared: those behind it will not fare much better.
func (l words) fed(since time.Time) {
	starving := uint32(0)
	if time.Since(since) > crowded {
		starving = 1
	}
	if l.starving.Load() != starving {
		l.starving.Store(starving)
	}
}

// giveUp leaves without the lock. We may be the one who was woken: hand the wake-up on.
func (l words) giveUp(p park.Parker, err error) error {
	l.woken.Store(0)
	failpoint.Hit("lock: giving up")
	// If the holder will wake somebody, that is enough; if the lock is abandoned, its sleepers are all being woken.
	// W may be missing although others sleep: an unlock has found nobody, others have locked, slept and unlocked
	// since, and only then it cleared W.
	if v := l.word.Load(); v&abandoned == 0 && !asleep(v, 0) {
		l.wakeOne(p)
	}
	return err
}

// Unlock frees the lock if nobody sleeps. It inlines: one CAS. Otherwise, and for a misuse, UnlockSlow.
func (l *Lock) Unlock(me uint32) bool { return l.word.CompareAndSwap(me, 0) }

// UnlockSlow frees the lock and wakes a sleeper, or says why the caller cannot: nothing is damaged then.
func (l *Lock) UnlockSlow(me uint32, p park.Parker) error { return l.words().unlock(me, p) }

func (l words) unlock(me uint32, p park.Parker) error {
	for {
		v := l.word.Load()
		switch {
		case v&^waiters != me && v&idMask == 0:
			return ErrNotHeld
		case v&^waiters != me:
			return ErrNotHolder
		}
		failpoint.Hit("lock: freeing")
		// No plain store: of two goroutines that both unlock, the second would free what another has taken since.
		if l.word.CompareAndSwap(v, waiters) {
			break
		}
	}
	failpoint.Hit("lock: freed")
	l.wakeOne(p)
	return nil
}

// wakeOne wakes a sleeper unless one is on its way.
func (l words) wakeOne(p park.Parker) {
	for {
		on := l.woken.Load() // first, as 2 is what a busy lock with sleepers has nearly always; more is written over
		if on >= 2 || on == 1 && l.woken.CompareAndSwap(1, 2) {
			return
		}
		if on == 0 && l.woken.CompareAndSwap(0, 1) {
			break
		}
	}
	for {
		failpoint.Hit("lock: waking")
		woke := p.Wake(l.word, 1)
		if woke == park.Somebody {
			return // who comes out of Park clears woken
		}
		if l.woken.CompareAndSwap(1, 0) {
			if woke == park.Nobody {
				// Whoever went to sleep since has seen the lock held by somebody who will wake it.
				l.starving.Store(0)
				l.word.CompareAndSwap(waiters, 0)
			}
			return
		}
		l.woken.Store(1) // an unlock has relied on us meanwhile: look again
	}
}
