package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// values are the figures of one measurement by name. Times are in µs.
type values map[string]float64

// spread sorts samples and adds their percentiles to v, under names that begin with prefix. The 99.9th needs 2,000.
func (v values) spread(prefix string, samples []time.Duration) {
	if len(samples) == 0 {
		return
	}
	slices.Sort(samples)
	at := func(permille int) float64 {
		return float64(samples[len(samples)*permille/1000].Nanoseconds()) / 1e3
	}
	v[prefix+"p50"], v[prefix+"p99"] = at(500), at(990)
	if len(samples) >= 2000 {
		v[prefix+"p99.9"] = at(999)
	}
}

// median of the runs' figures of that name; false if no run has it.
func median(runs []values, name string) (float64, bool) {
	var all []float64
	for _, v := range runs {
		if x, ok := v[name]; ok {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	slices.Sort(all)
	mid := len(all) / 2
	if len(all)%2 == 1 {
		return all[mid], true
	}
	return (all[mid-1] + all[mid]) / 2, true
}

// cell writes the median of that name for a table.
func cell(runs []values, name string) string {
	x, ok := median(runs, name)
	if !ok {
		return "–"
	}
	return number(x)
}

// number has three digits that count, and whole numbers all of theirs.
func number(x float64) string {
	switch {
	case x >= 1000 || x == math.Trunc(x):
		s := strconv.Itoa(int(x + 0.5))
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}
