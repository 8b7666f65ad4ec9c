package inspect

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Obstacle is a reason why processes could not be looked at. They may have arenas or not.
type Obstacle struct {
	Why  string `json:"why"`
	PIDs []int  `json:"pids"` // of the processes; none if their number cannot be known
	Err  error  `json:"-"`    // the kernel's answer for the first of them
}

// String says how many processes, and why.
func (o Obstacle) String() string {
	switch len(o.PIDs) {
	case 0:
		return o.Why
	case 1:
		return fmt.Sprintf("process %d: %s", o.PIDs[0], o.Why)
	}
	return fmt.Sprintf("%d processes: %s", len(o.PIDs), o.Why)
}

// obstacles are put together by their reasons, in the order in which these came up.
type obstacles []Obstacle

func (o *obstacles) add(pid int, why string, err error) {
	i := slices.IndexFunc(*o, func(x Obstacle) bool { return x.Why == why })
	if i < 0 {
		i = len(*o)
		*o = append(*o, Obstacle{Why: why, Err: err})
	}
	if at := &(*o)[i]; pid != 0 && !slices.Contains(at.PIDs, pid) {
		at.PIDs = append(at.PIDs, pid)
	}
}

func (o obstacles) list() []Obstacle { return o }

// gone tells whether the process, or its descriptor, went away while it was looked at.
func gone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// forbidden says why the kernel does not let us look at a process: the first reason that applies.
func (s *scan) forbidden(pid int) string {
	status, err := os.ReadFile(filepath.Join(s.proc, strconv.Itoa(pid), "status"))
	if err != nil {
		return "its user cannot be told: " + err.Error()
	}
	return reason(s.uid, fields(string(status), "Uid"))
}

// reason is why a process with these user ids (real, effective, saved, of files) is closed to user uid.
func reason(uid int, ids []int) string {
	switch {
	case uid == 0:
		return "root lacks CAP_SYS_PTRACE here, as in a container, or the process lies outside of this user namespace"
	case len(ids) == 0:
		return "its user cannot be told"
	case slices.ContainsFunc(ids, func(id int) bool { return id != ids[0] }):
		return "setuid: it runs with the rights of more than one user"
	case ids[0] != uid:
		return "of another user"
	}
	return "of this user, but not dumpable: a binary that is setuid, has capabilities or is unreadable, or a program that switched dumping off; or it has a user namespace of its own"
}

// fields gives the numbers in a line of /proc/<pid>/status.
func fields(status, key string) []int {
	for line := range strings.Lines(status) {
		rest, found := strings.CutPrefix(line, key+":")
		if !found {
			continue
		}
		var numbers []int
		for _, word := range strings.Fields(rest) {
			if n, err := strconv.Atoi(word); err == nil {
				numbers = append(numbers, n)
			}
		}
		return numbers
	}
	return nil
}

// hidden tells whether /proc shows a user only the processes that are his.
func hidden(proc string, uid int) bool {
	if uid == 0 {
		return false
	}
	mounts, err := os.ReadFile(filepath.Join(proc, "self", "mounts"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 3 && f[1] == "/proc" && f[2] == "proc" {
			return strings.Contains(f[3], "hidepid=") && !strings.Contains(f[3], "hidepid=0") && !strings.Contains(f[3], "hidepid=off")
		}
	}
	return false
}
