// Handoff: one process listens, and hands the connections that it accepts to two others, which answer.
package main

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/multiproc/mp"
)

var worker = mp.Proc(func(ctx context.Context, conns *mp.Queue[*mp.File]) error {
	for f, err := range conns.All(ctx) { // until the queue is shut down and empty
		if err != nil {
			return err
		}
		if err := answer(f); err != nil {
			return err
		}
	}
	return nil
})

func answer(f *mp.File) error {
	defer f.Close()
	o, err := f.Open()
	if err != nil {
		return err
	}
	defer o.Close()
	conn, err := net.FileConn(o)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "hello from %s", mp.CurrentProcess().Name)
	return err
}

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	conns := mp.NewQueue[*mp.File](0)
	var workers mp.Group
	for range 2 {
		workers.Start(ctx, worker(conns))
	}
	answers := make(chan string, 4)
	go visit(listener.Addr().String(), cap(answers), answers)
	for range cap(answers) {
		f, err := accept(listener)
		if err != nil {
			return err
		}
		if err := conns.PutContext(ctx, f); err != nil {
			return err
		}
		select {
		case <-f.Got(): // a worker has it, and the connection ends when that closes it
		case <-ctx.Done():
		}
		f.Close()
	}
	for range cap(answers) {
		fmt.Println(<-answers)
	}
	conns.Shutdown()
	return workers.Join()
}

// accept gives the next connection away: of this process's descriptors the File alone remains.
func accept(l net.Listener) (*mp.File, error) {
	c, err := l.Accept()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return mp.NewFile(c.(*net.TCPConn))
}

// visit is n clients, one after the other, each of which reads until the connection ends.
func visit(address string, n int, answers chan<- string) {
	for range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			answers <- err.Error()
			continue
		}
		b, _ := io.ReadAll(c)
		_ = c.Close()
		answers <- string(b)
	}
}
