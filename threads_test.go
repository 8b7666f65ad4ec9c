//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/threading"
)

// A thread that a process has started and not joined runs to its end: CPython's test_wait_for_threads of
// _TestProcess, and test_threads_join of SubinterpThreadingTests. It waits for the main one's end first.
var leavesThread = mp.Proc(func(ctx context.Context, done *mp.Value[int]) error {
	(&threading.Thread{Target: func(context.Context) error {
		err := threading.MainThread().Join()
		mp.Add(done, 1)
		return err
	}}).Start(ctx)
	daemon := &threading.Thread{Daemon: true, Target: func(context.Context) error { select {} }}
	daemon.Start(ctx)
	return nil
})

func TestChildWaitsForThreads(t *testing.T) {
	done := mp.NewValue(0)
	p := start(t, leavesThread(done))
	if err := p.Join(); err != nil || done.Load() != 1 {
		t.Errorf("got %v, and %d threads that have ended", err, done.Load())
	}
}

const threadsVar = "MP_TEST_THREADS"

// TestMainWaitsForThreads is CPython's test_join_nondaemon_on_shutdown: also a run that fails is followed by the
// threads that it has left, and by the children that these start.
func TestMainWaitsForThreads(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestProgramWithThreads$")
	cmd.Env = append(os.Environ(), threadsVar+"=1", "GORACE=atexit_sleep_ms=0")
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, expected code 1", err)
	}
	for _, want := range []string{"the thread sees 1", "Exception in thread unlucky: bad luck", "run failed"} {
		if !strings.Contains(string(output), want) {
			t.Errorf("no %q in\n%s", want, output)
		}
	}
}

// TestProgramWithThreads is that program.
func TestProgramWithThreads(t *testing.T) {
	if os.Getenv(threadsVar) == "" {
		t.Skip("is started by TestMainWaitsForThreads")
	}
	mp.Main(func(ctx context.Context) error {
		(&threading.Thread{Target: func(context.Context) error {
			_ = threading.MainThread().Join()
			v := mp.NewValue(0)
			p := &mp.Process{Target: addOne(v)}
			err := errors.Join(p.Start(ctx), p.Join())
			fmt.Println("the thread sees", v.Load(), err)
			return nil
		}}).Start(ctx)
		(&threading.Thread{Name: "unlucky", Target: func(context.Context) error { return errors.New("bad luck") }}).Start(ctx)
		return errors.New("run failed")
	})
}
