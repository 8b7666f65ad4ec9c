package list

import (
	"bytes"
	"sync/atomic"

	"github.com/multiproc/mp/internal/failpoint"
	"github.com/multiproc/mp/internal/slab"
)

// Set changes element i to the only one of e. An error is an *IndexError, or the Source's: nothing has changed.
func (l *List) Set(u *slab.User, i int, e *Elements) error {
	l.hold(u)
	defer l.release(u)
	k, err := l.index(i, 0)
	if err != nil {
		return err
	}
	return l.set(u, l.slot(u, k), e)
}

// SetIf does so if it is still equal to the only one of old.
func (l *List) SetIf(u *slab.User, i int, old, e *Elements) (done bool, err error) {
	l.hold(u)
	defer l.release(u)
	k, err := l.index(i, 0)
	if err != nil {
		return false, err
	}
	word := l.slot(u, k)
	if l.Width != 0 && *word != old.Words[0] || l.Width == 0 && !bytes.Equal(u.Bytes(*word), old.At(0)) {
		return false, nil
	}
	return true, l.set(u, word, e)
}

func (l *List) set(u *slab.User, word *uint64, e *Elements) error {
	if l.Width != 0 {
		l.setWord(word, e.Words[0])
		return nil
	}
	t, err := l.begin(u, e)
	if err != nil {
		return err
	}
	t.Give(*word)
	t.Set(word, t.Cell())
	t.Set(&l.Version, l.Version+1)
	t.Commit()
	failpoint.Hit("list: set")
	return nil
}

// setWord needs no transaction: one store commits, and a version without a change does no harm.
func (l *List) setWord(word *uint64, v uint64) {
	atomic.StoreUint64(&l.Version, l.Version+1)
	failpoint.Hit("list: setting")
	atomic.StoreUint64(word, v)
	failpoint.Hit("list: set")
}
