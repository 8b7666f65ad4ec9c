package arena

import (
	"testing"

	"github.com/multiproc/mp/internal/sys"
)

func BenchmarkClaimBury(b *testing.B) {
	a, err := New("x", 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("claim+bury", func(b *testing.B) {
		for range b.N {
			life, slot, err := a.Claim(a.Me(), "x")
			if err != nil {
				b.Fatal(err)
			}
			a.Bury(a.IDOf(slot))
			life.Close()
		}
	})
	b.Run("claim", func(b *testing.B) {
		for range b.N {
			life, slot, err := a.Claim(a.Me(), "x")
			if err != nil {
				b.Fatal(err)
			}
			life.Close()
			b.StopTimer()
			a.Bury(a.IDOf(slot))
			b.StartTimer()
		}
	})
	b.Run("validate", func(b *testing.B) {
		for range b.N {
			Validate(a.Header(), a.size)
		}
	})
	b.Run("attach", func(b *testing.B) {
		for range b.N {
			m, err := mapped(a.file, int64(a.size))
			if err != nil {
				b.Fatal(err)
			}
			Validate(m.Header(), m.size)
			_ = m.Slot(1).State.Load()
			_ = sysUnmap(m)
		}
	})
}
func sysUnmap(m *Arena) error { return sys.Unmap(m.base, int64(m.size)) }
