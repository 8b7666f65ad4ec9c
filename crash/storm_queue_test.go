//go:build linux

package crash

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/inspect"
	"github.com/multiproc/mp/internal/sys"
	"github.com/multiproc/mp/queue"
)

// queueStorm is the root of the family, which kills.
type queueStorm struct {
	traffic
	t       *testing.T
	r       *rand.Rand
	look    *inspect.Arena
	members [senders + receivers]*mp.Process
	started uint64

	kills     int
	inHand    int64         // messages that receivers may have taken along
	longest   time.Duration // that somebody has done nothing
	begun     int64         // the last heavy parcel that was seen
	heavy     int
	least     int64 // bytes that the arena had left
	parcels   int64
	delivered int64
	empty     int64
}

// TestStormOfQueues has processes put and get messages of all sizes, and kills some of them all the time. Nothing is lost but what a killed
// receiver had in hand, nothing comes twice, torn, or out of its sender's order, and in the end the arena has all its bytes back.
func TestStormOfQueues(t *testing.T) {
	before := settled(t, usageOf(t), nil)
	s := &queueStorm{t: t, r: rand.New(rand.NewPCG(uint64(os.Getpid()), 2)), look: lookAtSelf(t), traffic: traffic{
		Queue: mp.NewQueue[[]byte](0, mp.RingBytes(stormRing), mp.Name("parcels")),
		Books: mp.NewRawValue(trafficBooks{}), Stop: mp.NewValue[int32](0), Sizing: sizing{512, largestParcel},
	}}
	s.least = mp.DefaultArena().Left()
	all := s.least
	for i := range s.members {
		s.start(i)
	}
	for end := time.Now().Add(*stormTime); time.Now().Before(end) && !t.Failed(); {
		time.Sleep(time.Duration(3+s.r.IntN(8)) * time.Millisecond)
		s.kill(s.r.IntN(len(s.members)))
		s.watch()
		s.lull()
	}
	s.calm()
	if most := int64(len(s.members)+2) * (largestParcel + 1<<20); all-s.least > most { // one a hand, one in the ring, one that it keeps
		t.Errorf("%d bytes of the arena were in use, expected at most %d", all-s.least, most)
	}
	if found := s.look.Check(); len(found) > 0 {
		t.Errorf("Check finds %v", found)
	}
	s.audit()
	if err := s.look.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("%v, %d senders, %d receivers: %d kills, %d parcels sent, %d of them begun with %d MiB or more, and %d empty messages, %d not delivered of at most %d; "+
		"%d MiB of the arena in use at most, longest without a step %v", *stormTime, senders, receivers, s.kills, s.parcels, s.heavy, heavy>>20, s.empty,
		s.parcels-s.delivered, s.inHand, (all-s.least)>>20, s.longest.Round(time.Millisecond))
	s.traffic = traffic{}
	settled(t, before, before.compare)
}

func (s *queueStorm) start(who int) {
	s.started++
	p := &mp.Process{Target: receiver(s.traffic, who-senders, s.started), Name: fmt.Sprintf("receiver-%d.%d", who, s.started)}
	if who < senders {
		p = &mp.Process{Target: sender(s.traffic, who, s.started), Name: fmt.Sprintf("sender-%d.%d", who, s.started)}
	}
	atomic.StoreInt64(s.last(who), sys.Monotonic())
	if err := p.Start(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	s.members[who] = p
}

func (s *queueStorm) last(who int) *int64 {
	if who < senders {
		return &s.Books.Ptr().Senders[who].Last
	}
	return &s.Books.Ptr().Receivers[who-senders].Last
}

func (s *queueStorm) kill(who int) {
	p := s.members[who]
	if err := p.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Error(err)
	}
	err := p.Join()
	if exit, ok := errors.AsType[*mp.ExitError](err); !ok || exit.Signal != syscall.SIGKILL {
		s.t.Errorf("%s: %v", p.Name, err)
	}
	s.kills++
	if who >= senders {
		s.inHand += atomic.SwapInt64(&s.Books.Ptr().Receivers[who-senders].Getting, 0)
	}
	s.start(who)
}

// watch sees to it that nobody waits for long. A member that is being started has the same time, and more if it may be at a heavy parcel.
func (s *queueStorm) watch() {
	s.least = min(s.least, mp.DefaultArena().Left())
	most := within
	if time.Duration(sys.Monotonic()-atomic.LoadInt64(&s.Books.Ptr().Heavy)) < 4*within {
		most = 3 * within
	}
	for who, p := range s.members {
		idle := time.Duration(sys.Monotonic() - atomic.LoadInt64(s.last(who)))
		s.longest = max(s.longest, idle)
		if idle > most {
			snapshot, err := s.look.Snapshot()
			s.t.Fatalf("%s (pid %d) has done nothing for %v\n%+v %v", p.Name, p.PID(), idle, snapshot, err)
		}
	}
}

