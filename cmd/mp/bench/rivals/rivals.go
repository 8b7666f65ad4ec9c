// Package rivals holds the programs beside which mp bench measures: the C
// library's robust process-shared mutex (mutex.c) and semaphore (sem.c), and CPython's
// multiprocessing (counter.py). Their sources are part of the binary and say
// in their first lines how they measure and which arguments they take.
//
// A rival is built in a directory of its own, which [Program.Close] removes.
// One that this machine cannot run gives a [*MissingError], so that a
// benchmark can say which row it left out and why.
package rivals

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed mutex.c
var mutexC []byte

//go:embed sem.c
var semC []byte

//go:embed counter.py
var counterPy []byte

// drain bounds how long Run waits, after ctx ended, for a process that
// escaped the kill and still holds the output open.
const drain = 5 * time.Second

// MissingError says that this machine lacks what a rival needs.
type MissingError struct {
	What string // what was looked for in PATH
	Err  error  // why it was not found or does not serve
}

// Error names what is missing.
func (e *MissingError) Error() string {
	return fmt.Sprintf("rivals: missing %s: %v", e.What, e.Err)
}

// Unwrap returns the cause: [exec.ErrNotFound] if nothing of that name is in PATH.
func (e *MissingError) Unwrap() error { return e.Err }

// Program is a rival that is ready to run; [C] and [Python] make one, a zero
// Program is not usable. Runs may overlap, but then disturb each other's
// numbers. The caller owns it and must Close it.
type Program struct {
	dir  string
	argv []string
}

// C compiles mutex.c with the first of cc, gcc, clang in PATH, which takes
// about 0.1 s. Without any of them the error is a [*MissingError]; where
// the compiler fails (a system without robust mutexes), it has the
// compiler's words.
//
// Run takes "uncontended N [R]", "plain N [R]", "counter P N [R]".
func C(ctx context.Context) (*Program, error) { return compile(ctx, "mutex", mutexC) }

// Semaphores compiles sem.c, as C does mutex.c.
//
// Run takes "alone N [R]", "pingpong CPU CPU N [R]".
func Semaphores(ctx context.Context) (*Program, error) { return compile(ctx, "sem", semC) }

func compile(ctx context.Context, name string, source []byte) (*Program, error) {
	cc, err := find("cc", "gcc", "clang")
	if err != nil {
		return nil, &MissingError{What: "a C compiler (cc, gcc or clang)", Err: err}
	}
	p, file, err := unpack(name+".c", source)
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(p.dir, name+".exe")
	out, err := exec.CommandContext(ctx, cc, "-O2", "-pthread", "-o", binary, file).CombinedOutput()
	if err != nil {
		p.Close()
		return nil, failure(ctx, cc+" "+name+".c", err, out)
	}
	p.argv = []string{binary}
	return p, nil
}

// Python makes counter.py ready for the python3 in PATH. If there is none, or
// it is older than 3.8, or its multiprocessing has no semaphores, the error
// is a [*MissingError]. It starts the interpreter once, to ask it.
//
// Run takes "uncontended N [R]", "counter P N [R]", "locked P N [R]", "barrier P N [R]", "condition N [R]", "queue P N [R]", "pipe N [R]", "start fork|spawn [R]".
func Python(ctx context.Context) (*Program, error) {
	const what = "python3 (3.8 or newer, with multiprocessing)"
	python, err := find("python3")
	if err != nil {
		return nil, &MissingError{What: what, Err: err}
	}
	const probe = "import multiprocessing.synchronize, sys; sys.version_info >= (3, 8) or sys.exit(sys.version)"
	if out, err := exec.CommandContext(ctx, python, "-c", probe).CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return nil, failure(ctx, python, err, out)
		}
		return nil, &MissingError{What: what, Err: fmt.Errorf("%s: %w: %s", python, err, bytes.TrimSpace(out))}
	}
	p, source, err := unpack("counter.py", counterPy)
	if err != nil {
		return nil, err
	}
	p.argv = []string{python, source}
	return p, nil
}

// Run runs the program once and returns the one line that it prints. The
// error of a run that fails has the program's stderr. When ctx ends, the
// program and all processes that it started are killed and the error is ctx's.
// The program is a process group of its own: Ctrl-C reaches it only through ctx.
func (p *Program) Run(ctx context.Context, args ...string) (Result, error) {
	argv := append(p.argv[1:len(p.argv):len(p.argv)], args...)
	cmd := exec.CommandContext(ctx, p.argv[0], argv...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = drain
	killTogether(cmd)
	what := filepath.Base(p.argv[len(p.argv)-1]) + " " + strings.Join(args, " ")
	if err := cmd.Run(); err != nil {
		return Result{}, failure(ctx, what, err, stderr.Bytes())
	}
	r, err := parse(stdout.Bytes())
	if err != nil {
		return Result{}, fmt.Errorf("rivals: %s: %w", what, err)
	}
	return r, nil
}

// Close removes the program's directory; a second Close does nothing.
func (p *Program) Close() error { return os.RemoveAll(p.dir) }

// unpack writes source into a new directory and returns its path.
func unpack(name string, source []byte) (*Program, string, error) {
	dir, err := os.MkdirTemp("", "mp-rival-")
	if err != nil {
		return nil, "", fmt.Errorf("rivals: %w", err)
	}
	p := &Program{dir: dir}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, source, 0o600); err != nil {
		p.Close()
		return nil, "", fmt.Errorf("rivals: %w", err)
	}
	return p, path, nil
}

// find returns the path of the first name that is in PATH.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

// failure words the error of a command. An ended ctx goes first: what the
// command says of being killed is then of no interest.
func failure(ctx context.Context, what string, err error, output []byte) error {
	if ctx.Err() != nil {
		return fmt.Errorf("rivals: %s: %w", what, ctx.Err())
	}
	return fmt.Errorf("rivals: %s: %w\n%s", what, err, bytes.TrimSpace(output))
}
