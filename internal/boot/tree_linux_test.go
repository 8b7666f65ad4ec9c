package boot

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp/internal/wire"
	"golang.org/x/sys/unix"
)

// A witness is a pipe whose other end a whole tree of processes holds open: its end of file is their death.
type witness struct {
	r    *os.File
	text *bufio.Reader
	w    *os.File
	pids []int
}

func newWitness(t *testing.T) *witness {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	v := &witness{r: r, text: bufio.NewReader(r), w: w}
	t.Cleanup(func() {
		if t.Failed() { // a failed test leaves nobody behind either
			for _, pid := range v.pids {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		_, _ = r.Close(), w.Close()
	})
	return v
}

// hear reads the pids of n processes that are up.
func (v *witness) hear(t *testing.T, n int) {
	t.Helper()
	_ = v.w.Close()
	if err := v.r.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for len(v.pids) < n {
		line, err := v.text.ReadString('\n')
		if err != nil {
			t.Fatalf("after %d of %d processes: %v", len(v.pids), n, err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		v.pids = append(v.pids, pid)
	}
}

func (v *witness) expectDeath(t *testing.T) {
	t.Helper()
	if err := v.r.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := v.text.ReadByte(); err != io.EOF {
		t.Errorf("of the processes %v some live on: %v", v.pids, err)
	}
}

func (v *witness) expectLife(t *testing.T) {
	t.Helper()
	if err := v.r.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.text.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the processes %v should live: %v", v.pids, err)
	}
}

// The parent is killed; its child, which does not look at its control socket, and the child of that one, which is stopped, go too.
func TestParentKilled(t *testing.T) {
	v := newWitness(t)
	s := newSpec(t, "chain", "2")
	s.Crash = v.w
	c := launch(t, s)
	v.hear(t, 3)
	expectFrame(t, c, wire.Hello)
	v.expectLife(t)
	if err := c.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	v.expectDeath(t)
}

func startTree(t *testing.T, command string) (*Child, *witness) {
	t.Helper()
	v := newWitness(t)
	s := newSpec(t, "tree", command)
	s.Crash = v.w
	c, err := start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.SignalTree(syscall.SIGKILL)
		<-c.Done()
		_ = c.Close()
	})
	v.hear(t, 1)
	return c, v
}

func TestSignalTree(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGHUP} {
		c, v := startTree(t, "hold")
		go c.watch()
		if err := c.SignalTree(sig); err != nil {
			t.Fatal(err)
		}
		await(t, c)
		v.expectDeath(t)
	}
}

// A command that ignores SIGTERM does not outlive the child that was told to end with its tree.
func TestLeftoversAreKilled(t *testing.T) {
	c, v := startTree(t, "deaf")
	go c.watch()
	if err := c.SignalTree(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if s := await(t, c); s.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("%v, want death by SIGTERM", s)
	}
	v.expectDeath(t)
}

// A child that ends by itself may leave a command behind: nobody said that the tree should end.
func TestLeftoversOfOrderlyEnd(t *testing.T) {
	c, v := startTree(t, "hold")
	go c.watch()
	if err := wire.WriteFrame(c.Control(), wire.Ack, nil); err != nil {
		t.Fatal(err)
	}
	if s := await(t, c); !s.Success() {
		t.Errorf("%v, want success", s)
	}
	v.expectLife(t)
	if err := c.SignalTree(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a signal to the tree of a reaped process: %v, want os.ErrProcessDone", err)
	}
	v.expectLife(t)
	if err := syscall.Kill(v.pids[0], syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	v.expectDeath(t)
}

// The leader is dead and not reaped: its group can still be reached.
func TestSignalTreeOfCorpse(t *testing.T) {
	c, v := startTree(t, "hold")
	if err := c.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if !awaitEnd(c.PID()) {
		t.Fatal("no corpse")
	}
	v.expectLife(t)
	if err := c.SignalTree(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	v.expectDeath(t)
	go c.watch()
	await(t, c)
}

func TestStarterKeepsItsThread(t *testing.T) {
	// Threads that end are what Pdeathsig is about: each goroutine here takes its own along.
	c := launch(t, newSpec(t, "hello"))
	expectFrame(t, c, wire.Hello)
	for range 20 {
		ended := make(chan struct{})
		go endThread(ended)
		<-ended
	}
	if err := wire.WriteFrame(c.Control(), wire.Call, nil); err != nil {
		t.Fatal(err)
	}
	expectFrame(t, c, wire.Result)
	if unix.Kill(c.PID(), 0) != nil {
		t.Error("the child has ended with some thread")
	}
}
