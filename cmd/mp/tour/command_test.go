package tour

import (
	"bytes"
	"context"
	"errors"
	"os"
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
