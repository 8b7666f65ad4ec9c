package rivals

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Result is what one run of a [Program] measured.
type Result struct {
	Name    string    `json:"name"`    // what was measured: "robust/counter/2"
	Runtime string    `json:"runtime"` // with which version of what: "glibc 2.36"
	NS      float64   `json:"ns"`      // nanoseconds an operation, median of Rounds
	Rounds  []float64 `json:"rounds"`  // the same for each round, in the order they ran
}

// parse reads the one JSON line that a rival prints, and takes nothing else
// for a measurement.
func parse(output []byte) (Result, error) {
	line, rest, _ := bytes.Cut(output, []byte("\n"))
	if len(rest) > 0 {
		return Result{}, fmt.Errorf("more than one line: %.200q", output)
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	var r Result
	if err := dec.Decode(&r); err != nil {
		return Result{}, fmt.Errorf("not a result: %.200q: %w", line, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Result{}, fmt.Errorf("more than a result: %.200q", line)
	}
	return r, r.check()
}

// check refuses a result that cannot be one. A time of 0 is no measurement:
// it would make every ratio infinite.
func (r Result) check() error {
	if r.Name == "" || r.Runtime == "" {
		return errors.New("the result has no name or no runtime")
	}
	if r.NS <= 0 || len(r.Rounds) == 0 {
		return fmt.Errorf("%s: ns is %v over %d rounds", r.Name, r.NS, len(r.Rounds))
	}
	for _, ns := range r.Rounds {
		if ns <= 0 {
			return fmt.Errorf("%s: a round took %v ns", r.Name, ns)
		}
	}
	return nil
}
