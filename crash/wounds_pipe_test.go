//go:build linux

package crash

import (
	"bytes"
	"context"
	"io"
	"syscall"
	"testing"

	"github.com/multiproc/mp"
)

// babble sends as fast as it can; deafen takes as fast as it can.
var (
	babble = mp.Proc(func(_ context.Context, c *mp.Connection[[]byte, []byte]) error {
		for i := 0; ; i++ {
			if err := c.Send(bytes.Repeat([]byte{byte(i)}, i%3000)); err != nil {
				return err
			}
		}
	})
	deafen = mp.Proc(func(_ context.Context, c *mp.Connection[[]byte, []byte]) error {
		for {
			if _, err := c.Recv(); err != nil {
				return err
			}
		}
	})
)

// TestWoundsOfPipes shows what TestWounds shows, of pipes: CPython's documentation warns that one may be left corrupt by a
// process that is killed while it reads or writes, and that a parent which forgets to close its copy of an end waits for ever.
func TestWoundsOfPipes(t *testing.T) {
	t.Run("a sender killed in the middle of a message leaves half of it", func(t *testing.T) {
		for range 10 {
			mine, theirs := mp.NewPipe[[]byte, []byte](mp.RingBytes(1 << 14))
			p := &mp.Process{Target: babble(theirs)}
			if err := p.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i := 0; ; i++ {
				b, err := mine.Recv()
				if err == io.EOF {
					break
				}
				if err != nil || !bytes.Equal(b, bytes.Repeat([]byte{byte(i)}, i%3000)) {
					t.Fatalf("message %d of %d bytes: %v", i, len(b), err)
				}
				if i == 200 {
					if err := p.Signal(syscall.SIGKILL); err != nil {
						t.Fatal(err)
					}
				}
			}
			_ = p.Join()
		}
	})
	t.Run("whoever sends to one that was killed waits for ever, as it has a copy of the other end", func(t *testing.T) {
		for range 10 {
			mine, theirs := mp.NewPipe[[]byte, []byte](mp.RingBytes(1 << 14))
			p := &mp.Process{Target: deafen(theirs)}
			if err := p.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			inTime(t, within*10, func() {
				for i := 0; mine.Send(make([]byte, 3000)) == nil; i++ {
					if i == 100 {
						_ = p.Signal(syscall.SIGKILL) // it is there until Join
					}
				}
			})
			_ = p.Join()
		}
	})
}
