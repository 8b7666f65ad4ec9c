package main

import (
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	samples := make([]time.Duration, 2000)
	for i := range samples {
		samples[len(samples)-1-i] = time.Duration(i) * time.Microsecond
	}
	v := values{}
	v.spread("x ", samples)
	for name, want := range map[string]float64{"x p50": 1000, "x p99": 1980, "x p99.9": 1998} {
		if v[name] != want {
			t.Errorf("%s is %v, expected %v", name, v[name], want)
		}
	}
	v = values{}
	v.spread("", samples[:1999])
	if x, ok := v["p99.9"]; ok {
		t.Errorf("1,999 samples gave a 99.9th percentile of %v", x)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		name string
		runs []values
		want string
	}{
		{"none", nil, "–"},
		{"missing", []values{{"b": 1}}, "–"},
		{"odd", []values{{"a": 3}, {"a": 1}, {"a": 2}}, "2"},
		{"even", []values{{"a": 4}, {"a": 1}, {"a": 2}, {"a": 3}}, "2.50"},
		{"a run without it", []values{{"a": 5}, {}, {"a": 7}}, "6"},
		{"large", []values{{"a": 1234567.6}}, "1,234,568"},
		{"hundreds", []values{{"a": 123.4}}, "123"},
		{"ones", []values{{"a": 1.234}}, "1.23"},
		{"tens", []values{{"a": 12.34}}, "12.3"},
	} {
		if got := cell(c.runs, "a"); got != c.want {
			t.Errorf("%s: %s, expected %s", c.name, got, c.want)
		}
	}
}
