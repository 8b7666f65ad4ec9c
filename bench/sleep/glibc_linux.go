package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

//go:embed sem.c
var semC []byte

// compileSem makes sem.c a program in dir. Without a C compiler it returns "".
func compileSem(ctx context.Context, dir string) (string, error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", nil
	}
	source, binary := filepath.Join(dir, "sem.c"), filepath.Join(dir, "sem")
	if err := os.WriteFile(source, semC, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.CommandContext(ctx, cc, "-O2", "-pthread", "-o", binary, source).CombinedOutput(); err != nil {
		return "", fmt.Errorf("cc sem.c: %w\n%s", err, out)
	}
	return binary, nil
}

func runSem(ctx context.Context, binary string, rounds int, cpus [2]int) (values, error) {
	out, err := exec.CommandContext(ctx, binary,
		strconv.Itoa(cpus[0]), strconv.Itoa(cpus[1]), strconv.Itoa(warm(rounds)), strconv.Itoa(rounds)).Output()
	if err != nil {
		return nil, fmt.Errorf("sem: %w", err)
	}
	var samples []time.Duration
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		ns, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("sem: %w", err)
		}
		samples = append(samples, time.Duration(ns))
	}
	v := values{}
	v.spread("", samples)
	return v, nil
}
