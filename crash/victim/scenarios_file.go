//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// counter is where a scenario's Files change hands: one who gives, one who gets.
var counter struct {
	box *mp.Queue[*mp.File]
	in  *os.File // what comes out of the pipe whose other end travels
	out *mp.File
	err error // of this process's part
}

// lays puts one end of a pipe on the counter, n times.
func lays(n int) func(f *family) error {
	return func(*family) error {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		defer w.Close()
		counter.box, counter.in, counter.err = mp.NewQueue[*mp.File](0), r, nil
		if counter.out, err = mp.NewFile(w); err != nil {
			return err
		}
		for range n {
			err = errors.Join(err, counter.box.Put(counter.out))
		}
		return err
	}
}

// endsThere must be true after a death: nobody else has an open end any more.
func endsThere(f *family) error {
	defer func() { counter.box, counter.in, counter.out = nil, nil, nil }()
	_ = counter.out.Close() // it returns no error
	done := make(chan error, 1)
	go func(in *os.File) { _, err := io.Copy(io.Discard, in); done <- errors.Join(err, in.Close()) }(counter.in)
	return errors.Join(counter.err, f.ends(done, "the pipe whose other end has travelled"))
}

var fileGot = mp.Proc2(func(ctx context.Context, box *mp.Queue[*mp.File], n int) error {
	arm(n)
	for range 2 {
		f, err := box.GetContext(ctx)
		if err != nil {
			return err
		}
		o, err := f.Open()
		if err != nil {
			return err
		}
		_, err = o.WriteString("got")
		failpoint.Hit("crash: written")
		if err := errors.Join(err, o.Close(), f.Close()); err != nil {
			return err
		}
	}
	return nil
})

// fileGiven gives away what it was given.
var fileGiven = mp.Proc3(func(ctx context.Context, f *mp.File, box *mp.Queue[*mp.File], n int) error {
	arm(n)
	if err := box.PutContext(ctx, f); err != nil {
		return err
	}
	select {
	case <-f.Got():
	case <-ctx.Done():
		return ctx.Err()
	}
	failpoint.Hit("crash: gone")
	return f.Close()
})

// picksUp gets what the victim gives: the File, or who has died with it.
func picksUp(f *family, v *mp.Process) {
	ctx, cancel := context.WithCancel(f.ctx)
	go func() { defer cancel(); <-v.Done() }()
	switch got, err := counter.box.GetContext(ctx); {
	case err == nil:
		counter.err = got.Close()
	case v.Alive() && !errors.Is(err, os.ErrProcessDone), f.ctx.Err() != nil:
		counter.err = fmt.Errorf("after a death at %q: %w", f.step(), err)
	}
	<-ctx.Done()
}

func fileScenarios() []scenario {
	return []scenario{
		{name: "file got", setup: lays(2), after: endsThere,
			victim: func(_ *family, n int) mp.Target { return fileGot(counter.box, n) }},
		{name: "file given", setup: lays(0), after: endsThere, during: picksUp,
			victim: func(_ *family, n int) mp.Target { return fileGiven(counter.out, counter.box, n) }},
	}
}
