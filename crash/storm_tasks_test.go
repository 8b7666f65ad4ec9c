//go:build linux

package crash

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/race"
)

const (
	lanes    = 2       // producers
	doers    = 3       // consumers
	armful   = 3       // jobs that one has in hand at a time
	lastJobs = 1 << 20 // of a lane
)

// job is one of a lane; its body tells its number.
type job struct {
	Lane, Number int
	Body         []byte
}

func newJob(lane, n int) job {
	return job{lane, n, bytes.Repeat([]byte{byte(n)}, n*613%5000)}
}

// marks are what is known of a job, in a word that whoever works on it changes by atomic additions.
//
//	bit   0      its Put has returned
//	bits  8–15   how often somebody began to work on it
//	bits 16–23   how often its TaskDone has returned
type marks = uint32

// workshop is what a storm of jobs is about.
type workshop struct {
	Jobs  *mp.JoinableQueue[job]
	Next  *mp.RawValue[[lanes]int64] // the next job of each lane; one process at a time is at it
	Marks *mp.RawValue[[lanes][lastJobs]marks]
	Again *mp.Value[int64] // deliveries beyond the first of a job
	Stop  *mp.Value[bool]
}

var produceJobs = mp.Proc2(func(ctx context.Context, w workshop, lane int) error {
	next := &w.Next.Ptr()[lane]
	for !w.Stop.Load() {
		n := int(atomic.AddInt64(next, 1) - 1) // before: killed in Put, the job is there or not, and not again
		if n >= lastJobs {
			return nil
		}
		if err := w.Jobs.PutContext(ctx, newJob(lane, n)); err != nil {
			return err
		}
		atomic.AddUint32(&w.Marks.Ptr()[lane][n], 1)
	}
	return nil
})

var doJobs = mp.Proc2(func(ctx context.Context, w workshop, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 7))
	for {
		var hands []mp.Message[job]
		for range 1 + r.IntN(armful) {
			m, err := w.Jobs.TryGet()
			if err != nil {
				break
			}
			hands = append(hands, m)
		}
		if len(hands) == 0 {
			m, err := w.Jobs.GetContext(ctx)
			if err != nil {
				return nil // shut down
			}
			hands = append(hands, m)
		}
		r.Shuffle(len(hands), func(i, j int) { hands[i], hands[j] = hands[j], hands[i] })
		for _, m := range hands {
			if err := w.work(m); err != nil {
				return err
			}
		}
	}
})

// work does a job, and tells what must not be.
func (w workshop) work(m mp.Message[job]) error {
	j := m.Value
	if want := newJob(j.Lane, j.Number); !bytes.Equal(j.Body, want.Body) {
		return fmt.Errorf("job %d of lane %d is torn", j.Number, j.Lane)
	}
	mark := &w.Marks.Ptr()[j.Lane][j.Number]
	v := atomic.AddUint32(mark, 1<<8)
	if begun := int(v >> 8 & 0xFF); begun > m.Delivery || v>>16&0xFF != 0 {
		return fmt.Errorf("job %d of lane %d, delivery %d: begun %d times, done %d times", j.Number, j.Lane, m.Delivery, begun, v>>16&0xFF)
	}
	if m.Delivery > 1 {
		mp.Add(w.Again, 1)
	}
	m.TaskDone()
	atomic.AddUint32(mark, 1<<16)
	return nil
}

// Producers and workers are killed at random. No job is lost, none comes again once it is done, and none without a death;
// Join counts right.
func TestStormOfJobs(t *testing.T) {
	w := workshop{
		mp.NewJoinableQueue[job](50, mp.Name("jobs")), mp.NewRawValue([lanes]int64{}), mp.NewRawValue([lanes][lastJobs]marks{}),
		mp.NewValue(int64(0)), mp.NewValue(false),
	}
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 3))
	started := uint64(0)
	begin := func(who int) *mp.Process {
		started++
		p := &mp.Process{Target: doJobs(w, started), Name: fmt.Sprintf("doer-%d", started)}
		if who < lanes {
			p = &mp.Process{Target: produceJobs(w, who), Name: fmt.Sprintf("producer-%d", started)}
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p
	}
	var all []*mp.Process
	for who := range lanes + doers {
		all = append(all, begin(who))
	}
	kills := 0
	for end := time.Now().Add(*stormTime); time.Now().Before(end) && !t.Failed(); {
		time.Sleep(time.Duration(3+r.IntN(10)) * time.Millisecond)
		who := r.IntN(len(all))
		if err := all[who].Kill(); err != nil {
			t.Error(err)
		}
		if code, ended := all[who].ExitCode(); ended && code > 0 {
			t.Error(all[who].Join())
		}
		_ = all[who].Join()
		all[who] = begin(who)
		kills++
	}
	w.Stop.Store(true)
	for _, p := range all[:lanes] {
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // there may be much to do
	defer cancel()
	if err := w.Jobs.JoinContext(ctx); err != nil {
		t.Fatalf("the end of the work: %v", err)
	}
	w.Jobs.Shutdown()
	for _, p := range all[lanes:] {
		if err := p.Join(); err != nil {
			t.Error(err)
		}
	}
	w.tell(t, kills)
	if found := lookAtSelf(t).Check(); len(found) > 0 {
		t.Errorf("Check finds %v", found)
	}
}

// tell looks at all jobs when all are done.
func (w workshop) tell(t *testing.T, kills int) {
	t.Helper()
	jobs := int64(0)
	for lane := range lanes {
		n := min(w.Next.Ptr()[lane], lastJobs)
		jobs += n
		for i, v := range w.Marks.Ptr()[lane][:n] {
			if put, begun := v&1 != 0, v>>8&0xFF; put && begun == 0 {
				t.Errorf("job %d of lane %d was put, and nobody has done it", i, lane)
			}
		}
	}
	again := w.Again.Load()
	if most := int64(kills) * armful; again > most || kills == 0 && again > 0 {
		t.Errorf("%d deliveries beyond the first, by %d deaths with %d jobs in hand at most", again, kills, armful)
	}
	t.Logf("%d kills, %d jobs, %d of them delivered again", kills, jobs, again)
	if !race.Enabled && (kills < 10 || jobs < 100) {
		t.Errorf("that was no storm: %d kills, %d jobs", kills, jobs)
	}
}
