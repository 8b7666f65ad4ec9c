package main

import (
	"runtime"
	"sync/atomic"
)

// vector sleeps on 64 words with one call. The ball is the first; nobody touches the others, but their values must be
// read before each call as well.
type vector struct {
	*counter
	words  [64]*atomic.Uint32
	list   wait64
	signal chan struct{}
	failed error // set before signal is closed
}

func newVector(t *table) *vector {
	v := &vector{counter: newCounter(t), signal: make(chan struct{}, 1)}
	for i := range v.words {
		v.words[i] = t.mem.word(wordMany + t.role*100 + i)
	}
	v.words[0] = v.mine
	for i, w := range v.words {
		v.list.set(i, w)
	}
	return v
}

func openVector(t *table) (side, error) { return newVector(t), nil }

func (v *vector) sleep() error {
	for i, w := range v.words {
		v.list[i].value = uint64(w.Load())
	}
	if v.list[0].value != uint64(v.seen) {
		return nil
	}
	return v.list.sleep()
}

func (v *vector) wait() error {
	for v.mine.Load() == v.seen {
		if err := v.sleep(); err != nil {
			return err
		}
	}
	v.seen++
	return nil
}

// vectorDispatcher has a goroutine sleep on the words and tell the waiter by a channel.
type vectorDispatcher struct{ *vector }

func openVectorDispatcher(t *table) (side, error) {
	d := vectorDispatcher{newVector(t)}
	go d.dispatch()
	return d, nil
}

func (d vectorDispatcher) dispatch() {
	for {
		if d.failed = d.vector.wait(); d.failed != nil {
			close(d.signal)
			return
		}
		d.signal <- struct{}{}
		runtime.Gosched()
	}
}

func (d vectorDispatcher) wait() error {
	if _, ok := <-d.signal; !ok {
		return d.failed
	}
	return nil
}
