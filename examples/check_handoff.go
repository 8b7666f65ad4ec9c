package examples

import (
	"fmt"
	"regexp"
)

var handoffLine = regexp.MustCompile(`^hello from Process-[12]$`)

// handoff wants an answer for each client, and leaves open which worker gave it.
func handoff(output string) error {
	got := split(output)
	if len(got) != 4 {
		return fmt.Errorf("expected 4 answers, came %s", quote(output))
	}
	for _, line := range got {
		if !handoffLine.MatchString(line) {
			return fmt.Errorf("expected hello from Process-1 or Process-2, came %s", quote(line))
		}
	}
	return nil
}
