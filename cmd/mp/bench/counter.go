package bench

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/multiproc/mp"

	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

// race is where the processes of one counting meet: they begin together, and the last to end writes down when.
type race struct {
	Ready *mp.Value[int]
	Go    *mp.Value[int64] // when it began, ns; 0: not yet
	Ended *mp.Value[int64]
}

func newRace() race {
	return race{mp.NewValue(0), mp.NewValue(int64(0)), mp.NewValue(int64(0))}
}

func (r race) begin() {
	mp.Add(r.Ready, 1)
	for r.Go.Load() == 0 {
		runtime.Gosched()
	}
}

func (r race) end() {
	now := time.Now().UnixNano()
	r.Ended.Update(func(last *int64) { *last = max(*last, now) })
}

var countLocked = mp.Func3(func(_ context.Context, r race, n int, c counting) (int, error) {
	r.begin()
	counter := c.Counter.Ptr()
	for range n {
		c.Lock.Lock()
		*counter++
		c.Lock.Unlock()
	}
	r.end()
	return n, nil
})

var countUpdates = mp.Func3(func(_ context.Context, r race, n int, counter *mp.Value[int]) (int, error) {
	r.begin()
	for range n {
		counter.Update(func(x *int) { *x++ })
	}
	r.end()
	return n, nil
})

// counting is a counter and its lock.
type counting struct {
	Lock    *mp.Lock
	Counter *mp.RawValue[int]
}

// count has processes run the call that work makes, and returns the ns of one increment, from their common
// beginning to the end of the last.
func count(ctx context.Context, processes, n int, work func(race) mp.Target) (float64, error) {
	r := newRace()
	var group mp.Group
	for range processes {
		group.Start(ctx, work(r))
	}
	for r.Ready.Load() < processes {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		runtime.Gosched()
	}
	begin := time.Now().UnixNano()
	r.Go.Store(begin)
	if err := group.Join(); err != nil {
		return 0, err
	}
	return float64(r.Ended.Load()-begin) / float64(processes*n), nil
}

func countWithLock(processes, n int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		c := counting{mp.NewLock(), mp.NewRawValue(0)}
		ns, err := count(ctx, processes, n, func(r race) mp.Target { return countLocked(r, n, c) })
		if got := c.Counter.Load(); err == nil && got != processes*n {
			err = fmt.Errorf("counted %d of %d", got, processes*n)
		}
		return ns, err
	}
}

func countWithUpdate(processes, n int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		counter := mp.NewValue(0)
		ns, err := count(ctx, processes, n, func(r race) mp.Target { return countUpdates(r, n, counter) })
		if got := counter.Load(); err == nil && got != processes*n {
			err = fmt.Errorf("counted %d of %d", got, processes*n)
		}
		return ns, err
	}
}

// rival runs one mode of a rival's program for one round.
func rival(p *rivals.Program, args ...string) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		r, err := p.Run(ctx, args...)
		return r.NS, err
	}
}

func glibcRows(ctx context.Context, scale float64) ([]Row, func() error, error) {
	c, err := rivals.C(ctx)
	if err != nil {
		return nil, nil, err
	}
	alone := int(2e6 * scale)
	rows := []Row{{
		Name: "Lock, uncontended", Beside: "glibc robust shared mutex", Most: 1.0, Rounds: 9,
		Ours: sharedPair(alone, mp.NewLock()), Theirs: rival(c, "uncontended", fmt.Sprint(alone), "1"),
	}}
	for _, p := range []int{2, 10} {
		n := int(4e6*scale) / p
		rows = append(rows, Row{
			Name: fmt.Sprintf("counter under a Lock, %d processes", p), Beside: "glibc robust shared mutex", Rounds: 7,
			Ours: countWithLock(p, n), Theirs: rival(c, "counter", fmt.Sprint(p), fmt.Sprint(n), "1"),
		})
	}
	return rows, c.Close, nil
}

func cpythonRows(ctx context.Context, scale float64) ([]Row, func() error, error) {
	py, err := rivals.Python(ctx)
	if err != nil {
		return nil, nil, err
	}
	var rows []Row
	for _, p := range []int{2, 10} {
		ours, theirs := int(4e6*scale)/p, int(1e5*scale)/p
		rows = append(rows, Row{
			Name: fmt.Sprintf("counter under a Lock, %d processes", p), Beside: "CPython Lock, RawValue", Most: 0.04, Rounds: 7,
			Ours: countWithLock(p, ours), Theirs: rival(py, "locked", fmt.Sprint(p), fmt.Sprint(theirs), "1"),
		}, Row{
			Name: fmt.Sprintf("counter by Value.Update, %d processes", p), Beside: "CPython Value, get_lock", Most: 0.04, Rounds: 7,
			Ours: countWithUpdate(p, ours), Theirs: rival(py, "counter", fmt.Sprint(p), fmt.Sprint(theirs), "1"),
		})
	}
	rows = append(rows, cpythonConditionRows(py, scale)...)
	rows = append(rows, barrierRows(py, scale)...)
	rows = append(rows, cpythonPipeRows(py, scale)...)
	return append(rows, cpythonQueueRows(py, scale)...), py.Close, nil
}
