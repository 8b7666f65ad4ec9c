package mp

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/share"
	"github.com/multiproc/mp/internal/sys"
)

// self is what this process knows of itself: there is one family in a program, and one process here.
var self struct {
	ready  atomic.Bool // Init was called
	isMain atomic.Bool // Main or Init has reached the program's own code: not a child
	arena  struct {
		once    sync.Once
		options ArenaOptions
		made    atomic.Bool
		view    *Arena
		err     error
	}
	me     *Process // set by Init
	parent *Process
	daemon bool   // started as one: may not have children
	prefix string // of the names of children: "", or "1:2:" in Process-1:2

	children struct {
		sync.Mutex
		started int
		living  map[*processState]bool
	}
}

// ArenaOptions configure the arena of the family. The zero value is right for most programs.
type ArenaOptions struct {
	Name string // what mp ps calls it; default the program's
	Size int64  // bytes of address space, not memory: untouched pages cost nothing; default 64 GiB
}

// Arena is memory that all processes of the family share. It is anonymous, on no file system, and gone
// with the last process. There is one; the first shared object or child makes it.
type Arena struct {
	in     *arena.Arena
	holds  holdTable
	traces traces
	desks  struct {
		once sync.Once
		own  *share.Desk
	}
}

// Configure sets the options of the arena. It must come before the first shared object and the first
// child, and is an error after that, or in a child: the family has its arena then.
func Configure(o ArenaOptions) error {
	if self.arena.made.Load() {
		return fmt.Errorf("mp: Configure comes too late: the arena exists")
	}
	if o.Size != 0 && o.Size < arena.MinSize {
		return &ArenaFullError{What: "bytes of address space (the least an arena needs)", Asked: arena.MinSize, Left: o.Size}
	}
	self.arena.options = o
	return nil
}

// family is the arena, made by its first use in the first process. what names the user, for the panic
// that a use before Main is.
func family(what string) (*Arena, error) {
	if !self.ready.Load() {
		panic("mp: " + what + " before Main: a shared object made by a package-level variable would be a different one in each process; make it in run and pass it on")
	}
	self.arena.once.Do(func() {
		if self.arena.view != nil {
			return // a child has its parent's
		}
		self.arena.made.Store(true)
		in, err := arena.New(self.arena.options.Name, self.arena.options.Size)
		if err != nil {
			self.arena.err = err
			return
		}
		self.arena.view = &Arena{in: in}
	})
	return self.arena.view, self.arena.err
}

// Left is how many bytes shared objects can still take, as far as the arena's size goes.
func (a *Arena) Left() int64 {
	used := a.in.Used()
	return int64(used.Capacity) - int64(used.Bytes)
}

// DefaultArena is the family's arena. It panics where shared memory is not to be had.
func DefaultArena() *Arena {
	a, err := family("DefaultArena")
	if err != nil {
		panic(err)
	}
	return a
}

// CPUCount is the number of CPUs that this process may use: its affinity, not the machine's count.
func CPUCount() int { return sys.CPUs() }

// CurrentProcess is this process: its Name, its PID, and whether it is a Daemon. To wait for it, interrupt, end or signal it is for its
// parent: those verbs return an error here.
func CurrentProcess() *Process {
	self.children.Lock()
	defer self.children.Unlock()
	if self.me == nil {
		self.me = newSelf("MainProcess")
	}
	return self.me
}

// ParentProcess is the process that started this one: its Name and PID, and no verbs, as of CurrentProcess; nil in the
// first process of the family.
func ParentProcess() *Process { return self.parent }

// ActiveChildren are the processes that this one has started and that have not ended.
func ActiveChildren() []*Process {
	self.children.Lock()
	defer self.children.Unlock()
	list := make([]*Process, 0, len(self.children.living))
	for st := range self.children.living {
		if st.owner != nil {
			list = append(list, st.owner)
		}
	}
	return list
}

// nextName is Python's: Process-1, and Process-1:2 for the second child of Process-1.
func nextName() string {
	self.children.Lock()
	defer self.children.Unlock()
	self.children.started++
	return fmt.Sprintf("Process-%s%d", self.prefix, self.children.started)
}

func enlist(st *processState) {
	self.children.Lock()
	defer self.children.Unlock()
	if self.children.living == nil {
		self.children.living = make(map[*processState]bool)
	}
	self.children.living[st] = true
}

func delist(st *processState) {
	self.children.Lock()
	defer self.children.Unlock()
	delete(self.children.living, st)
}
