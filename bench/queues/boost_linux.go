package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
)

//go:embed boost.cpp
var boostSource []byte

// boostWay is a program in C++ and its child; only the order to begin and the word that all is done go through a pipe.
type boostWay struct {
	program *exec.Cmd
	orders  io.WriteCloser
	done    *bufio.Reader
}

// boost is the program, built once: that takes seconds.
var boost struct {
	once sync.Once
	path string
	err  error
}

func buildBoost() {
	compiler, err := exec.LookPath("g++")
	if err != nil {
		boost.err = &missingError{"apt-get install g++ libboost-dev: " + err.Error()}
		return
	}
	dir, err := os.MkdirTemp("", "queues")
	if err != nil {
		boost.err = err
		return
	}
	boost.path = filepath.Join(dir, "boost")
	build := exec.Command(compiler, "-O2", "-x", "c++", "-o", boost.path, "-", "-lrt", "-pthread")
	build.Stdin = bytes.NewReader(boostSource)
	if out, err := build.CombinedOutput(); err != nil {
		boost.err = fmt.Errorf("%w: %s", err, out)
		if bytes.Contains(out, []byte("No such file")) {
			boost.err = &missingError{"apt-get install libboost-dev"}
		}
	}
}

// removeBoost removes the program.
func removeBoost() error {
	if boost.path == "" {
		return nil
	}
	return os.RemoveAll(filepath.Dir(boost.path))
}

func openBoost(_ context.Context, size int) (way, error) {
	if boost.once.Do(buildBoost); boost.err != nil {
		return nil, boost.err
	}
	w := &boostWay{program: exec.Command(boost.path, strconv.Itoa(size), fmt.Sprintf("queues-%d-%d", os.Getpid(), size))}
	w.program.Stderr = os.Stderr
	var err error
	if w.orders, err = w.program.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.program.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.done = bufio.NewReader(out)
	return w, w.program.Start()
}

func (w *boostWay) order(what string, n int) error {
	if _, err := fmt.Fprintln(w.orders, what, n); err != nil {
		return err
	}
	_, err := w.done.ReadString('\n')
	return err
}

func (w *boostWay) trip(n int) error  { return w.order("t", n) }
func (w *boostWay) flood(n int) error { return w.order("f", n) }

func (w *boostWay) close() error {
	return errors.Join(w.orders.Close(), w.program.Wait())
}
