package mp

import (
	"encoding"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/multiproc/mp/internal/arena"
	"github.com/multiproc/mp/internal/share"
	"github.com/multiproc/mp/internal/wire"
)

const (
	fetchPatience = 10 * time.Second      // how long a sender may take to answer
	lastBreath    = 20 * time.Millisecond // how long a process that is being killed may keep the proof of its death back
)

var (
	_ encoding.BinaryMarshaler   = (*File)(nil)
	_ encoding.BinaryUnmarshaler = (*File)(nil)
)

// desk is where this process offers its descriptors.
func (a *Arena) desk() *share.Desk {
	a.desks.once.Do(func() { a.desks.own = share.NewDesk(a.deskOf(a.in.Me())) })
	return a.desks.own
}

// deskOf is what a process's desk is called.
func (a *Arena) deskOf(id uint32) string {
	return strconv.FormatUint(a.in.Header().ID, 16) + "-" + strconv.FormatUint(uint64(id), 16)
}

// MarshalBinary lets the handle travel; other processes of the family alone can read it, while f is open.
func (f *File) MarshalBinary() ([]byte, error) {
	if f.open == nil {
		return nil, errZeroFile
	}
	t, err := f.open.descriptor.Offer()
	runtime.KeepAlive(f)
	if err != nil {
		return nil, f.open.failed(err)
	}
	handlesSent.Add(1)
	in := f.open.arena.in
	b := wire.AppendUvarint(make([]byte, 0, 64+len(f.open.name)), in.Header().ID)
	b = wire.AppendUvarint(b, uint64(in.Me()))
	b = wire.AppendUvarint(b, t.Namespace)
	b = wire.AppendUvarint(b, t.Socket)
	b = wire.AppendBytes(b, t.Key[:])
	return wire.AppendString(b, f.open.name), nil
}

// UnmarshalBinary makes f a File of the same open file as that whose MarshalBinary wrote b, with a descriptor that it gets from
// that process. See [File] for its errors.
func (f *File) UnmarshalBinary(b []byte) error {
	r := wire.NewFields(b)
	id, sender := r.Uvarint(), r.Uint32()
	t := share.Ticket{Namespace: r.Uvarint(), Socket: r.Uvarint()}
	key, name := r.Bytes(), r.String()
	if err := r.Done(); err != nil {
		return fmt.Errorf("mp: reading a handle: %w", err)
	}
	if copy(t.Key[:], key) != len(key) || len(key) != len(t.Key) {
		return fmt.Errorf("mp: reading a handle: expected a key of %d bytes, found %d", len(t.Key), len(key))
	}
	a, err := familyOf(id)
	if err != nil {
		return err
	}
	d, err := a.desk().Fetch(a.deskOf(sender), t, fetchPatience)
	if err != nil {
		return a.notFetched(err, sender, name)
	}
	f.attach(&openFile{arena: a, descriptor: d, name: name})
	return nil
}

// notFetched says what an error of a fetch means, and of whose File.
func (a *Arena) notFetched(err error, sender uint32, name string) error {
	who := "a process"
	if p := a.in.Who(arena.SlotOf(sender)); p.ID == sender {
		who = fmt.Sprintf("process %s (pid %d)", p.Name, p.PID)
	}
	what := "gave none"
	switch {
	case errors.Is(err, share.ErrNobody) && a.departed(sender):
		what, err = "has ended", os.ErrProcessDone
	case errors.Is(err, share.ErrNobody), errors.Is(err, share.ErrWithdrawn):
		what, err = "has closed it; a File must stay open until the message was got", ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		what = fmt.Sprintf("does not answer within %v", fetchPatience)
	}
	return fmt.Errorf("mp: reading a handle: File %q of %s, which %s: %w", name, who, what, err)
}

// departed tells whether a process has ended whose socket is closed. The kernel closes the socket and gives the proof of
// the death one after the other.
func (a *Arena) departed(id uint32) bool {
	for until := time.Now().Add(lastBreath); ; {
		a.in.Suspect(id)
		if !a.in.Alive(id) {
			return true
		}
		if time.Now().After(until) {
			return false
		}
		<-time.After(time.Millisecond)
	}
}
