package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/multiproc/mp/internal/arena"
	lists "github.com/multiproc/mp/internal/list"
	"github.com/multiproc/mp/internal/slab"
)

// cells are those of a container. What its methods return first is what is wrong, "" if nothing is.
type cells struct {
	a      *Arena
	width  uint64    // of a list's words; 0: its words are places of cells
	ranges []stretch // of the object, by place
	known  []stretch // what was found to be in use: heads and all
}

type stretch struct{ at, end uint64 }

// extents notes the object's further blocks.
func (c *cells) extents(r *record) (string, error) {
	wrong, err := c.a.extents(r, func(at arena.Offset, size uint64) error {
		c.ranges = append(c.ranges, stretch{uint64(at), uint64(at) + size})
		return nil
	})
	slices.SortFunc(c.ranges, func(a, b stretch) int { return cmp.Compare(a.at, b.at) })
	return wrong, err
}

// cell notes that one is in use, and tells how many bytes are in it.
func (c *cells) cell(what string, at uint64) (n uint64, wrong string, err error) {
	i := sort.Search(len(c.ranges), func(i int) bool { return c.ranges[i].end > at })
	if i == len(c.ranges) || at < c.ranges[i].at || at%8 != 0 || c.ranges[i].end-at < cellHead {
		return 0, fmt.Sprintf("%s at %#x, where the object has nothing", what, at), nil
	}
	head, err := load[slab.Cell](c.a, arena.Offset(at))
	if err != nil {
		return 0, "", err
	}
	if n = head.Len(); n > c.ranges[i].end-at-cellHead {
		return 0, fmt.Sprintf("%s of %d bytes at %#x, in a block that ends at %#x", what, n, at, c.ranges[i].end), nil
	}
	c.known = append(c.known, stretch{at, at + cellHead + n})
	return n, "", nil
}

// words are those of a cell.
func (c *cells) words(what string, at uint64) (w []uint64, wrong string, err error) {
	n, wrong, err := c.cell(what, at)
	if wrong == "" && err == nil {
		w, err = loadSlice[uint64](c.a, arena.Offset(at+cellHead), n/8)
	}
	return w, wrong, err
}

// chain notes cells that are linked by Next.
func (c *cells) chain(what string, at, most uint64) (string, error) {
	for n := uint64(0); at != 0; n++ {
		if n > most {
			return what + "s that are linked in a ring", nil
		}
		if _, wrong, err := c.cell(what, at); wrong != "" || err != nil {
			return wrong, err
		}
		head, err := load[slab.Cell](c.a, arena.Offset(at))
		if err != nil {
			return "", err
		}
		at = head.Next
	}
	return "", nil
}

// most is how many cells there can be.
func (c *cells) most(s *slab.Slab) uint64 { return s.Total/32 + uint64(len(c.ranges)) }

// nobodys notes the cells of a slab that are in nothing.
func (c *cells) nobodys(s *slab.Slab) (string, error) {
	for _, first := range append(s.Free[:], s.Trash) {
		if wrong, err := c.chain("a free cell", first, c.most(s)); wrong != "" || err != nil {
			return wrong, err
		}
	}
	return "", nil
}

// overlap tells of two cells in one place.
func (c *cells) overlap() string {
	slices.SortFunc(c.known, func(a, b stretch) int { return cmp.Compare(a.at, b.at) })
	for i := range c.known {
		if i > 0 && c.known[i-1].end > c.known[i].at {
			return fmt.Sprintf("two cells that overlap at %#x", c.known[i].at)
		}
	}
	return ""
}

// list follows the index.
func (c *cells) list(l *lists.List) (string, error) {
	if wrong := l.Slab.Check(); wrong != "" {
		return wrong, nil
	}
	if l.Table == 0 {
		if l.Len+l.Leaves+l.Spare != 0 {
			return fmt.Sprintf("%d elements without a table", l.Len), nil
		}
		return "", nil
	}
	t, wrong, err := c.words("a table", l.Table)
	if wrong != "" || err != nil {
		return wrong, err
	}
	room := uint64(len(t)) / (1 + 2*lists.Group) * lists.Group
	if l.Leaves > room || l.Width > 8 {
		return fmt.Sprintf("%d leaves in a table of %d, of elements of %d bytes", l.Leaves, room, l.Width), nil
	}
	spare, wrong, err := c.cell("a spare", l.Spare)
	if wrong != "" || err != nil {
		return wrong, err
	}
	sums, n := make([]uint64, room/lists.Group), uint64(0)
	for k := range l.Leaves {
		at, window := t[room/lists.Group+2*k], t[room/lists.Group+2*k+1]
		count, wrong, err := c.leaf(at, window, spare)
		if wrong != "" || err != nil {
			return wrong, err
		}
		sums[k/lists.Group] += count
		n += count
	}
	for g := uint64(0); g*lists.Group < l.Leaves; g++ {
		if t[g] != sums[g] {
			return fmt.Sprintf("%d elements in group %d of its leaves, which says %d", sums[g], g, t[g]), nil
		}
	}
	if n != l.Len {
		return fmt.Sprintf("%d elements in its leaves, and %d counted", n, l.Len), nil
	}
	if wrong, err := c.chain("a loose cell", l.Loose, c.most(&l.Slab)); wrong != "" || err != nil {
		return wrong, err
	}
	if wrong, err := c.nobodys(&l.Slab); wrong != "" || err != nil {
		return wrong, err
	}
	return c.overlap(), nil
}

// leaf looks at one, and at its elements.
func (c *cells) leaf(at, window, spare uint64) (count uint64, wrong string, err error) {
	w, wrong, err := c.words("a leaf", at)
	if wrong != "" || err != nil {
		return 0, wrong, err
	}
	start, count := window>>32, window&(1<<32-1)
	if uint64(len(w)) != spare/8 || start+count > uint64(len(w)) {
		return 0, fmt.Sprintf("%d elements behind %d words in a leaf of %d, beside a spare of %d", count, start, len(w), spare/8), nil
	}
	if c.width != 0 {
		return count, "", nil
	}
	for _, at := range w[start : start+count] {
		if _, wrong, err = c.cell("an element", at); wrong != "" || err != nil {
			return 0, wrong, err
		}
	}
	return count, "", nil
}
