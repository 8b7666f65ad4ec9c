package bench

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// pin moves every thread of this process to one CPU; new threads inherit that. The runtime, which has started already, goes
// on believing in all CPUs, as it does where the kernel's scheduler puts two processes together.
func pin(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	for moved := map[string]bool{}; ; {
		before := len(moved)
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil || moved[task.Name()] {
				continue
			}
			if err := unix.SchedSetaffinity(tid, &set); err != nil {
				return os.NewSyscallError("sched_setaffinity", err)
			}
			moved[task.Name()] = true
		}
		if len(moved) == before {
			return nil
		}
	}
}

// allowed are the CPUs that this process may use: one at least.
func allowed() (cpus []int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			cpus = append(cpus, i)
		}
	}
	return cpus, nil
}
