package boot

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/wire"
)

const eaten = 64 << 20 // what playEater takes, twice

func TestWatchMemory(t *testing.T) {
	c := launch(t, newSpec(t, "eater"))
	expectFrame(t, c, wire.Hello)
	found := make(chan int64, 2)
	WatchMemory(c.PID(), eaten/2, nil, func(used int64) { found <- used })
	if len(found) != 1 {
		t.Fatalf("over was called %d times, want once", len(found))
	}
	if used := <-found; used < eaten || used >= 2*eaten {
		t.Errorf("%d bytes, want at least the %d of its own, and not as much that it shares", used, eaten)
	}

	watched := make(chan struct{})
	go func() {
		WatchMemory(c.PID(), 2*eaten, nil, func(used int64) { t.Errorf("%d bytes are over %d", used, 2*eaten) })
		close(watched)
	}()
	stop := make(chan struct{})
	close(stop)
	WatchMemory(c.PID(), 2*eaten, stop, func(used int64) { t.Errorf("%d bytes are over %d", used, 2*eaten) })

	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if await(t, c); PeakMemory(c.State()) < 2*eaten {
		t.Errorf("peak of %d bytes, want at least %d", PeakMemory(c.State()), 2*eaten)
	}
	select {
	case <-watched:
	case <-time.After(10 * time.Second):
		t.Error("the watch goes on after the end of the process")
	}
}

func TestPeakMemoryOfNobody(t *testing.T) {
	if n := PeakMemory(nil); n != 0 {
		t.Errorf("%d bytes", n)
	}
}

func TestAnonymous(t *testing.T) {
	page := int64(os.Getpagesize())
	for _, c := range []struct {
		statm string
		want  int64
		ok    bool
	}{
		{"1000 300 100 5 0 50 0\n", 200 * page, true},
		{"0 0 0 0 0 0 0\n", 0, true}, // a corpse
		{"", 0, false},
		{"1000 300", 0, false},
		{"1000 x 100 5", 0, false},
	} {
		if got, ok := anonymous([]byte(c.statm)); ok != c.ok || ok && got != c.want {
			t.Errorf("%q: %d, %t; want %d, %t", c.statm, got, ok, c.want, c.ok)
		}
	}
}

func TestOOMCounters(t *testing.T) {
	for _, c := range []struct {
		text string
		want uint64
		ok   bool
	}{
		{"low 0\nhigh 1\noom 3\noom_kill 2\noom_group_kill 9\n", 2, true},
		{"pgfault 10\noom_kill 18446744073709551615", 18446744073709551615, true},
		{"oom 3\n", 0, false},
		{"oom_kill many\n", 0, false},
	} {
		if got, ok := counter([]byte(c.text), "oom_kill"); got != c.want || ok != c.ok {
			t.Errorf("%q: %d, %t", c.text, got, ok)
		}
	}
	for text, want := range map[string]string{
		"0::/user.slice/a b.scope\n":                   "/user.slice/a b.scope",
		"12:memory:/x\n1:name=systemd:/y\n0::/mixed\n": "/mixed",
		"12:memory:/x\n":                               "",
	} {
		if got, ok := unifiedGroup([]byte(text)); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t", text, got, ok)
		}
	}
	if before, after := OOMKills(), OOMKills(); after < before {
		t.Errorf("%d kills, then %d", before, after)
	}
}

func TestComm(t *testing.T) {
	for name, want := range map[string]string{
		"worker": "worker", "a name of sixteen": "a name of sixte", "fünfzehn Bytesü": "fünfzehn Bytes",
	} {
		if got := cutComm(name); got != want || len(got) > commSize {
			t.Errorf("%q is cut to %q, want %q", name, got, want)
		}
	}
	before, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	defer SetComm(strings.TrimSpace(string(before)))
	done := make(chan struct{})
	go func() { SetComm("mp worker 1"); close(done) }() // not on the main thread
	<-done
	main, err := os.ReadFile("/proc/self/comm")
	if err != nil || string(main) != "mp worker 1\n" {
		t.Errorf("the process is called %q, %v", main, err)
	}
}
