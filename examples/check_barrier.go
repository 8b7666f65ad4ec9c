package examples

import (
	"fmt"
	"strings"
	"time"
)

// sameMoment is how far apart two may be who went on together: a machine can be busy.
const sameMoment = 90 * time.Millisecond

// barrier wants four names, each with a time: first and second at the same moment, after the others' start.
func barrier(output string) error {
	at := make(map[string]time.Time)
	for i, line := range split(output) {
		name, clock, _ := strings.Cut(line, " ")
		t, err := time.Parse("15:04:05.000", clock)
		if err != nil {
			return fmt.Errorf(`line %d: expected "name 15:04:05.000", came %s`, i+1, quote(line))
		}
		at[name] = t
	}
	for _, name := range []string{"first", "second", "third", "fourth"} {
		if _, ok := at[name]; !ok || len(at) != 4 {
			return fmt.Errorf("expected first, second, third and fourth, came %s", quote(output))
		}
	}
	if apart := at["first"].Sub(at["second"]).Abs(); apart > sameMoment && apart < 24*time.Hour-sameMoment { // or over midnight
		return fmt.Errorf("expected first and second at the same moment, came %v apart", apart)
	}
	return nil
}
