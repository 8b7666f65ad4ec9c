package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/multiproc/mp"
)

func system(context.Context) (State, string) {
	release := "unknown"
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		release = unix.ByteSliceToString(name.Release[:])
	}
	found := fmt.Sprintf("%s/%s, kernel %s", runtime.GOOS, runtime.GOARCH, release)
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return Missing, found
	}
	return OK, found
}

func procMounted(context.Context) (State, string) {
	var fs unix.Statfs_t
	if err := unix.Statfs("/proc", &fs); err != nil || fs.Type != unix.PROC_SUPER_MAGIC {
		return Missing, "not mounted"
	}
	if _, err := os.Readlink("/proc/self/exe"); err != nil {
		return Missing, err.Error()
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Limited, err.Error()
	}
	if hide := hidepid(string(mounts)); hide != "" {
		return Limited, "mounted with hidepid=" + hide + ": other users' processes cannot be told apart by their start"
	}
	return OK, "mounted, nothing hidden"
}

// hidepid finds what /proc hides in mountinfo; "" is nothing. The last mount on a directory is the one that is seen.
func hidepid(mountinfo string) (hide string) {
	for line := range strings.Lines(mountinfo) {
		// 22 27 0:21 / /proc rw,relatime shared:1 - proc proc rw,hidepid=invisible
		mount, super, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		if fields := strings.Fields(mount); len(fields) < 5 || fields[4] != "/proc" {
			continue
		}
		hide = ""
		options := super[strings.LastIndexByte(super, ' ')+1:]
		for option := range strings.SplitSeq(options, ",") {
			if value, ok := strings.CutPrefix(option, "hidepid="); ok && value != "0" && value != "off" {
				hide = value
			}
		}
	}
	return hide
}

func cpus(context.Context) (State, string) {
	usable := mp.CPUCount()
	present := "an unknown number"
	if text, err := os.ReadFile("/sys/devices/system/cpu/online"); err == nil {
		if n, ok := countList(strings.TrimSpace(string(text))); ok {
			present = strconv.Itoa(n)
		}
	}
	found := fmt.Sprintf("%d usable, %s online", usable, present)
	if usable < 2 {
		return Limited, found
	}
	return OK, found
}

// countList counts what a list like "0-3,8" names.
func countList(list string) (n int, ok bool) {
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || last < first {
			return 0, false
		}
		n += last - first + 1
	}
	return n, true
}

func seccomp(context.Context) (State, string) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return Limited, err.Error()
	}
	found := "no filter"
	if mode := statusField(string(text), "Seccomp"); mode != "0" && mode != "" {
		found = "filters: " + statusField(string(text), "Seccomp_filters")
	}
	if container := containerHint("/"); container != "" {
		found += "; in a container (" + container + ")"
	}
	return OK, found
}

// statusField finds "name: value" in /proc/self/status.
func statusField(status, name string) string {
	for line := range strings.Lines(status) {
		if key, value, ok := strings.Cut(line, ":"); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// containerHint names a file that container engines leave.
func containerHint(root string) string {
	for _, file := range []string{".dockerenv", "run/.containerenv"} {
		if _, err := os.Stat(filepath.Join(root, file)); err == nil {
			return "/" + file
		}
	}
	return ""
}

// initialPIDNamespace is the inode of the first one: PROC_PID_INIT_INO of the kernel.
const initialPIDNamespace = 0xEFFFFFFC

func pidNamespace(context.Context) (State, string) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return Limited, err.Error()
	}
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &st); err != nil {
		return Limited, err.Error()
	}
	return namespaceState(statusField(string(text), "NSpid"), st.Ino)
}

// namespaceState: NSpid has a number for each namespace from that of /proc to the own.
func namespaceState(nspid string, inode uint64) (State, string) {
	kind := "of a container"
	if inode == initialPIDNamespace {
		kind = "the machine's own"
	}
	if numbers := strings.Fields(nspid); len(numbers) > 1 {
		return Limited, fmt.Sprintf("%s, but /proc is another one's: this process has the numbers %s", kind, strings.Join(numbers, ", "))
	}
	return OK, kind
}
