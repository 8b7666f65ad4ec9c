package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp/internal/park"
)

// cancelled measures how long after the end of its context a sleeper comes out of Park: as the leader of a word that
// sleeps in the kernel, as a follower behind one, and as an overflow leader.
func cancelled(m memory, n []int) (values, error) {
	rounds := n[0]
	v := values{}
	p := newParker(m, 0)
	w := m.word(wordBall)
	if err := v.cancel("leader ", rounds, p, w, func() bool { return direct(m, 0) == 1 }); err != nil {
		return nil, err
	}
	go func() {
		for {
			_ = p.Park(context.Background(), w, 0, same)
		}
	}()
	await(func() bool { return direct(m, 0) == 1 })
	if err := v.cancel("follower ", rounds, p, w, func() bool { return others(m, 0) == 1 }); err != nil {
		return nil, err
	}
	full := newParker(m, 1)
	fill(m, full, 1)
	err := v.cancel("overflow ", rounds, full, m.word(wordBall+1), func() bool { return others(m, 1) == 1 })
	return v, err
}

func (v values) cancel(prefix string, rounds int, p park.Parker, w *atomic.Uint32, asleep func() bool) error {
	type end struct {
		at  time.Time
		err error
	}
	ended := make(chan end)
	var samples []time.Duration
	for range rounds {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			err := p.Park(ctx, w, 0, same)
			ended <- end{time.Now(), err}
		}()
		await(asleep)
		settle(50 * time.Microsecond) // the board announces a sleeper a moment before the kernel has it
		begin := time.Now()
		cancel()
		e := <-ended
		if !errors.Is(e.err, context.Canceled) {
			return fmt.Errorf("a cancelled Park returned %v", e.err)
		}
		samples = append(samples, e.at.Sub(begin))
	}
	v.spread(prefix, samples)
	return nil
}
