package mp

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"syscall"

	"github.com/multiproc/mp/internal/share"
)

// File is a handle of an open descriptor: of a file, an end of a pipe, a connection of package net, a listener. As an
// argument, in a message, in a result it brings the descriptor to another process of the family, as Python's
// multiprocessing.reduction does.
//
// It is made by [NewFile] and must not be copied. What travels is the open file itself: offset, flags and locks are
// those of all who have it, and so is whether it blocks. A connection ends when all of them have closed it: who hands one
// over closes its own File when [File.Got] says that the other has it.
//
// The receiver gets a descriptor of its own from the process that has sent the handle, when the message is decoded. So a handle
// in a message keeps nothing alive: the sender keeps its File open until the message was got, any number of times by
// any number of processes, and then closes it. A Process keeps those among its arguments, not open, but from the garbage
// collector, and a child whose result has Files stays until the parent has them. What comes too late is an error that
// names the sender: it is [ErrClosed] if that has closed its File, os.ErrProcessDone if it has ended,
// os.ErrDeadlineExceeded if it has not answered in 10 s, as a stopped process does not. A File that was received is like any
// other, and can be sent on.
//
// For as long as a File that was sent is open, this process listens at a socket in Linux's abstract namespace, answers
// processes of the same user, and gives the descriptor to who knows a random key, which is in the message alone. The other process
// must be in the same network namespace.
//
// A File is close-on-exec, and closed with the process, or when the garbage collector finds it unused. Sending one costs
// a few µs, and receiving it about 40 µs.
type File struct {
	noCopy noCopy
	open   *openFile
}

// openFile is a File apart from the handle that the garbage collector watches.
type openFile struct {
	arena      *Arena
	descriptor *share.Descriptor
	name       string
}

// NewFile makes a File of an *os.File, a *net.TCPConn, a *net.UnixListener or whatever else has a descriptor. It takes a
// descriptor of its own: c stays the caller's, who may close it at once. Of a listener that is a *net.UnixListener, Close
// removes the socket's file, unless SetUnlinkOnClose(false) was said. An error says what is wrong with c: it is nil or closed, or
// has no descriptor; or that this process can have no more of them. It panics before Main.
func NewFile(c syscall.Conn) (*File, error) {
	a, err := family("NewFile")
	if err != nil {
		return nil, err
	}
	if v := reflect.ValueOf(c); c == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, fmt.Errorf("mp: NewFile: expected something with a descriptor, found a nil %T", c)
	}
	d, err := a.desk().Dup(c)
	if err != nil {
		return nil, fmt.Errorf("mp: NewFile of a %T: %w", c, err)
	}
	name := fmt.Sprintf("%T", c)
	if n, ok := c.(interface{ Name() string }); ok {
		name = n.Name()
	}
	f := new(File)
	f.attach(&openFile{arena: a, descriptor: d, name: name})
	return f, nil
}

func (f *File) attach(o *openFile) {
	f.open = o
	runtime.AddCleanup(f, (*openFile).close, o)
}

func (o *openFile) close() { o.descriptor.Close() }

// Open returns an *os.File of the same open file, with a descriptor of its own: it is the caller's to close, and f stays open. A
// connection is made of it by net.FileConn, a listener by net.FileListener, which take descriptors of their own again:
//
//	o, err := f.Open()
//	…
//	conn, err := net.FileConn(o)
//	o.Close()
//
// ErrClosed: f was closed.
func (f *File) Open() (*os.File, error) {
	if f.open == nil {
		return nil, errZeroFile
	}
	o, err := f.open.descriptor.File(f.open.name)
	runtime.KeepAlive(f)
	if err != nil {
		return nil, f.open.failed(err)
	}
	return o, nil
}

// Close closes the File, for those too who have its handle in a message that they have not got yet. What others have got
// stays open. A second Close does nothing. It always returns nil.
func (f *File) Close() error {
	if f.open != nil {
		f.open.close()
	}
	runtime.KeepAlive(f)
	return nil
}

// Got is closed when a process has got f for the first time: who hands f over to one process can close it then.
//
//	err := queue.Put(f)
//	…
//	<-f.Got()
//	f.Close()
//
// It is not closed by Close, nor by a process that is killed before it has got so far. It is nil for a zero File.
func (f *File) Got() <-chan struct{} {
	if f.open == nil {
		return nil
	}
	return f.open.descriptor.Given()
}

// errZeroFile is about one that was not made by NewFile.
var errZeroFile error = &detail{"mp: a zero File: make it with NewFile", ErrClosed}

// failed is what an error of the descriptor means here.
func (o *openFile) failed(err error) error {
	if errors.Is(err, share.ErrClosed) {
		err = ErrClosed
	}
	return fmt.Errorf("mp: File %q: %w", o.name, err)
}
