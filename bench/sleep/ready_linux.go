package main

import (
	"context"
	"time"

	"github.com/multiproc/mp/internal/park"
)

// ready measures the price of a blocking system call to the other goroutines: how long one that is ready waits when
// the running one parks. The thread takes its P into the kernel, and sysmon, which looks the more rarely the
// longer it found nothing to do, has to take it back.
func ready(m memory, n []int) (values, error) {
	rounds := n[0]
	v := values{}
	p, full := newParker(m, 0), newParker(m, 1)
	fill(m, full, 1)
	for _, c := range []struct {
		prefix string
		parker *park.Shared
		busy   time.Duration
		rounds int
	}{
		{"leader ", p, 0, rounds},
		{"leader late ", p, 30 * time.Millisecond, rounds / 100},
		{"overflow ", full, 0, rounds},
		{"overflow late ", full, 30 * time.Millisecond, rounds / 100},
	} {
		if err := v.ready(c.prefix, m, c.parker, c.busy, c.rounds); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v values) ready(prefix string, m memory, p *park.Shared, busy time.Duration, rounds int) error {
	w := m.word(wordBall)
	samples := make([]time.Duration, rounds)
	late := make(chan time.Duration, 1)
	for i := range samples {
		settle(busy)
		w.Store(0)
		begin := time.Now()
		go func() {
			late <- time.Since(begin)
			w.Store(1)
			p.Wake(w, 1)
		}()
		for w.Load() == 0 {
			if err := p.Park(context.Background(), w, 0, same); err != nil {
				return err
			}
		}
		samples[i] = <-late
	}
	v.spread(prefix, samples)
	return nil
}
