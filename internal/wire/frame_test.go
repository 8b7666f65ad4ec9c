package wire

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

var kinds = []Kind{Call, Cancel, Ack, Hello, Result, Failure}

func TestFramesComeBack(t *testing.T) {
	for _, size := range []int{0, 1, oneWrite, oneWrite + 1, firstRead, firstRead + 1, 3*firstRead + 7, 1 << 20} {
		var stream, whole []byte
		var w bytes.Buffer
		for i, k := range kinds {
			payload := bytes.Repeat([]byte{byte(i + 1)}, size)
			if err := WriteFrame(&w, k, payload); err != nil {
				t.Fatal(err)
			}
			whole = Append(whole, k, payload)
		}
		if stream = w.Bytes(); !bytes.Equal(stream, whole) {
			t.Fatalf("%d bytes: WriteFrame and Append differ", size)
		}
		r := iotest.HalfReader(bytes.NewReader(stream)) // a socket gives what it has, not what was asked for
		for i, k := range kinds {
			kind, payload, err := ReadFrame(r, size)
			if err != nil || kind != k || !bytes.Equal(payload, bytes.Repeat([]byte{byte(i + 1)}, size)) {
				t.Fatalf("%d bytes: frame %d came back as %v with %d bytes, error %v", size, i, kind, len(payload), err)
			}
		}
		if _, _, err := ReadFrame(r, size); err != io.EOF {
			t.Fatalf("after the last frame: %v, want io.EOF itself", err)
		}
	}
}

// The layout is a contract with a process that may be of another build: byte for byte.
func TestLayout(t *testing.T) {
	got := Append([]byte("before"), Result, []byte("xyz"))
	want := "before" + "mp-w" + "\x01\x00" + "\x11\x00" + "\x03\x00\x00\x00\x00\x00\x00\x00" + "xyz"
	if string(got) != want {
		t.Errorf("frame is\n%q, want\n%q", got, want)
	}
}

type writes struct{ n, bytes int }

func (w *writes) Write(b []byte) (int, error) {
	w.n++
	w.bytes += len(b)
	return len(b), nil
}

func TestWritesPerFrame(t *testing.T) {
	for _, c := range []struct{ size, want int }{{0, 1}, {100, 1}, {oneWrite, 1}, {oneWrite + 1, 2}, {1 << 20, 2}} {
		var w writes
		if err := WriteFrame(&w, Call, make([]byte, c.size)); err != nil || w.n != c.want || w.bytes != headerSize+c.size {
			t.Errorf("%d bytes: %d writes of %d bytes in all, error %v; want %d writes", c.size, w.n, w.bytes, err, c.want)
		}
	}
}

func TestBadFrames(t *testing.T) {
	good := Append(nil, Hello, []byte("12345678"))
	with := func(at int, b ...byte) []byte {
		f := bytes.Clone(good)
		copy(f[at:], b)
		return f
	}
	for _, c := range []struct {
		name            string
		frame           []byte
		what, exp, came string
	}{
		{"magic", with(0, 'G', 'E', 'T', ' '), "magic", "0x772d706d", "0x20544547"},
		{"magic's last byte", with(3, 'x'), "magic", "0x772d706d", "0x782d706d"},
		{"version", with(4, 2), "version", "1", "2"},
		{"version's high byte", with(5, 1), "version", "1", "257"},
		{"kind", with(6, 4), "kind", "1 to 3 or 16 to 18", "4"},
		{"kind's high byte", with(7, 1), "kind", "1 to 3 or 16 to 18", "272"},
		{"length", with(8, 9), "length", "at most 8 bytes", "9"},
		{"length's high byte", with(15, 0x80), "length", "at most 8 bytes", "9223372036854775816"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := bytes.NewReader(c.frame)
			_, _, err := ReadFrame(r, 8)
			var bad *FrameError
			if !errors.As(err, &bad) || *bad != (FrameError{c.what, c.exp, c.came}) {
				t.Fatalf("error %v, want %s: expected %s, found %s", err, c.what, c.exp, c.came)
			}
			if !strings.Contains(err.Error(), c.exp) || !strings.Contains(err.Error(), c.came) {
				t.Errorf("the text hides what happened: %v", err)
			}
			if r.Len() != 8 {
				t.Errorf("%d bytes of payload were read after a bad header", 8-r.Len())
			}
		})
	}
	if _, _, err := ReadFrame(bytes.NewReader(good), -1); err == nil {
		t.Error("a negative limit lets a payload through")
	}
}

func TestTruncatedFrames(t *testing.T) {
	whole := Append(nil, Result, bytes.Repeat([]byte("p"), firstRead+100))
	for _, n := range []int{1, headerSize - 1, headerSize, headerSize + 1, headerSize + firstRead, len(whole) - 1} {
		_, _, err := ReadFrame(bytes.NewReader(whole[:n]), len(whole))
		if !errors.Is(err, io.ErrUnexpectedEOF) || err == io.ErrUnexpectedEOF {
			t.Errorf("cut after %d bytes: %v, want io.ErrUnexpectedEOF, wrapped", n, err)
		}
	}
}

func TestReadersErrorIsKept(t *testing.T) {
	broken := errors.New("the line is dead")
	whole := Append(nil, Result, []byte("payload"))
	for _, n := range []int{0, 3, headerSize, headerSize + 3} {
		r := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken))
		if _, _, err := ReadFrame(r, 100); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v, want the reader's own error", n, err)
		}
	}
}

func TestAnnouncedLengthCostsNothing(t *testing.T) {
	header := appendHeader(nil, Result, 1<<40)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := ReadFrame(io.MultiReader(bytes.NewReader(header), strings.NewReader("little")), 1<<41)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
		t.Errorf("a header announcing 1 TiB and 6 bytes of payload took %d bytes of memory", taken)
	}
}

func TestKindNames(t *testing.T) {
	for k, want := range map[Kind]string{Call: "call", Failure: "failure", 99: "kind 99"} {
		if got := k.String(); got != want {
			t.Errorf("kind %d is %q, want %q", uint16(k), got, want)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add(Append(nil, Call, []byte("payload")), 1<<10)
	f.Add(Append(Append(nil, Hello, nil), Ack, make([]byte, 300)), 1<<20)
	f.Add(appendHeader(nil, Result, 1<<40), 1<<41)
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), 100)
	f.Fuzz(func(t *testing.T, stream []byte, limit int) {
		r := bytes.NewReader(stream)
		var again []byte
		for {
			kind, payload, err := ReadFrame(r, limit)
			if err != nil {
				var bad *FrameError
				if err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &bad) {
					t.Fatalf("an error of no known sort: %v", err)
				}
				break
			}
			if len(payload) > max(limit, 0) {
				t.Fatalf("%d bytes came through a limit of %d", len(payload), limit)
			}
			again = Append(again, kind, payload)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatal("what was read is not what was sent")
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	var buf bytes.Buffer
	payload := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		if err := WriteFrame(&buf, Call, payload); err != nil {
			b.Fatal(err)
		}
		if _, _, err := ReadFrame(&buf, 1000); err != nil {
			b.Fatal(err)
		}
	}
}
