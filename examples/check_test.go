package examples

import (
	"strings"
	"testing"
)

func TestChecks(t *testing.T) {
	const top = "  12 the\n  11 a\n  11 of\n   9 to\n   8 in\n   7 is\n   6 it\n   5 or\n   4 by\n   3 as\n"
	const end = "20 files, 1.9 times as fast as one process\n"
	const locked = "with a lock: 200\nwith Value.Update: 200\n"
	const floats = "shared array: checksum 999000, 62µs a message\npipe: checksum 999000, 1.1ms a message\n"
	for _, c := range []struct{ name, program, output, want string }{
		{"right", "counter10", "Counter: 10\n", ""},
		{"wrong", "counter10", "Counter: 9\n", `line 1: expected "Counter: 10", came "Counter: 9"`},
		{"nothing", "counter10", "", `expected "Counter: 10", came no line`},
		{"too much", "counter10", "Counter: 10\n\n", `line 2: expected no line, came ""`},
		{"long line", "counter10", strings.Repeat("x", 1000) + "\n", "xxx…"},
		{"many lines", "counter", "", "and 5 more lines differ"},
		{"order", "processes", "worker-1 exit code 1\nworker-0 exit code 0\n", `line 2: expected "worker-1 exit code 1"`},
		{"room", "semaphore", "never more inside than 3\n", ""},
		{"crowded room", "semaphore", "never more inside than 4\n", "expected 1 to 3 inside, came 4"},
		{"no room", "semaphore", "", `expected "never more inside than N"`},
		{"lost", "lostupdates", "without a lock: 21 of 200\n" + locked, ""},
		{"none lost", "lostupdates", "without a lock: 200 of 200\n" + locked, "expected lost updates"},
		{"all lost", "lostupdates", "without a lock: 0 of 200\n" + locked, "expected lost updates"},
		{"lost under a lock", "lostupdates", "without a lock: 21 of 200\nwith a lock: 199\nwith Value.Update: 200\n", "line 2"},
		{"nothing lost", "lostupdates", "", `came ""`},
		{"a meeting", "barrier", "third 12:00:00.000\nsecond 12:00:00.101\nfirst 12:00:00.100\nfourth 12:00:00.001\n", ""},
		{"a meeting over midnight", "barrier", "third 12:00:00.000\nsecond 00:00:00.001\nfirst 23:59:59.999\nfourth 12:00:00.001\n", ""},
		{"no meeting", "barrier", "third 12:00:00.000\nsecond 12:00:00.101\nfirst 12:00:00.001\nfourth 12:00:00.001\n", "100ms apart"},
		{"nobody fourth", "barrier", "third 12:00:00.000\nsecond 12:00:00.101\nfirst 12:00:00.100\n", "expected first, second"},
		{"no time", "barrier", "third\n", "line 1: expected"},
		{"floats", "floatchannel", floats + "the array takes 0.15 of the pipe's time\n", ""},
		{"floats lost", "floatchannel", strings.Replace(floats, "999000", "998999", 1) + "the array takes 0.15 of the pipe's time\n", "line 1: expected"},
		{"no floats", "floatchannel", "", "expected 3 lines, came 0"},
		{"no ratio", "floatchannel", floats + "the array takes NaN of the pipe's time\n", "line 3: expected"},
		{"words", "wordcount", top + end, ""},
		{"no words", "wordcount", "", "expected 11 lines, came 0"},
		{"few words", "wordcount", "  12 the\n" + end, "expected 11 lines, came 2"},
		{"no word", "wordcount", strings.Replace(top, "11 of", "11", 1) + end, `line 3: expected "count word"`},
		{"words out of order", "wordcount", strings.Replace(top, "9 to", "19 to", 1) + end, "line 4: expected at most 11"},
		{"word twice", "wordcount", strings.Replace(top, "9 to", "9 of", 1) + end, `came "of" again`},
		{"no files", "wordcount", top + "0 files, 1.9 times as fast as one process\n", "line 11"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := program(t, c.program).Check(c.output)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func program(t *testing.T, name string) Program {
	t.Helper()
	for _, p := range All() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no program %s", name)
	return Program{}
}
