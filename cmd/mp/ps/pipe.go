package ps

import (
	"fmt"
	"strings"

	"github.com/multiproc/mp/inspect"
)

// pipe is the state of a pipe: who holds each end, and what it has sent that was not received.
func pipe(p *inspect.Pipe) string {
	var all []string
	for i, end := range p.Ends {
		who := "nobody"
		if len(end) > 0 {
			who = pids(end)
		}
		sent := "sends nothing"
		if q := p.Sent[i]; q != nil {
			sent = "sent " + queue(q)
		}
		all = append(all, fmt.Sprintf("end %d of %s: %s", i, who, sent))
	}
	return strings.Join(all, "; ")
}
