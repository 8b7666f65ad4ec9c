package doctor

import (
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	mostProcesses = 1024              // of a family
	filesWanted   = 4 * mostProcesses // by the parent of that many
	threadsWanted = 8 * mostProcesses
)

// softLimit is what holds for this process. Go raises the one on open files to the hard limit at its start.
func softLimit(resource int) (limit uint64, unlimited bool, err error) {
	var r unix.Rlimit
	if err := unix.Getrlimit(resource, &r); err != nil {
		return 0, false, os.NewSyscallError("getrlimit", err)
	}
	return r.Cur, r.Cur == unix.RLIM_INFINITY, nil
}

func limitText(resource int, unit func(uint64) string) string {
	limit, unlimited, err := softLimit(resource)
	switch {
	case err != nil:
		return err.Error()
	case unlimited:
		return "unlimited"
	}
	return unit(limit)
}

// limitAtLeast is ok from so many on.
func limitAtLeast(resource int, wanted uint64, unit func(uint64) string) (State, string) {
	limit, unlimited, err := softLimit(resource)
	if err == nil && (unlimited || limit >= wanted) {
		return OK, limitText(resource, unit)
	}
	return Limited, limitText(resource, unit) + ", less than " + unit(wanted)
}

func fileSize(context.Context) (State, string) {
	return limitAtLeast(unix.RLIMIT_FSIZE, arenaSize, bytesText)
}

func openFiles(context.Context) (State, string) {
	return limitAtLeast(unix.RLIMIT_NOFILE, filesWanted, countText)
}

func userProcesses(context.Context) (State, string) {
	return limitAtLeast(unix.RLIMIT_NPROC, threadsWanted, countText)
}

func countText(n uint64) string { return fmt.Sprint(n) }

// bytesText is exact for whole units, else rounded to a tenth.
func bytesText(n uint64) string {
	const units = "KMGTPE"
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	x, i := float64(n)/(1<<10), 0
	for ; x >= 1<<10 && i < len(units)-1; i++ {
		x /= 1 << 10
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0") + " " + units[i:i+1] + "iB"
}

func overcommit(context.Context) (State, string) {
	mode, err := os.ReadFile("/proc/sys/vm/overcommit_memory")
	if err != nil {
		return Limited, err.Error()
	}
	return overcommitState(strings.TrimSpace(string(mode)))
}

func overcommitState(mode string) (State, string) {
	found := "vm.overcommit_memory=" + mode
	if mode == "2" {
		return Limited, found
	}
	return OK, found
}
