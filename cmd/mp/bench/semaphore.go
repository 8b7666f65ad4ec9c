package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/threading"

	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

// permits is what all semaphores can.
type permits interface {
	Acquire()
	Release()
}

func semaphoreRows(scale float64) []Row {
	n := int(1e6 * scale)
	weighted := semaphore.NewWeighted(3)
	channel := make(chan struct{}, 3)
	besideWeighted := perOp(n, func(n int) {
		ctx := context.Background()
		for range n {
			_ = weighted.Acquire(ctx, 1) // a context that does not end gives no error
			weighted.Release(1)
		}
	})
	besideChannel := perOp(n, func(n int) {
		for range n {
			channel <- struct{}{}
			<-channel
		}
	})
	var rows []Row
	for _, ours := range []struct {
		name string
		s    permits
	}{
		{"Semaphore", mp.NewSemaphore(3)}, {"BoundedSemaphore", mp.NewBoundedSemaphore(3)},
		{"threading.Semaphore", threading.NewSemaphore(3)}, {"threading.BoundedSemaphore", threading.NewBoundedSemaphore(3)},
	} {
		pair := permitPair(n, ours.s)
		rows = append(rows,
			Row{Name: ours.name + ", uncontended", Beside: "semaphore.Weighted of x/sync", Most: 1.3, Rounds: 9, Ours: pair, Theirs: besideWeighted},
			Row{Name: ours.name + ", uncontended", Beside: "buffered channel", Most: 1.3, Rounds: 9, Ours: pair, Theirs: besideChannel},
		)
	}
	return rows
}

func permitPair(n int, s permits) func(context.Context) (float64, error) {
	return perOp(n, func(n int) {
		for range n {
			s.Acquire()
			s.Release()
		}
	})
}

// table is where two processes play: a ball each way.
type table struct {
	There, Back *mp.Semaphore
}

func newTable() table { return table{mp.NewSemaphore(0), mp.NewSemaphore(0)} }

// serve plays n rounds on one CPU and returns the ns of one.
var serve = mp.Func3(func(_ context.Context, t table, cpu, n int) (float64, error) {
	if err := pin(cpu); err != nil {
		return 0, err
	}
	var begin time.Time
	for i := range n + 1 {
		if i == 1 {
			begin = time.Now() // the other is there now
		}
		t.There.Release()
		t.Back.Acquire() // as sem_wait: a wait that can be cancelled costs more
	}
	return float64(time.Since(begin)) / float64(n), nil
})

var answer = mp.Proc3(func(_ context.Context, t table, cpu, n int) error {
	if err := pin(cpu); err != nil {
		return err
	}
	for range n + 1 {
		t.There.Acquire()
		t.Back.Release()
	}
	return nil
})

// pingPong has two processes play on these CPUs.
func pingPong(here, other, n int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		t := newTable()
		p := &mp.Process{Target: answer(t, other, n)}
		if err := p.Start(ctx); err != nil {
			return 0, err
		}
		ns, err := mp.Run(ctx, serve(t, here, n))
		if err != nil {
			_ = p.Kill() // its own error is less to the point
		}
		return ns, firstOf(err, p.Join())
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func glibcSemaphoreRows(ctx context.Context, scale float64) ([]Row, func() error, error) {
	c, err := rivals.Semaphores(ctx)
	if err != nil {
		return nil, nil, err
	}
	alone := int(1e6 * scale)
	rows := []Row{{
		Name: "Semaphore, uncontended", Beside: "glibc shared sem_t", Most: 1.3, Rounds: 9,
		Ours: permitPair(alone, mp.NewSemaphore(3)), Theirs: rival(c, "alone", fmt.Sprint(alone), "1"),
	}}
	cpus, err := allowed()
	if err != nil {
		return rows, c.Close, nil // this system has no pinning, and the two would not be placed alike
	}
	n := int(2e4 * scale)
	for _, place := range []struct {
		name        string
		here, other int
	}{{"both on one CPU", cpus[0], cpus[0]}, {"one CPU each", cpus[0], cpus[min(1, len(cpus)-1)]}} {
		rows = append(rows, Row{
			Name: "Semaphore ping-pong, " + place.name, Beside: "glibc shared sem_t", Most: 1.2, Rounds: 7,
			Ours:   pingPong(place.here, place.other, n),
			Theirs: rival(c, "pingpong", fmt.Sprint(place.here), fmt.Sprint(place.other), fmt.Sprint(n), "1"),
		})
	}
	return rows, c.Close, nil
}
