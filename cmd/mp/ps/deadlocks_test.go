//go:build linux

package ps

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
)

func TestMain(m *testing.M) {
	mp.Init()
	os.Exit(m.Run())
}

// embrace takes the first lock, says so, and once all have theirs wants the second.
var embrace = mp.Proc3(func(_ context.Context, first, second *mp.Lock, holding *mp.Value[int]) error {
	first.Lock()
	mp.Add(holding, 1)
	for holding.Load() < 2 {
		runtime.Gosched()
	}
	second.Lock()
	return nil
})

// stuckPair is two processes that wait for each other.
func stuckPair(t *testing.T, opts ...mp.Option) []*mp.Process {
	t.Helper()
	a, b, holding := mp.NewLock(append(opts, mp.Name("accounts"))...), mp.NewLock(append(opts, mp.Name("orders"))...), mp.NewValue(0)
	pair := []*mp.Process{{Name: "left", Target: embrace(a, b, holding)}, {Name: "right", Target: embrace(b, a, holding)}}
	for _, p := range pair {
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = p.Kill() // it may have ended
			_ = p.Join()
		})
	}
	return pair
}

// command runs mp ps --deadlocks on this program until the output is as expected, or for a good while.
func command(t *testing.T, ok func(out string, err error) bool, args ...string) {
	t.Helper()
	var out bytes.Buffer
	var err error
	for begin := time.Now(); time.Since(begin) < 15*time.Second; {
		out.Reset()
		cmd := Command()
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		cmd.SilenceErrors = true
		cmd.SetArgs(append(args, "--deadlocks", "--pid", fmt.Sprint(os.Getpid())))
		if err = cmd.Execute(); ok(out.String(), err) {
			return
		}
	}
	t.Fatalf("got %v and\n%s", err, &out)
}

// line is where in this file the text stands alone on a line.
func line(t *testing.T, text string) string {
	t.Helper()
	b, err := os.ReadFile("deadlocks_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range strings.Split(string(b), "\n") {
		if strings.TrimSpace(l) == text {
			return strconv.Itoa(i + 1)
		}
	}
	t.Fatalf("no line %q", text)
	return ""
}

const certainPicture = `^.*/ps\.test: 1 deadlock

Deadlock of 2:
  goroutine \d+ of left \(pid \d+\) waits for Lock "orders" \(\d+\.\d+\) for [\d.]+m?s \(ps/deadlocks_test\.go:WANTS\),
    which goroutine \d+ of right \(pid \d+\) has held for [\d.]+m?s \(ps/deadlocks_test\.go:HOLDS\)
  goroutine \d+ of right \(pid \d+\) waits for Lock "accounts" \(\d+\.\d+\) for [\d.]+m?s \(ps/deadlocks_test\.go:WANTS\),
    which goroutine \d+ of left \(pid \d+\) has held for [\d.]+m?s \(ps/deadlocks_test\.go:HOLDS\)
$`

func TestCertainDeadlock(t *testing.T) {
	pair := stuckPair(t, mp.Trace)
	lines := strings.NewReplacer("HOLDS", line(t, "first.Lock()"), "WANTS", line(t, "second.Lock()"))
	picture := regexp.MustCompile(lines.Replace(certainPicture))
	command(t, func(out string, err error) bool {
		return err != nil && err.Error() == "mp: 1 deadlock" && picture.MatchString(out)
	})
	command(t, func(out string, err error) bool {
		var r struct{ Arenas []stuck }
		if json.Unmarshal([]byte(out), &r) != nil || err == nil || len(r.Arenas) != 1 || len(r.Arenas[0].Deadlocks) != 1 {
			return false
		}
		w := r.Arenas[0].Deadlocks[0].Waits
		return len(w) == 2 && w[0].Process.Name == "left" && w[0].Number > 0 && w[1].HeldAt == "ps/deadlocks_test.go:"+line(t, "first.Lock()")
	}, "--json")
	if err := pair[0].Kill(); err != nil {
		t.Fatal(err)
	}
	command(t, func(out string, err error) bool { return err == nil && strings.HasSuffix(out, ": no deadlock\n") })
}

const possiblePicture = `^.*/ps\.test: 1 deadlock

Possible deadlock of 2:
  left \(pid \d+\) waits for Lock "orders" \(\d+\.\d+\) for [\d.]+s,
    which right \(pid \d+\) has held
  right \(pid \d+\) waits for Lock "accounts" \(\d+\.\d+\) for [\d.]+s,
    which left \(pid \d+\) has held
$`

// Without tracing it takes a second, and is no error.
func TestPossibleDeadlock(t *testing.T) {
	stuckPair(t)
	picture := regexp.MustCompile(possiblePicture)
	command(t, func(out string, err error) bool { return err == nil && picture.MatchString(out) })
}

func TestRenderStuck(t *testing.T) {
	who := inspect.Person{ID: 1024, PID: 100, Name: "main"}
	s := stuck{Arena: inspect.Info{Program: "/bin/shop", Taken: begin}, Untraced: 1, Unseen: 2, Deadlocks: []inspect.Deadlock{{Certain: true, Waits: []inspect.Blocked{
		{Process: who, Number: 7, Object: "RWLock 0.1", Since: begin.Add(-time.Second), Where: "a/b.go:1", Bounded: true, HeldAs: "for reading"},
	}}}}
	const want = `/bin/shop: 1 deadlock

Deadlock of 1:
  goroutine 7 of main (pid 100) waits for RWLock 0.1 for 1s (a/b.go:1), until a context ends,
    which goroutine 7 of main (pid 100) has held for reading

The arena is too full to record 1 hold or wait of traced locks.

Not seen by guesses: what 2 goroutines wait for, behind another or without a thread.

Could not look at:
  process 1: of another user
`
	if got := renderStuck([]stuck{s}, []inspect.Obstacle{{Why: "of another user", PIDs: []int{1}}}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
