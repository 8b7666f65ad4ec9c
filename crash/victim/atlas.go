//go:build linux

package main

import (
	"bytes"
	"fmt"
	"maps"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/internal/failpoint"
)

// page is a value of a dict, large enough that a torn one shows.
type page struct {
	Key, Turn int
	Body      []byte
}

func newPage(key, turn, size int) page {
	return page{key, turn, bytes.Repeat([]byte{byte(7*key + turn)}, size)}
}

func (p page) check(key int) error {
	if want := newPage(key, p.Turn, len(p.Body)); p.Key != key || !bytes.Equal(p.Body, want.Body) {
		return fmt.Errorf("a torn page %d under %d: turn %d, %d bytes", p.Key, key, p.Turn, len(p.Body))
	}
	return nil
}

// edit is a change of a dict.
type edit struct {
	How       how
	Key, Size int
}

type how int

const (
	set how = iota
	update
	remove
	pop
	setDefault
	removeIf
)

// on makes the change in a dict.
func (e edit) on(d *mp.Dict[int, page]) (err error) {
	switch e.How {
	case set:
		return d.Set(e.Key, newPage(e.Key, 1, e.Size))
	case update:
		_, err = d.Update(e.Key, func(old page, _ bool) page {
			failpoint.Hit("crash: updating")
			return newPage(e.Key, old.Turn+1, e.Size)
		})
	case remove:
		d.Delete(e.Key)
	case pop:
		d.Pop(e.Key)
	case setDefault:
		_, _, err = d.SetDefault(e.Key, newPage(e.Key, 1, e.Size))
	case removeIf:
		d.DeleteIf(e.Key, func(p page) bool { return p.check(e.Key) == nil })
	}
	return err
}

// in makes it in a map, of turns and sizes.
func (e edit) in(m map[int][2]int) {
	old, there := m[e.Key]
	switch {
	case e.How == set, e.How == setDefault && !there:
		m[e.Key] = [2]int{1, e.Size}
	case e.How == update:
		m[e.Key] = [2]int{old[0] + 1, e.Size}
	case e.How == remove, e.How == pop, e.How == removeIf:
		delete(m, e.Key)
	}
}

// atlas is the dict of a scenario, with pages of all sizes, and what the victim does to it.
type atlas struct {
	Dict  *mp.Dict[int, page]
	Edits []edit
}

// pages are enough that some of the shards must grow with the next.
const pages = 60

// sizeOf page n, at first: some are large.
func firstSize(n int) int {
	if n%20 == 0 {
		return 4000
	}
	return n * 13 % 300
}

func newAtlas(edits []edit) (atlas, error) {
	a := atlas{mp.NewDict[int, page](mp.Name("atlas")), edits}
	for n := range pages {
		if err := a.Dict.Set(n, newPage(n, 0, firstSize(n))); err != nil {
			return a, err
		}
	}
	return a, nil
}

// read is the dict as turns and sizes, if all of it is whole.
func (a atlas) read() (map[int][2]int, error) {
	m := map[int][2]int{}
	for key, p := range a.Dict.All() {
		if err := p.check(key); err != nil {
			return nil, err
		}
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("%d is there twice", key)
		}
		m[key] = [2]int{p.Turn, len(p.Body)}
	}
	if n := a.Dict.Len(); n != len(m) {
		return nil, fmt.Errorf("%d pages, and Len says %d", len(m), n)
	}
	return m, nil
}

// begun tells whether the dict is as it is after some of the edits, one after the other.
func (a atlas) begun() error {
	got, err := a.read()
	if err != nil {
		return err
	}
	want := map[int][2]int{}
	for n := range pages {
		want[n] = [2]int{0, firstSize(n)}
	}
	for _, e := range a.Edits {
		if maps.Equal(got, want) {
			return nil
		}
		e.in(want)
	}
	if !maps.Equal(got, want) {
		return fmt.Errorf("the dict is as it never was: %v", got)
	}
	return nil
}

// usable goes through all keys, and tells whether they can be changed.
func (a atlas) usable() error {
	begun := time.Now()
	for key := range 2 * pages {
		if err := a.Dict.Set(key, newPage(key, 1, key%50)); err != nil {
			return err
		}
		if v, err := a.Dict.Update(key, func(p page, _ bool) page { return newPage(key, p.Turn+1, 3*key) }); err != nil || v.Turn != 2 {
			return fmt.Errorf("updated to turn %d, %w", v.Turn, err)
		}
		if p, found := a.Dict.Pop(key); !found || p.check(key) != nil || len(p.Body) != 3*key {
			return fmt.Errorf("page %d is not what was set: %v", key, found)
		}
	}
	if n := a.Dict.Len(); n != 0 {
		return fmt.Errorf("%d pages are left", n)
	}
	if took := time.Since(begun); took > within {
		return fmt.Errorf("%v for a use of all keys", took)
	}
	return nil
}
