//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/queue"
)

var (
	errOdd = errors.New("odd")
	_      = mp.RegisterErrors(errOdd)
	_      = mp.RegisterErrorType[*limitError]()
)

type limitError struct{ Limit, Asked int }

func (e *limitError) Error() string { return fmt.Sprintf("asked for %d of %d", e.Asked, e.Limit) }

// behave is a child that ends in the way that it is told.
var behave = mp.Func(func(ctx context.Context, how string) (string, error) {
	switch how {
	case "error":
		return "", errors.New("an error of its own")
	case "sentinel":
		return "", fmt.Errorf("nine is %w", errOdd)
	case "standard sentinel":
		return "", fmt.Errorf("no more: %w", queue.ErrShutDown)
	case "type":
		return "", fmt.Errorf("too much: %w", &limitError{10, 11})
	case "not exist":
		_, err := os.ReadFile("/nonexistent/file")
		return "", err
	case "panic":
		panicHere()
	case "exit 0":
		os.Exit(0)
	case "exit 7":
		os.Exit(7)
	case "fatal":
		go func() { panic("in another goroutine") }()
		select {}
	case "goexit":
		runtime.Goexit()
	case "term":
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			return "", err
		}
		select {}
	case "wait":
		<-ctx.Done()
		return "", ctx.Err()
	case "deaf":
		select {}
	case "deadline":
		d, ok := ctx.Deadline()
		return fmt.Sprint(ok, time.Until(d) > 0), nil
	case "name":
		return mp.CurrentProcess().Name + " of " + mp.ParentProcess().Name, nil
	}
	return how, nil
})

func panicHere() { panic("at the disco") }

func TestRunReturnsTheResult(t *testing.T) {
	got, err := mp.Run(context.Background(), behave("back"))
	if err != nil || got != "back" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestErrorsComeBack(t *testing.T) {
	ctx := context.Background()
	_, err := mp.Run(ctx, behave("error"))
	if err == nil || err.Error() != "an error of its own" {
		t.Errorf("got %v", err)
	}
	if _, err = mp.Run(ctx, behave("sentinel")); !errors.Is(err, errOdd) || err.Error() != "nine is odd" {
		t.Errorf("got %v, expected errOdd in it", err)
	}
	if _, err = mp.Run(ctx, behave("standard sentinel")); !errors.Is(err, queue.ErrShutDown) || errors.Is(err, queue.ErrFull) {
		t.Errorf("got %v, expected queue.ErrShutDown in it", err)
	}
	_, err = mp.Run(ctx, behave("type"))
	if e, ok := errors.AsType[*limitError](err); !ok || *e != (limitError{10, 11}) {
		t.Errorf("got %v, expected *limitError in it", err)
	}
	_, err = mp.Run(ctx, behave("not exist"))
	if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, syscall.ENOENT) {
		t.Errorf("got %v, expected fs.ErrNotExist and ENOENT in it", err)
	}
}

