package check

import (
	"errors"
	"strings"
	"testing"

	"github.com/multiproc/mp/inspect"
)

func TestRender(t *testing.T) {
	r := result{
		Arenas: []report{
			{Arena: inspect.Info{Name: "shop", Program: "/bin/shop", Objects: 7}, Processes: 3},
			{Arena: inspect.Info{Program: "/bin/other"}, Processes: 1, Findings: []inspect.Finding{
				{Where: "span 3", What: "free list", Expected: "4 blocks", Found: "3"},
				{Where: "heap lock", What: "lock", Expected: "free now and then", Found: "held"},
			}},
		},
		Obstacles: []inspect.Obstacle{{Why: "of another user", PIDs: []int{1, 2}}},
	}
	var b strings.Builder
	if err := render(&b, r); err != nil {
		t.Fatal(err)
	}
	const want = `shop: consistent: 7 objects, 3 processes
/bin/other: 2 findings
  span 3: free list: expected 4 blocks, found 3
  heap lock: lock: expected free now and then, found held
not looked at: 2 processes: of another user
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	if err := r.verdict(); !errors.Is(err, ErrInconsistent) || !strings.Contains(err.Error(), "2 findings") {
		t.Errorf("the command ends with %v", err)
	}
	r.Arenas = r.Arenas[:1]
	if err := r.verdict(); err != nil {
		t.Errorf("the command ends with %v, and all is consistent", err)
	}
}

func TestNothing(t *testing.T) {
	var b strings.Builder
	if err := render(&b, result{}); err != nil {
		t.Fatal(err)
	}
	if want := "No running program of this user has shared memory of mp.\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestCommand(t *testing.T) {
	var out strings.Builder
	cmd := Command()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs([]string{"--pid", "1073741824"})
	if err := cmd.Execute(); err == nil || errors.Is(err, ErrInconsistent) || !strings.Contains(err.Error(), "there is no process") {
		t.Errorf("a pid that cannot be: %v", err)
	}
}
