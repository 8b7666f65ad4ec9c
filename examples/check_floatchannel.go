package examples

import (
	"fmt"
	"regexp"
)

var floatLines = []*regexp.Regexp{
	regexp.MustCompile(`^shared array: checksum 999000, [0-9.]+(µs|ms) a message$`),
	regexp.MustCompile(`^pipe: checksum 999000, [0-9.]+(µs|ms) a message$`),
	regexp.MustCompile(`^the array takes \d+\.\d\d of the pipe's time$`),
}

// floatChannel wants each checksum right, and leaves the times open.
func floatChannel(output string) error {
	got := split(output)
	if len(got) != len(floatLines) {
		return fmt.Errorf("expected %d lines, came %d: %s", len(floatLines), len(got), quote(output))
	}
	for i, want := range floatLines {
		if !want.MatchString(got[i]) {
			return fmt.Errorf("line %d: expected %s, came %s", i+1, want, quote(got[i]))
		}
	}
	return nil
}
