package ps

import (
	"fmt"
	"strings"
	"time"

	"github.com/multiproc/mp/inspect"
)

// permits is the state of a semaphore: how many are left, and who has the others.
func permits(p *inspect.Permits) string {
	if p.Bound == nil {
		return fmt.Sprintf("%d left", p.Left)
	}
	all := []string{fmt.Sprintf("%d of %d left", p.Left, *p.Bound)}
	const shown = 4
	for i, t := range p.Taken {
		if i == shown {
			all = append(all, fmt.Sprintf("%d more processes have the rest", len(p.Taken)-shown))
			break
		}
		all = append(all, fmt.Sprintf("%s has %d", t.Person, t.Permits))
	}
	if p.Last != nil {
		all = append(all, fmt.Sprintf("%s died with some, last %s at %s", count(int(p.Deaths), "process", "processes"), p.Last.Name, p.Last.At.Format(time.DateTime)))
	}
	return strings.Join(all, ", ")
}
