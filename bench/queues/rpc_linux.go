package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
)

// Other is what is called: a method that gives its argument back, or takes it.
type Other struct{}

// Take takes, or gives back.
func (Other) Take(m []byte, back *[]byte) error {
	if m[0] != take {
		*back = m
	}
	return nil
}

// caller is a client of net/rpc, as go-plugin has one too.
type caller struct {
	client *rpc.Client
	method string
	size   int
}

func (w *caller) trip(n int) error {
	m := message(giveBack, w.size)
	for range n {
		var back []byte
		if err := w.client.Call(w.method, m, &back); err != nil {
			return err
		}
		if len(back) != w.size {
			return errors.New("something else came back")
		}
	}
	return nil
}

// window is how many calls are under way at a time: net/rpc has no message without an answer.
const window = 64

func (w *caller) flood(n int) error {
	m := message(take, w.size)
	done := make(chan *rpc.Call, window)
	for i := range n + window {
		if i >= window {
			if call := <-done; call.Error != nil {
				return call.Error
			}
		}
		if i < n {
			w.client.Go(w.method, m, new([]byte), done)
		} else if i >= n && i < window {
			done <- new(rpc.Call)
		}
	}
	return nil
}

// rpcWay is net/rpc with gob over a Unix socket.
type rpcWay struct {
	caller
	other *exec.Cmd
	stdin io.Closer
	dir   string
}

func openRPC(_ context.Context, size int) (way, error) {
	dir, err := os.MkdirTemp("", "queues")
	if err != nil {
		return nil, err
	}
	other, err := self("rpc", size)
	if err != nil {
		return nil, err
	}
	other.Dir = dir
	stdin, err := other.StdinPipe()
	if err != nil {
		return nil, err
	}
	ready, err := other.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := other.Start(); err != nil {
		return nil, err
	}
	if _, err := bufio.NewReader(ready).ReadString('\n'); err != nil {
		return nil, err
	}
	conn, err := net.Dial("unix", filepath.Join(dir, "socket"))
	if err != nil {
		return nil, err
	}
	return &rpcWay{caller{rpc.NewClient(conn), "Other.Take", size}, other, stdin, dir}, nil
}

func (w *rpcWay) close() error {
	return errors.Join(w.client.Close(), w.stdin.Close(), w.other.Wait(), os.RemoveAll(w.dir))
}

// serveRPC serves one connection until its input ends.
func serveRPC() error {
	server := rpc.NewServer()
	if err := server.Register(Other{}); err != nil {
		return err
	}
	l, err := net.Listen("unix", "socket")
	if err != nil {
		return err
	}
	if _, err := os.Stdout.WriteString("ready\n"); err != nil {
		return err
	}
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	server.ServeConn(conn)
	return nil
}
