package examples_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp/examples"
)

const (
	limit  = 60 * time.Second // for one program: its tree is killed then
	drain  = 5 * time.Second  // for what is left of a tree to let go of the output
	marker = "MP_EXAMPLE_TEST"
)

// TestPrograms runs every program as a user would and compares what it prints.
func TestPrograms(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes need Linux")
	}
	binaries := build(t)
	for _, p := range examples.All() {
		t.Run(p.Name, func(t *testing.T) {
			mark := fmt.Sprintf("%s=%d-%s", marker, os.Getpid(), p.Name)
			output := run(t, filepath.Join(binaries, p.Name), p.Small, mark)
			if err := p.Check(output); err != nil {
				t.Errorf("%v\nIt printed:\n%s", err, output)
			}
			if left := marked(t, mark); len(left) > 0 {
				t.Errorf("processes that outlived the program: %v", left)
			}
		})
	}
}

func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", dir, "./...")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return dir
}

// run wants exit code 0. A process that outlives the program and holds the output open is exec.ErrWaitDelay.
func run(t *testing.T, binary string, args []string, mark string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), mark)
	cmd.WaitDelay = drain
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v (after %v at most)\n%s", filepath.Base(binary), err, limit, &stderr)
	}
	return stdout.String()
}

// marked finds living processes by a variable that children inherit. It sees those too that let go of the output,
// and no zombies: their environment is empty.
func marked(t *testing.T, mark string) (pids []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil || len(files) == 0 {
		t.Fatalf("looking for processes in /proc: found %d, %v", len(files), err)
	}
	for _, file := range files {
		environment, _ := os.ReadFile(file) // of somebody else, or gone
		if slices.Contains(strings.Split(string(environment), "\x00"), mark) {
			pids = append(pids, filepath.Base(filepath.Dir(file)))
		}
	}
	return pids
}

// TestMarkedCanFind shows that a process that is left would be found.
func TestMarkedCanFind(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks into /proc")
	}
	mark := fmt.Sprintf("%s=%d-left", marker, os.Getpid())
	cmd := exec.Command(os.Args[0], "-test.run=^TestStays$")
	cmd.Env = append(os.Environ(), mark)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil { // returns after exec: the environment is the new one
		t.Fatal(err)
	}
	if left := marked(t, mark); len(left) != 1 {
		t.Errorf("found %v, want process %d", left, cmd.Process.Pid)
	}
	_ = stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if left := marked(t, mark); len(left) != 0 {
		t.Errorf("found %v after the end", left)
	}
}

// TestStays is the process that TestMarkedCanFind leaves for a while: until its input ends.
func TestStays(t *testing.T) {
	if os.Getenv(marker) == "" {
		t.Skip("is started by TestMarkedCanFind")
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
}

// TestTable wants a row for each program and a program for each row.
func TestTable(t *testing.T) {
	mains, err := filepath.Glob("*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var rows, directories []string
	for _, file := range mains {
		directories = append(directories, filepath.Dir(file))
	}
	for _, p := range examples.All() {
		rows = append(rows, p.Name)
		if p.Shows == "" || p.Check == nil {
			t.Errorf("%s: a row says what the program shows, and checks it", p.Name)
		}
	}
	slices.Sort(rows)
	if !slices.Equal(rows, directories) {
		t.Errorf("Each directory with a program has one row in examples.go, and each row a directory.\nrows:        %q\ndirectories: %q", rows, directories)
	}
}
