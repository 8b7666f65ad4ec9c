package share

import (
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const soon = 20 * time.Second

func offer(t *testing.T, d *Desk, f *os.File) (*Descriptor, Ticket) {
	t.Helper()
	x, err := d.Dup(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	ticket, err := x.Offer()
	if err != nil {
		t.Fatal(err)
	}
	return x, ticket
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

// open is how many descriptors this process has.
func open(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// settles waits until as many descriptors and goroutines are left as there were.
func settles(t *testing.T, fds, goroutines int) {
	t.Helper()
	for until := time.Now().Add(soon); open(t) > fds || runtime.NumGoroutine() > goroutines; runtime.Gosched() {
		if time.Now().After(until) {
			t.Fatalf("%d descriptors and %d goroutines, expected %d and %d", open(t), runtime.NumGoroutine(), fds, goroutines)
		}
	}
}

// connected is somebody at the window with this ticket.
func connected(t *testing.T, owner string, ticket Ticket) *line {
	t.Helper()
	l, err := call(socketName(owner, ticket.Socket), soon)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestFetch(t *testing.T) {
	d, other := NewDesk("a"), NewDesk("b")
	r, w := pipe(t)
	fds, goroutines := open(t), runtime.NumGoroutine()
	x, ticket := offer(t, d, w)
	if again, err := x.Offer(); err != nil || again != ticket {
		t.Errorf("a second offer: %v, %v", again, err)
	}
	for range 3 { // any number of times
		y, err := other.Fetch("a", ticket, soon)
		if err != nil {
			t.Fatal(err)
		}
		if flags, err := unix.FcntlInt(uintptr(y.fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("not close-on-exec: %x, %v", flags, err)
		}
		f, err := y.File("w")
		if err != nil {
			t.Fatal(err)
		}
		y.Close()
		y.Close()
		if _, err := y.File("w"); err != ErrClosed {
			t.Error(err)
		}
		if _, err := y.Offer(); err != ErrClosed {
			t.Error(err)
		}
		if _, err := f.WriteString("hello"); err != nil {
			t.Error(err)
		}
		_ = f.Close()
		b := make([]byte, 5)
		if _, err := io.ReadFull(r, b); err != nil || string(b) != "hello" {
			t.Errorf("%q, %v", b, err)
		}
	}
	select {
	case <-x.Given():
	default:
		t.Error("not given")
	}
	x.Close()
	settles(t, fds, goroutines)
	if _, err := other.Fetch("a", ticket, soon); err != ErrNobody {
		t.Errorf("after the last close: %v", err)
	}
}

func TestFetchRefusals(t *testing.T) {
	d := NewDesk("refusals")
	_, w := pipe(t)
	x, ticket := offer(t, d, w)
	y, second := offer(t, d, w)
	y.Close()
	elsewhere, stranger := ticket, ticket
	elsewhere.Namespace++
	stranger.Key[0]++
	for _, c := range []struct {
		name   string
		ticket Ticket
		want   error
	}{
		{"withdrawn", second, ErrWithdrawn},
		{"wrong key", stranger, ErrWithdrawn},
		{"another namespace", elsewhere, ErrElsewhere},
		{"no window", Ticket{Socket: 1, Key: ticket.Key}, ErrNobody},
	} {
		if got, err := NewDesk("b").Fetch("refusals", c.ticket, soon); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
	select {
	case <-x.Given():
		t.Error("given to a stranger")
	default:
	}
}

// Whoever connects and says what is no key gets nothing, and the desk goes on.
func TestStrangersGetNothing(t *testing.T) {
	d := NewDesk("strangers")
	_, w := pipe(t)
	fds, goroutines := open(t), runtime.NumGoroutine()
	x, ticket := offer(t, d, w)
	for _, said := range []string{"", "x", strings.Repeat("x", 15), strings.Repeat("x", 17), string(ticket.Key[:]) + "x"} {
		l := connected(t, "strangers", ticket)
		if err := l.do(func(fd int) error { return unix.Sendmsg(fd, []byte(said), nil, nil, 0) }); err != nil {
			t.Fatal(err)
		}
		if fd, err := l.receive(soon); !errors.Is(err, unix.ECONNRESET) || fd != -1 {
			t.Errorf("%q: %d, %v", said, fd, err)
		}
		l.close()
	}
	connected(t, "strangers", ticket).close() // one who hangs up, or was killed
	silent := connected(t, "strangers", ticket)
	y, err := NewDesk("b").Fetch("strangers", ticket, soon)
	if err != nil {
		t.Fatal(err)
	}
	y.Close()
	x.Close() // hangs up on the silent one
	if _, err := silent.receive(soon); meaning(err) != ErrNobody {
		t.Error(err)
	}
	silent.close()
	settles(t, fds, goroutines)
}

// Nobody accepts: the process is stopped.
func TestFetchFromOneWhoDoesNotAnswer(t *testing.T) {
	fds := open(t)
	w, err := openWindow("mute")
	if err != nil {
		t.Fatal(err)
	}
	ticket := Ticket{Socket: w.number}
	if err := w.line.do(func(fd int) error { return unix.Listen(fd, 0) }); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"connected", "no room before the window"} {
		if _, err := NewDesk("b").Fetch("mute", ticket, 30*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.line.close()
	settles(t, fds, 1<<20)
}

func TestManyFetch(t *testing.T) {
	const n = 100
	d, other := NewDesk("many"), NewDesk("b")
	_, w := pipe(t)
	fds, goroutines := open(t), runtime.NumGoroutine()
	x, ticket := offer(t, d, w)
	done := make(chan error, n)
	for range n {
		go func() {
			y, err := other.Fetch("many", ticket, soon)
			if err == nil {
				y.Close()
			}
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	x.Close()
	settles(t, fds, goroutines)
}

// Offers and fetches while others close: an answer is a descriptor or one of the two errors.
func TestCloseInAFetch(t *testing.T) {
	d, other := NewDesk("close"), NewDesk("b")
	_, w := pipe(t)
	fds, goroutines := open(t), runtime.NumGoroutine()
	for range 200 {
		x, ticket := offer(t, d, w)
		closed := make(chan struct{})
		go func() { defer close(closed); x.Close() }()
		switch y, err := other.Fetch("close", ticket, soon); err {
		case nil:
			y.Close()
		case ErrNobody, ErrWithdrawn:
		default:
			t.Fatal(err)
		}
		<-closed
	}
	settles(t, fds, goroutines)
}

// Without descriptors to accept with the desk waits, and then goes on.
func TestDeskOutOfDescriptors(t *testing.T) {
	d := NewDesk("full")
	_, w := pipe(t)
	_, ticket := offer(t, d, w)
	fd, err := newSocket(unix.SOCK_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	var limit, none unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none = limit
	none.Cur = 3
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	restore := func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) }
	t.Cleanup(restore)
	l, err := newLine(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: socketName("full", ticket.Socket)}); err != nil {
		t.Fatal(err)
	}
	if err := l.do(func(fd int) error { return unix.Sendmsg(fd, ticket.Key[:], nil, nil, 0) }); err != nil {
		t.Fatal(err)
	}
	if _, err := l.receive(3 * pause); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("accepted without a descriptor: %v", err)
	}
	restore()
	got, err := l.receive(soon)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(got)
}

func BenchmarkFetch(b *testing.B) {
	d, other := NewDesk("bench"), NewDesk("b")
	f, err := os.Open(os.DevNull)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	x, err := d.Dup(f)
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	ticket, err := x.Offer()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		y, err := other.Fetch("bench", ticket, soon)
		if err != nil {
			b.Fatal(err)
		}
		y.Close()
	}
}
