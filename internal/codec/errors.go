package codec

import (
	"fmt"
	"reflect"

	"github.com/multiproc/mp/internal/pod"
)

// A TypeError says that values of a type cannot travel to another process, and which part of the type is the reason.
type TypeError struct {
	Type reflect.Type // the type of the whole value
	Path string       // the part, as in "Job.Done", "Rows[].Tag"; empty: the whole
	Why  string       // a sentence without its subject: "is a chan int, …"
}

// Error names the type, the part and the reason.
func (e *TypeError) Error() string {
	return "mp: " + e.Type.String() + " cannot travel to another process: " + part(e.Path) + " " + e.Why
}

// A ValueError says that this value cannot travel, though others of its type can.
type ValueError struct {
	Type reflect.Type // the type of the whole value
	Path string       // the part, as in `Extra["k"][2]`; empty: the whole, or a part too deep to be named
	Why  string       // a sentence without its subject
	Err  error        // what MarshalBinary said, if it was that; else nil
}

// Error names the type, the part and the reason.
func (e *ValueError) Error() string {
	return "mp: this " + e.Type.String() + " cannot travel to another process: " + part(e.Path) + " " + e.Why
}

// Unwrap returns what MarshalBinary said, for errors.Is and errors.As; nil if nothing was asked.
func (e *ValueError) Unwrap() error { return e.Err }

// A DecodeError says that bytes are not a value of the type they should be.
type DecodeError struct {
	Type reflect.Type // the type that was expected
	Path string       // the part where it went wrong; empty: the whole
	Why  string       // a sentence without its subject: "is 8 bytes long, and 3 came"
	Err  error        // what UnmarshalBinary said, if it was that; else nil
}

// Error names the type, the part, what was expected there and what came.
func (e *DecodeError) Error() string {
	return "mp: these bytes are no " + e.Type.String() + ": " + part(e.Path) + " " + e.Why
}

// Unwrap returns what UnmarshalBinary said, for errors.Is and errors.As; nil if it was not asked.
func (e *DecodeError) Unwrap() error { return e.Err }

func part(path string) string {
	switch {
	case path == "":
		return "it"
	case path[0] == '[':
		return "element " + path
	default:
		return "field " + path
	}
}

// maxPath is where a path is cut: that of a long linked list helps nobody.
const maxPath = 200

// A fault is an error on its way out of the nodes; each node it passes adds its step to the front of the path.
type fault struct {
	path string
	why  string
	err  error
}

func (f *fault) Error() string { return part(f.path) + " " + f.why }

func faultf(format string, args ...any) *fault { return &fault{why: fmt.Sprintf(format, args...)} }

// because is a fault that another package's error explains.
func because(err error, doing string) *fault {
	return &fault{why: doing + ": " + err.Error(), err: err}
}

// within adds a step to the path of err, which is a *fault.
func within(err error, step string) error {
	f := err.(*fault)
	switch {
	case len(f.path) > maxPath:
	case f.path != "" && f.path[0] != '[':
		f.path = step + "." + f.path
	default:
		f.path = step + f.path
	}
	return f
}

func valueError(t reflect.Type, err error) error {
	f := err.(*fault)
	return &ValueError{Type: t, Path: f.path, Why: f.why, Err: f.err}
}

func decodeError(t reflect.Type, err error) error {
	f := err.(*fault)
	return &DecodeError{Type: t, Path: f.path, Why: f.why, Err: f.err}
}

// rawError says what is wrong with bytes that should be plain data.
func rawError(p *plan, b []byte) error {
	describe, multiple := p.typ, ""
	if p.form == formElements {
		describe, multiple = p.typ.Elem(), "a multiple of "
	}
	if n := uintptr(len(b)); n != p.size && (p.form == formRaw || n%p.size != 0) {
		return decodeError(p.typ, faultf("takes %s%d bytes (%s), and %d came", multiple, p.size, pod.Describe(describe), n))
	}
	return decodeError(p.typ, faultf("%s", badBool))
}

const badBool = "has a bool that is neither 0 nor 1"
