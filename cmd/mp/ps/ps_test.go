package ps

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/multiproc/mp/inspect"
)

var begin = time.Date(2026, 11, 21, 12, 0, 0, 0, time.Local)

// family is a snapshot with one line of each sort.
func family() *inspect.Snapshot {
	first := inspect.Person{ID: 1024, PID: 100, Name: "MainProcess"}
	worker := inspect.Person{ID: 1025, PID: 101, Name: "worker-1"}
	code, bound := 3, uint32(3)
	s := &inspect.Snapshot{
		Arena: inspect.Info{Name: "shop", Program: "/bin/shop", Created: begin, Taken: begin.Add(90 * time.Second), BytesUsed: 5632, Objects: 8},
		Processes: []inspect.Process{
			{Person: first, State: "live", Alive: true, Since: begin, NSPID: []int{100}},
			{
				Person: worker, State: "live", Alive: true, Parent: &first, Since: begin.Add(80 * time.Second), NSPID: []int{901, 101}, Others: 2,
				Waits: []inspect.Wait{{Handle: "0.1", Object: `Lock "accounts" (0.1)`, Since: begin.Add(88 * time.Second)}, {Object: "heap lock"}},
			},
			{Person: inspect.Person{PID: 102, Name: "worker-2"}, State: "live", Parent: &first, Since: begin},
			{Person: inspect.Person{PID: 103, Name: "worker-3"}, State: "dead", Parent: &inspect.Person{ID: 7}, Since: begin, Ended: begin.Add(88 * time.Second)},
			{Person: inspect.Person{PID: 104, Name: "worker-4"}, State: "exited", Alive: true, Parent: &first, Since: begin, Exit: &code},
		},
		Objects: []inspect.Object{
			{Index: 0, Generation: 1, Kind: "Lock", Name: "accounts", Type: "mp.Lock", Holders: []int{100, 101}, Lock: &inspect.Lock{State: "held", Holder: &first, Waited: true}},
			{Index: 1, Generation: 4, Kind: "Lock", Type: "mp.Lock", Holders: []int{1, 2, 3, 4, 5, 6}, Lock: &inspect.Lock{State: "free", Waited: true}},
			{Index: 2, Generation: 1, Kind: "Lock", Type: "mp.Lock", Lock: &inspect.Lock{
				State: "abandoned", Holder: &worker, Deaths: 1, Last: &inspect.Death{Person: worker, At: begin.Add(time.Second)},
			}},
			{Index: 3, Generation: 1, Kind: "Lock", Type: "mp.Lock", Lock: &inspect.Lock{State: "free", Deaths: 2, Last: &inspect.Death{Person: worker, At: begin}}},
			{Index: 4, Generation: 1, Kind: "Value", Type: "int", Value: "42", Lock: &inspect.Lock{State: "held", Holder: &worker}},
			{Index: 5, Generation: 1, Kind: "RawValue", Type: "[3]int"},
			{Index: 6, Generation: 1, Kind: "Semaphore", Type: "mp.Semaphore", Permits: &inspect.Permits{Left: 0, Waited: true}},
			{Index: 7, Generation: 1, Kind: "BoundedSemaphore", Type: "mp.BoundedSemaphore", Permits: &inspect.Permits{
				Left: 1, Bound: &bound, Taken: []inspect.Taken{{Person: first, Permits: 2}}, Deaths: 1, Last: &inspect.Death{Person: worker, At: begin},
			}},
			{Index: 8, Generation: 1, Kind: "RLock", Type: "mp.RLock", Lock: &inspect.Lock{
				State: "held", Holder: &worker, Token: 7, Depth: 3, Deaths: 2, Last: &inspect.Death{Person: first, At: begin, Panicked: true},
			}},
			{Index: 9, Generation: 1, Kind: "RWLock", Type: "mp.RWLock", Lock: &inspect.Lock{State: "free"}, Readers: []inspect.Reader{{Person: first, Count: 1}, {Person: worker, Count: 2}}},
			{Index: 10, Generation: 1, Kind: "RWLock", Type: "mp.RWLock", Lock: &inspect.Lock{State: "draining", Holder: &first, Waited: true}, Readers: []inspect.Reader{{Person: worker, Count: 1}}},
			{Index: 11, Generation: 1, Kind: "Event", Type: "mp.Event", Event: &inspect.Event{Waited: true}},
			{Index: 12, Generation: 1, Kind: "Barrier", Type: "mp.Barrier", Barrier: &inspect.Barrier{State: "filling", Parties: 3, Arrived: 2}},
			{Index: 13, Generation: 1, Kind: "Barrier", Type: "mp.Barrier", Barrier: &inspect.Barrier{
				State: "broken", Break: &inspect.Break{Person: worker, Reason: "broken by the death of a party"},
			}},
			{Index: 14, Generation: 1, Kind: "Array", Type: "float64", Array: &inspect.Array{Len: 100, Element: 8}, Lock: &inspect.Lock{State: "held", Holder: &worker}},
			{Index: 15, Generation: 1, Kind: "RawArray", Type: "uint8", Array: &inspect.Array{Len: 1, Element: 1, Sparse: true}},
		},
	}
	for i := range s.Objects {
		s.Objects[i].Memory = 448 << i
	}
	return s
}

