package mp

import (
	"io"
	"os"
	"sync"
)

// streams are the three standard streams of a child, as files to inherit and as copies to make.
type streams struct {
	in, out, err *os.File // the child's ends; nil: the default
	childEnds    []*os.File
	parentEnds   []*os.File
	copies       []func()
	last         tailWriter
	running      sync.WaitGroup
}

func openStreams(p *Process) (*streams, error) {
	s := &streams{}
	var err error
	if s.in, err = s.source(p.Stdin); err == nil {
		s.out, err = s.sink(p.Stdout, nil)
	}
	if err == nil && p.Stderr != nil && p.Stderr == p.Stdout && s.out != nil {
		s.err = s.out // one stream: the order of the writes is kept
	} else if err == nil {
		s.err, err = s.sink(p.Stderr, &s.last)
	}
	if err != nil {
		s.closeChildEnds()
		s.closeParentEnds()
		return nil, err
	}
	return s, nil
}

func (s *streams) source(r io.Reader) (*os.File, error) {
	if f, ok := r.(*os.File); r == nil || ok {
		return f, nil
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.childEnds, s.parentEnds = append(s.childEnds, pr), append(s.parentEnds, pw)
	// Not waited for: a reader that never ends must not keep a child from being joined.
	s.copies = append(s.copies, func() {
		_, _ = io.Copy(pw, r)
		_ = pw.Close()
	})
	return pr, nil
}

func (s *streams) sink(w io.Writer, last *tailWriter) (*os.File, error) {
	if f, ok := w.(*os.File); w == nil || ok {
		return f, nil
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.childEnds, s.parentEnds = append(s.childEnds, pw), append(s.parentEnds, pr)
	if last != nil {
		w = io.MultiWriter(last, w)
	}
	s.running.Add(1)
	s.copies = append(s.copies, func() {
		defer s.running.Done()
		if _, err := io.Copy(w, pr); err != nil {
			_, _ = io.Copy(io.Discard, pr) // the writer failed: the child must not block on it
		}
		_ = pr.Close()
	})
	return pw, nil
}

func (s *streams) copy() {
	for _, f := range s.copies {
		go f()
	}
}

// wait waits until all output of an ended child was written.
func (s *streams) wait() { s.running.Wait() }

func (s *streams) closeChildEnds() {
	for _, f := range s.childEnds {
		_ = f.Close()
	}
}

func (s *streams) closeParentEnds() {
	for _, f := range s.parentEnds {
		_ = f.Close()
	}
}

func (s *streams) tail() []byte { return s.last.b }

// tailWriter keeps the end of what is written.
type tailWriter struct{ b []byte }

const tailSize = 8 << 10

func (t *tailWriter) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - tailSize; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}
