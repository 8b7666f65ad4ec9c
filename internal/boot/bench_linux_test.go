package boot

import (
	"os"
	"slices"
	"testing"
	"time"
)

// BenchmarkStart runs Start and a bare os.StartProcess of the same program in turn, and compares the medians: of the time
// until each returns, and until the child, which exits at once, has been reaped. The mean says little: the
// scheduler lets the parent or the child go first, as it likes, and in the latter case each takes 0.6 ms more.
func BenchmarkStart(b *testing.B) {
	s := newSpec(b, "exit", "0")
	var start, whole, osStart, osWhole []time.Duration
	for b.Loop() {
		began := time.Now()
		c, err := Start(s)
		if err != nil {
			b.Fatal(err)
		}
		start = append(start, time.Since(began))
		<-c.Done()
		whole = append(whole, time.Since(began))
		_ = c.Close()

		one, two := startBare(b, s)
		osStart, osWhole = append(osStart, one), append(osWhole, two)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(start), "µs/start")
	b.ReportMetric(median(osStart), "µs/os-start")
	b.ReportMetric(median(whole), "µs/whole")
	b.ReportMetric(median(whole)/median(osWhole), "whole/os-whole")
}

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Nanoseconds()) / 1000
}

// startBare starts the same program in the same role: what the child does costs the same.
func startBare(b *testing.B, s Spec) (start, whole time.Duration) {
	b.Helper()
	ours, theirs, err := controlSocket()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	c := contract{memory: 3, life: 4, control: 5, crash: -1, slot: s.Slot}
	attr := &os.ProcAttr{
		Env:   environment(nil, c),
		Files: []*os.File{null, os.Stdout, os.Stderr, s.Memory, s.Life, theirs},
	}
	began := time.Now()
	p, err := os.StartProcess(thisProgram, s.Args, attr)
	if err != nil {
		b.Fatal(err)
	}
	start = time.Since(began)
	if _, err := p.Wait(); err != nil {
		b.Fatal(err)
	}
	return start, time.Since(began)
}
