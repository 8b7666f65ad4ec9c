package examples

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

const (
	showAtMost  = 5   // lines that differ
	showOfALine = 120 // bytes
)

// lines wants exactly these.
func lines(want ...string) func(string) error {
	return func(output string) error { return compare(want, split(output)) }
}

func split(output string) []string {
	if output == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(output, "\n"), "\n")
}

// compare tells the first lines that differ. It does not look for moved ones: the outputs are short.
func compare(want, got []string) error {
	var diff []string
	for i := range max(len(want), len(got)) {
		w, g := at(want, i), at(got, i)
		if w != g {
			diff = append(diff, fmt.Sprintf("line %d: expected %s, came %s", i+1, w, g))
		}
	}
	if len(diff) == 0 {
		return nil
	}
	if more := len(diff) - showAtMost; more > 0 {
		diff = append(diff[:showAtMost], fmt.Sprintf("and %d more lines differ", more))
	}
	return errors.New(strings.Join(diff, "\n"))
}

func at(lines []string, i int) string {
	if i >= len(lines) {
		return "no line"
	}
	return quote(lines[i])
}

func quote(line string) string {
	if len(line) > showOfALine {
		line = line[:showOfALine] + "…"
	}
	return strconv.Quote(line)
}

var unlocked = regexp.MustCompile(`^without a lock: (\d+) of 200$`)

// lostUpdates leaves open how many get lost, but one must: else the program shows nothing.
func lostUpdates(output string) error {
	first, _, _ := strings.Cut(output, "\n")
	m := unlocked.FindStringSubmatch(first)
	if m == nil {
		return fmt.Errorf(`line 1: expected "without a lock: N of 200", came %s`, quote(first))
	}
	if n, err := strconv.Atoi(m[1]); err != nil || n < 1 || n >= 200 {
		return fmt.Errorf("line 1: expected lost updates, 1 to 199 of 200, came %s", quote(first))
	}
	return compare([]string{first, "with a lock: 200", "with Value.Update: 200"}, split(output))
}

var inside = regexp.MustCompile(`^never more inside than (\d+)\n$`)

// atMostInside leaves open whether the room was ever full: that takes three processes that start at about the same time.
func atMostInside(most int) func(string) error {
	return func(output string) error {
		m := inside.FindStringSubmatch(output)
		if m == nil {
			return fmt.Errorf(`expected "never more inside than N", came %s`, quote(output))
		}
		if n, err := strconv.Atoi(m[1]); err != nil || n < 1 || n > most {
			return fmt.Errorf("expected 1 to %d inside, came %s", most, m[1])
		}
		return nil
	}
}

const topWords = 10

var (
	wordLine = regexp.MustCompile(`^ *(\d+) (\S+)$`)
	lastLine = regexp.MustCompile(`^[1-9]\d* files, \d+\.\d times as fast as one process$`)
)

// wordCount cannot know the words, but their form and order. That the counts are right, the program compares itself.
func wordCount(output string) error {
	got := split(output)
	if len(got) != topWords+1 {
		return fmt.Errorf("expected %d lines, came %d", topWords+1, len(got))
	}
	seen, previous := make(map[string]bool), math.MaxInt
	for i, line := range got[:topWords] {
		m := wordLine.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf(`line %d: expected "count word", came %s`, i+1, quote(line))
		}
		count, err := strconv.Atoi(m[1])
		switch {
		case err != nil || count > previous:
			return fmt.Errorf("line %d: expected at most %d, the count before, came %s", i+1, previous, quote(line))
		case seen[m[2]]:
			return fmt.Errorf("line %d: expected each word once, came %s again", i+1, quote(m[2]))
		}
		seen[m[2]], previous = true, count
	}
	if !lastLine.MatchString(got[topWords]) {
		return fmt.Errorf(`line %d: expected "N files, X times as fast as one process", came %s`, topWords+1, quote(got[topWords]))
	}
	return nil
}
