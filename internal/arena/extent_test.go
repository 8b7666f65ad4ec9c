package arena

import (
	"errors"
	"testing"

	"github.com/multiproc/mp/internal/redo"
)

func TestExtents(t *testing.T) {
	a := testArena(t, MinSize)
	b := relative(t, a)
	o, h := mustObject(t, a, ObjectSpec{Kind: KindValue, Size: 64})
	alone := a.Used().Bytes
	sizes := []uint64{1, 5000, 100000, 200}
	words := PayloadOf[[4]uint64](o)
	for i, size := range sizes {
		d, err := a.Draft(size)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range a.Bytes(d.At, size) {
			if c != 0 {
				t.Fatalf("extent %d is not zero", i)
			}
		}
		a.Bytes(d.At, size)[size-1] = byte(i + 1)
		a.Adopt(o, d, redo.Change{Word: &words[i], Value: uint64(d.At)})
		if words[i] != uint64(d.At) {
			t.Fatalf("extent %d at %#x: word %#x", i, d.At, words[i])
		}
	}
	sound(t, a)
	if _, err := b.Open(h, KindValue, 0, ""); err != nil {
		t.Fatal(err)
	}
	for i, size := range sizes {
		if got := b.Bytes(Offset(words[i]), size)[size-1]; got != byte(i+1) {
			t.Errorf("extent %d has %d", i, got)
		}
	}
	for _, i := range []int{1, 2} { // a block and a run, from the middle
		a.Shrink(o, Offset(words[i]), redo.Change{Word: &words[i], Value: 0})
		sound(t, a)
		if words[i] != 0 {
			t.Errorf("word %d says %#x of what is gone", i, words[i])
		}
	}
	a.Drop(o)
	if a.Used().Bytes <= alone {
		t.Error("extents are gone while another has the object")
	}
	end(t, b)
	a.look(b.slot, false) // and with it goes the last holder
	sound(t, a)
	if got := a.Used(); got.Bytes != 0 || got.Objects != 0 {
		t.Errorf("left: %+v", got)
	}
}

func TestDraftRefuses(t *testing.T) {
	a := testArena(t, MinSize)
	o, _ := mustObject(t, a, ObjectSpec{Kind: KindValue, Size: 64})
	before := a.Used().Bytes
	for _, n := range []uint64{MinSize, 1 << 40, ^uint64(0)} {
		var full *FullError
		if _, err := a.Draft(n); !errors.As(err, &full) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	sound(t, a)
	if a.Used().Bytes != before {
		t.Error("something is left of what was refused")
	}
	a.Drop(o)
}
