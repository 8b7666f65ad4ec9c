package arena

import (
	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/redo"
)

// Extents are further blocks of an object, which containers and rings grow by. They are a list, linked both ways, that only
// transactions change; all of it is freed with the object, whoever drops that and whoever dies.
//
//	Draft   in hand      a limbo place has it, nobody can find it: it is filled
//	Adopt   in the list  from the transaction on that links it, and stores what the owner wants to say of it
//	Shrink  in hand      a transaction takes it out, and stores what the owner wants to say of that; it is freed

// Draft is an extent in this process's hand, zeroed and reserved, which nobody else can find, and which Adopt must follow.
// Killed with it in hand, the sweep frees it. As with any block, nobody asks for a second with one in hand.
type Draft struct {
	At Offset // of what is the owner's, behind the head
	b  block
}

// Draft makes one of n bytes. It returns a *FullError if there is no room.
func (a *Arena) Draft(n uint64) (Draft, error) {
	if n > a.size {
		return Draft{}, full(n, 0, nil)
	}
	b, err := a.alloc(extentSize + n)
	if err != nil {
		return Draft{}, err
	}
	at[Extent](a, b.at).Size = n
	return Draft{b.at + extentSize, b}, nil
}

// Adopt makes a draft the object's, and makes up to 12 changes, of words whose guards the caller holds, in the same
// transaction. The caller has a handle of the object.
func (a *Arena) Adopt(o *Object, d Draft, changes ...redo.Change) {
	failpoint.Hit("extent: filled")
	a.link(o, d.b, changes)
	a.limbo.put(d.b.place)
}

func (a *Arena) link(o *Object, b block, changes []redo.Change) {
	a.lock()
	defer a.unlock()
	t := a.begin()
	at[Extent](a, b.at).Next = o.Extents // still in our hand
	if o.Extents != 0 {
		t.Set(&at[Extent](a, Offset(o.Extents)).Prev, uint64(b.at))
	}
	t.Set(&o.Extents, uint64(b.at))
	t.Set(a.place(b.place), 0)
	t.also(changes)
	t.Commit()
}

func (t *tx) also(changes []redo.Change) {
	for _, c := range changes {
		t.Set(c.Word, c.Value)
	}
}

// Shrink takes the extent at this place from the object and frees it. also, up to 6 words, changes in the
// same transaction.
func (a *Arena) Shrink(o *Object, where Offset, also ...redo.Change) {
	k := a.limbo.take()
	defer a.limbo.put(k)
	a.shrink(o, where, a.place(k), a.lock, also)
}

func (a *Arena) shrink(o *Object, where Offset, place *uint64, lock func(), also []redo.Change) {
	if a.unlinkExtent(o, where-extentSize, place, lock, also) {
		failpoint.Hit("extent: run in limbo")
		a.freeRun(place, lock)
	}
}

func (a *Arena) unlinkExtent(o *Object, where Offset, place *uint64, lock func(), also []redo.Change) (run bool) {
	lock()
	defer a.unlock()
	e, t := at[Extent](a, where), a.begin()
	next := &o.Extents
	if e.Prev != 0 {
		next = &at[Extent](a, Offset(e.Prev)).Next
	}
	t.Set(next, e.Next)
	if e.Next != 0 {
		t.Set(&at[Extent](a, Offset(e.Next)).Prev, e.Prev)
	}
	run = t.detach(where, place)
	t.also(also)
	t.Commit()
	return run
}

// LimboObject marks an object in a limbo place. One that has extents is freed in steps: with its last holder it leaves the
// directory and comes into a limbo place, marked; whoever has that takes the extents off, one a transaction, and then
// frees the object. Killed in between, the sweep goes on from there.
const LimboObject = 1

// dismantle frees the object, and its extents, whose mark is in place.
func (a *Arena) dismantle(place *uint64, lock func()) {
	o := at[Object](a, Offset(*place&^LimboObject))
	for a.nextExtent(o, lock) {
		if o.Leaving != 0 {
			failpoint.Hit("extent: run leaving")
			a.freeRun(&o.Leaving, lock)
		}
	}
	failpoint.Hit("extent: all gone")
	a.retire(place, place, lock)
}

// nextExtent takes the first extent of an object off, and frees it if it is no run: that is in Leaving then, perhaps since
// somebody else has begun. False: there is none.
func (a *Arena) nextExtent(o *Object, lock func()) bool {
	lock()
	defer a.unlock()
	where := Offset(o.Extents)
	if o.Leaving != 0 || where == 0 {
		return o.Leaving != 0
	}
	e, t := at[Extent](a, where), a.begin()
	t.Set(&o.Extents, e.Next)
	if e.Next != 0 {
		t.Set(&at[Extent](a, Offset(e.Next)).Prev, 0)
	}
	t.detach(where, &o.Leaving)
	t.Commit()
	return true
}
