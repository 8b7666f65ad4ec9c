//go:build linux

package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/race"
)

// kill is a line of what the victim prints.
type kill struct {
	Scenario string
	N        int
	Step     string        // "" = it has lived
	Progress time.Duration // from the kill until all survivors had gone on
}

// perform runs a scenario and returns its kills.
func perform(ctx context.Context, program, dir, scenario string) ([]kill, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, scenario)
	cmd.Env = append(os.Environ(), "CRASH_STEP="+filepath.Join(dir, "step"))
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, &stderr)
	}
	var kills []kill
	for d := json.NewDecoder(&stdout); ; {
		var k kill
		switch decodeErr := d.Decode(&k); {
		case decodeErr == io.EOF:
			return kills, err
		case decodeErr != nil:
			return kills, errors.Join(err, decodeErr)
		}
		kills = append(kills, k)
	}
}

// unreachable are the steps at which nothing that package mp does can be killed, and why.
var unreachable = map[string]string{
	"heap: publishing": "no type of package mp moves a block from hand to a word yet; package arena's own tests kill there",
}

func TestKilledAtEveryStep(t *testing.T) {
	if race.Enabled {
		t.Skip("the victim is a program of its own, which the race detector does not see: run without -race")
	}
	program := victim(t)
	var mu sync.Mutex
	var all []kill
	passed := t.Run("scenario", func(t *testing.T) {
		for _, name := range scenarios(t, program) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				kills, err := perform(t.Context(), program, t.TempDir(), name)
				if err != nil {
					t.Fatal(err)
				}
				if len(kills) < 2 {
					t.Errorf("%d victims: none was killed", len(kills))
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, kills...)
			})
		}
	})
	if !passed {
		return
	}
	count := report(t, all)
	for step := range named(t) {
		switch why := unreachable[step]; {
		case why == "" && count[step] == 0:
			t.Errorf("nobody was killed at %q", step)
		case why != "" && count[step] > 0:
			t.Errorf("%q was reached: take it from the list of the unreachable", step)
		}
	}
}

// report prints the table and returns it.
func report(t *testing.T, all []kill) map[string]int {
	count := make(map[string]int)
	slowest := kill{}
	killed := 0
	for _, k := range all {
		if k.Step == "" {
			continue
		}
		killed++
		count[k.Step]++
		if k.Progress > slowest.Progress {
			slowest = k
		}
	}
	var table strings.Builder
	for _, step := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(&table, "%6d  %s\n", count[step], step)
	}
	t.Logf("%d kills at %d steps; slowest return to progress %v, after a death at %q of %q\n%s",
		killed, len(count), slowest.Progress.Round(time.Microsecond), slowest.Step, slowest.Scenario, &table)
	return count
}

var hit = regexp.MustCompile(`failpoint\.Hit\("([^"]+)"\)`)

// named are the steps that the sources name.
func named(t *testing.T) map[string]bool {
	t.Helper()
	steps := make(map[string]bool)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range hit.FindAllSubmatch(text, -1) {
			steps[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) == 0 {
		t.Fatal("the sources name no step")
	}
	return steps
}
