package mp

import (
	"context"
	"fmt"
	"os"

	"github.com/multiproc/mp/internal/boot"
	"github.com/multiproc/mp/internal/sys"
	"github.com/multiproc/mp/internal/wire"
)

// order is what the parent sends to a child: run this.
type order struct {
	function *function // encoding
	named    name      // decoding
	name     string
	deadline int64 // Unix time, ns; 0 = none
	daemon   bool
	memory   int64
	args     []byte
}

func (o *order) append(b []byte) []byte {
	b = o.function.appendName(b)
	b = wire.AppendString(b, o.name)
	b = wire.AppendUvarint(b, uint64(o.deadline))
	b = wire.AppendUvarint(b, map[bool]uint64{true: 1}[o.daemon])
	b = wire.AppendUvarint(b, uint64(o.memory))
	return append(b, o.args...)
}

func decodeOrder(b []byte) (o order, err error) {
	f := wire.NewFields(b)
	o.named, o.name = readName(f), f.String()
	o.deadline, o.daemon, o.memory = int64(f.Uvarint()), f.Uvarint() == 1, int64(f.Uvarint())
	o.args = f.Rest()
	if err := f.Err(); err != nil {
		return o, fmt.Errorf("mp: reading what to run: %w", err)
	}
	return o, nil
}

// encode makes the order for a process. What cannot travel is found here, before anything is started.
func (p *Process) encode(ctx context.Context) ([]byte, error) {
	fn := p.Target.target()
	if err := fn.check(); err != nil {
		return nil, fmt.Errorf("mp: arguments of %v: %w", fn, err)
	}
	args, err := p.Target.appendArgs(nil)
	if err != nil {
		return nil, fmt.Errorf("mp: arguments of %v: %w", fn, err)
	}
	o := order{function: fn, name: p.Name, daemon: p.Daemon, memory: p.MemoryLimit, args: args}
	if d, ok := ctx.Deadline(); ok {
		o.deadline = d.UnixNano()
	}
	return o.append(make([]byte, 0, 256+len(args))), nil
}

// crashRoom is how much of a dying Go runtime's last words is kept.
const crashRoom = 64 << 10

// launch gets a child for p: a warm spare if one is ready and p asks for nothing special, else a new process.
func (p *Process) launch() (*processState, error) {
	plain := p.Env == nil && p.Dir == "" && p.Stdin == nil && p.Stdout == nil && p.Stderr == nil
	if plain {
		if st := takeSpare(); st != nil {
			return st, nil
		}
	}
	streams, err := openStreams(p)
	if err != nil {
		return nil, err
	}
	st, err := newChild(p.Name, boot.Spec{Env: p.Env, Dir: p.Dir, Stdin: streams.in, Stdout: streams.out, Stderr: streams.err})
	streams.closeChildEnds()
	if err != nil {
		streams.closeParentEnds()
		return nil, fmt.Errorf("mp: starting %s: %w", p.Name, err)
	}
	st.streams = streams
	streams.copy()
	return st, nil
}

// newChild starts a process that waits for its order.
func newChild(name string, spec boot.Spec) (*processState, error) {
	a, err := family("Process.Start")
	if err != nil {
		return nil, err
	}
	crash, err := sys.NewMemory("mp-crash", crashRoom)
	if err != nil {
		return nil, err
	}
	life, slot, err := a.in.Claim(a.in.Me(), name)
	if err != nil {
		_ = crash.Close()
		return nil, err
	}
	defer func() { _ = life.Close() }() // the child has its own copy, or there is no child
	spec.Memory, spec.Life, spec.Crash, spec.Slot = a.in.File(), life, crash, slot
	child, err := boot.Start(spec)
	if err != nil {
		a.in.Unclaim(slot)
		_ = crash.Close()
		return nil, err
	}
	st := &processState{
		arena: a, child: child, pid: child.PID(), id: a.in.IDOf(slot), crash: crash,
		hello: make(chan struct{}), outcome: make(chan struct{}), done: make(chan struct{}), read: make(chan struct{}),
	}
	enlist(st)
	go st.readFrames()
	go st.awaitEnd()
	return st, nil
}

// tail reads what the runtime wrote when it died.
func tail(crash *os.File) []byte {
	b := make([]byte, crashRoom)
	n, _ := crash.ReadAt(b, 0)
	for n > 0 && b[n-1] == 0 {
		n--
	}
	return b[:n]
}
