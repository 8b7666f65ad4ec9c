//go:build linux

package mp_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"weak"

	"github.com/multiproc/mp"
	"golang.org/x/sys/unix"
)

// What _TestProcess of CPython's _test_multiprocessing.py asks, and process_test.go does not; the names are those of the originals.

// self is what a process says of itself, and of its parent.
type self struct {
	Name, Parent   string
	PID, ParentPID int
	Alive, Daemon  bool
	Args           []int
}

var (
	tellSelf = mp.Proc3(func(_ context.Context, q *mp.Queue[self], goOn *mp.Event, args []int) error {
		me, parent := mp.CurrentProcess(), mp.ParentProcess()
		err := q.Put(self{me.Name, parent.Name, me.PID(), parent.PID(), me.Alive() && parent.Alive(), me.Daemon, args})
		goOn.Wait()
		return err
	})
	sleepAtGate = mp.Proc(func(_ context.Context, g gate) error {
		g.pass()
		select {}
	})
	waitForEvent = mp.Proc2(func(_ context.Context, g gate, e *mp.Event) error {
		g.pass()
		e.Wait()
		return nil
	})
)

func isChild(p *mp.Process) bool { return slices.Contains(mp.ActiveChildren(), p) }

func TestProcess(t *testing.T) {
	for _, c := range []struct {
		name string
		test func(t *testing.T)
	}{
		{"current", current},
		{"daemon argument", daemonArgument},
		{"parent process", parentProcess},
		{"process", processThroughout},
		{"terminate", func(t *testing.T) { endsSleeper(t, (*mp.Process).Terminate, syscall.SIGTERM) }},
		{"kill", func(t *testing.T) { endsSleeper(t, (*mp.Process).Kill, syscall.SIGKILL) }},
		{"cpu count", cpuCount},
		{"recursion", recursion},
		{"sentinel", sentinel},
		{"close", closeProcess},
		{"lose target ref", loseTarget},
		{"child fd inflation", fdInflation},
	} {
		t.Run(c.name, func(t *testing.T) { within(t, soon, c.name, func() { c.test(t) }) })
	}
}

func current(t *testing.T) {
	me := mp.CurrentProcess()
	if _, ended := me.ExitCode(); ended || !me.Alive() || me.Daemon || me.PID() != os.Getpid() || mp.ParentProcess() != nil {
		t.Errorf("%+v of %v, process %d", me, mp.ParentProcess(), me.PID())
	}
}

func daemonArgument(t *testing.T) {
	for _, daemon := range []bool{false, true} {
		q, goOn := mp.NewQueue[self](0), mp.NewEvent()
		p := startProcess(t, &mp.Process{Target: tellSelf(q, goOn, nil), Daemon: daemon})
		if got, err := q.Get(); err != nil || got.Daemon != daemon || p.Daemon != daemon {
			t.Errorf("set to %t, it is %t here and %t there: %v", daemon, p.Daemon, got.Daemon, err)
		}
		goOn.Set()
	}
}

var (
	haveGrandchild = mp.Proc(func(ctx context.Context, pid *mp.Value[int64]) error {
		_, err := mp.Run(ctx, tellAndStay(pid))
		return err
	})
	// endParent asks in vain.
	endParent = mp.Func0(func(context.Context) (int, error) { return refusals(mp.ParentProcess()), nil })

	tellAndStay = mp.Proc(func(_ context.Context, pid *mp.Value[int64]) error {
		p := mp.ParentProcess()
		demand(p.Alive() && p.PID() == os.Getppid(), "the parent is %d, which runs: %t", p.PID(), p.Alive())
		pid.Store(int64(os.Getpid()))
		select {}
	})
)

// refusals counts the verbs that are for the parent of a process alone.
func refusals(p *mp.Process) (n int) {
	for _, err := range []error{p.Interrupt(), p.Terminate(), p.Kill(), p.Signal(syscall.SIGKILL), p.Join()} {
		if err != nil && strings.Contains(err.Error(), "only the process that started another") {
			n++
		}
	}
	return n
}

func TestOnlyAParentEndsAProcess(t *testing.T) {
	if n := refusals(mp.CurrentProcess()); n != 5 {
		t.Errorf("of itself: %d of 5 verbs", n)
	}
	if n, err := mp.Run(t.Context(), endParent()); n != 5 || err != nil {
		t.Errorf("of its parent: %d of 5 verbs: %v", n, err)
	}
}

