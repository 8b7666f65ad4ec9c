package boot

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// PeakMemory is the most memory that an ended process had resident, in bytes; 0 if unknown. It counts shared pages
// that the process touched. The kernel counts from the fork on, when parent and child are still one: the
// result is never less than the parent's own peak at the time of the start.
func PeakMemory(s *os.ProcessState) int64 {
	if s == nil {
		return 0
	}
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok || usage == nil {
		return 0
	}
	return usage.Maxrss << 10 // KiB, getrusage(2)
}

const memoryPeriod = 50 * time.Millisecond

// WatchMemory looks every 50 ms how much memory of its own (anonymous, resident, bytes) a process has, and calls
// over once, with what it found, when that is more than limit. It returns after that, when stop is closed,
// or when the process has been reaped. Shared memory is not counted: its pages stay when a process ends, and would be
// charged to whoever touched them first. Between two looks a process may have taken any amount.
//
// Called before the process is reaped, it never looks at a later one of the same number. A look costs about 2 µs.
func WatchMemory(pid int, limit int64, stop <-chan struct{}, over func(used int64)) {
	// An open file of /proc belongs to the process, not to its number.
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	tick := time.NewTicker(memoryPeriod)
	defer tick.Stop()
	buf := make([]byte, 256)
	for {
		n, _ := f.ReadAt(buf, 0)
		used, ok := anonymous(buf[:n])
		if !ok {
			return // reaped
		}
		if used > limit {
			over(used)
			return
		}
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

// anonymous reads /proc/pid/statm: resident less shared is what /proc/pid/status calls RssAnon, for a third of the work.
func anonymous(statm []byte) (int64, bool) {
	fields := bytes.Fields(statm)
	if len(fields) < 3 {
		return 0, false
	}
	resident, err1 := strconv.ParseInt(string(fields[1]), 10, 64)
	shared, err2 := strconv.ParseInt(string(fields[2]), 10, 64)
	return (resident - shared) * int64(os.Getpagesize()), err1 == nil && err2 == nil
}

// OOMKills is how many processes the kernel has killed for want of memory: in the cgroup of this process and below if
// that is known, else on this machine; 0 if neither is. Look before and after an unexplained SIGKILL: a
// larger number is evidence, not proof. Reads two small files.
func OOMKills() uint64 {
	if group, err := os.ReadFile("/proc/self/cgroup"); err == nil {
		if path, ok := unifiedGroup(group); ok {
			if events, err := os.ReadFile("/sys/fs/cgroup" + path + "/memory.events"); err == nil {
				if n, ok := counter(events, "oom_kill"); ok {
					return n
				}
			}
		}
	}
	stat, _ := os.ReadFile("/proc/vmstat")
	n, _ := counter(stat, "oom_kill")
	return n
}

// unifiedGroup finds the path of cgroup v2 in /proc/pid/cgroup.
func unifiedGroup(lines []byte) (string, bool) {
	for line := range bytes.Lines(lines) {
		if path, ok := bytes.CutPrefix(line, []byte("0::")); ok {
			return string(bytes.TrimSuffix(path, []byte("\n"))), true
		}
	}
	return "", false
}

// counter finds "name value" among lines of that form.
func counter(lines []byte, name string) (uint64, bool) {
	for line := range bytes.Lines(lines) {
		if key, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte(" ")); ok && string(key) == name {
			n, err := strconv.ParseUint(string(value), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
