package rivals

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

type maker func(context.Context) (*Program, error)

// program makes a rival for one test. A machine without its tool skips the
// test, unless MP_REQUIRE_ALL=1 says that this machine has everything.
func program(t *testing.T, open maker) *Program {
	t.Helper()
	p, err := open(t.Context())
	var missing *MissingError
	if errors.As(err, &missing) && os.Getenv("MP_REQUIRE_ALL") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(p.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after Close, %s: %v", p.dir, err)
		}
	})
	return p
}

// TestRivalsMeasure: the programs check their own count, so that a counter
// long enough for its processes to meet also shows that the lock locks.
func TestRivalsMeasure(t *testing.T) {
	for _, rival := range []struct {
		name, runtime string
		open          maker
		runs          map[string]string // arguments, but for R: name of the result
	}{
		{"C", "libc", C, map[string]string{
			"uncontended 1000": "robust/uncontended",
			"plain 1000":       "plain/uncontended",
			"counter 1 1000":   "robust/counter/1",
			"counter 2 100000": "robust/counter/2",
			"counter 10 100":   "robust/counter/10",
		}},
		{"semaphores", "libc", Semaphores, map[string]string{
			"alone 1000":       "sem/alone",
			"pingpong 0 0 100": "sem/pingpong",
		}},
		{"Python", "python 3.", Python, map[string]string{
			"uncontended 100": "cpython/uncontended",
			"counter 2 10000": "cpython/counter/2",
			"counter 10 10":   "cpython/counter/10",
			"condition 100":   "cpython/condition",
			"locked 2 10000":  "cpython/locked/2",
			"queue 1 100":     "cpython/queue/1",
			"queue 2 100":     "cpython/queue/2",
			"pipe 100":        "cpython/pipe",
			"barrier 2 20":    "cpython/barrier/2",
			"start fork":      "cpython/start/fork",
			"start spawn":     "cpython/start/spawn",
		}},
	} {
		t.Run(rival.name, func(t *testing.T) {
			p := program(t, rival.open)
			for args, want := range rival.runs {
				r, err := p.Run(t.Context(), append(strings.Fields(args), "3")...)
				if err != nil {
					t.Errorf("%s: %v", args, err)
					continue
				}
				checkResult(t, r, want, rival.runtime)
			}
		})
	}
}

func checkResult(t *testing.T, r Result, name, runtime string) {
	t.Helper()
	if r.Name != name || !strings.Contains(r.Runtime, runtime) {
		t.Errorf("measured %q with %q, want %q with %q", r.Name, r.Runtime, name, runtime)
	}
	if len(r.Rounds) != 3 {
		t.Fatalf("%s: %d rounds, want 3", name, len(r.Rounds))
	}
	sorted := slices.Sorted(slices.Values(r.Rounds))
	if r.NS != sorted[1] {
		t.Errorf("%s: ns %v is not the median of %v", name, r.NS, r.Rounds)
	}
}

// TestRunSaysWhatWasWrong: the program's own words reach the caller.
func TestRunSaysWhatWasWrong(t *testing.T) {
	for name, open := range map[string]maker{"C": C, "Python": Python} {
		t.Run(name, func(t *testing.T) {
			p := program(t, open)
			for _, args := range []string{
				"", "sideways 1", "uncontended", "uncontended 0", "uncontended 1x",
				"counter 2", "counter 0 1", "counter 2 -1", "counter 2 1 1 1", "start thread",
			} {
				_, err := p.Run(t.Context(), strings.Fields(args)...)
				var exit *exec.ExitError
				if !errors.As(err, &exit) || !strings.Contains(err.Error(), "uncontended N [R]") {
					t.Errorf("%q: got %v, want the usage", args, err)
				}
			}
		})
	}
}

func TestSemaphoresSayWhatWasWrong(t *testing.T) {
	p := program(t, Semaphores)
	for _, args := range []string{"", "sideways 1", "alone", "alone 0", "pingpong 0 0", "pingpong 0 -1 1", "pingpong 0 0 1 1 1"} {
		if _, err := p.Run(t.Context(), strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), "alone N [R]") {
			t.Errorf("%q: got %v, want the usage", args, err)
		}
	}
}

// TestCancelEndsAllProcesses: Run returns only when nobody holds the output
// open any more, so that its early return shows that no worker is left.
func TestCancelEndsAllProcesses(t *testing.T) {
	for name, open := range map[string]maker{"C": C, "Python": Python} {
		t.Run(name, func(t *testing.T) {
			p := program(t, open)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			begin := time.Now()
			_, err := p.Run(ctx, "counter", "4", "500000000")
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the context's error", err)
			}
			if took := time.Since(begin); took >= drain {
				t.Errorf("returned after %v: workers outlived the kill", took)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for name, open := range map[string]maker{"a C compiler": C, "python3": Python} {
		_, err := open(t.Context())
		var missing *MissingError
		if !errors.As(err, &missing) || !strings.Contains(missing.What, name) {
			t.Errorf("got %v, want a MissingError for %s", err, name)
		}
		if !errors.Is(err, exec.ErrNotFound) {
			t.Errorf("%v is not exec.ErrNotFound", err)
		}
	}
}

func TestOpenHeedsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, open := range map[string]maker{"C": C, "Python": Python} {
		program(t, open) // skips where the tool is missing
		if _, err := open(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", name, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := `{"name":"a","runtime":"b","ns":1.5,"rounds":[1.5]}`
	if _, err := parse([]byte(good + "\n")); err != nil {
		t.Fatalf("%s: %v", good, err)
	}
	for _, bad := range []string{
		"", "\n", "17", "{}", good + "\n" + good + "\n", "warning\n" + good,
		strings.Replace(good, `"name":"a",`, "", 1),
		strings.Replace(good, `"runtime":"b",`, "", 1),
		strings.Replace(good, `"ns":1.5`, `"ns":0`, 1),
		strings.Replace(good, `"ns":1.5`, `"ns":NaN`, 1),
		strings.Replace(good, `[1.5]`, `[]`, 1),
		strings.Replace(good, `[1.5]`, `[1.5,-1]`, 1),
		strings.Replace(good, `}`, `,"more":1}`, 1),
		good + good,
	} {
		if r, err := parse([]byte(bad)); err == nil {
			t.Errorf("%s: parsed as %+v", bad, r)
		}
	}
}
