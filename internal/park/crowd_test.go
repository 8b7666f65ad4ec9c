//go:build linux

package park

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/race"
)

// Ten thousand goroutines asleep on ten thousand words take Direct threads and a dispatcher, cost nothing
// while they sleep, and all wake.
func TestCrowd(t *testing.T) {
	const words = 10000
	m := newMemory(t)
	p, other := m.parker(1), m.parker(2)
	before := threads(t)
	all := make([]*atomic.Uint32, words)
	var wg sync.WaitGroup
	for i := range all {
		all[i] = m.word()
		wg.Go(func() {
			for all[i].Load() == 0 {
				if err := p.Park(context.Background(), all[i], 0, Same); err != nil {
					t.Error(err)
				}
			}
		})
	}
	await(t, "all asleep", func() bool {
		n := 0
		for _, w := range all {
			if asleep(p, w) {
				n++
			}
		}
		return n == words
	})
	// The runtime's own threads: one for each P, sysmon, the template thread, and a few on their way.
	if most, now := before+Direct+1+8, threads(t); now > most {
		t.Errorf("%d threads with %d sleepers, %d before: expected at most %d", now, words, before, most)
	}
	idle(t)
	begin := time.Now()
	for _, w := range all {
		w.Store(1)
		other.Wake(w, 1)
	}
	wg.Wait()
	t.Logf("%d goroutines woken in %v", words, time.Since(begin))
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("waking took %v", took)
	}
	if n := p.sleepers.Load(); n != 0 {
		t.Errorf("%d still counted as asleep", n)
	}
	for i := range m.board.Masks {
		if bits := m.board.Masks[i].Bits[0].Load(); bits != 0 {
			t.Fatalf("bucket %d still says %#x", i, bits)
		}
	}
}

// idle checks that half a second of everybody's sleep costs next to no processor time.
func idle(t *testing.T) {
	begin := cpuTime(t)
	<-time.After(500 * time.Millisecond)
	if used := cpuTime(t) - begin; used > 50*time.Millisecond && !race.Enabled {
		t.Errorf("%v of processor time in half a second of sleep", used)
	} else {
		t.Logf("%v of processor time in half a second of sleep", used)
	}
}

func cpuTime(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func threads(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := bytes.Cut(b, []byte("\nThreads:"))
	line, _, _ := bytes.Cut(after, []byte("\n"))
	n, err := strconv.Atoi(string(bytes.TrimSpace(line)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
