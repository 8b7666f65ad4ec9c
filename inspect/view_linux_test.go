package inspect

import (
	"errors"
	"testing"

	"github.com/multiproc/mp/internal/arena"
)

// TestLoadIsBounded: no number found in an arena leads out of it, or to more memory than the arena has.
func TestLoadIsBounded(t *testing.T) {
	w := watch(t, kin(t, "kin"))
	for _, c := range []struct {
		at arena.Offset
		n  uint64
		ok bool
	}{
		{0, 0, true}, {arena.MinSize, 0, true}, {arena.MinSize - 8, 1, true},
		{arena.MinSize - 7, 1, false}, {arena.MinSize, 1, false}, {arena.MinSize + 1, 0, false}, {^arena.Offset(0), 1, false}, {0, 1 << 61, false}, {8, arena.MinSize / 8, false},
	} {
		got, err := loadSlice[uint64](w, c.at, c.n)
		var e *FormatError
		if c.ok && (err != nil || uint64(len(got)) != c.n) || !c.ok && !errors.As(err, &e) {
			t.Errorf("%d words at %#x: %d, %v", c.n, uint64(c.at), len(got), err)
		}
	}
}

func TestPlaces(t *testing.T) {
	m := &places{heapLock: 64}
	m.add(0x3000, 0x100, &Object{Index: 2, Generation: 1, Kind: "Lock"})
	m.add(0x1000, 0x100, &Object{Index: 1, Generation: 1, Kind: "Value", Name: "n"})
	m.sort()
	for word, want := range map[arena.Offset]string{
		64: "heap lock", 0xFFF: "offset 0xfff", 0x1000: `Value "n" (1.1)`, 0x10FF: `Value "n" (1.1)`, 0x1100: "offset 0x1100", 0x3040: "Lock 2.1", 0x9000: "offset 0x9000",
	} {
		if _, got := m.find(word); got != want {
			t.Errorf("%#x is in %s, want %s", uint64(word), got, want)
		}
	}
}
