//go:build linux

package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/sys"
)

// A weather is what the processes of a storm share.
type weather struct {
	Locks  [4]*mp.Lock
	Pairs  [4]*mp.RawValue[pair] // guarded by the lock of the same number: equal whenever it is free
	Freed  *mp.Lock              // of the kind that a death frees
	Word   *mp.Value[int64]
	Bank   *mp.Value[bank] // the sum is 0
	Ledger *mp.RawValue[ledger]
	Stop   *mp.Value[int32]
}

type (
	pair   [2]int64
	bank   [24]int64
	ledger [maxWorkers]account
)

const maxWorkers = 16

// account is one worker's and its successors': words that the one of them that lives writes.
type account struct {
	Begun, Done           int64 // additions to the word
	Ops, Recovered        int64
	Cancelled, Objects    int64
	Children, ChildDeaths int64
	Last, Slowest         int64 // CLOCK_MONOTONIC of the last operation's end; the longest between two, both ns
}

func newWeather() weather {
	w := weather{
		Freed: mp.NewLock(mp.Release, mp.Name("freed")), Word: mp.NewValue[int64](0), Bank: mp.NewValue(bank{}),
		Ledger: mp.NewRawValue(ledger{}), Stop: mp.NewValue[int32](0),
	}
	for i := range w.Locks {
		w.Locks[i], w.Pairs[i] = mp.NewLock(mp.Name(fmt.Sprint("pair ", i))), mp.NewRawValue(pair{})
	}
	return w
}

func (b *bank) check() error {
	sum := int64(0)
	for _, n := range b {
		sum += n
	}
	if sum != 0 {
		return fmt.Errorf("torn: the sum of %v is %d", *b, sum)
	}
	return nil
}

// worker does random things until it is killed or the storm is over. An error is a broken promise.
var worker = mp.Proc3(func(ctx context.Context, w weather, who int, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, uint64(who)))
	a := &w.Ledger.Ptr()[who]
	atomic.StoreInt64(&a.Last, sys.Monotonic())
	for w.Stop.Load() == 0 {
		if err := w.act(ctx, r, a); err != nil {
			return err
		}
		now := sys.Monotonic()
		a.Slowest = max(a.Slowest, now-a.Last)
		atomic.StoreInt64(&a.Last, now)
		atomic.AddInt64(&a.Ops, 1)
	}
	return nil
})

func (w weather) act(ctx context.Context, r *rand.Rand, a *account) error {
	switch n := r.IntN(1000); {
	case n < 500:
		return w.addToPair(ctx, r, a)
	case n < 650:
		atomic.AddInt64(&a.Begun, 1)
		if n&1 == 0 {
			mp.Add(w.Word, 1)
		} else {
			w.Word.Update(func(x *int64) { *x++ })
		}
		atomic.AddInt64(&a.Done, 1)
	case n < 850:
		return w.transfer(r)
	case n < 900:
		b := w.Bank.Load()
		return b.check()
	case n < 930:
		return w.cancelledWait(ctx, r, a)
	case n < 950:
		w.Freed.Lock()
		pause(r)
		w.Freed.Unlock()
	case n < 995:
		a.Objects++
		return useObject(r)
	case n < 998:
		runtime.GC() // lets go of the objects
	default:
		return w.child(ctx, a)
	}
	return nil
}

func pause(r *rand.Rand) {
	for range r.IntN(200) {
		runtime.KeepAlive(r)
	}
}

func (w weather) addToPair(ctx context.Context, r *rand.Rand, a *account) error {
	i := r.IntN(len(w.Locks))
	l, p := w.Locks[i], w.Pairs[i].Ptr()
	if err := lock(ctx, l, p, a); err != nil {
		return err
	}
	defer l.Unlock()
	if p[0] != p[1] {
		return fmt.Errorf("torn under lock %d: %v", i, *p)
	}
	p[0]++
	pause(r)
	p[1]++
	return nil
}

// lock is Lock for one who can mend.
func lock(ctx context.Context, l *mp.Lock, p *pair, a *account) error {
	err := l.LockContext(ctx)
	if _, died := errors.AsType[*mp.OwnerDiedError](err); !died {
		return err
	}
	return l.Recover(ctx, func(*mp.OwnerDiedError) error {
		m := max(p[0], p[1])
		p[0] = m
		p[1] = m
		a.Recovered++
		return nil
	})
}

func (w weather) transfer(r *rand.Rand) (err error) {
	w.Bank.Update(func(b *bank) {
		err = b.check()
		from, to, sum := r.IntN(len(b)), r.IntN(len(b)), r.Int64N(1000)
		b[from] -= sum
		pause(r)
		b[to] += sum
	})
	return err
}

// cancelledWait wants a lock, but not for long.
func (w weather) cancelledWait(ctx context.Context, r *rand.Rand, a *account) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(300))*time.Microsecond)
	defer cancel()
	i := r.IntN(len(w.Locks))
	err := w.Locks[i].LockContext(ctx)
	switch _, died := errors.AsType[*mp.OwnerDiedError](err); {
	case err == nil:
		time.Sleep(time.Duration(r.IntN(300)) * time.Microsecond) // so that others have something to wait for
		w.Locks[i].Unlock()
	case died:
	case errors.Is(err, context.DeadlineExceeded):
		a.Cancelled++
	default:
		return err
	}
	return nil
}

func useObject(r *rand.Rand) error {
	switch r.IntN(4) {
	case 0:
		if v := mp.NewValue(r.Int64()); v.Load() == 0 {
			return nil
		}
	case 1:
		v := mp.NewValue([400]int64{})
		v.Update(func(x *[400]int64) { x[399] = 1 })
		if x := v.Load(); x[0] != 0 || x[399] != 1 {
			return fmt.Errorf("a new object holds %v", x)
		}
	case 2:
		v := mp.NewRawValue([50 << 10]byte{})
		v.Ptr()[r.IntN(50<<10)] = 1
		runtime.KeepAlive(v)
	default:
		l := mp.NewLock()
		l.Lock()
		l.Unlock()
	}
	return nil
}

// grandchild takes the bank's handle through one more process.
var grandchild = mp.Func2(func(_ context.Context, b *mp.Value[bank], n int) (*mp.Value[int], error) {
	x := b.Load()
	return mp.NewValue(n + 1), x.check()
})

// child runs a grandchild. It is told by the one error that there is for it if somebody has killed that.
func (w weather) child(ctx context.Context, a *account) error {
	a.Children++
	v, err := mp.Run(ctx, grandchild(w.Bank, 41))
	switch {
	case err != nil:
		if _, ended := errors.AsType[*mp.ExitError](err); !ended {
			return err
		}
		a.ChildDeaths++
	case v.Load() != 42:
		return fmt.Errorf("a grandchild's answer is %d", v.Load())
	}
	return nil
}
