package list

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

// model is what a list should be.
type model struct {
	*heap
	want [][]byte
	next uint64
}

func newModel(t testing.TB, width uint64) *model { return &model{heap: newHeap(t, 16<<20, width)} }

// element makes the next one: a number, and in a list of cells more bytes behind it.
func (m *model) element(size uint64) []byte {
	m.next++
	b := make([]byte, 8)
	binary.LittleEndian.PutUint64(b, m.next)
	if m.list().Width == 0 {
		for range size {
			b = append(b, byte(m.next))
		}
	}
	return b
}

func (m *model) elements(all ...[]byte) *Elements {
	e := new(Elements)
	for _, b := range all {
		if m.list().Width != 0 {
			e.Words = append(e.Words, binary.LittleEndian.Uint64(b))
		} else {
			e.Data = append(e.Data, b...)
			e.Ends = append(e.Ends, len(e.Data))
		}
	}
	return e
}

func (m *model) insert(i, n int, size uint64) {
	m.t.Helper()
	all := make([][]byte, n)
	for k := range all {
		all[k] = m.element(size)
	}
	err := error(nil)
	if i == len(m.want) {
		err = m.list().Append(m.user, m.elements(all...))
	} else {
		err = m.list().Insert(m.user, i, m.elements(all...))
	}
	if err == errFull {
		return
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.want = slices.Insert(m.want, i, all...)
}

func (m *model) pop(i int) {
	m.t.Helper()
	var e Elements
	if err := m.list().Pop(m.user, i, &e); err != nil {
		m.t.Fatal(err)
	}
	if got, want := e.text(), m.elements(m.want[i]).text(); got != want {
		m.t.Fatalf("popped %s, not %s", got, want)
	}
	m.want = slices.Delete(m.want, i, i+1)
	if m.list().Loose != 0 {
		m.t.Fatal("something is left loose")
	}
}

func (m *model) set(i int, size uint64) {
	m.t.Helper()
	b, other := m.element(size), m.element(3)
	l := m.list()
	if done, err := l.SetIf(m.user, i, m.elements(other), m.elements(b)); done || err != nil {
		m.t.Fatalf("set what has another value: %v", err)
	}
	done, err := l.SetIf(m.user, i, m.elements(m.want[i]), m.elements(b))
	if !done && err == nil {
		m.t.Fatal("not set, though it is as it was")
	}
	if err == errFull {
		return
	}
	m.want[i] = b
}

// reorder sorts by a random key, or drops at random.
func (m *model) reorder(r *rand.Rand, drop bool) {
	m.t.Helper()
	l := m.list()
	if l.Len == 0 {
		return
	}
	order := r.Perm(int(l.Len))
	if done, err := l.Permute(m.user, l.Version+1, order); done || err != nil {
		m.t.Fatalf("another version: %v, %v", done, err)
	}
	if drop {
		order = order[:1+r.IntN(min(len(order), 40))]
		slices.Sort(order)
		if done, err := l.Drop(m.user, l.Version-1, order); done || err != nil {
			m.t.Fatalf("another version: %v, %v", done, err)
		}
		if _, err := l.Drop(m.user, l.Version, order); err == nil {
			for _, i := range slices.Backward(order) {
				m.want = slices.Delete(m.want, i, i+1)
			}
		}
		return
	}
	if _, err := l.Permute(m.user, l.Version, order); err == nil {
		now := make([][]byte, len(order))
		for i, from := range order {
			now[i] = m.want[from]
		}
		m.want = now
	}
}

// step makes one change.
func (m *model) step(r *rand.Rand, what byte) {
	m.t.Helper()
	n := len(m.want)
	size := []uint64{0, 1, 20, 100, 3100}[r.IntN(5)]
	if size == 3100 && r.IntN(30) > 0 {
		size = 8
	}
	switch what % 16 {
	case 0, 1:
		m.insert(n, 1, size)
	case 2:
		m.insert(n, r.IntN(300), size)
	case 3:
		m.insert(r.IntN(n+1), 1, size)
	case 4:
		m.insert(r.IntN(n+1), r.IntN(900), size%30)
	case 5:
		m.insert(0, 1, size)
	case 14:
		m.reorder(r, what&16 != 0)
	case 15:
		if r.IntN(50) == 0 {
			m.list().Clear(m.user)
			m.want = nil
		} else if m.list().Reverse(m.user) == nil {
			slices.Reverse(m.want)
		}
	default:
		if n == 0 {
			return
		}
		switch what % 16 {
		case 6:
			m.pop(n - 1)
		case 7:
			m.pop(0)
		case 8, 9, 10:
			for range min(n, r.IntN(60)) { // from one place
				m.pop(min(r.IntN(n), len(m.want)-1))
			}
		case 11:
			at := r.IntN(n)
			for range r.IntN(400) {
				if at < len(m.want) {
					m.pop(at)
				}
			}
		default:
			m.set(r.IntN(n), size)
		}
	}
}

// check compares.
func (m *model) check() {
	m.t.Helper()
	if m.list().Loose != 0 {
		m.t.Error("something is left loose")
	}
	if got, want := m.contents(), m.elements(m.want...).text(); got != want {
		m.t.Fatalf("got  %.2000s\nwant %.2000s", got, want)
	}
}

func (m *model) run(seed uint64, program []byte) {
	m.t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	for i, what := range program {
		m.step(r, what)
		if i%16 == 0 {
			m.check()
		}
	}
	m.check()
	m.sound()
	for i := range m.want { // by number, too
		var got []byte
		if m.list().Width != 0 {
			w, err := m.list().Word(m.user, i)
			if err != nil {
				m.t.Fatal(err)
			}
			got = binary.LittleEndian.AppendUint64(nil, w)
		} else {
			b, err := m.list().Bytes(m.user, i-len(m.want), nil)
			if err != nil {
				m.t.Fatal(err)
			}
			got = b
		}
		if string(got) != string(m.want[i]) {
			m.t.Fatalf("element %d is %x, not %x", i, got, m.want[i])
		}
	}
}

func TestModel(t *testing.T) {
	for _, width := range []uint64{0, 8} {
		for seed := range uint64(2) {
			r := rand.New(rand.NewPCG(seed, width))
			program := make([]byte, 150)
			for i := range program {
				program[i] = byte(r.Uint32())
			}
			m := newModel(t, width)
			m.run(seed, program)
		}
	}
}

// TestThinOut: of many leaves those are left that their elements need, wherever the others went.
func TestThinOut(t *testing.T) {
	m := newModel(t, 8)
	m.insert(0, 20*mostWords, 0)
	r := rand.New(rand.NewPCG(1, 1))
	for len(m.want) > 300 {
		m.pop(r.IntN(len(m.want)))
	}
	m.check()
	m.sound()
	if n := m.list().Leaves; n > 2*300/(mostWords/2)+1 {
		t.Errorf("%d elements in %d leaves", len(m.want), n)
	}
}

// TestFull takes elements out of the middle without any memory: leaves that are empty, or that could be one, stay until there is
// some.
func TestFull(t *testing.T) {
	for _, width := range []uint64{0, 8} {
		m := newModel(t, width)
		m.limit = 160 << 10
		for before := -1; before < len(m.want); {
			before = len(m.want)
			m.insert(before, 1, 0)
		}
		l := m.list()
		if l.Leaves < 5 {
			t.Fatalf("%d leaves", l.Leaves)
		}
		few := func() (n int) {
			table := l.table(m.user)
			for k := range l.Leaves {
				if table.leaves[k].count() < 3 {
					n++
				}
			}
			return n
		}
		m.limit = 0 // nothing more, and what pieces there are go to elements that are large
		for size := uint64(3000); size > 100; size -= 100 {
			for {
				at, err := l.Slab.Make(m.user, size)
				if err != nil {
					break
				}
				at.Set(&l.Loose, l.Loose) // nobody's, for ever
				at.Commit()
			}
		}
		most := 0
		for range 2*mostWords + 7 {
			m.pop(mostWords)
			most = max(most, few())
		}
		if most == 0 {
			t.Error("no leaf was ever left with few elements")
		}
		m.check()
		m.index()
		m.limit = 4 << 20
		m.insert(mostWords-1, 2*mostWords, 0)
		m.check()
		if n := few(); n > 1 {
			t.Errorf("%d leaves of few elements", n)
		}
	}
}

// FuzzModel makes the changes that its bytes name, in a heap that may be too small for them.
func FuzzModel(f *testing.F) {
	f.Add(uint64(1), false, uint16(9), []byte("\x02\x04\x04\x08\x0e\x1e\x03\x0b\x0f"))
	f.Add(uint64(2), true, uint16(100), []byte("\x04\x04\x04\x04\x0b\x0b\x08\x1e\x05\x05\x06\x07"))
	f.Fuzz(func(t *testing.T, seed uint64, plain bool, kib uint16, program []byte) {
		width := uint64(0)
		if plain {
			width = 8
		}
		m := newModel(t, width)
		m.limit = min(m.limit, 8192+uint64(kib)<<10)
		m.run(seed, program[:min(len(program), 200)])
	})
}
