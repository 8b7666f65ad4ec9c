//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/multiproc/mp"
)

// opened is what f's Open gives, closed with the test.
func opened(t *testing.T, f *mp.File) *os.File {
	t.Helper()
	o, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

func newFile(t *testing.T, c syscall.Conn) *mp.File {
	t.Helper()
	f, err := mp.NewFile(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// descriptors is how many this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func nothingLeft(t *testing.T, before int) {
	t.Helper()
	within(t, soon, "nothing is left behind", func() {
		for descriptors(t) > before {
			runtime.Gosched()
		}
	})
}

var writesTo = mp.Proc2(func(_ context.Context, f *mp.File, s string) error {
	defer f.Close()
	o, err := f.Open()
	if err != nil {
		return err
	}
	defer o.Close()
	_, err = o.WriteString(s)
	return err
})

// A regular file: its offset is that of all who have it.
func TestFileSharesItsOffset(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	o, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f := newFile(t, o)
	_ = o.Close()
	for _, s := range []string{"one ", "two ", "three"} {
		if err := start(t, writesTo(f, s)).Join(); err != nil {
			t.Fatal(err)
		}
	}
	mine := opened(t, f)
	if mine.Name() != path {
		t.Errorf("it is called %q", mine.Name())
	}
	if at, err := mine.Seek(0, io.SeekCurrent); err != nil || at != 13 {
		t.Errorf("the offset is %d: %v", at, err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "one two three" {
		t.Errorf("%q, %v", b, err)
	}
}

var makesPipe = mp.Func0(func(context.Context) (*mp.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	defer w.Close()
	if _, err := w.WriteString("from a process that has ended"); err != nil {
		return nil, err
	}
	return mp.NewFile(r)
})

// A result: the child waits until the parent has it.
func TestFileInAResult(t *testing.T) {
	f, err := mp.Run(context.Background(), makesPipe())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(opened(t, f)); err != nil || string(b) != "from a process that has ended" {
		t.Errorf("%q, %v", b, err)
	}
}

// relays sends on what it gets, keeps that open until the next one comes, and has then closed it.
var relays = mp.Proc2(func(ctx context.Context, in, out *mp.Queue[*mp.File]) error {
	for f, err := range in.All(ctx) {
		if err == nil {
			err = out.PutContext(ctx, f)
		}
		if err != nil {
			return err
		}
		<-f.Got()
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
})

// A File goes through a chain of processes, each of which gets it of the one before.
func TestFileIsPassedOn(t *testing.T) {
	before := descriptors(t)
	first, last := mp.NewQueue[*mp.File](0), mp.NewQueue[*mp.File](0)
	middle := mp.NewQueue[*mp.File](0)
	a, b := start(t, relays(first, middle)), start(t, relays(middle, last))
	for i := range 20 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		f := newFile(t, w)
		if err := first.Put(f); err != nil {
			t.Fatal(err)
		}
		<-f.Got()
		_, _ = f.Close(), w.Close()
		got, err := last.Get()
		if err != nil {
			t.Fatal(err)
		}
		o, err := got.Open()
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Close()
		fmt.Fprint(o, i)
		_ = o.Close()
		within(t, soon, "the pipe ends, as nobody else has it any more", func() {
			if b, err := io.ReadAll(r); err != nil || string(b) != fmt.Sprint(i) {
				t.Errorf("%q, %v", b, err)
			}
		})
		_ = r.Close()
	}
	first.Shutdown()
	middle.Shutdown()
	if err := errors.Join(a.Join(), b.Join()); err != nil {
		t.Error(err)
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors, before %d", after, before)
	}
}

// serves answers on the connections that it is given, and then on those that it accepts itself, until its listener is
// closed by an empty request.
var serves = mp.Proc2(func(_ context.Context, conn, listener *mp.File) error {
	o, err := conn.Open()
	if err != nil {
		return err
	}
	c, err := net.FileConn(o)
	if err = errors.Join(err, o.Close(), conn.Close()); err != nil {
		return err
	}
	if err := shout(c); err != nil {
		return err
	}
	o, err = listener.Open()
	if err != nil {
		return err
	}
	l, err := net.FileListener(o)
	if err = errors.Join(err, o.Close(), listener.Close()); err != nil {
		return err
	}
	defer l.Close()
	if c, err = l.Accept(); err != nil {
		return err
	}
	return shout(c)
})

func shout(c net.Conn) error {
	defer c.Close()
	b := make([]byte, 5)
	if _, err := io.ReadFull(c, b); err != nil {
		return err
	}
	_, err := fmt.Fprint(c, strings.ToUpper(string(b)))
	return err
}

func ask(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := fmt.Fprint(c, "hello"); err != nil {
		t.Error(err)
	}
	within(t, soon, "an answer, and the end", func() {
		if b, err := io.ReadAll(c); err != nil || string(b) != "HELLO" {
			t.Errorf("%q, %v", b, err)
		}
	})
	_ = c.Close()
}

// A connection that was accepted here is served by a child, and so is what a listener of this process accepts there.
func TestFileOfAConnectionAndAListener(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			address := "127.0.0.1:0"
			if network == "unix" {
				address = "@" + t.Name() + fmt.Sprint(os.Getpid())
			}
			l, err := net.Listen(network, address)
			if err != nil {
				t.Fatal(err)
			}
			client, err := net.Dial(network, l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			accepted, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			conn, listener := newFile(t, accepted.(syscall.Conn)), newFile(t, l.(syscall.Conn))
			_, _ = accepted.Close(), l.Close()
			p := start(t, serves(conn, listener))
			<-conn.Got()
			<-listener.Got()
			_, _ = conn.Close(), listener.Close()
			ask(t, client)
			if client, err = net.Dial(network, l.Addr().String()); err != nil {
				t.Fatal(err)
			}
			ask(t, client)
			if err := p.Join(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A hundred at once, from one process, by goroutines of two.
func TestFileToMany(t *testing.T) {
	q, g := mp.NewQueue[*mp.File](0), newGate()
	f := newFile(t, os.Stdout)
	for range 100 {
		if err := q.Put(f); err != nil {
			t.Fatal(err)
		}
	}
	q.Shutdown()
	var both mp.Group
	for range 2 {
		both.Start(context.Background(), getsAtOnce(q, g, 50))
	}
	within(t, soon, "all", func() {
		if err := both.Join(); err != nil {
			t.Error(err)
		}
	})
	if n := g.At.Load(); n != 100 {
		t.Errorf("%d of 100", n)
	}
}

var getsAtOnce = mp.Proc3(func(ctx context.Context, q *mp.Queue[*mp.File], g gate, n int) error {
	done := make(chan error)
	for range n {
		go func() {
			f, err := q.GetContext(ctx)
			if err == nil {
				g.pass()
				err = f.Close()
			}
			done <- err
		}()
	}
	var all error
	for range n {
		all = errors.Join(all, <-done)
	}
	return all
})

func ExampleFile() {
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	f, err := mp.NewFile(listener.(*net.TCPListener)) // to be sent: as an argument, in a message, in a result
	if err != nil {
		panic(err)
	}
	_ = listener.Close() // f stays

	// Where f was received:
	o, err := f.Open()
	if err != nil {
		panic(err)
	}
	same, err := net.FileListener(o)
	if err != nil {
		panic(err)
	}
	_, _ = o.Close(), f.Close() // same stays
	fmt.Println(same.Addr().String() == listener.Addr().String())
	_ = same.Close()
	// Output: true
}
