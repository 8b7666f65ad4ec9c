package inspect

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// nsPID is a pid as a process of some pid namespace sees it.
type nsPID struct {
	namespace uint64
	pid       int
}

// nesting finds out under which pids a process is known, from our namespace to its own.
type nesting struct {
	proc  string
	below map[nsPID][]int // of all processes that we may look into, once it is needed
}

// of gives the pids of a process, nil if they cannot be known. Those of our own namespace are where one
// expects them; for another one, all of /proc is searched once.
func (n *nesting) of(ours uint64, p nsPID) []int {
	if p.namespace == ours || p.namespace == 0 {
		return n.status(strconv.Itoa(p.pid))
	}
	if n.below == nil {
		n.below = make(map[nsPID][]int)
		entries, _ := os.ReadDir(n.proc) // none: nothing can be known
		for _, e := range entries {
			if pids := n.status(e.Name()); len(pids) > 0 {
				n.below[nsPID{n.namespace(e.Name()), pids[len(pids)-1]}] = pids
			}
		}
	}
	return n.below[p]
}

func (n *nesting) status(pid string) []int {
	if _, err := strconv.Atoi(pid); err != nil {
		return nil
	}
	status, _ := os.ReadFile(filepath.Join(n.proc, pid, "status")) // the process may have ended
	return fields(string(status), "NSpid")
}

// namespace is the inode of a process's pid namespace, 0 if we may not know it. The link reads pid:[4026531836].
func (n *nesting) namespace(pid string) uint64 {
	link, _ := os.Readlink(filepath.Join(n.proc, pid, "ns", "pid"))
	inode, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "pid:["), "]"), 10, 64)
	return inode
}