// parentProcess: Python's grandchild may outlive its parent, and sees that it has gone. Ours goes too.
func parentProcess(t *testing.T) {
	pid := mp.NewValue(int64(0))
	p := start(t, haveGrandchild(pid))
	for pid.Load() == 0 && p.Alive() {
		runtime.Gosched()
	}
	if err := p.Terminate(); err != nil {
		t.Error(err)
	}
	_ = p.Join()
	grandchild := int(pid.Load())
	if code, _ := p.ExitCode(); code != -int(syscall.SIGTERM) || grandchild == 0 {
		t.Fatalf("the child ended with %d, its own child was %d", code, grandchild)
	}
	for syscall.Kill(grandchild, 0) == nil && !zombie(grandchild) {
		runtime.Gosched()
	}
}

func processThroughout(t *testing.T) {
	q, goOn := mp.NewQueue[self](0), mp.NewEvent()
	p := &mp.Process{Target: tellSelf(q, goOn, []int{1, 2}), Name: "SomeProcess", Daemon: true}
	is := func(when string, alive, ended bool, code int) {
		t.Helper()
		got, has := p.ExitCode()
		if p.Alive() != alive || isChild(p) != alive || has != ended || got != code || p.Name != "SomeProcess" || (p.PID() != 0) != (alive || ended) {
			t.Errorf("%s: alive %t, among the children %t, exit code %d: %t, PID %d", when, p.Alive(), isChild(p), got, has, p.PID())
		}
	}
	is("before", false, false, 0)
	startProcess(t, p)
	is("started", true, false, 0)
	got, err := q.Get()
	want := self{"SomeProcess", mp.CurrentProcess().Name, p.PID(), os.Getpid(), true, true, []int{1, 2}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, expected %+v: %v", got, want, err)
	}
	is("running", true, false, 0)
	goOn.Set()
	if err := p.Join(); err != nil {
		t.Error(err)
	}
	is("after", false, true, 0)
}

// endsSleeper is _kill_process. A Join that may not wait leaves the process alone.
func endsSleeper(t *testing.T, end func(*mp.Process) error, sig syscall.Signal) {
	g := newGate()
	p := start(t, sleepAtGate(g))
	g.wait(t, 1)
	past, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if err := p.JoinContext(past); !errors.Is(err, context.DeadlineExceeded) || !p.Alive() || !isChild(p) {
		t.Errorf("alive %t, among the children %t, joined without waiting: %v", p.Alive(), isChild(p), err)
	}
	if err := end(p); err != nil {
		t.Error(err)
	}
	err := p.Join()
	if e, ok := errors.AsType[*mp.ExitError](err); !ok || e.Signal != sig {
		t.Errorf("got %v", err)
	}
	if code, ended := p.ExitCode(); code != -int(sig) || !ended || p.Alive() || isChild(p) {
		t.Errorf("exit code %d: %t, alive %t, among the children %t", code, ended, p.Alive(), isChild(p))
	}
}

// cpuCount ends its thread, so that nothing else runs on one CPU alone.
func cpuCount(t *testing.T) {
	runtime.LockOSThread()
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	if n := mp.CPUCount(); n < 1 || n != all.Count() {
		t.Errorf("%d CPUs, expected %d", n, all.Count())
	}
	first := 0
	for !all.IsSet(first) {
		first++
	}
	one.Set(first)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	if n := mp.CPUCount(); n != 1 {
		t.Errorf("%d CPUs, but one alone may be used", n)
	}
}

var recurse func(*mp.Queue[[]int], []int) mp.Call[mp.None]

// It mentions itself.
func init() { recurse = mp.Proc2(haveChildren) }

func haveChildren(ctx context.Context, q *mp.Queue[[]int], id []int) error {
	if err := q.Put(id); err != nil || len(id) == 2 {
		return err
	}
	for i := range 2 {
		p := &mp.Process{Target: recurse(q, append(id[:len(id):len(id)], i))}
		if err := errors.Join(p.Start(ctx), p.Join()); err != nil {
			return err
		}
	}
	return nil
}

func recursion(t *testing.T) {
	q := mp.NewQueue[[]int](0)
	if err := haveChildren(t.Context(), q, nil); err != nil {
		t.Fatal(err)
	}
	want := [][]int{nil, {0}, {0, 0}, {0, 1}, {1}, {1, 0}, {1, 1}}
	var got [][]int
	for range want {
		id, err := q.Get()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, id)
	}
	if !reflect.DeepEqual(got, want) || q.Len() != 0 {
		t.Errorf("got %v and %d more", got, q.Len())
	}
}

func sentinel(t *testing.T) {
	g, e := newGate(), mp.NewEvent()
	p := &mp.Process{Target: waitForEvent(g, e)}
	if p.Done() != nil {
		t.Error("a process that was not started may end")
	}
	startProcess(t, p)
	done := p.Done()
	g.wait(t, 1)
	select {
	case <-done:
		t.Error("closed while the child runs")
	default:
	}
	e.Set()
	<-done
	if code, ended := p.ExitCode(); code != 0 || !ended || p.Done() != done {
		t.Errorf("done with %d: %t", code, ended)
	}
}

