package main

import (
	"io"
	"strconv"
)

// render writes the tables that have rows.
func render(out io.Writer, steps []*step) error {
	w := &writer{out: out}
	beside := byName(steps, glibcName)
	w.table(steps, tableTrips, "round trip, µs", []string{
		"GOMAXPROCS", "one CPU p50", "p99", "p99.9", "× glibc", "one CPU each p50", "p99", "p99.9", "× glibc",
	}, func(s *step) []string {
		return []string{
			s.name, maxprocs(s), cell(s.runs, "one p50"), cell(s.runs, "one p99"), cell(s.runs, "one p99.9"), ratio(s, beside, "one p50"),
			cell(s.runs, "each p50"), cell(s.runs, "each p99"), cell(s.runs, "each p99.9"), ratio(s, beside, "each p50"),
		}
	})
	w.table(steps, tableCrowd, "sleepers, each on a word of its own", []string{
		"GOMAXPROCS", "threads before", "threads asleep", "idle, ms of CPU a second", "waking all, ms",
	}, func(s *step) []string {
		return []string{
			s.name, maxprocs(s), cell(s.runs, "threads before"), cell(s.runs, "threads"), cell(s.runs, "idle"), cell(s.runs, "wake"),
		}
	})
	for _, row := range spreads {
		w.spread(steps, row.table, row.title, row.kind)
	}
	return w.err
}

// spreads are rows of which only percentiles are known; kind is what the names of their values begin with.
var spreads = []struct{ table, kind, title string }{
	{tableCancel, "leader ", "a leader in the kernel"},
	{tableCancel, "follower ", "a follower"},
	{tableCancel, "overflow ", "an overflow leader"},
	{tableReady, "leader ", "a leader in the kernel"},
	{tableReady, "leader late ", "a leader in the kernel, after 30 ms of computing"},
	{tableReady, "overflow ", "an overflow leader"},
	{tableReady, "overflow late ", "an overflow leader, after 30 ms of computing"},
}

var spreadHeads = map[string]string{
	tableCancel: "from cancel to the end of Park, µs, of",
	tableReady:  "how long a ready goroutine waits when another parks, µs, as",
}

// writer remembers the first error.
type writer struct {
	out   io.Writer
	began map[string]bool
	err   error
}

func (w *writer) line(cells ...string) {
	for _, c := range cells {
		w.print("| " + c + " ")
	}
	w.print("|\n")
}

func (w *writer) print(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, s)
	}
}

func (w *writer) table(steps []*step, name, title string, heads []string, row func(*step) []string) {
	began := false
	for _, s := range steps {
		if s.table != name {
			continue
		}
		if !began {
			w.head(title, heads)
			began = true
		}
		w.line(row(s)...)
	}
}

func (w *writer) head(title string, heads []string) {
	w.print("\n")
	w.line(append([]string{title}, heads...)...)
	w.print("|---|")
	for range heads {
		w.print("--:|")
	}
	w.print("\n")
}

// spread writes one row a step of the figures that begin with kind; the rows of all kinds of a table stand together.
func (w *writer) spread(steps []*step, name, title, kind string) {
	if w.began == nil {
		w.began = make(map[string]bool)
	}
	for _, s := range steps {
		if s.table != name {
			continue
		}
		if !w.began[name] {
			w.head(spreadHeads[name], []string{"GOMAXPROCS", "p50", "p99", "p99.9"})
			w.began[name] = true
		}
		w.line(title, maxprocs(s), cell(s.runs, kind+"p50"), cell(s.runs, kind+"p99"), cell(s.runs, kind+"p99.9"))
	}
}

func maxprocs(s *step) string {
	if s.procs == 0 {
		return "–"
	}
	return strconv.Itoa(s.procs)
}

func byName(steps []*step, name string) *step {
	for _, s := range steps {
		if s.name == name {
			return s
		}
	}
	return nil
}

// ratio is the median of the runs' ratios to the other: what disturbs a run disturbs both.
func ratio(s, beside *step, name string) string {
	if beside == nil || s.apart {
		return "–"
	}
	var ratios []values
	for i := range s.runs {
		ours, ok := s.runs[i][name]
		theirs, both := beside.runs[i][name]
		if ok && both {
			ratios = append(ratios, values{"": ours / theirs})
		}
	}
	x, ok := median(ratios, "")
	if !ok {
		return "–"
	}
	return number(x)
}
