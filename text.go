package mp

import (
	"bytes"
	"fmt"
	"runtime"
)

// ByteArray is what text lies in: *Array[byte] or *RawArray[byte].
type ByteArray interface {
	*Array[byte] | *RawArray[byte]
}

// TextSizeError: a text is longer than the array that it was to lie in.
type TextSizeError struct {
	Array string // its name; "" = it has none
	Size  int    // of the text, in bytes
	Most  int    // what the array takes
}

// Error tells both lengths.
func (e *TextSizeError) Error() string {
	name := "an array"
	if e.Array != "" {
		name = fmt.Sprintf("array %q", e.Array)
	}
	return fmt.Sprintf("mp: a text of %d bytes is too long for %s of %d", e.Size, name, e.Most)
}

// Text is what an array of bytes says: its bytes up to the first zero, or all of them. Of an Array it is read under the lock,
// as of one moment; it panics with *OwnerDiedError as CopyTo does. All bytes, zeros too, are what CopyTo and
// Slice give.
func Text[A ByteArray](a A) (s string) {
	switch a := any(a).(type) {
	case *Array[byte]:
		a.lock()
		defer a.unlock(a.me)
		return upToZero(a.elements)
	case *RawArray[byte]:
		defer runtime.KeepAlive(a)
		return upToZero(a.elements)
	}
	return ""
}

func upToZero(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// SetText makes an array of bytes say s, and fills the rest with zeros; of an Array as [Array.WithContext] does. It returns a
// *TextSizeError that tells both lengths if s is too long, and then has changed nothing; and *OwnerDiedError. A zero in s
// ends what Text gives.
func SetText[A ByteArray](a A, s string) error {
	var object *hold
	size := 0
	write := func(b []byte) { clear(b[copy(b, s):]) }
	switch a := any(a).(type) {
	case *Array[byte]:
		if object, size = a.hold, a.Len(); len(s) <= size {
			return a.WithContext(background, write)
		}
	case *RawArray[byte]:
		if object, size = a.hold, a.Len(); len(s) <= size {
			write(a.elements)
			runtime.KeepAlive(a)
			return nil
		}
	}
	return &TextSizeError{Array: object.object.Named(), Size: len(s), Most: size}
}
