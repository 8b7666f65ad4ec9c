//go:build linux

package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
)

// sums is who has added how much to the counters of a dict: what is begun and not done is open.
type sums [maxWorkers]struct{ Begun, Done int64 }

// counterKeys are the keys of counters, which are never deleted; above them come others.
const counterKeys = 5

// dictWorker does random things to a dict until it is killed or the storm is over. An error is a broken promise.
var dictWorker = mp.Proc3(func(_ context.Context, d *mp.Dict[int64, tome], by *mp.RawValue[sums], who int) error {
	r, mine := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(who))), &by.Ptr()[who]
	for {
		key := counterKeys + r.Int64N(200)
		var v tome
		var found bool
		var err error
		switch n := r.IntN(1000); {
		case n < 200:
			atomic.AddInt64(&mine.Begun, 1)
			_, err = d.Update(r.Int64N(counterKeys), func(v tome, _ bool) tome { return newTome(v.N + 1) })
			atomic.AddInt64(&mine.Done, 1)
		case n < 500:
			err = d.Set(key, newTome(r.Int64N(100)))
		case n < 600:
			v, found = d.Pop(key)
		case n < 700:
			d.DeleteIf(key, func(v tome) bool { return v.N%2 == 0 })
		case n < 999:
			v, found = d.Get(key)
		default:
			for k, v := range d.All() {
				if v.whole(true) < 0 {
					err = errors.Join(err, fmt.Errorf("torn under %d: %v", k, v))
				}
			}
		}
		if found && v.whole(true) < 0 {
			err = errors.Join(err, fmt.Errorf("torn under %d: %v", key, v))
		}
		if err != nil {
			return err
		}
	}
})

// TestDictStorm kills those who change a dict, and sees that nothing is torn, lost or stuck.
func TestDictStorm(t *testing.T) {
	d, by := mp.NewDict[int64, tome](mp.Name("storm")), mp.NewRawValue(sums{})
	start := func(who int) *mp.Process {
		p := &mp.Process{Target: dictWorker(d, by, who), Name: fmt.Sprintf("dict-%d", who)}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p
	}
	end := func(p *mp.Process) {
		if err := p.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		if exit, ok := errors.AsType[*mp.ExitError](p.Join()); !ok || exit.Signal != syscall.SIGKILL {
			t.Error(p.Join())
		}
	}
	workers := []*mp.Process{start(0), start(1), start(2), start(3)}
	kills := 0
	for over := time.Now().Add(*stormTime / 2); time.Now().Before(over) && !t.Failed(); kills++ {
		i := kills % len(workers)
		for begun := atomic.LoadInt64(&by.Ptr()[i].Begun); begun == atomic.LoadInt64(&by.Ptr()[i].Begun) && workers[i].Alive(); {
			time.Sleep(time.Millisecond)
		}
		end(workers[i])
		workers[i] = start(i)
	}
	for _, p := range workers {
		end(p)
	}
	total, begun, done := int64(0), int64(0), int64(0)
	for k, v := range d.All() {
		n := v.whole(true)
		if n < 0 {
			t.Errorf("torn under %d: %v", k, v)
		} else if k < counterKeys {
			total += n
		}
	}
	for _, s := range by.Ptr() {
		begun, done = begun+s.Begun, done+s.Done
	}
	if total < done || total > begun {
		t.Errorf("%d additions were begun, %d came to their end, and the sum is %d", begun, done, total)
	}
	look, err := inspect.Open(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = look.Close() }()
	if found := look.Check(); len(found) > 0 {
		t.Errorf("Check finds %v", found)
	}
	t.Logf("%d kills, %d additions", kills, total)
	d.Clear()
}