const picture = `"shop" of /bin/shop: 5 processes, 5.5 KiB in use by 8 objects, since 2026-11-21 12:00:00

PID               NAME         STATE                     AGE    PARENT       WAITS FOR
100               MainProcess  live                      1m30s  -            -
901 (101 inside)  worker-1     live                      10s    MainProcess  Lock "accounts" (0.1) for 2s, heap lock, 2 more goroutines
102               worker-2     dead, not noticed         1m30s  MainProcess  -
103               worker-3     dead for 2s, not swept    1m30s  ended        -
104               worker-4     ending with 3             1m30s  MainProcess  -

OBJECT  KIND              NAME      TYPE                 MEMORY     STATE                                                                                                          WAITERS  HANDLES
0.1     Lock              accounts  mp.Lock              448 bytes  held by MainProcess (pid 100)                                                                                  1        100 101
1.4     Lock              -         mp.Lock              896 bytes  free                                                                                                           some     1 2 3 4 +2
2.1     Lock              -         mp.Lock              1.75 KiB   abandoned by worker-1 (pid 101) at 2026-11-21 12:00:01                                                         -        -
3.1     Lock              -         mp.Lock              3.5 KiB    free, 2 processes died with it, last worker-1 at 2026-11-21 12:00:00                                           -        -
4.1     Value             -         int                  7 KiB      42, held by worker-1 (pid 101)                                                                                 -        -
5.1     RawValue          -         [3]int               14 KiB     -                                                                                                              -        -
6.1     Semaphore         -         mp.Semaphore         28 KiB     0 left                                                                                                         some     -
7.1     BoundedSemaphore  -         mp.BoundedSemaphore  56 KiB     1 of 3 left, MainProcess (pid 100) has 2, 1 process died with some, last worker-1 at 2026-11-21 12:00:00       -        -
8.1     RLock             -         mp.RLock             112 KiB    held by worker-1 (pid 101), 3 times, left torn 2 times, last by a panic in MainProcess at 2026-11-21 12:00:00  -        -
9.1     RWLock            -         mp.RWLock            224 KiB    read by MainProcess (pid 100), read by worker-1 (pid 101) × 2                                                  -        -
10.1    RWLock            -         mp.RWLock            448 KiB    draining by MainProcess (pid 100), read by worker-1 (pid 101)                                                  some     -
11.1    Event             -         mp.Event             896 KiB    cleared                                                                                                        some     -
12.1    Barrier           -         mp.Barrier           1.75 MiB   2 of 3 have come                                                                                               -        -
13.1    Barrier           -         mp.Barrier           3.5 MiB    broken: broken by the death of a party, worker-1 (pid 101)                                                     -        -
14.1    Array             -         float64              7 MiB      100 elements of 8 bytes, held by worker-1 (pid 101)                                                            -        -
15.1    RawArray          -         uint8                14 MiB     1 element of 1 byte, sparse                                                                                    -        -
`

// squeeze makes what is aligned comparable by hand: runs of spaces become two.
func squeeze(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		var cells []string
		for cell := range strings.SplitSeq(line, "  ") {
			if cell = strings.TrimSpace(cell); cell != "" {
				cells = append(cells, cell)
			}
		}
		lines[i] = strings.Join(cells, "  ")
	}
	return strings.Join(lines, "\n")
}

func TestRender(t *testing.T) {
	var b strings.Builder
	if err := render(&b, result{Arenas: []*inspect.Snapshot{family()}}); err != nil {
		t.Fatal(err)
	}
	if squeeze(b.String()) != squeeze(picture) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), picture)
	}
	rows := strings.Split(b.String(), "\n")
	for _, row := range rows[3:8] {
		if at := strings.Index(rows[2], "NAME"); row[at-1] != ' ' || row[at] == ' ' {
			t.Errorf("the column NAME is not aligned:\n%s\n%s", rows[2], row)
		}
	}
}

func TestRenderNothing(t *testing.T) {
	var b strings.Builder
	if err := render(&b, result{Obstacles: []inspect.Obstacle{{Why: "of another user", PIDs: []int{1, 2}}, {Why: "hidepid"}}}); err != nil {
		t.Fatal(err)
	}
	const want = "No running program of this user has shared memory of mp.\n\nCould not look at:\n  2 processes: of another user\n  hidepid\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 1234567 * time.Nanosecond: "0s", 1234 * time.Millisecond: "1.23s", 59 * time.Second: "59s",
		61 * time.Second: "1m1s", 3700 * time.Second: "1h1m", 50 * time.Hour: "2d",
	} {
		if got := age(d); got != want {
			t.Errorf("age(%d) = %s, want %s", d, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0 bytes", 1023: "1023 bytes", 1536: "1.5 KiB", 64 << 30: "64 GiB", 1 << 60: "1.049e+06 TiB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %s, want %s", n, got, want)
		}
	}
}

// TestCommand runs the command as users do, whatever programs happen to run here.
func TestCommand(t *testing.T) {
	var out bytes.Buffer
	cmd := Command()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"--json", "--objects=false"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	var r result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Arenas == nil || r.Obstacles == nil {
		t.Errorf("%v in %s", err, &out)
	}
	cmd = Command()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs([]string{"--pid", "1073741824"})
	if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), "there is no process 1073741824") {
		t.Errorf("a pid that cannot be: %v", err)
	}
}
