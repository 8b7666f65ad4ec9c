package mp

import "sync"

// listeners are goroutines that wait for several things, of which this is one that happens once. The zero listeners are
// ready.
type listeners struct {
	mu  sync.Mutex
	all map[chan<- struct{}]int
}

// add has tell tell signal, of capacity 1. Whoever adds looks afterwards whether it has happened already.
func (l *listeners) add(signal chan<- struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = make(map[chan<- struct{}]int)
	}
	l.all[signal]++
}

func (l *listeners) remove(signal chan<- struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all[signal]--; l.all[signal] <= 0 {
		delete(l.all, signal)
	}
}

// tell comes after what has happened.
func (l *listeners) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for signal := range l.all {
		select {
		case signal <- struct{}{}:
		default: // it will look anyhow
		}
	}
}