// lull lets every other heavy parcel come through: they take longer than most members live.
func (s *queueStorm) lull() {
	begun := atomic.LoadInt64(&s.Books.Ptr().Heavy)
	if begun == s.begun {
		return
	}
	s.begun = begun
	if s.heavy++; s.heavy%2 == 0 {
		time.Sleep(200 * time.Millisecond)
		s.watch()
	}
}

// calm has the senders end, and the receivers once there is nothing left.
func (s *queueStorm) calm() {
	s.Stop.Store(1)
	for who, p := range s.members {
		if who == senders {
			s.Queue.Shutdown()
		}
		inTime(s.t, 30*within, func() {
			if err := p.Join(); err != nil {
				s.t.Errorf("%s: %v", p.Name, err)
			}
		})
	}
	if n := s.Queue.Len(); n != 0 {
		s.t.Errorf("%d messages are left", n)
	}
}

// audit compares what was sent with what came.
func (s *queueStorm) audit() {
	books := s.Books.Ptr()
	var emptyBegun, emptySent, emptyGot, missing, longest int64
	for who := range books.Senders {
		b := &books.Senders[who]
		emptyBegun, emptySent = emptyBegun+b.EmptyBegun, emptySent+b.EmptySent
		for i := range b.Sent {
			s.parcels += int64(bits.OnesCount64(b.Sent[i]))
			missing += int64(bits.OnesCount64(b.Sent[i] &^ b.Got[i]))
		}
	}
	for who := range books.Receivers {
		emptyGot, longest = emptyGot+books.Receivers[who].Empty, max(longest, books.Receivers[who].Longest)
	}
	s.empty, s.delivered = emptySent, s.parcels-missing
	// Of an empty message that is missing nobody can say which it was, nor of one that a dead sender has put.
	missing += max(0, emptySent-emptyGot)
	if missing > s.inHand {
		s.t.Errorf("%d messages are missing, and killed receivers had %d at most", missing, s.inHand)
	}
	if emptyGot > emptyBegun {
		s.t.Errorf("%d empty messages came, of %d", emptyGot, emptyBegun)
	}
	if s.parcels == 0 || longest != largestParcel {
		s.t.Errorf("%d parcels were sent, the longest that came has %d bytes", s.parcels, longest)
	}
}

// TestSlowConsumer: who is slow to get makes others wait, and nobody's memory grow.
func TestSlowConsumer(t *testing.T) {
	x := traffic{
		Queue: mp.NewQueue[[]byte](0, mp.RingBytes(stormRing)), Books: mp.NewRawValue(trafficBooks{}), Stop: mp.NewValue[int32](0),
		Sizing: sizing{1 << 10, stormRing / 4},
	}
	p := &mp.Process{Target: sender(x, 0, 1)}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := &x.Books.Ptr().Senders[0]
	look := lookAtSelf(t)
	defer func() { _ = look.Close() }()
	full := func() { // a sender that waits for room
		inTime(t, 10*within, func() {
			for !queueOf(t, look, "").Putters {
				time.Sleep(100 * time.Microsecond)
			}
		})
	}
	full()
	left, used := mp.DefaultArena().Left(), resident(t, p.PID())
	for sent := b.Bytes; b.Bytes < sent+64<<20; {
		full()
		for range 50 {
			if _, err := x.Queue.TryGet(); err != nil && !errors.Is(err, queue.ErrEmpty) {
				t.Fatal(err)
			}
		}
	}
	full()
	const spare = 5 * stormRing // blocks of long messages that the queue keeps for the next ones
	if now := mp.DefaultArena().Left(); now < left-spare {
		t.Errorf("the arena has %d bytes left, and had %d", now, left)
	}
	if q := queueOf(t, look, ""); q.Bytes > q.Ring {
		t.Errorf("%+v", q)
	}
	const slack = 24 << 20 // garbage that is not collected yet
	if now := resident(t, p.PID()); now > used+slack {
		t.Errorf("the sender has %d MiB, and had %d", now>>20, used>>20)
	} else {
		t.Logf("%d MiB were sent; the sender has %d MiB, and had %d", b.Bytes>>20, now>>20, used>>20)
	}
	x.Queue.ShutdownNow()
	_ = p.Kill()
}

func queueOf(t *testing.T, look *inspect.Arena, name string) inspect.Queue {
	t.Helper()
	s, err := look.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range s.Objects {
		if o.Queue != nil && o.Name == name {
			return *o.Queue
		}
	}
	t.Fatalf("no queue %q", name)
	return inspect.Queue{}
}

// resident is how much memory a process has, in bytes.
func resident(t *testing.T, pid int) (size int64) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if n, err := fmt.Sscanf(line, "RssAnon: %d kB", &size); n == 1 && err == nil {
			return size << 10
		}
	}
	t.Fatalf("no RssAnon in %s", b)
	return 0
}
