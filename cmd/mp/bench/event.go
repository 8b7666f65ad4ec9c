package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/threading"
)

func eventRows(scale float64) []Row {
	n, rounds := int(1e7*scale), int(4e4*scale)
	var (
		shared = mp.NewEvent()
		local  threading.Event
		flag   atomic.Bool
		closed = make(chan struct{})
	)
	shared.Set()
	local.Set()
	flag.Store(true)
	close(closed)
	channel := perOp(n, func(n int) {
		for range n {
			<-closed
		}
	})
	return []Row{
		{Name: "Event.Wait, set", Beside: "a closed channel", Most: 1.0, Rounds: 9, Theirs: channel, Ours: setWaits(n, shared)},
		{
			Name: "Event.Wait, set", Beside: "atomic.Bool.Load", Rounds: 9, Ours: setWaits(n, shared),
			Theirs: perOp(n, func(n int) {
				for range n {
					if !flag.Load() {
						panic("it is set")
					}
				}
			}),
		},
		{
			Name: "threading.Event.Wait, set", Beside: "a closed channel", Most: 1.0, Rounds: 9, Theirs: channel,
			Ours: perOp(n, func(n int) {
				for range n {
					local.Wait()
				}
			}),
		},
		{
			Name: "Event there and back, 2 processes", Beside: "channels, 2 goroutines", Rounds: 7,
			Ours: eventsBetweenProcesses(rounds), Theirs: channelsBetweenGoroutines(rounds),
		},
	}
}

func setWaits(n int, e *mp.Event) func(context.Context) (float64, error) {
	return perOp(n, func(n int) {
		for range n {
			e.Wait()
		}
	})
}

// rally is a pair of events: each side waits for one and sets the other.
type rally struct{ There, Back *mp.Event }

var returns = mp.Proc2(func(ctx context.Context, r rally, rounds int) error {
	for range rounds + 1 {
		if err := r.There.WaitContext(ctx); err != nil {
			return err
		}
		r.There.Clear()
		r.Back.Set()
	}
	return nil
})

func (r rally) round(ctx context.Context) error {
	r.There.Set()
	err := r.Back.WaitContext(ctx)
	r.Back.Clear()
	return err
}

func eventsBetweenProcesses(rounds int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		r := rally{mp.NewEvent(), mp.NewEvent()}
		p := &mp.Process{Target: returns(r, rounds)}
		if err := p.Start(ctx); err != nil {
			return 0, err
		}
		err := r.round(ctx) // the other is there now
		begin := time.Now()
		for i := 0; err == nil && i < rounds; i++ {
			err = r.round(ctx)
		}
		took := time.Since(begin)
		return float64(took) / float64(rounds), errors.Join(err, p.Join())
	}
}

func channelsBetweenGoroutines(rounds int) func(context.Context) (float64, error) {
	return perOp(rounds, func(rounds int) {
		there, back := make(chan struct{}, 1), make(chan struct{}, 1)
		go func() {
			for range there {
				back <- struct{}{}
			}
		}()
		for range rounds {
			there <- struct{}{}
			<-back
		}
		close(there)
	})
}
