package bulk_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/multiproc/mp/internal/bulk"
)

var sizes = []int{0, 1, 255 << 10, 1<<20 - 1, 1 << 20, 1<<20 + 1, 5<<18 + 7, 3<<20 + 5}

func random(n int) []byte {
	b, x := make([]byte, n), uint32(n)+1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

func TestCopy(t *testing.T) {
	for _, n := range sizes {
		for _, m := range sizes {
			dst, src := random(n+m), random(m)
			want := slices.Clone(dst)
			if got, want := bulk.Copy(dst[:n:n], src), copy(want[:n], src); got != want {
				t.Errorf("%d of %d bytes: copied %d, expected %d", m, n, got, want)
			}
			if !bytes.Equal(dst, want) {
				t.Errorf("%d of %d bytes are others", m, n)
			}
		}
	}
}

// Elements are copied whole: the parts are of elements, however large one is.
func TestCopyOfElements(t *testing.T) {
	type odd [3]uint16
	src := make([]odd, 1<<19+3)
	for i := range src {
		src[i] = odd{uint16(i), uint16(i >> 8), 7}
	}
	dst := make([]odd, len(src)+1)
	if n := bulk.CopyOf(dst, src); n != len(src) || !slices.Equal(dst[:n], src) || dst[n] != (odd{}) {
		t.Errorf("%d elements are copied, or others", n)
	}
	giant := [][1 << 20]byte{{5: 1}, {6: 2}}
	if into := make([][1 << 20]byte, 2); bulk.CopyOf(into, giant) != 2 || !slices.Equal(into, giant) {
		t.Error("elements larger than a part are not copied")
	}
	if n := bulk.CopyOf(make([]struct{}, 1<<21), make([]struct{}, 1<<21)); n != 1<<21 {
		t.Errorf("%d elements of no size", n)
	}
}

func TestAppend(t *testing.T) {
	for _, n := range sizes {
		for _, room := range sizes {
			b, src := append(make([]byte, 0, 100+room), random(100)...), random(n)
			want := append(slices.Clone(b), src...)
			if got := bulk.Append(b, src); !bytes.Equal(got, want) {
				t.Errorf("%d bytes behind 100 with room for %d: others", n, room)
			} else if room >= n && &got[0] != &b[0] {
				t.Errorf("%d bytes, for which there is room, are elsewhere", n)
			}
		}
		if src := random(n); !bytes.Equal(bulk.Clone(src), src) {
			t.Errorf("a clone of %d bytes is another", n)
		}
		if src := random(n); bulk.String(src) != string(src) {
			t.Errorf("a string of %d bytes is another", n)
		}
	}
}

func BenchmarkCopy(b *testing.B) {
	for _, n := range []int{1 << 16, 1 << 20, 16 << 20} {
		dst, src := make([]byte, n), random(n)
		for name, f := range map[string]func(dst, src []byte) int{
			"copy": func(dst, src []byte) int { return copy(dst, src) }, "bulk": bulk.Copy,
		} {
			b.Run(fmt.Sprintf("%d KiB/%s", n>>10, name), func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					f(dst, src)
				}
			})
		}
	}
}

func BenchmarkClone(b *testing.B) {
	src := random(1 << 20)
	for name, f := range map[string]func([]byte) []byte{"slices": slices.Clone[[]byte], "bulk": bulk.Clone} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f(src)
			}
		})
	}
}
