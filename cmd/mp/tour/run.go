package tour

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/multiproc/mp/examples"
)

const (
	outputMost = 1 << 20 // bytes kept of a program's output; what it must print is far less
	stderrMost = 4 << 10 // bytes shown of what a failing program said
)

// runner starts programs.
type runner struct {
	dir    string        // of the binaries, one a program
	goroot string        // where wordcount finds its input
	limit  time.Duration // for one program
	drain  time.Duration // after its end, for its processes to let go of the output
}

// result is how it went: err is nil if the program printed what it must and exited with 0.
type result struct {
	took   time.Duration
	output string
	err    error
}

// program runs one program and waits until nothing of it holds its output open. When its time is up or ctx ends it is
// killed, and its processes with it, since none outlives the first. Live gets what it says to stderr; nil: nobody.
func (r runner) program(ctx context.Context, p examples.Program, live io.Writer) result {
	limited, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	cmd := exec.CommandContext(limited, filepath.Join(r.dir, p.Name))
	cmd.Env = append(cmd.Environ(), "GOROOT="+r.goroot)
	cmd.WaitDelay = r.drain
	stdout, stderr := &head{most: outputMost}, &tail{most: stderrMost}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if live != nil {
		cmd.Stderr = io.MultiWriter(stderr, live)
	}
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	switch {
	case err != nil && errors.Is(limited.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("it took longer than %v and was killed%s", r.limit, stderr.quote())
	case errors.Is(err, exec.ErrWaitDelay):
		err = errors.New("it has ended, but a process that it left holds its output open")
	case err != nil:
		err = fmt.Errorf("%w%s", err, stderr.quote())
	default:
		err = p.Check(stdout.String())
	}
	return result{took: took, output: stdout.String(), err: err}
}

// head keeps the first bytes that are written to it.
type head struct {
	strings.Builder
	most int
}

func (h *head) Write(b []byte) (int, error) {
	h.Builder.Write(b[:min(len(b), h.most-h.Len())])
	return len(b), nil
}

// tail keeps the last bytes that are written to it.
type tail struct {
	kept []byte
	most int
}

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	t.kept = t.kept[max(0, len(t.kept)-t.most):]
	return len(b), nil
}

// quote is what a message about the failure goes on with.
func (t *tail) quote() string {
	said := strings.TrimSpace(string(t.kept))
	if said == "" {
		return ""
	}
	return "; it said:\n" + said
}
