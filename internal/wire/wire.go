// Package wire is what a parent process and its child say to each other over their control socket: frames
// of a fixed header and a payload, and the few kinds of fields that payloads are made of.
//
//	offset  bytes  little-endian
//	0       4      magic, "mp-w"
//	4       2      version, 1
//	6       2      kind
//	8       8      length of the payload
//	16      length payload
//
// Nothing that arrives is believed: the header is checked before the payload is read, memory is taken as
// bytes come and never because a length announces them, and each length inside a payload is checked.
package wire

import "strconv"

// Kind says what a frame is for.
type Kind uint16

// From the parent to the child.
const (
	Call   Kind = 1 // run this
	Cancel Kind = 2 // end what runs
	Ack    Kind = 3 // the result has arrived
)

// From the child to the parent.
const (
	Hello   Kind = 16 // I am up
	Result  Kind = 17 // what the call returned
	Failure Kind = 18 // why there is no result
)

func (k Kind) name() string {
	switch k {
	case Call:
		return "call"
	case Cancel:
		return "cancel"
	case Ack:
		return "ack"
	case Hello:
		return "hello"
	case Result:
		return "result"
	case Failure:
		return "failure"
	}
	return ""
}

// String is the kind's name, or its number if it has none.
func (k Kind) String() string {
	if name := k.name(); name != "" {
		return name
	}
	return "kind " + strconv.Itoa(int(k))
}

// FrameError says that what arrived is not a frame, or that a payload does not hold the fields it should.
// The stream is of no use afterwards: where the next frame would begin is unknown.
type FrameError struct {
	What     string // the part that is wrong: "magic", "length", "field 2", …
	Expected string
	Found    string
}

// Error names the part, what was expected there and what came.
func (e *FrameError) Error() string {
	return "mp: bad frame on the control socket: " + e.What + ": expected " + e.Expected + ", found " + e.Found
}
