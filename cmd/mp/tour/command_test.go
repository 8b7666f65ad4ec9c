package tour

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/multiproc/mp/examples"
)

func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := Command()
	c.SilenceUsage, c.SilenceErrors = true, true
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(new(bytes.Buffer))
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

// TestTour goes the whole way with one program that needs no processes: it runs on every system.
func TestTour(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	out, err := execute(t, "threadlock")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(out, "\n") != 2 || !strings.Contains(out, "threadlock") || !strings.HasSuffix(out, "  ok\n") {
		t.Errorf("output:\n%s", out)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left in the temporary directory: %v", left)
	}
}

// cancelling ends the context when somebody is told something.
type cancelling context.CancelFunc

func (c cancelling) Write(b []byte) (int, error) {
	c()
	return len(b), nil
}

func TestInterrupted(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(t.Context())
	c := Command()
	c.SilenceUsage, c.SilenceErrors = true, true
	c.SetArgs([]string{"threadlock"})
	c.SetErr(cancelling(cancel)) // it says that it builds
	if err := c.ExecuteContext(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error: %v", err)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left in the temporary directory: %v", left)
	}
}

func TestList(t *testing.T) {
	out, err := execute(t, "--list", "wordcount", "counter")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out, "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "wordcount  ") || !strings.HasPrefix(lines[1], "counter    ") {
		t.Errorf("output:\n%s", out)
	}
	if out, err = execute(t, "--list"); err != nil || strings.Count(out, "\n") != len(examples.All()) {
		t.Errorf("error %v, output:\n%s", err, out)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"conter"}, `no program "conter"; there are counter, counter10`},
		{[]string{"--list", "--json"}, "[json list]"},
	} {
		if _, err := execute(t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q in it", c.args, err, c.want)
		}
	}
}

func TestSource(t *testing.T) {
	want, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if dir, err := findSource(t.Context()); err != nil || dir != want {
		t.Errorf("in the repository: %q, %v; want %q", dir, err, want)
	}

	dependent := t.TempDir()
	text := "module example.org/user\n\ngo 1.26.0\n\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + want + "\n"
	if err := os.WriteFile(filepath.Join(dependent, "go.mod"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dependent)
	if dir, err := findSource(t.Context()); err != nil || dir != want {
		t.Errorf("in a module that depends on it: %q, %v; want %q", dir, err, want)
	}

	// A test binary has no version, so that nothing can be downloaded.
	t.Chdir(t.TempDir())
	if dir, err := findSource(t.Context()); !errors.Is(err, errNoSource) {
		t.Errorf("elsewhere: %q, %v", dir, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := findSource(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	t.Setenv("PATH", "")
	if _, err := findSource(t.Context()); !errors.Is(err, errNoGo) {
		t.Errorf("without the go tool: %v", err)
	}
}

func TestBuildError(t *testing.T) {
	source, err := findSource(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = build(t.Context(), source, t.TempDir(), []examples.Program{{Name: "none"}})
	if err == nil || !strings.Contains(err.Error(), "go build") || !strings.Contains(err.Error(), "examples/none") {
		t.Errorf("error: %v", err)
	}
}
