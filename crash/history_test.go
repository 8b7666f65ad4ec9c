//go:build linux

package crash

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"golang.org/x/sys/unix"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
)

// A record is one operation of one process, in shared memory: the call is written before it is made, so that
// a death in it leaves it pending, and not unknown.
type record struct {
	Call, Return int64 // CLOCK_MONOTONIC, ns; Return 0 = pending
	Op           op
	In1, In2     int64
	Out          int64
}

// log is written by one process, and read when that is no more.
type log struct {
	Count   int64
	Records [600]record
}

type journal struct {
	Log *mp.RawValue[log]
	Me  int // this process; its name ends in the number
}

// full: a few more operations, what has to come at the end, have no room.
func (j journal) full() bool { return j.Log.Ptr().Count > int64(len(log{}.Records))-8 }

// do records f, which returns what came out.
func (j journal) do(o op, in1, in2 int64, f func() int64) {
	l := j.Log.Ptr()
	r := &l.Records[l.Count]
	r.Op, r.In1, r.In2 = o, in1, in2
	atomic.StoreInt64(&r.Call, clock())
	atomic.StoreInt64(&l.Count, l.Count+1)
	r.Out = f()
	atomic.StoreInt64(&r.Return, clock())
}

// clock is CLOCK_MONOTONIC, which is one clock to all processes. Package sys has a faster one, which in each
// process begins some microseconds off: enough to turn an order round.
func clock() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // fails for clocks that do not exist
	return t.Nano()
}

// op is what a process does; its fields are those of input.
type op int64

const (
	opLock op = iota + 1
	opTry
	opUnlock
	opRecover
	opDie
	opLoad
	opStore
	opAdd
	opSwap   // compare and swap
	opUpdate // to 3x+In1
	opAcquire
	opTryAcquire
	opRelease // of In1 permits
	opValue
	opRLock
	opRTry
	opRUnlock
	opPut
	opTake
	opTryPut
	opTryTake
	opLen
	opShut
	opShutNow
	opDrop
	opDone
	opPutBack
	opJoin
	opInsert
	opAppend
	opPop
	opClose
	opMade
)

var opNames = [...]string{"none", "lock", "try", "unlock", "recover", "die", "load", "store", "add", "swap", "update", "acquire", "try acquire", "release", "value", "rlock", "rtry", "runlock", "put", "take", "try put", "try take", "len", "shut", "shut now", "drop",
	"done", "put back", "join", "insert", "append", "pop", "close", "made"}

func (o op) String() string { return opNames[o] }

// The outcomes of the operations of a lock; those of a value are numbers.
const (
	outDone      int64 = iota
	outBusy            // TryLock: somebody holds it
	outCancelled       // the wait has ended
	outDied            // + the number of the dead: the lock is abandoned
)

// input is an operation to the checker, output what is known of it.
type input struct {
	client   int
	op       op
	in1, in2 int64
}

type output struct {
	pending bool // the process died in it: it may have happened
	out     int64
}

// chronicle is what the processes of one history have written.
type chronicle struct {
	history []porcupine.Operation
	deaths  int
	pending int
}

// collect adds what a process has done. died is the time of the kill, 0 if it lived, and joined that of its Join.
func (c *chronicle) collect(j journal, died, joined int64) {
	l := j.Log.Ptr()
	for _, r := range l.Records[:l.Count] {
		o := porcupine.Operation{
			ClientId: j.Me, Input: input{j.Me, r.Op, r.In1, r.In2}, Call: r.Call, Output: output{out: r.Out}, Return: r.Return,
		}
		if r.Return == 0 {
			o.Output, o.Return = output{pending: true}, joined
			c.pending++
		}
		c.history = append(c.history, o)
	}
	if died != 0 {
		c.deaths++
		c.history = append(c.history, porcupine.Operation{
			ClientId: j.Me, Input: input{client: j.Me, op: opDie}, Call: died, Output: output{}, Return: joined,
		})
	}
}

