// Package boot starts processes of this program and watches them end. What they then say to each other,
// and what a slot means, is not its business: it hands over descriptors, a slot number and one end of a socket.
//
// The contract between the starter and its child is one environment variable,
//
//	MP_CHILD=1:<memory>:<life>:<control>:<crash or ->:<slot>
//
// that is 1, the version of the contract; the numbers of the descriptors of the shared memory, of the life
// lock (another open file description of the same memory), of the child's end of the control socket and of
// the file for the last words of a crash; and the child's slot. A child takes the variable out of its
// environment and marks the descriptors close-on-exec before anything else in the program runs, so that
// the commands that it starts inherit neither.
//
// Everything here needs Linux. Elsewhere Start returns a *sys.UnsupportedError, and no process is a child.
package boot

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

const (
	variable        = "MP_CHILD"
	contractVersion = "1"

	// Slots is the number of processes that a family can have at a time: slots are 0 … Slots-1.
	Slots = 1024
)

// Inheritance is what a child has from the process that started it. The files are open for the whole life
// of the process, close-on-exec, and belong to whoever called Inherited first.
type Inheritance struct {
	Memory  *os.File // the sealed memory that the family shares
	Life    *os.File // holds the lock on the byte of Slot; must stay open until the process ends
	Control *os.File // non-blocking, through the netpoller; end of file means that the parent is gone
	Crash   *os.File // nil if the starter gave none
	Slot    uint32

	SameNamespace bool // the parent is known to be in this process's pid namespace
}

// Spec says what Start starts. The zero value of a field is the usual choice, but Memory and Life are required.
// The files stay the caller's, who may close them as soon as Start has returned; the child has its own descriptors.
type Spec struct {
	Path string   // the program; "": this one, the very file that runs, even if it was replaced on disk meanwhile
	Args []string // nil: os.Args
	Env  []string // nil: os.Environ(); of several values for a name the last counts. MP_CHILD is never passed on
	Dir  string   // "": where this process is

	Stdin  *os.File // nil: the null device. A terminal stops the child when it reads: its group is in the background
	Stdout *os.File // nil: os.Stdout
	Stderr *os.File // nil: os.Stderr

	Memory *os.File
	Life   *os.File
	Crash  *os.File // nil: none
	Slot   uint32
}

// A contract is the value of MP_CHILD.
type contract struct {
	memory, life, control int
	crash                 int // -1 for none
	slot                  uint32
}

func (c contract) String() string {
	crash := "-"
	if c.crash >= 0 {
		crash = strconv.Itoa(c.crash)
	}
	return strings.Join([]string{
		contractVersion, strconv.Itoa(c.memory), strconv.Itoa(c.life), strconv.Itoa(c.control), crash,
		strconv.FormatUint(uint64(c.slot), 10),
	}, ":")
}

// descriptors lists them by the names that errors use.
func (c contract) descriptors() []descriptor {
	all := []descriptor{{"memory", c.memory}, {"life", c.life}, {"control", c.control}}
	if c.crash >= 0 {
		all = append(all, descriptor{"crash", c.crash})
	}
	return all
}

type descriptor struct {
	name string
	fd   int
}

func parseContract(value string) (contract, error) {
	var c contract
	parts := strings.Split(value, ":")
	if parts[0] != contractVersion {
		return c, fmt.Errorf("expected version %s of the contract first, found %.20q", contractVersion, parts[0])
	}
	if len(parts) != 6 {
		return c, fmt.Errorf("expected 6 parts between colons, found %d", len(parts))
	}
	for i, to := range []*int{&c.memory, &c.life, &c.control, &c.crash} {
		part := parts[1+i]
		if i == 3 && part == "-" {
			c.crash = -1
			continue
		}
		// 31 bits: a descriptor is an int of C. 0, 1 and 2 are never ours, and must not be marked close-on-exec.
		fd, err := strconv.ParseUint(part, 10, 31)
		if err != nil || fd < 3 {
			return c, fmt.Errorf("part %d: expected a descriptor from 3 on, found %.20q", 2+i, part)
		}
		*to = int(fd)
	}
	slot, err := strconv.ParseUint(parts[5], 10, 32)
	if err != nil || slot >= Slots {
		return c, fmt.Errorf("expected a slot of 0 to %d, found %.20q", Slots-1, parts[5])
	}
	c.slot = uint32(slot)
	return c, c.checkDistinct()
}

func (c contract) checkDistinct() error {
	all := c.descriptors()
	for i, a := range all {
		for _, b := range all[:i] {
			if a.fd == b.fd {
				return fmt.Errorf("expected different descriptors, found %d as %s and as %s", a.fd, b.name, a.name)
			}
		}
	}
	return nil
}

// environment is env, or the environment of this process, with the contract as the one value of MP_CHILD.
func environment(env []string, c contract) []string {
	out := make([]string, 0, len(env)+1)
	if env == nil {
		env = os.Environ() // its names are distinct
	} else {
		env = lastOfEach(env)
	}
	for _, e := range env {
		if !strings.HasPrefix(e, variable+"=") {
			out = append(out, e)
		}
	}
	return append(out, variable+"="+c.String())
}

// lastOfEach does what os/exec does with duplicates. Left in, the first would count for a Go program, and
// append(os.Environ(), "NAME=new") would change nothing.
func lastOfEach(env []string) []string {
	last := make(map[string]int, len(env))
	for i, e := range env {
		name, _, _ := strings.Cut(e, "=")
		last[name] = i
	}
	out := make([]string, 0, len(env))
	for i, e := range env {
		if name, _, _ := strings.Cut(e, "="); last[name] == i {
			out = append(out, e)
		}
	}
	return out
}

// check finds the mistakes that the kernel would not: it closes descriptor 0 of the child for a closed Stdin.
func (s *Spec) check() error {
	if s.Memory == nil || s.Life == nil {
		return errors.New("mp: starting a process: it needs the shared memory and its life lock")
	}
	if s.Slot >= Slots {
		return fmt.Errorf("mp: starting a process: slot %d, expected 0 to %d", s.Slot, Slots-1)
	}
	for _, f := range []struct {
		name string
		file *os.File
	}{
		{"Stdin", s.Stdin}, {"Stdout", s.Stdout}, {"Stderr", s.Stderr},
		{"Memory", s.Memory}, {"Life", s.Life}, {"Crash", s.Crash},
	} {
		if f.file != nil && f.file.Fd() == ^uintptr(0) {
			return fmt.Errorf("mp: starting a process: %s: %w", f.name, os.ErrClosed)
		}
	}
	return nil
}