func TestPanicComesBack(t *testing.T) {
	p := start(t, behave("panic"))
	err := p.Join()
	e, ok := errors.AsType[*mp.PanicError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if e.Value != "at the disco" || !strings.HasPrefix(e.Where, "Process-") || !bytes.Contains(e.Stack, []byte("panicHere")) {
		t.Errorf("got %q in %q with the stack\n%s", e.Value, e.Where, e.Stack)
	}
	if code, ok := p.ExitCode(); !ok || code != 2 {
		t.Errorf("exit code %d, %v", code, ok)
	}
}

func TestWaysToEnd(t *testing.T) {
	for _, c := range []struct {
		how    string
		code   int
		signal syscall.Signal
		text   string
	}{
		{how: "exit 7", code: 7},
		{how: "fatal", code: 2, text: "in another goroutine"},
		{how: "term", code: -int(syscall.SIGTERM), signal: syscall.SIGTERM},
		{how: "deaf", code: -int(syscall.SIGKILL), signal: syscall.SIGKILL},
	} {
		t.Run(c.how, func(t *testing.T) {
			t.Parallel()
			// A Stderr of its own keeps the runtime's last words out of the test's output.
			p := startProcess(t, &mp.Process{Target: behave(c.how), Stderr: io.Discard})
			if c.how == "deaf" {
				if err := p.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			err := p.Join()
			e, ok := errors.AsType[*mp.ExitError](err)
			if !ok {
				t.Fatalf("got %v, expected *mp.ExitError", err)
			}
			if code, _ := p.ExitCode(); code != c.code || e.Signal != c.signal || e.PID != p.PID() || e.Process != p.Name {
				t.Errorf("exit code %d, error %+v", code, e)
			}
			if !strings.Contains(string(e.Stderr), c.text) {
				t.Errorf("stderr is %q, expected %q in it", e.Stderr, c.text)
			}
		})
	}
}

func TestExitZeroIsSuccessOfAProcessButNoResult(t *testing.T) {
	if err := start(t, behave("exit 0")).Join(); err != nil {
		t.Errorf("Process: %v", err)
	}
	_, err := mp.Run(context.Background(), behave("exit 0"))
	if e, ok := errors.AsType[*mp.ExitError](err); !ok || e.Code != 0 {
		t.Errorf("Run: got %v, expected *mp.ExitError", err)
	}
}

func TestGoexitIsAnError(t *testing.T) {
	if err := start(t, behave("goexit")).Join(); err == nil || !strings.Contains(err.Error(), "Goexit") {
		t.Errorf("got %v", err)
	}
}

func TestNames(t *testing.T) {
	p := &mp.Process{Target: behave("name"), Name: "worker"}
	if err := p.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := p.Join(); err != nil {
		t.Error(err)
	}
	got, err := mp.Run(context.Background(), behave("name"))
	if err != nil || !strings.HasPrefix(got, "Process-") || !strings.HasSuffix(got, " of MainProcess") {
		t.Errorf("got %q, %v", got, err)
	}
	if mp.CurrentProcess().Name != "MainProcess" || mp.ParentProcess() != nil || mp.CurrentProcess().PID() != os.Getpid() {
		t.Error("the first process does not know itself")
	}
}

func TestActiveChildren(t *testing.T) {
	p := start(t, behave("deaf"))
	found := false
	for _, c := range mp.ActiveChildren() {
		found = found || c == p
	}
	if !found || !p.Alive() {
		t.Error("a running child is not among the active ones")
	}
	if _, ok := p.ExitCode(); ok {
		t.Error("a running child has an exit code")
	}
	if err := p.Close(); !errors.Is(err, mp.ErrRunning) {
		t.Errorf("Close of a running child: %v", err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	for _, c := range mp.ActiveChildren() {
		if c == p {
			t.Error("an ended child is among the active ones")
		}
	}
	if err := errors.Join(p.Close(), p.Kill(), p.Terminate()); err != nil {
		t.Errorf("of an ended child: %v", err)
	}
}

func TestMisuseOfAProcess(t *testing.T) {
	ctx := context.Background()
	p := start(t, behave("done"))
	if err := p.Start(ctx); err == nil || !strings.Contains(err.Error(), "once") {
		t.Errorf("second Start: %v", err)
	}
	if err := (&mp.Process{}).Start(ctx); err == nil || !strings.Contains(err.Error(), "Target") {
		t.Errorf("no Target: %v", err)
	}
	var none mp.Process
	for _, err := range []error{none.Join(), none.Kill(), none.Terminate(), none.Signal(os.Interrupt)} {
		if !errors.Is(err, mp.ErrNotStarted) {
			t.Errorf("not started: %v", err)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := (&mp.Process{Target: behave("")}).Start(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

func TestStreams(t *testing.T) {
	var out, errs bytes.Buffer
	p := startProcess(t, &mp.Process{
		Target: echo(), Stdin: strings.NewReader("in"), Stdout: &out, Stderr: &errs, Env: append(os.Environ(), "MP_TEST=yes"), Dir: "/",
	})
	if err := p.Join(); err != nil {
		t.Fatal(err)
	}
	if out.String() != "in yes /" || errs.String() != "err" {
		t.Errorf("stdout %q, stderr %q", out.String(), errs.String())
	}
}

var echo = mp.Proc0(func(context.Context) error {
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	fmt.Printf("%s %s %s", in, os.Getenv("MP_TEST"), dir)
	fmt.Fprint(os.Stderr, "err")
	return err
})

var waitAtGate = mp.Proc(func(ctx context.Context, g gate) error {
	g.pass()
	<-ctx.Done()
	return ctx.Err()
})

func TestDaemonsMayNotHaveChildren(t *testing.T) {
	p := startProcess(t, &mp.Process{Target: haveChild(), Daemon: true})
	if err := p.Join(); err == nil || !strings.Contains(err.Error(), "daemon") {
		t.Errorf("got %v", err)
	}
	if err := start(t, haveChild()).Join(); err != nil {
		t.Errorf("a child that is no daemon: %v", err)
	}
}

var haveChild = mp.Proc0(func(ctx context.Context) error {
	_, err := mp.Run(ctx, behave("name"))
	return err
})

func TestGroup(t *testing.T) {
	var g mp.Group
	ctx := context.Background()
	a, b := g.Start(ctx, behave("fine")), g.Start(ctx, behave("sentinel"))
	g.StartProcess(ctx, &mp.Process{})
	err := g.Join()
	if !errors.Is(err, errOdd) || !strings.Contains(err.Error(), b.Name+": nine is odd") || strings.Contains(err.Error(), a.Name+":") ||
		!strings.Contains(err.Error(), "without a Target") {
		t.Errorf("got %v", err)
	}
}

func TestGroupFailFast(t *testing.T) {
	g := mp.Group{FailFast: true}
	ctx := context.Background()
	g.Start(ctx, behave("deaf"))
	g.Start(ctx, behave("error"))
	within(t, 20*time.Second, "the others end", func() {
		err := g.Join()
		if e, ok := errors.AsType[*mp.ExitError](err); !ok || e.Signal != syscall.SIGTERM {
			t.Errorf("got %v", err)
		}
	})
}

func TestSpares(t *testing.T) {
	if err := mp.KeepSpares(2); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := mp.KeepSpares(0); err != nil {
			t.Error(err)
		}
	}()
	before := len(mp.ActiveChildren())
	for range 10 {
		got, err := mp.Run(context.Background(), behave("name"))
		if err != nil || !strings.HasPrefix(got, "Process-") {
			t.Errorf("got %q, %v", got, err)
		}
	}
	within(t, 20*time.Second, "the children end, and spares are nobody's children yet", func() {
		for len(mp.ActiveChildren()) != before {
			runtime.Gosched()
		}
	})
}
