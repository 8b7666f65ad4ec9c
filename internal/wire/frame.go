package wire

import (
	"fmt"
	"io"
	"strconv"

	"github.com/multiproc/mp/internal/invariant"
)

const (
	magic      = 0x772d706d // "mp-w" as it lies in the stream
	version    = 1
	headerSize = 16

	// Up to here a copy is cheaper than a second write, which would wake the reader twice.
	oneWrite = 32 << 10

	// What ReadFrame allocates on the word of the sender alone.
	firstRead = 64 << 10
)

// Append appends a whole frame to b and returns the longer slice.
func Append(b []byte, kind Kind, payload []byte) []byte {
	return append(appendHeader(b, kind, len(payload)), payload...)
}

func appendHeader(b []byte, kind Kind, length int) []byte {
	invariant.Check(kind.name() != "", "a frame of unknown kind is sent")
	n := uint64(length)
	return append(b,
		magic&0xff, magic>>8&0xff, magic>>16&0xff, magic>>24,
		version, 0,
		byte(kind), byte(kind>>8),
		byte(n), byte(n>>8), byte(n>>16), byte(n>>24), byte(n>>32), byte(n>>40), byte(n>>48), byte(n>>56))
}

// WriteFrame writes one frame: with one Write up to 32 KiB of payload, with two above, and then without
// copying the payload. Writers of one socket must take turns. After an error the stream is of no use.
func WriteFrame(w io.Writer, kind Kind, payload []byte) error {
	if len(payload) <= oneWrite {
		_, err := w.Write(Append(make([]byte, 0, headerSize+len(payload)), kind, payload))
		return err
	}
	if _, err := w.Write(appendHeader(make([]byte, 0, headerSize), kind, len(payload))); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

// ReadFrame reads one frame whose payload is at most limit bytes. The payload is the caller's.
//
// The end of the stream between two frames is io.EOF itself; inside a frame it is an error that wraps
// io.ErrUnexpectedEOF. What is no frame is a *FrameError, and then nothing behind the header was read.
// Every other error is the reader's, wrapped.
func ReadFrame(r io.Reader, limit int) (Kind, []byte, error) {
	var header [headerSize]byte
	if n, err := io.ReadFull(r, header[:]); err == io.EOF {
		return 0, nil, io.EOF
	} else if err != nil {
		return 0, nil, fmt.Errorf("mp: a frame's header, after %d of %d bytes: %w", n, headerSize, err)
	}
	kind, length, err := parseHeader(&header, limit)
	if err != nil {
		return 0, nil, err
	}
	payload, err := readPayload(r, length)
	if err != nil {
		return 0, nil, fmt.Errorf("mp: payload of a %v frame, after %d of %d bytes: %w", kind, len(payload), length, err)
	}
	return kind, payload, nil
}

func parseHeader(h *[headerSize]byte, limit int) (Kind, int, error) {
	if m := little(h[0:4]); m != magic {
		return 0, 0, &FrameError{"magic", hex(magic), hex(m)}
	}
	if v := little(h[4:6]); v != version {
		return 0, 0, &FrameError{"version", strconv.Itoa(version), strconv.FormatUint(v, 10)}
	}
	kind := Kind(little(h[6:8]))
	if kind.name() == "" {
		return 0, 0, &FrameError{"kind", "1 to 3 or 16 to 18", strconv.Itoa(int(kind))}
	}
	length := little(h[8:16])
	if length > uint64(max(limit, 0)) {
		return 0, 0, &FrameError{"length", "at most " + strconv.Itoa(limit) + " bytes", strconv.FormatUint(length, 10)}
	}
	return kind, int(length), nil
}

// readPayload reads length bytes. A sender that announces much and sends little costs firstRead bytes;
// one that keeps its word costs, above that, each byte moved at most twice more. At an error it returns what came.
func readPayload(r io.Reader, length int) ([]byte, error) {
	b := make([]byte, min(length, firstRead))
	got := 0
	for {
		n, err := io.ReadFull(r, b[got:])
		got += n
		if err == io.EOF { // nothing at all came, but something had to
			err = io.ErrUnexpectedEOF
		}
		if err != nil || got == length {
			return b[:got], err
		}
		longer := make([]byte, got+min(got, length-got))
		copy(longer, b)
		b = longer
	}
}

func little(b []byte) uint64 {
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}

func hex(v uint64) string { return "0x" + strconv.FormatUint(v, 16) }
