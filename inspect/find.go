package inspect

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/multiproc/mp/internal/sys"
)

// memory is how the kernel names an arena's descriptor in /proc/<pid>/fd.
const memory = "/memfd:mp-arena"

// List opens each arena that a process of this user has, once, however many processes share it; those of all
// users, as root. What it could not look at is in the obstacles. The caller closes the arenas. It costs a few
// system calls for each descriptor of each process.
func List() ([]*Arena, []Obstacle, error) {
	s, err := newScan("/proc")
	if err != nil {
		return nil, nil, err
	}
	pids, err := s.pids()
	if err != nil {
		return nil, nil, fmt.Errorf("mp: listing processes: %w (is /proc mounted?)", err)
	}
	for _, pid := range pids {
		s.process(pid)
	}
	if hidden(s.proc, s.uid) {
		s.obstacles.add(0, "/proc is mounted with hidepid: the processes of other users do not show", nil)
	}
	return s.arenas, s.obstacles.list(), nil
}

// Open opens the arena that the process with this pid has. It returns an error that wraps ErrNoArena if it has none, and
// one that says why, and wraps os.ErrPermission, if it may not be looked at.
func Open(pid int) (*Arena, error) {
	s, err := newScan("/proc")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(s.proc, strconv.Itoa(pid))); err != nil {
		return nil, fmt.Errorf("mp: there is no process %d: %w", pid, err)
	}
	s.process(pid)
	if len(s.arenas) > 0 {
		for _, other := range s.arenas[1:] {
			_ = other.Close() // opened for looking alone: nothing can be lost
		}
		return s.arenas[0], nil
	}
	for _, o := range s.obstacles.list() {
		return nil, fmt.Errorf("mp: cannot look at process %d: %s: %w", pid, o.Why, o.Err)
	}
	return nil, fmt.Errorf("%w: pid %d", ErrNoArena, pid)
}

// scan goes through descriptors of processes and keeps what it finds.
type scan struct {
	proc      string
	uid       int
	arenas    []*Arena
	seen      []os.FileInfo // of memory that was looked at
	obstacles obstacles
}

func newScan(proc string) (*scan, error) {
	if runtime.GOOS != "linux" {
		return nil, &sys.UnsupportedError{What: "looking into other processes"}
	}
	return &scan{proc: proc, uid: os.Geteuid()}, nil
}

func (s *scan) pids() ([]int, error) {
	entries, err := os.ReadDir(s.proc)
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

func (s *scan) process(pid int) {
	dir := filepath.Join(s.proc, strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	s.failed(pid, err)
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		target, err := os.Readlink(name)
		if err == nil && strings.HasPrefix(target, memory) {
			err = s.descriptor(name)
		}
		s.failed(pid, err)
	}
}

// descriptor opens the memory behind a descriptor of another process, unless it was seen before.
func (s *scan) descriptor(name string) error {
	st, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() { // opening a pipe would wait, opening a device might do anything
		return nil
	}
	for _, other := range s.seen {
		if os.SameFile(st, other) {
			return nil
		}
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	s.seen = append(s.seen, st)
	a, err := OpenFile(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s.arenas = append(s.arenas, a)
	return nil
}

func (s *scan) failed(pid int, err error) {
	if err == nil || gone(err) {
		return
	}
	if errors.Is(err, os.ErrPermission) {
		s.obstacles.add(pid, s.forbidden(pid), err)
		return
	}
	s.obstacles.add(pid, err.Error(), err)
}
