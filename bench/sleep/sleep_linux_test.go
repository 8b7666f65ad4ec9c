package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The processes of a measurement are this binary.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && roles[os.Args[1]] != nil {
		if err := takeRole(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Every row of every table can be measured, and has its figures.
func TestEveryRow(t *testing.T) {
	cpus, err := allowed()
	if err != nil {
		t.Fatal(err)
	}
	sem, err := compileSem(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	steps := planned(regexp.MustCompile(""), cpus, 400, sem)
	if _, err := repeat(t.Context(), io.Discard, steps, 1, 0, 0); err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.table == tableTrips && (s.runs[0]["one p50"] <= 0 || len(cpus) > 1 && s.runs[0]["each p50"] <= 0) {
			t.Errorf("%s, GOMAXPROCS=%d: %v", s.name, s.procs, s.runs[0])
		}
	}
	var out bytes.Buffer
	if err := render(&out, steps); err != nil {
		t.Fatal(err)
	}
	rows := strings.Count(out.String(), "\n| ") - 4 // one a table is its head
	want := 2 * len(spreads)
	for _, s := range steps {
		if s.table == tableTrips || s.table == tableCrowd {
			want++
		}
	}
	if rows != want {
		t.Errorf("%d rows, expected %d:\n%s", rows, want, &out)
	}
}
