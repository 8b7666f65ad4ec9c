//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/crash/patience"
	"github.com/multiproc/mp/inspect"
	"github.com/multiproc/mp/internal/sys"
)

// A scenario is what a victim does, and what the others do meanwhile.
type scenario struct {
	name   string
	nested bool // the condition is the one over an RLock
	busy   bool // the survivors want the same all the time; else they begin when the victim is dead
	most   int  // kills; 0: until a victim lives
	setup  func(f *family) error
	victim func(f *family, n int) mp.Target // arms itself with n, unless fromStart
	// fromStart: the victim is armed before its first instruction.
	fromStart bool
	// start starts the victim in another way, and waits for its end; nil: f.start.
	start  func(f *family, n int) error
	during func(f *family, v *mp.Process) // what the parent does while the victim is at it
	after  func(f *family) error          // what must be true before the survivors begin
}

// family is the scenario from the side of its first process.
type family struct {
	stage
	ctx       context.Context // of one victim: what takes longer hangs
	scenario  scenario
	look      *inspect.Arena
	survivors mp.Group
	parcel    *mp.Queue[stage] // to one whose parent must not have a handle of the stage
	n         int
	killed    *last // nil: the victim has lived
	err       error // of the victim's Join
	baseline  usage
}

// usage is what must be as before when the dead are swept.
type usage struct {
	Left      int64
	Objects   uint64
	Processes int
}

// within is how long after a death the others have gone on.
var within = patience.Within

// kill is a line of the output.
type kill struct {
	Scenario string `json:"scenario"`
	N        int    `json:"n"`
	Step     string `json:"step"`     // "" = the victim has lived
	Progress int64  `json:"progress"` // ns from the kill until all survivors had gone on
}

func perform(ctx context.Context, s scenario) error {
	f := &family{stage: newStage(), ctx: ctx, scenario: s, parcel: mp.NewQueue[stage](1 << 12)}
	for _, who := range []int{survivorA, survivorB} {
		f.survivors.Start(ctx, survive(f.stage, who))
	}
	var err error
	if f.look, err = inspect.Open(os.Getpid()); err != nil {
		return err
	}
	if err = f.rest(); err != nil {
		return err
	}
	lived := 0
	for f.n = 1; lived < 1 && (s.most == 0 || f.n <= s.most); f.n++ {
		if err := f.once(ctx); err != nil {
			step := "at no step"
			if f.killed != nil {
				step = "at " + f.killed.Step
			}
			return fmt.Errorf("scenario %q, victim %d, killed %s: %w", s.name, f.n, step, err)
		}
		if f.killed == nil {
			lived++
		}
	}
	f.Mode.Store(ended)
	return f.survivors.Join()
}

// once starts a victim, waits for its end, and looks at what is left.
func (f *family) once(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*within)
	defer cancel()
	f.ctx = ctx
	if err := f.prepare(); err != nil {
		return err
	}
	if err := f.perform(); err != nil {
		return err
	}
	if f.scenario.after != nil {
		if err := f.scenario.after(f); err != nil {
			return err
		}
	}
	progress, err := f.progress()
	if err != nil {
		return err
	}
	line := kill{Scenario: f.scenario.name, N: f.n, Progress: progress}
	if f.killed != nil {
		line.Step = f.killed.Step
	}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		return err
	}
	return f.settle()
}

