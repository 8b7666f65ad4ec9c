//go:build linux

package crash

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/sys"
	"github.com/multiproc/mp/queue"
)

const (
	senders, receivers = 3, 3
	mostParcels        = 1 << 23 // of one sender
	stormRing          = 1 << 20
	largestParcel      = 64 << 20
	heavy              = 16 << 20 // bytes of a parcel that takes long beside the time from one kill to the next
)

// traffic is what the processes of a storm over a queue share.
type traffic struct {
	Queue  *mp.Queue[[]byte]
	Books  *mp.RawValue[trafficBooks]
	Stop   *mp.Value[int32]
	Sizing sizing
}

// sizing is how long parcels are, in bytes: one of two has less than Short, and of the others those that are twice as long are half as
// many. So each doubling up to Most has the same share of the bytes: all sizes come, and none takes the time of the others.
type sizing struct{ Short, Most int }

func (s sizing) one(r *rand.Rand) int {
	if r.IntN(2) == 0 {
		return r.IntN(s.Short)
	}
	return int(min(float64(s.Most), float64(s.Short)/(1-r.Float64())))
}

type trafficBooks struct {
	Senders   [senders]senderBook
	Receivers [receivers]receiverBook
	Heavy     int64 // CLOCK_MONOTONIC of when the last heavy parcel was begun, ns
}

// senderBook is what the one process that is this sender now, and those that were before it, have done. What it sends is numbered;
// an empty message has no room for a number, and is counted.
type senderBook struct {
	Begun                 int64 // the last number that was begun
	EmptyBegun, EmptySent int64
	Last                  int64 // CLOCK_MONOTONIC of the last operation's end, ns
	GivenUp, Bytes        int64
	Sent, Got             [mostParcels / 64]uint64
}

type receiverBook struct {
	Getting       int64 // 1 while a message may be in hand that Got does not tell of
	Last          int64
	Empty, Parcel int64
	Longest       int64 // bytes of a parcel that came
}

// A parcel begins with its sender, number, length and checksum; all of it is under that.
const parcelHead = 32

var table = crc32.MakeTable(crc32.Castagnoli)

// stuff is what parcels are filled with, piece by piece.
var stuff = func() []byte {
	b := make([]byte, 1<<19)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b) // it has no error
	return b
}()

func pack(who int, number int64, size int) []byte {
	m := make([]byte, max(size, parcelHead))
	at := int(number*257) % len(stuff)
	for done := 0; done < len(m); at = (at + 4099) % len(stuff) { // two pieces are not alike
		done += copy(m[done:], stuff[at:])
	}
	binary.LittleEndian.PutUint64(m, uint64(who))
	binary.LittleEndian.PutUint64(m[8:], uint64(number))
	binary.LittleEndian.PutUint64(m[16:], uint64(len(m)))
	binary.LittleEndian.PutUint64(m[24:], 0)
	binary.LittleEndian.PutUint64(m[24:], uint64(crc32.Checksum(m, table)))
	return m
}

// unpack makes m useless.
func unpack(m []byte) (who int, number int64, err error) {
	if len(m) < parcelHead || binary.LittleEndian.Uint64(m[16:]) != uint64(len(m)) {
		return 0, 0, fmt.Errorf("a torn parcel of %d bytes: %x", len(m), m[:min(len(m), parcelHead)])
	}
	sum := binary.LittleEndian.Uint64(m[24:])
	binary.LittleEndian.PutUint64(m[24:], 0)
	if sum != uint64(crc32.Checksum(m, table)) {
		return 0, 0, fmt.Errorf("a parcel of %d bytes with the wrong sum: %x", len(m), m[:parcelHead])
	}
	return int(binary.LittleEndian.Uint64(m)), int64(binary.LittleEndian.Uint64(m[8:])), nil
}

