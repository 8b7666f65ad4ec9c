package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// unifiedMount is where mp looks for cgroup v2: systemd, Docker and Kubernetes put it there.
const unifiedMount = "/sys/fs/cgroup"

// unifiedGroup finds the path of cgroup v2 in /proc/self/cgroup.
func unifiedGroup(text string) (string, bool) {
	for line := range strings.Lines(text) {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			return strings.TrimSuffix(path, "\n"), true
		}
	}
	return "", false
}

func ownGroup() (string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	path, ok := unifiedGroup(string(text))
	if !ok {
		return "", fmt.Errorf("/proc/self/cgroup names no group of cgroup v2")
	}
	return path, nil
}

// strictest is the smallest value of a file like pids.max in the group and all above it: each of them binds.
func strictest(mount, group, file string) (most uint64, limited bool) {
	for dir := filepath.Clean("/" + group); ; dir = filepath.Dir(dir) {
		if text, err := os.ReadFile(filepath.Join(mount, dir, file)); err == nil {
			if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && (!limited || n < most) {
				most, limited = n, true
			} // else "max"
		}
		if dir == "/" {
			return most, limited
		}
	}
}

func cgroupMemory(context.Context) (State, string) {
	group, err := ownGroup()
	if err != nil {
		return Limited, err.Error()
	}
	found := "memory.max: " + groupLimit(group, "memory.max", bytesText)
	if _, err := os.ReadFile(filepath.Join(unifiedMount, group, "memory.events")); err != nil {
		return Limited, fmt.Sprintf("%s; OOM kills are counted for the whole machine: %v", found, err)
	}
	return OK, found + "; memory.events is readable"
}

func cgroupPids(context.Context) (State, string) {
	group, err := ownGroup()
	if err != nil {
		return Limited, err.Error()
	}
	most, limited := strictest(unifiedMount, group, "pids.max")
	if limited && most < threadsWanted {
		return Limited, fmt.Sprintf("pids.max: %d, less than %d", most, threadsWanted)
	}
	return OK, "pids.max: " + groupLimit(group, "pids.max", countText)
}

func groupLimit(group, file string, unit func(uint64) string) string {
	if most, limited := strictest(unifiedMount, group, file); limited {
		return unit(most)
	}
	return "no limit in cgroup v2"
}