// closeProcess: Python's closed process refuses all but another close. Ours holds nothing to close.
func closeProcess(t *testing.T) {
	g, e := newGate(), mp.NewEvent()
	p := start(t, waitForEvent(g, e))
	g.wait(t, 1)
	if err := p.Close(); err != mp.ErrRunning || !p.Alive() {
		t.Errorf("while it runs: %v", err)
	}
	e.Set()
	if err := p.Join(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := errors.Join(p.Close(), p.Join(), p.Terminate()); err != nil || p.Alive() {
			t.Errorf("after it: %v, alive %t", err, p.Alive())
		}
	}
}

type payload [64]byte

var takePayload = mp.Proc(func(context.Context, *payload) error { return nil })

// loseTarget: the arguments lie in the field Target, which is the caller's, and a Process that has ended in nobody's hands.
func loseTarget(t *testing.T) {
	x := &payload{}
	p := &mp.Process{Target: takePayload(x)}
	argument, process := weak.Make(x), weak.Make(p)
	x = nil
	if err := errors.Join(p.Start(t.Context()), p.Join()); err != nil {
		t.Fatal(err)
	}
	p.Target = nil
	for argument.Value() != nil {
		runtime.GC()
	}
	runtime.KeepAlive(p)
	p = nil
	for process.Value() != nil {
		runtime.GC()
	}
}

var countDescriptors = mp.Proc2(func(_ context.Context, q *mp.Queue[int], goOn *mp.Event) error {
	all, err := os.ReadDir("/proc/self/fd")
	n := 0
	for _, fd := range all {
		// Files of /proc are open for a moment: this directory, and what the process's name is written to.
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && !strings.HasPrefix(to, "/proc/") {
			n++
		}
	}
	err = errors.Join(err, q.Put(n))
	goOn.Wait()
	return err
})

func fdInflation(t *testing.T) {
	q, goOn := mp.NewQueue[int](0), mp.NewEvent()
	defer goOn.Set()
	var counts []int
	for range 5 {
		start(t, countDescriptors(q, goOn))
	}
	for range 5 {
		n, err := q.Get()
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, n)
	}
	if slices.Min(counts) != slices.Max(counts) {
		t.Errorf("five children have %v descriptors", counts)
	}
}

// test_args_argument
var (
	giveNumber = mp.Func(func(_ context.Context, x int) (int, error) { return x, nil })
	giveText   = mp.Func(func(_ context.Context, x string) (string, error) { return x, nil })
	giveSlice  = mp.Func(func(_ context.Context, x []int) ([]int, error) { return x, nil })
	giveArray  = mp.Func(func(_ context.Context, x [1]int) ([1]int, error) { return x, nil })
	giveThree  = mp.Func3(func(_ context.Context, a string, b []int, c [1]int) ([]any, error) { return []any{a, b[0], c[0]}, nil })
)

func TestArguments(t *testing.T) {
	gives(t, 1, giveNumber(1))
	gives(t, "str", giveText("str"))
	gives(t, []int{1}, giveSlice([]int{1}))
	gives(t, [1]int{1}, giveArray([1]int{1}))
	gives(t, []any{"str", 2, 3}, giveThree("str", []int{2}, [1]int{3}))
}

func gives[T any](t *testing.T, want T, c mp.Call[T]) {
	t.Helper()
	if got, err := mp.Run(t.Context(), c); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%#v came back as %#v: %v", want, got, err)
	}
}

// test_stderr_flush of _TestSubclassingProcess: what the runtime says of a goroutine that fails is whole, in the stream and in the error. The function's own panic
// comes back by Join: TestPanicComesBack.
func TestStderrFlush(t *testing.T) {
	var stderr bytes.Buffer
	err := startProcess(t, &mp.Process{Target: failApart(), Stderr: &stderr}).Join()
	e, ok := errors.AsType[*mp.ExitError](err)
	if !ok {
		t.Fatalf("got %v, expected *mp.ExitError", err)
	}
	for where, text := range map[string][]byte{"the stream": stderr.Bytes(), "the error": e.Stderr} {
		for _, words := range []string{"panic: MARKER", "mp_test.failHere(", "/process_cases_test.go:", "created by "} {
			if !bytes.Contains(text, []byte(words)) {
				t.Errorf("no %q in %s:\n%s", words, where, text)
			}
		}
	}
}

var failApart = mp.Proc0(func(context.Context) error {
	go failHere()
	select {}
})

func failHere() { panic("MARKER") }
