package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/multiproc/mp/examples"
)

func played(name string) examples.Program {
	return examples.Program{Name: name, Shows: "what " + name + " is", Check: func(output string) error {
		if output != "right\n" {
			return fmt.Errorf("line 1: expected \"right\", came %d bytes", len(output))
		}
		return nil
	}}
}

// stage makes programs of this test binary.
func stage(t *testing.T, limit time.Duration, names ...string) (runner, []examples.Program) {
	t.Helper()
	t.Setenv(programVariable, "1")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var programs []examples.Program
	for _, name := range names {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Skip(err) // Windows without the right to make one
		}
		programs = append(programs, played(name))
	}
	return runner{dir: dir, limit: limit, drain: drain}, programs
}

func TestResults(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit time.Duration
		want  string
	}{
		{"right", time.Minute, ""},
		{"wrong", time.Minute, `expected "right", came 5 bytes`},
		{"exits", time.Minute, "exit status 3; it said:\nout of paper"},
		{"hangs", time.Second / 2, "took longer than 500ms"},
		{"talks", time.Minute, fmt.Sprintf("came %d bytes", outputMost)},
		{"missing", time.Minute, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run, programs := stage(t, c.limit, c.name)
			if c.name == "missing" {
				run.dir = t.TempDir()
			}
			err := run.program(t.Context(), programs[0], nil).err
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestLive(t *testing.T) {
	run, programs := stage(t, time.Minute, "right")
	var live bytes.Buffer
	if err := run.program(t.Context(), programs[0], &live).err; err != nil {
		t.Fatal(err)
	}
	if live.String() != "working\n" {
		t.Errorf("live output: %q", live.String())
	}
}

func TestLeft(t *testing.T) {
	run, programs := stage(t, time.Minute, "leaves")
	run.drain = 100 * time.Millisecond
	var said bytes.Buffer
	err := run.program(t.Context(), programs[0], &said).err
	pid, scanErr := strconv.Atoi(strings.TrimSpace(said.String()))
	if scanErr != nil {
		t.Fatal(scanErr)
	}
	left, findErr := os.FindProcess(pid)
	if findErr != nil {
		t.Fatal(findErr)
	}
	if killErr := left.Kill(); killErr != nil {
		t.Error(killErr)
	}
	if err == nil || !strings.Contains(err.Error(), "a process that it left") {
		t.Errorf("got %v", err)
	}
}

// rendered runs the programs and returns what the tour writes about them.
func rendered(t *testing.T, run runner, programs []examples.Program, asJSON bool) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := new(cobra.Command)
	c.SetOut(&out)
	c.SetErr(io.Discard)
	err := runAll(t.Context(), run, programs, newReport(c, programs, asJSON))
	return out.String(), err
}

func TestTable(t *testing.T) {
	run, programs := stage(t, time.Minute, "right", "wrong")
	programs[0].Display = true
	out, err := rendered(t, run, programs, false)
	if err == nil || err.Error() != "1 of 2 programs did not do what they must" {
		t.Errorf("error: %v", err)
	}
	got := strings.Split(out, "\n")
	want := []string{
		"program  what it shows  seconds", "right    what right is ", "    right", "wrong    what wrong is ",
		`    line 1: expected "right", came 5 bytes`, "",
	}
	for i := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], want[i]) || len(got) != len(want) {
			t.Fatalf("got\n%s\nwant lines that begin with\n%s", out, strings.Join(want, "\n"))
		}
	}
	if !strings.HasSuffix(got[1], "  ok") || !strings.HasSuffix(got[3], "  failed") {
		t.Errorf("verdicts:\n%s", out)
	}
}

func TestJSON(t *testing.T) {
	run, programs := stage(t, time.Minute, "right", "exits")
	out, err := rendered(t, run, programs, true)
	if err == nil {
		t.Error("no error, though a program failed")
	}
	dec := json.NewDecoder(strings.NewReader(out))
	var got [2]line
	for i := range got {
		if err := dec.Decode(&got[i]); err != nil {
			t.Fatalf("line %d: %v\n%s", i+1, err, out)
		}
	}
	if g := got[0]; g.Name != "right" || !g.OK || g.Error != "" || g.Seconds < 0 {
		t.Errorf("right: %+v", g)
	}
	if g := got[1]; g.Name != "exits" || g.OK || !strings.Contains(g.Error, "out of paper") {
		t.Errorf("exits: %+v", g)
	}
	if strings.Contains(out, `"error":""`) || dec.Decode(new(line)) != io.EOF {
		t.Errorf("output:\n%s", out)
	}
}

func TestCancelled(t *testing.T) {
	run, programs := stage(t, time.Minute, "hangs", "right")
	ctx, cancel := context.WithCancel(t.Context())
	r := newReport(new(cobra.Command), programs, true)
	var out bytes.Buffer
	r.out = &out
	cancel()
	if err := runAll(ctx, run, programs, r); !errors.Is(err, context.Canceled) || out.Len() > 0 {
		t.Errorf("error %v, output %q", err, &out)
	}
}
