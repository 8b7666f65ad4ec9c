package boot

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/sys"
	"github.com/multiproc/mp/internal/wire"
	"golang.org/x/sys/unix"
)

func newMemory(t testing.TB) *os.File {
	t.Helper()
	f, err := sys.NewMemory("boot test", 4096)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// newSpec is a child that plays a role, in slot 3 of a memory of its own.
func newSpec(t testing.TB, args ...string) Spec {
	t.Helper()
	s, err := nextSpec(&Inheritance{Memory: newMemory(t), Slot: 2}, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Life.Close() })
	return s
}

// launch starts a child that does not outlive the test.
func launch(t testing.TB, s Spec) *Child {
	t.Helper()
	c, err := Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.SignalTree(syscall.SIGKILL)
		<-c.Done()
		_ = c.Close()
	})
	return c
}

// await gives what should happen soon ten seconds.
func await(t testing.TB, c *Child) *os.ProcessState {
	t.Helper()
	select {
	case <-c.Done():
		return c.State()
	case <-time.After(10 * time.Second):
		t.Fatalf("process %d has not ended", c.PID())
		return nil
	}
}

func expectFrame(t testing.TB, c *Child, kind wire.Kind) []byte {
	t.Helper()
	if err := c.Control().SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	got, payload, err := wire.ReadFrame(c.Control(), 1<<20)
	if err != nil || got != kind {
		t.Fatalf("a %v frame %q, error %v; want %v", got, payload, err, kind)
	}
	return payload
}

func TestHandshake(t *testing.T) {
	t.Setenv(variable, "1:7:8:9:-:0") // a stranger's; only a child of ours may see a value, and that is ours
	t.Setenv("COLOR", "green")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	with := func(change func(*Spec)) Spec {
		s := newSpec(t, "hello")
		change(&s)
		return s
	}
	for _, c := range []struct {
		name string
		spec Spec
		want string
	}{
		{"plain", with(func(s *Spec) {}), `slot 3, crash false, variable false, close-on-exec true, deadline true, own group true, color "green"`},
		{"crash file", with(func(s *Spec) { s.Crash = w }), `slot 3, crash true, variable false, close-on-exec true, deadline true, own group true, color "green"`},
		{"environment", with(func(s *Spec) { s.Env = []string{"COLOR=red", variable + "=x", "COLOR=blue"} }),
			`slot 3, crash false, variable false, close-on-exec true, deadline true, own group true, color "blue"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			child := launch(t, c.spec)
			if got := string(expectFrame(t, child, wire.Hello)); got != c.want {
				t.Errorf("the child found\n%s, want\n%s", got, c.want)
			}
			if err := wire.WriteFrame(child.Control(), wire.Call, []byte("ping")); err != nil {
				t.Fatal(err)
			}
			if got := expectFrame(t, child, wire.Result); string(got) != "ping" {
				t.Errorf("ping came back as %q", got)
			}
			if child.State() != nil {
				t.Error("a running process has a final state")
			}
			if err := child.Close(); err != nil {
				t.Fatal(err)
			}
			if s := await(t, child); !s.Success() {
				t.Errorf("a child whose parent closes the socket ends with %v, want success", s)
			}
		})
	}
}

func TestExitCode(t *testing.T) {
	for _, code := range []string{"0", "1", "7", "255"} {
		c := launch(t, newSpec(t, "exit", code))
		if s := await(t, c); s.String() != "exit status "+code || s.Pid() != c.PID() {
			t.Errorf("%v of process %d, want exit status %s of process %d", s, s.Pid(), code, c.PID())
		}
		if PeakMemory(c.State()) < 1<<20 {
			t.Errorf("a Go program that needed %d bytes", PeakMemory(c.State()))
		}
		for _, err := range []error{c.Signal(os.Interrupt), c.SignalTree(syscall.SIGKILL)} {
			if !errors.Is(err, os.ErrProcessDone) {
				t.Errorf("a signal to an ended process: %v, want os.ErrProcessDone", err)
			}
		}
	}
}

func TestSignal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		c := launch(t, newSpec(t, "hello"))
		expectFrame(t, c, wire.Hello)
		if err := c.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if ws := await(t, c).Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != sig {
			t.Errorf("%v, want death by %v", c.State(), sig)
		}
		if _, _, err := wire.ReadFrame(c.Control(), 0); err != io.EOF {
			t.Errorf("the control socket of a dead child: %v, want io.EOF", err)
		}
	}
}

// Without a pidfd a thread waits, and the rest is the same.
func TestWatchWithoutPidfd(t *testing.T) {
	c, err := start(newSpec(t, "exit", "9"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	c.reap(awaitEnd(c.PID()))
	if await(t, c).ExitCode() != 9 {
		t.Errorf("%v, want exit status 9", c.State())
	}
}

func TestReapedBySomebodyElse(t *testing.T) {
	c, err := start(newSpec(t, "exit", "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for {
		_, err = unix.Wait4(c.PID(), nil, 0, nil)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	go c.watch()
	if s := await(t, c); s != nil {
		t.Errorf("state %v, want none", s)
	}
}

func TestFileReplacedOnDisk(t *testing.T) {
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, program, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(path, "command", "replaced").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestStartErrors(t *testing.T) {
	closed, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for _, c := range []struct {
		name   string
		change func(*Spec)
		is     error
		want   string
	}{
		{"no memory", func(s *Spec) { s.Memory = nil }, nil, "it needs the shared memory"},
		{"no life", func(s *Spec) { s.Life = nil }, nil, "it needs the shared memory and its life lock"},
		{"slot", func(s *Spec) { s.Slot = Slots }, nil, "slot 1024, expected 0 to 1023"},
		{"closed input", func(s *Spec) { s.Stdin = closed }, os.ErrClosed, "Stdin: file already closed"},
		{"closed crash file", func(s *Spec) { s.Crash = closed }, os.ErrClosed, "Crash: file already closed"},
		{"program", func(s *Spec) { s.Path = "/nowhere/program" }, os.ErrNotExist, "fork/exec /nowhere/program: no such file"},
		{"not a program", func(s *Spec) { s.Path = "/dev/null" }, os.ErrPermission, "fork/exec /dev/null: permission denied"},
		{"directory", func(s *Spec) { s.Dir = "/nowhere" }, os.ErrNotExist, "the working directory: stat /nowhere"},
		{"zero byte", func(s *Spec) { s.Args = []string{"a\x00b"} }, unix.EINVAL, "invalid argument"},
		{"long arguments", func(s *Spec) { s.Args = []string{strings.Repeat("a", 1<<22)} }, unix.E2BIG, "arguments and environment are too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSpec(t, "exit", "0")
			c.change(&s)
			before := openDescriptors(t)
			_, err := Start(s)
			if err == nil || !strings.HasPrefix(err.Error(), "mp: starting a process: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v does not wrap %v", err, c.is)
			}
			if after := openDescriptors(t); after > before {
				t.Errorf("%d descriptors open before, %d after", before, after)
			}
		})
	}
}

// What cannot be brought about here: the text for each limit.
func TestHints(t *testing.T) {
	for err, want := range map[error]string{
		unix.EMFILE: "ulimit -n", unix.ENFILE: "fs.file-max", unix.EAGAIN: "ulimit -u", unix.ENOMEM: "not enough memory", unix.EPERM: "",
	} {
		got := explain(&Spec{}, &os.PathError{Op: "fork/exec", Path: thisProgram, Err: err})
		if !errors.Is(got, err) || !strings.Contains(got.Error(), want) {
			t.Errorf("%v is explained as %q, want %q in it", err, got, want)
		}
	}
}
