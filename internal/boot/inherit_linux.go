package boot

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/multiproc/mp/internal/sys"
	"golang.org/x/sys/unix"
)

// Inherited is what the process that started this one left it, or nil if nobody did. The first call checks it, later
// calls return the same. An error means that MP_CHILD was set by somebody who is not our starter, or that
// the parent has just ended: the process should say so and exit, for it must not run as if it was the first.
func Inherited() (*Inheritance, error) { return inherited() }

var inherited = sync.OnceValues(func() (*Inheritance, error) {
	if birth.value == "" {
		return nil, nil
	}
	in, err := birth.inherit()
	if err != nil {
		return nil, fmt.Errorf("mp: %s=%.100q: %w; mp sets this variable for the processes that it starts: "+
			"if a stranger did, unset %s", variable, birth.value, err, variable)
	}
	return in, nil
})

// birth is taken while the program's packages are initialised, before it can start anything itself.
var birth = takeBirth()

type born struct {
	value string
	c     contract
	err   error // of the syntax
}

func takeBirth() born {
	value := os.Getenv(variable)
	if value == "" {
		return born{}
	}
	_ = os.Unsetenv(variable)
	c, err := parseContract(value)
	if err == nil {
		for _, d := range c.descriptors() {
			unix.CloseOnExec(d.fd)
		}
	}
	return born{value, c, err}
}

// inherit checks everything first: a descriptor that is wrong belongs to somebody else and is left alone.
func (b born) inherit() (*Inheritance, error) {
	if b.err != nil {
		return nil, b.err
	}
	if err := checkMemory(b.c); err != nil {
		return nil, err
	}
	known, err := checkControl(b.c.control)
	if err != nil {
		return nil, err
	}
	in := &Inheritance{
		Memory:  os.NewFile(uintptr(b.c.memory), "memory"),
		Life:    os.NewFile(uintptr(b.c.life), "life"),
		Control: os.NewFile(uintptr(b.c.control), "control"),
		Slot:    b.c.slot,

		SameNamespace: known,
	}
	if b.c.crash >= 0 {
		in.Crash = os.NewFile(uintptr(b.c.crash), "crash")
	}
	// Refused by a file that the netpoller did not take: its reads would hold a thread and never time out.
	if err := in.Control.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("control is descriptor %d: expected one for the netpoller: %w", b.c.control, err)
	}
	return in, nil
}

func checkMemory(c contract) error {
	inodes := make(map[string]unix.Stat_t, 4)
	for _, d := range c.descriptors() {
		var st unix.Stat_t
		if err := unix.Fstat(d.fd, &st); err != nil {
			return fmt.Errorf("%s is descriptor %d: expected an open one: %w", d.name, d.fd, err)
		}
		inodes[d.name] = st
	}
	if !sys.Sealed(uintptr(c.memory)) {
		return fmt.Errorf("memory is descriptor %d: expected sealed shared memory, found another file", c.memory)
	}
	m, l := inodes["memory"], inodes["life"]
	if m.Dev != l.Dev || m.Ino != l.Ino {
		return fmt.Errorf("life is descriptor %d: expected the file of the memory, %d:%d, found %d:%d", c.life, m.Dev, m.Ino, l.Dev, l.Ino)
	}
	return checkLife(c)
}

// checkLife asks through the memory who holds the byte of the slot. It must be another open file description, and
// that one must be life, which can then take the byte a second time. A kernel without such locks says neither.
func checkLife(c contract) error {
	held, err := byteLock(c.memory, unix.F_OFD_GETLK, c.slot)
	if err == nil && held == unix.F_UNLCK {
		return fmt.Errorf("life is descriptor %d: expected an open file apart from the memory's, which holds the lock of slot %d; found the lock free", c.life, c.slot)
	}
	if _, err := byteLock(c.life, unix.F_OFD_SETLK, c.slot); err == unix.EAGAIN || err == unix.EACCES {
		return fmt.Errorf("life is descriptor %d: expected it to hold the lock of slot %d; another process does", c.life, c.slot)
	}
	return nil
}

func byteLock(fd, command int, slot uint32) (int16, error) {
	l := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(slot), Len: 1}
	err := unix.FcntlFlock(uintptr(fd), command, &l)
	return l.Type, err
}

// checkControl tells whether the other end is known to be our parent: somebody outside of this pid namespace, whose
// number is 0 here, cannot be compared.
func checkControl(fd int) (known bool, err error) {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return false, fmt.Errorf("control is descriptor %d: expected a socket: %w", fd, err)
	}
	kind, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if domain != unix.AF_UNIX || kind != unix.SOCK_STREAM {
		return false, fmt.Errorf("control is descriptor %d: expected a Unix stream socket (%d, %d), found domain %d, type %d",
			fd, unix.AF_UNIX, unix.SOCK_STREAM, domain, kind)
	}
	if _, err := unix.Getpeername(fd); err != nil {
		return false, fmt.Errorf("control is descriptor %d: expected a connected socket: %w", fd, err)
	}
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return false, fmt.Errorf("control is descriptor %d: who is at the other end: %w", fd, err)
	}
	if parent := os.Getppid(); peer.Pid != 0 && parent != 0 && int(peer.Pid) != parent {
		return false, fmt.Errorf("control is descriptor %d: expected the parent, process %s, at the other end, found process %s (a parent that has ended looks like this too)",
			fd, strconv.Itoa(parent), strconv.Itoa(int(peer.Pid)))
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return false, fmt.Errorf("control is descriptor %d: making it non-blocking: %w", fd, err)
	}
	return peer.Pid != 0 && int(peer.Pid) == os.Getppid(), nil
}