// unfold runs processes of the call that make gives, three at a time, and kills and replaces one every few
// milliseconds. In the end the rest stops by itself.
func unfold(t *testing.T, kills int, call func(j journal, stop *mp.Value[int32]) mp.Target) *chronicle {
	t.Helper()
	type member struct {
		j journal
		p *mp.Process
	}
	var c chronicle
	stop, next := mp.NewValue[int32](0), 0 // the first thing that needs shared memory makes it
	look, err := inspect.Open(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = look.Close() }()
	start := func() member {
		next++
		m := member{j: journal{mp.NewRawValue(log{}), next}}
		m.p = &mp.Process{Target: call(m.j, stop), Name: fmt.Sprintf("h-%d", next)}
		if err := m.p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return m
	}
	members := []member{start(), start(), start()}
	for k := range kills {
		m := &members[k%len(members)]
		for atomic.LoadInt64(&m.j.Log.Ptr().Count) < int64(20+7*(k%5)) && m.p.Alive() {
			time.Sleep(100 * time.Microsecond)
		}
		died := clock()
		if err := m.p.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err, m.p.Join())
		}
		_ = m.p.Join()
		swept(t, look, m.p.PID())
		c.collect(m.j, died, clock())
		*m = start()
	}
	stop.Store(1)
	for _, m := range members {
		if err := m.p.Join(); err != nil {
			t.Error(err)
		}
		// A process that ends by itself may hold the lock; nobody is told, as it is the end of the history.
		c.collect(m.j, 0, math.MaxInt64)
	}
	return &c
}

// swept waits until what the dead had in hand is given back. Join does not: another process may be at the sweep.
func swept(t *testing.T, look *inspect.Arena, pid int) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(50 * time.Microsecond) {
		s, err := look.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(s.Processes, func(p inspect.Process) bool { return p.PID == pid }) {
			return
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("process %d is dead, and not swept: %+v", pid, s.Processes)
		}
	}
}

// perhaps is what a pending operation leaves, whose effect would be next: it has happened, or has not.
func perhaps(s any, next []any) []any {
	if slices.Contains(next, s) {
		return next
	}
	return append(next, s)
}

// mustRefuse has the checker judge short histories, one operation after the other, of which the last one cannot be.
func mustRefuse(t *testing.T, model porcupine.NondeterministicModel, histories map[string][]porcupine.Operation) {
	t.Helper()
	for name, history := range histories {
		t.Run(name, func(t *testing.T) {
			for i := range history {
				history[i].Call, history[i].Return = int64(2*i), int64(2*i+1)
			}
			c := chronicle{history: history}
			c.judge(t, model, porcupine.Illegal)
			c.history = history[:len(history)-1]
			c.judge(t, model, porcupine.Ok)
		})
	}
}

// count is how many operations had an outcome, and what happened is of the kind that is meant.
func (c *chronicle) count(meant func(i input, out int64) bool) (n int) {
	for _, o := range c.history {
		if out := o.Output.(output); !out.pending && meant(o.Input.(input), out.out) {
			n++
		}
	}
	return n
}

// judge has the checker decide, within bounds.
func (c *chronicle) judge(t *testing.T, model porcupine.NondeterministicModel, want porcupine.CheckResult) {
	t.Helper()
	from := time.Now()
	got, info := porcupine.CheckOperationsVerbose(model.ToModel(), c.history, 20*time.Second)
	t.Logf("%d operations, %d deaths, %d pending: %s in %v", len(c.history), c.deaths, c.pending, got, time.Since(from).Round(time.Millisecond))
	if got != want {
		t.Errorf("the checker should say %s\n%s", want, c.impasse(info))
	}
}

// impasse shows how far the checker came: the last operations that it could put in an order, and the first that it
// could not.
func (c *chronicle) impasse(info porcupine.LinearizationInfo) string {
	var longest []porcupine.Operation
	for _, partition := range info.PartialLinearizationsOperations() {
		for _, order := range partition {
			if len(order) > len(longest) {
				longest = order
			}
		}
	}
	placed := make(map[porcupine.Operation]bool)
	for _, o := range longest {
		placed[o] = true
	}
	rest := slices.DeleteFunc(slices.Clone(c.history), func(o porcupine.Operation) bool { return placed[o] })
	slices.SortFunc(rest, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	var b strings.Builder
	for _, o := range longest[max(0, len(longest)-10):] {
		fmt.Fprintf(&b, "in order  %+v %+v %d–%d\n", o.Input, o.Output, o.Call, o.Return)
	}
	for _, o := range rest[:min(10, len(rest))] {
		fmt.Fprintf(&b, "left over %+v %+v %d–%d\n", o.Input, o.Output, o.Call, o.Return)
	}
	return b.String()
}