// sender sends until the storm is over, or it is killed.
var sender = mp.Proc3(func(ctx context.Context, x traffic, who int, seed uint64) error {
	r, b := rand.New(rand.NewPCG(seed, 5)), &x.Books.Ptr().Senders[who]
	for x.Stop.Load() == 0 && b.Begun < mostParcels-1 {
		if r.IntN(50) == 0 {
			atomic.AddInt64(&b.EmptyBegun, 1)
			if err := x.Queue.PutContext(ctx, nil); err != nil {
				return err
			}
			atomic.AddInt64(&b.EmptySent, 1)
			continue
		}
		if err := x.send(ctx, r, who, x.Sizing.one(r)); err != nil {
			return err
		}
	}
	return x.send(ctx, r, who, x.Sizing.Most) // nobody is killed any more
})

// send makes a parcel and puts it.
func (x traffic) send(ctx context.Context, r *rand.Rand, who, size int) error {
	b := &x.Books.Ptr().Senders[who]
	n := atomic.AddInt64(&b.Begun, 1)
	if size >= heavy {
		atomic.StoreInt64(&x.Books.Ptr().Heavy, sys.Monotonic())
	}
	m := pack(who, n, size)
	if err := x.put(ctx, r, b, m); err != nil {
		return err
	}
	b.Sent[n/64] |= 1 << (n % 64)
	b.Bytes += int64(len(m))
	atomic.StoreInt64(&b.Last, sys.Monotonic())
	return nil
}

// put tries, gives up, and in the end waits.
func (x traffic) put(ctx context.Context, r *rand.Rand, b *senderBook, m []byte) error {
	switch r.IntN(4) {
	case 0:
		if err := x.Queue.TryPut(m); !errors.Is(err, queue.ErrFull) {
			return err
		}
	case 1:
		wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(500))*time.Microsecond)
		defer cancel()
		if err := x.Queue.PutContext(wait, m); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	default:
		return x.Queue.PutContext(ctx, m)
	}
	b.GivenUp++
	return x.Queue.PutContext(ctx, m)
}

// receiver gets until the queue is shut and empty, or it is killed.
var receiver = mp.Proc3(func(ctx context.Context, x traffic, who int, seed uint64) error {
	r, b := rand.New(rand.NewPCG(seed, 6)), &x.Books.Ptr().Receivers[who]
	var last [senders]int64
	for {
		atomic.StoreInt64(&b.Getting, 1)
		m, err := x.get(ctx, r)
		switch {
		case errors.Is(err, queue.ErrShutDown):
			atomic.StoreInt64(&b.Getting, 0)
			return nil
		case errors.Is(err, queue.ErrEmpty), errors.Is(err, context.DeadlineExceeded):
		case err != nil:
			return err
		default:
			if err := x.take(m, b, &last); err != nil {
				return err
			}
		}
		atomic.StoreInt64(&b.Getting, 0)
		atomic.StoreInt64(&b.Last, sys.Monotonic())
	}
})

func (x traffic) get(ctx context.Context, r *rand.Rand) ([]byte, error) {
	switch r.IntN(8) {
	case 0:
		return x.Queue.TryGet()
	case 1:
		wait, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(300))*time.Microsecond)
		defer cancel()
		return x.Queue.GetContext(wait)
	}
	return x.Queue.GetContext(ctx)
}

// take enters a message in the books.
func (x traffic) take(m []byte, b *receiverBook, last *[senders]int64) error {
	if len(m) == 0 {
		b.Empty++
		return nil
	}
	who, n, err := unpack(m)
	if err != nil {
		return err
	}
	s := &x.Books.Ptr().Senders[who]
	switch {
	case n > atomic.LoadInt64(&s.Begun):
		return fmt.Errorf("parcel %d of %d was never sent", n, who)
	case n <= last[who]:
		return fmt.Errorf("parcel %d of %d behind its parcel %d", n, who, last[who])
	case atomic.OrUint64(&s.Got[n/64], 1<<(n%64))&(1<<(n%64)) != 0:
		return fmt.Errorf("parcel %d of %d came twice, in pid %d at last", n, who, os.Getpid())
	}
	last[who] = n
	b.Parcel++
	b.Longest = max(b.Longest, int64(len(m)))
	return nil
}