func (f *family) prepare() error {
	if err := os.Remove(os.Getenv(stepVariable)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var err error
	if f.baseline, err = f.usage(); err != nil {
		return err
	}
	f.Gate.Store(0)
	f.killed, f.err = nil, nil
	if f.scenario.setup != nil {
		err = f.scenario.setup(f)
	}
	if f.scenario.busy {
		f.Mode.Store(busy)
	}
	return err
}

func (f *family) perform() error {
	if f.scenario.start != nil {
		if err := f.scenario.start(f, f.n); err != nil {
			return err
		}
	} else if err := f.start(f.scenario.victim(f, f.n)); err != nil {
		return err
	}
	return f.readLast()
}

// readLast reads where the victim died, if it is dead.
func (f *family) readLast() error {
	b, err := os.ReadFile(os.Getenv(stepVariable))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var l last
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err == nil {
		f.killed = &l
	}
	return err
}

// start starts the victim in a process of its own and waits for its end: alive, or by the signal.
func (f *family) start(target mp.Target) error {
	p := &mp.Process{Target: target, Name: fmt.Sprintf("victim-%d", f.n)}
	if f.scenario.fromStart {
		p.Env = append(os.Environ(), fmt.Sprintf("%s=%d", armVariable, f.n))
	}
	if err := p.Start(f.ctx); err != nil {
		return err
	}
	if f.scenario.during != nil {
		f.scenario.during(f, p)
	}
	return f.join(p)
}

// join is Join that must not hang, and must tell of a death by the one error that there is for it.
func (f *family) join(p *mp.Process) error {
	f.err = p.JoinContext(f.ctx)
	exit, ok := errors.AsType[*mp.ExitError](f.err)
	code, _ := p.ExitCode()
	switch {
	case f.err == nil:
	case !ok:
		return f.err
	case exit.Signal != syscall.SIGKILL || exit.PID != p.PID() || exit.Process != p.Name || code != -9:
		return fmt.Errorf("the join tells %#v, exit code %d", exit, code)
	}
	return nil
}

// progress sets the survivors to work, if they are not at it, and measures how long after the death they have gone on.
func (f *family) progress() (int64, error) {
	from := sys.Monotonic()
	begun := from
	if f.killed != nil {
		from = f.killed.At
	}
	rounds := func(who int) int64 { return atomic.LoadInt64(&f.account(who).Rounds) }
	a, b := rounds(survivorA)+3, rounds(survivorB)+3
	f.Mode.Store(busy)
	for rounds(survivorA) < a || rounds(survivorB) < b {
		if sys.Monotonic()-from > int64(within) {
			return 0, fmt.Errorf("%v after the death, %v of them before the survivors were set to work, they lack %d and %d rounds",
				within, time.Duration(begun-from), a-rounds(survivorA), b-rounds(survivorB))
		}
		time.Sleep(100 * time.Microsecond)
	}
	return sys.Monotonic() - from, nil
}

// settle waits until everybody is at rest, and compares with what was before the victim.
func (f *family) settle() error {
	if err := f.rest(); err != nil {
		return err
	}
	// Somebody has to sleep, or nobody looks for the dead.
	ctx, cancel := context.WithCancel(f.ctx)
	asleep := make(chan error, 1)
	go func() { asleep <- f.Bar.LockContext(ctx) }()
	defer func() { cancel(); <-asleep }()
	if err := f.invariants(); err != nil {
		return err
	}
	if found := f.look.Check(); len(found) > 0 {
		return fmt.Errorf("package inspect finds %v", found)
	}
	deadline := time.Now().Add(within)
	for {
		now, err := f.usage()
		if err != nil || now == f.baseline {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("in use: %+v, before the victim: %+v", now, f.baseline)
		}
		time.Sleep(100 * time.Microsecond)
		runtime.GC()
	}
}

// lockSoon is LockContext for as long as a death may keep the lock from us.
func (f *family) lockSoon() error {
	ctx, cancel := context.WithTimeout(f.ctx, within)
	defer cancel()
	return f.Lock.LockContext(ctx)
}

// rest waits until the survivors do nothing.
func (f *family) rest() error {
	f.Mode.Store(idle)
	for deadline := time.Now().Add(5 * within); ; time.Sleep(100 * time.Microsecond) {
		if atomic.LoadInt64(&f.account(survivorA).Idle)+atomic.LoadInt64(&f.account(survivorB).Idle) == 2 {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("a survivor does not come to rest")
		}
	}
}

// invariants are of the data, with everybody at rest.
func (f *family) invariants() error {
	if p := f.Pair.Ptr(); p[0] != p[1] {
		return fmt.Errorf("torn: %v", *p)
	}
	if p := f.Nested.Pair.Ptr(); p[0] != p[1] {
		return fmt.Errorf("torn under the rlock: %v", *p)
	}
	x := f.Wide.Load()
	if err := errors.Join(x.check(), f.Shelf.whole("at rest")); err != nil {
		return err
	}
	if err := errors.Join(f.checkSemaphores(), f.Mail.check(f.ctx), f.Rack.check(), f.Jobs.check(f.ctx)); err != nil {
		return err
	}
	var begun, done int64
	for _, a := range f.Ledger.Ptr() {
		begun, done = begun+a.Begun, done+a.Done
	}
	word := f.Word.Load()
	if word < done || word > begun {
		return fmt.Errorf("%d additions were begun, %d came to their end, and the sum is %d", begun, done, word)
	}
	v := f.account(theVictim) // what was open is decided now
	v.Done += word - done
	v.Begun = v.Done
	return nil
}

func (f *family) usage() (usage, error) {
	s, err := f.look.Snapshot()
	if err != nil {
		return usage{}, err
	}
	return usage{Left: mp.DefaultArena().Left(), Objects: s.Arena.Objects, Processes: len(s.Processes)}, nil
}
