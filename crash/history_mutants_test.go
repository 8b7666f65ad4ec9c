//go:build linux

package crash

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// historyMutants are mistakes that a history must bring to light: the scenario is its test. Those in the ring and in the list no death shows, and
// no test with one process at a time.
var historyMutants = []mutant{
	{
		name: "a try to get gives up if another is getting", file: "internal/ring/take.go",
		old:      "(Message, error) {\n\treturn r.takeOne(ctx, u, b)\n",
		scenario: "TestHistoriesOfQueues",
		new:      "(Message, error) {\n\tif id, _ := r.H.HeldBy(); id != 0 {\n\t\treturn Message{}, refusal.ErrEmpty\n\t}\n\treturn r.takeOne(ctx, u, b)\n",
	},
	{
		name: "a try to put minds who stands in line", file: "internal/ring/put.go",
		old:      "m Message) error {\n\treturn r.putOne(ctx, u, m, false)",
		scenario: "TestHistoriesOfQueues",
		new:      "m Message) error {\n\tif r.lined() {\n\t\treturn refusal.ErrFull\n\t}\n\treturn r.putOne(ctx, u, m, false)",
	},
	{
		name: "a job that comes again does not say so", file: "internal/tasks/done.go", scenario: "TestHistoriesOfJobs",
		old: "\tu.unhand(&t, at)\n\tq.insert(", new: "\tu.unhand(&t, at)\n\tt.Set(&u.entry(at).Turns, u.entry(at).Turns-1)\n\tq.insert(",
	},
	{
		name: "the end of a list is where it was before the lock was had", file: "internal/list/insert.go", scenario: "TestHistoriesOfLists",
		old: "\tl.hold(u)\n\tdefer l.release(u)\n\treturn l.insert(u, l.Len, e)",
		new: "\tend := l.Len\n\tfor range 50_000 { // or the others are seldom so quick\n\t}\n\tl.hold(u)\n\tdefer l.release(u)\n\treturn l.insert(u, min(end, l.Len), e)",
	},
	{
		name: "what the dead has sent goes with it", file: "internal/arena/states_pipe.go", scenario: "TestHistoriesOfPipes",
		old: "Shutdown(u, false)", new: "Shutdown(u, true)",
	},
}

func TestHistoryMutantsAreFound(t *testing.T) {
	if *withMutants == 0 {
		t.Skip("builds a program for each mutant: with -crash.mutants alone")
	}
	for i, m := range historyMutants {
		if !mutantOfToday(i) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			dir := t.TempDir()
			program := filepath.Join(dir, "crash.test")
			if out, err := exec.Command("go", "test", "-c", "-overlay", m.overlay(t, dir), "-o", program, ".").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for range 5 { // a history is long, and need not meet it
				run := exec.Command(program, "-test.run=^"+m.scenario+"$")
				run.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
				if out, err := run.CombinedOutput(); err != nil && strings.Contains(string(out), "the checker should say Ok") {
					return
				} else if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			t.Error("nothing was found")
		})
	}
}
