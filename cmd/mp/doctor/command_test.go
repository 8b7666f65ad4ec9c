package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/multiproc/mp"
)

func TestMain(m *testing.M) {
	mp.Init() // a child that the doctor starts ends here
	m.Run()
}

func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := Command()
	c.SilenceUsage, c.SilenceErrors = true, true
	c.SetArgs(args)
	c.SetOut(&out)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

// TestHere runs the doctor where the tests run, which must be a place where mp works; elsewhere it must say so.
func TestHere(t *testing.T) {
	out, err := execute(t, "--json")
	if (err != nil) != (runtime.GOOS != "linux") {
		t.Errorf("%v\n%s", err, out)
	}
	dec, seen := json.NewDecoder(strings.NewReader(out)), make(map[string]bool)
	for {
		var r Row
		if err := dec.Decode(&r); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if seen[r.Name] || r.Name == "" || r.Found == "" || r.Why == "" {
			t.Errorf("row %+v", r)
		}
		switch r.State {
		case OK, Limited:
		case Missing:
			if runtime.GOOS == "linux" {
				t.Errorf("%s: %s", r.Name, r.Found)
			}
		default:
			t.Errorf("%s has state %q", r.Name, r.State)
		}
		seen[r.Name] = true
	}
	if len(seen) != len(probes) {
		t.Errorf("%d rows of %d probes", len(seen), len(probes))
	}
}

func TestTable(t *testing.T) {
	say := func(s State, found string) func(context.Context) (State, string) {
		return func(context.Context) (State, string) { return s, found }
	}
	rows := examine(t.Context(), []probe{
		{"a", "because of a", say(OK, "there")},
		{"long", "because of long", say(Limited, "half")},
		{"b", "because of b", say(Missing, "not there")},
	})
	for _, c := range []struct {
		why  bool
		want string
	}{
		{false, "ok       a     there\nlimited  long  half\n               (because of long)\nmissing  b     not there\n               (because of b)\n"},
		{true, "ok       a     there\n               (because of a)\nlimited  long  half\n               (because of long)\nmissing  b     not there\n               (because of b)\n"},
	} {
		var out bytes.Buffer
		if err := printTable(&out, rows, c.why); err != nil || out.String() != c.want {
			t.Errorf("%v, got\n%swant\n%s", err, &out, c.want)
		}
	}
	if err := verdict(rows); err == nil || err.Error() != "mp cannot work here: b" {
		t.Errorf("verdict: %v", err)
	}
	if err := verdict(rows[:2]); err != nil {
		t.Errorf("verdict without anything missing: %v", err)
	}
}
