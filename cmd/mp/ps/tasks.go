package ps

import (
	"fmt"
	"strings"
	"time"

	"github.com/multiproc/mp/inspect"
)

// tasks is the state of a queue of tasks: what waits, and who has what in hand.
func tasks(q *inspect.Tasks, now time.Time) string {
	all := []string{count(int(q.Len), "message", "messages")}
	if q.Cap > 0 {
		all[0] = fmt.Sprintf("%d of %d messages", q.Len, q.Cap)
	}
	bytes := fmt.Sprintf("%d bytes", q.Bytes)
	if q.Limit > 0 {
		bytes = fmt.Sprintf("%d of %d bytes", q.Bytes, q.Limit)
	}
	all = append(all, bytes)
	for _, h := range q.InHand {
		text := fmt.Sprintf("%d in hand of %s for %s", h.Messages, h.Person, age(now.Sub(h.Since)))
		if h.Delivery > 1 {
			text += fmt.Sprintf(", delivery %d", h.Delivery)
		}
		all = append(all, text)
	}
	if q.Putters {
		all = append(all, "some wait for room")
	}
	if q.Joiners {
		all = append(all, "some wait for the end")
	}
	if q.Shut {
		all = append(all, "shut down")
	}
	return strings.Join(all, ", ")
}
