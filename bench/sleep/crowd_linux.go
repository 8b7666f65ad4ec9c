package main

import (
	"context"
	"sync"
	"syscall"
	"time"
)

// crowd has as many goroutines asleep on as many words as n says: threads, processor time while all sleep,
// time to wake all.
func crowd(m memory, n []int) (values, error) {
	words := n[0]
	p, other := newParker(m, 0), newParker(m, 1)
	before, err := status("Threads")
	if err != nil {
		return nil, err
	}
	failed := make(chan error, words)
	var wg sync.WaitGroup
	for i := range words {
		wg.Go(func() {
			w := m.word(wordCrowd + i)
			for w.Load() == 0 {
				if err := p.Park(context.Background(), w, 0, same); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	await(func() bool { return direct(m, 0)+others(m, 0) == words })
	v := values{}
	if v["threads"], err = status("Threads"); err != nil {
		return nil, err
	}
	v["threads before"] = before
	if v["idle"], err = idle(2 * time.Second); err != nil {
		return nil, err
	}
	begin := time.Now()
	for i := range words {
		w := m.word(wordCrowd + i)
		w.Store(1)
		other.Wake(w, 1)
	}
	wg.Wait()
	v["wake"] = float64(time.Since(begin).Microseconds()) / 1e3
	select {
	case err = <-failed:
	default:
	}
	return v, err
}

// idle is the processor time of this process in ms a second, while it does nothing for d.
func idle(d time.Duration) (float64, error) {
	begin, err := cpuTime()
	if err != nil {
		return 0, err
	}
	<-time.After(d)
	end, err := cpuTime()
	return float64((end - begin).Microseconds()) / 1e3 / d.Seconds(), err
}

func cpuTime() (time.Duration, error) {
	var r syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), err
}
