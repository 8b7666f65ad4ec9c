package bench

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// The line that says what is being measured is for who watches: a log does not get it.
func TestProgressIsForATerminal(t *testing.T) {
	took := func(ns float64) func(context.Context) (float64, error) {
		return func(context.Context) (float64, error) { return ns, nil }
	}
	rows := []Row{
		{Name: "good", Beside: "a rival", Most: 0.5, Rounds: 3, Ours: took(1), Theirs: took(4)},
		{Name: "bad", Beside: "a rival", Most: 0.5, Rounds: 3, Ours: took(3), Theirs: took(4)},
	}
	for _, asJSON := range []bool{false, true} {
		var out, log bytes.Buffer
		if err := measure(t.Context(), rows, &out, &log, asJSON); err != nil {
			t.Fatal(err)
		}
		if log.Len() > 0 {
			t.Errorf("%q in the log", &log)
		}
		want := []string{"4.0 ns  0.250  0.5\n", "0.5  missed\n"}
		if asJSON {
			want = []string{`"ratio":0.25,"most":0.5}`, `"ratio":0.75`}
		}
		for _, words := range want {
			if !strings.Contains(out.String(), words) {
				t.Errorf("expected %q in\n%s", words, &out)
			}
		}
	}
}
