package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptors that every process of a measurement inherits.
const (
	memoryFile = 3
	firstFile  = 4 // and the next: the way's own, if it has any
)

// What takes longer is cut short.
const patience = 1500 * time.Millisecond

// warm is how many rounds go before those that count: the processes, their caches and the CPUs wake up.
func warm(rounds int) int { return rounds / 10 }

// roles are what this program does in a process that it has started itself: a name and numbers are its arguments, and
// it prints its values as JSON.
var roles = map[string]func(m memory, n []int) (values, error){
	"play":   play,
	"crowd":  crowd,
	"cancel": cancelled,
	"ready":  ready,
}

func takeRole(args []string) error {
	m, err := openMemory(os.NewFile(memoryFile, "memory"))
	if err != nil {
		return err
	}
	var n []int
	for _, arg := range args[1:] {
		i, err := strconv.Atoi(arg)
		if err != nil {
			return err
		}
		n = append(n, i)
	}
	v, err := roles[args[0]](m, n)
	if err != nil || v == nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(v)
}

// play is a player of a pair: rounds, which way, 0 or 1, its CPU.
func play(m memory, n []int) (values, error) {
	rounds, w, role, cpu := n[0], ways[n[1]], n[2], n[3]
	if err := pin(cpu); err != nil {
		return nil, err
	}
	s, err := w.open(&table{mem: m, role: role})
	if err != nil {
		return nil, err
	}
	if role == 1 {
		raise(m.word(wordReady))
		return nil, answer(m, s)
	}
	awaitRaised(m.word(wordReady))
	v, err := measure(s, rounds, w.apart)
	if err != nil {
		return nil, err
	}
	m.word(wordStop).Store(1)
	return v, s.hand()
}

func answer(m memory, s side) error {
	for stop := m.word(wordStop); ; {
		if err := s.wait(); err != nil || stop.Load() == 1 {
			return err
		}
		if err := s.hand(); err != nil {
			return err
		}
	}
}

// measure times rounds, of one ball there and back.
func measure(s side, rounds int, apart time.Duration) (values, error) {
	samples := make([]time.Duration, 0, rounds)
	begin := time.Now()
	for i := range warm(rounds) + rounds {
		if apart > 0 {
			settle(apart)
		}
		start := time.Now()
		if err := s.hand(); err != nil {
			return nil, err
		}
		if err := s.wait(); err != nil {
			return nil, err
		}
		end := time.Now()
		if i >= warm(rounds) || end.Sub(begin) > patience/4 {
			samples = append(samples, end.Sub(start))
		}
		if end.Sub(begin) > patience {
			break
		}
	}
	v := values{"rounds": float64(len(samples))}
	v.spread("", samples)
	return v, nil
}

// pin moves every thread of this process to one CPU; new threads inherit that. It happens after the start of the
// runtime, which so believes in all CPUs, as it does where the kernel's scheduler alone puts two processes together.
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

// status reads a number from /proc/self/status.
func status(name string) (float64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, found := strings.Cut(string(b), "\n"+name+":")
	if !found {
		return 0, fmt.Errorf("/proc/self/status has no %s", name)
	}
	line, _, _ := strings.Cut(after, "\n")
	return strconv.ParseFloat(strings.TrimSpace(line), 64)
}
