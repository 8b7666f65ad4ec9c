package wire

import (
	"math"
	"strconv"
)

// AppendUvarint appends a number: seven bits a byte, the low ones first, at most ten bytes.
func AppendUvarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// AppendBytes appends the length of p and p.
func AppendBytes(b, p []byte) []byte {
	return append(AppendUvarint(b, uint64(len(p))), p...)
}

// AppendString appends the length of s and s.
func AppendString(b []byte, s string) []byte {
	return append(AppendUvarint(b, uint64(len(s))), s...)
}

// Fields takes a payload apart, in the order in which it was put together. The first field that does not
// fit ends it: from then on every field is zero, and Err says which one it was. So a caller reads all
// fields and looks at Done once. Not for several goroutines at a time.
type Fields struct {
	rest  []byte
	count int // of fields begun
	err   error
}

// NewFields reads the fields of payload, which must not change meanwhile.
func NewFields(payload []byte) *Fields { return &Fields{rest: payload} }

func (f *Fields) fail(expected, found string) {
	f.rest = nil
	f.err = &FrameError{What: "field " + strconv.Itoa(f.count), Expected: expected, Found: found}
}

// Uvarint reads what AppendUvarint wrote; a longer form than necessary is refused.
func (f *Fields) Uvarint() uint64 {
	if f.err != nil {
		return 0
	}
	f.count++
	return f.number()
}

// Uint32 is Uvarint for a number that has 32 bits at most; a larger one is refused.
func (f *Fields) Uint32() uint32 {
	v := f.Uvarint()
	if v > math.MaxUint32 {
		f.fail("a number of 32 bits", strconv.FormatUint(v, 10))
		return 0
	}
	return uint32(v)
}

func (f *Fields) number() uint64 {
	var v uint64
	for i, c := range f.rest {
		if i == 9 && c > 1 {
			f.fail("a number of 64 bits", "a longer one")
			return 0
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			if c == 0 && i > 0 {
				f.fail("a number in its shortest form", strconv.Itoa(i+1)+" bytes for "+strconv.FormatUint(v, 10))
				return 0
			}
			f.rest = f.rest[i+1:]
			return v
		}
	}
	f.fail("a number", "the end of the payload after "+strconv.Itoa(len(f.rest))+" bytes of it")
	return 0
}

// Bytes reads what AppendBytes wrote. The result is a part of the payload, not a copy, and cannot be
// appended to in place.
func (f *Fields) Bytes() []byte {
	if f.err != nil {
		return nil
	}
	f.count++
	n := f.number()
	if f.err != nil {
		return nil
	}
	if n > uint64(len(f.rest)) {
		f.fail(strconv.FormatUint(n, 10)+" bytes", strconv.Itoa(len(f.rest))+" until the end of the payload")
		return nil
	}
	b := f.rest[:n:n]
	f.rest = f.rest[n:]
	return b
}

// String reads what AppendString wrote, as a copy. It moves on like the others: never print a Fields.
func (f *Fields) String() string { return string(f.Bytes()) }

// Err is the first field that did not fit, as a *FrameError, or nil.
func (f *Fields) Err() error { return f.err }

// Done is Err, or a *FrameError if bytes are left: the two sides disagree about what the payload holds.
func (f *Fields) Done() error {
	if f.err == nil && len(f.rest) > 0 {
		return &FrameError{
			What:     "payload",
			Expected: "its end after field " + strconv.Itoa(f.count),
			Found:    strconv.Itoa(len(f.rest)) + " more bytes",
		}
	}
	return f.err
}

// Rest is what the fields read so far have left; it is consumed.
func (f *Fields) Rest() []byte {
	b := f.rest
	f.rest = nil
	return b
}
