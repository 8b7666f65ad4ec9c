package share

import (
	"errors"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/multiproc/mp/internal/failpoint"
	"golang.org/x/sys/unix"
)

const (
	shyness = 10 * time.Second      // how long somebody may be connected without saying the key
	pause   = 10 * time.Millisecond // of a desk that cannot accept anybody, for want of descriptors or memory
)

// window is the socket of a desk where something is offered. Each window has a name of its own: who was told an old
// one finds nobody.
type window struct {
	number uint64
	line   *line
	guests map[*line]struct{} // connected now; under the desk's mutex; nil: the window is closed
}

func openWindow(owner string) (*window, error) {
	number := rand.Uint64() // it need not be a secret: the kernel shows the names of sockets to everybody
	fd, err := newSocket(unix.SOCK_NONBLOCK)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: socketName(owner, number)}); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(fd, unix.SOMAXCONN); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("listen", err)
	}
	l, err := newLine(fd)
	if err != nil {
		return nil, err
	}
	return &window{number: number, line: l, guests: make(map[*line]struct{})}, nil
}

// newSocket makes one that keeps messages apart.
func newSocket(flags int) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|flags, 0)
	return fd, os.NewSyscallError("socket", err)
}

// attend serves whoever comes, until the window is closed.
func (d *Desk) attend(w *window) {
	for {
		switch guest, err := w.accept(); {
		case err == nil && d.admit(w, guest):
			go d.serve(w, guest)
		case err == nil:
			guest.close()
		case d.closed(w):
			return
		default: // of which others may have given some back after a pause
			_ = w.line.await(pause, func(int) error { return unix.EAGAIN })
		}
	}
}

func (w *window) accept() (*line, error) {
	var fd int
	if err := w.line.await(0, func(ours int) (err error) {
		fd, _, err = unix.Accept4(ours, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		return err
	}); err != nil {
		return nil, err
	}
	return newLine(fd)
}

// serve answers one guest: with the descriptor beside a zero, or with the number of an error.
func (d *Desk) serve(w *window, guest *line) {
	defer d.dismiss(w, guest)
	if guest.do(sameUser) != nil {
		return
	}
	k, err := guest.hear()
	if err != nil {
		return
	}
	failpoint.Hit("desk: asked")
	answer := unix.ENOENT
	if x := d.offered(k); x != nil {
		err := x.use(func(fd int) error { return guest.say(0, unix.UnixRights(fd)) })
		failpoint.Hit("desk: given")
		if err == nil {
			x.once.Do(func() { close(x.given) })
			return
		}
		errors.As(err, &answer)
	}
	_ = guest.say(answer, nil)
}

// say never blocks: it is the only message that way.
func (l *line) say(answer unix.Errno, rights []byte) error {
	return l.do(func(fd int) error { return unix.Sendmsg(fd, []byte{byte(answer)}, rights, nil, unix.MSG_NOSIGNAL) })
}

// hear receives the key. What is longer or shorter is none.
func (l *line) hear() (k Key, err error) {
	var b [len(k) + 1]byte
	err = l.await(shyness, func(fd int) error {
		n, _, _, _, err := unix.Recvmsg(fd, b[:], nil, 0)
		if err == nil && n != len(k) {
			return unix.EBADMSG
		}
		return err
	})
	return Key(b[:len(k)]), err
}

// namespace is the inode of this process's network namespace; 0 if it cannot be known.
var namespace = sync.OnceValue(func() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/self/ns/net", &st) != nil {
		return 0
	}
	return st.Ino
})
