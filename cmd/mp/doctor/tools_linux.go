package doctor

import (
	"context"
	"os/exec"
	"strings"
)

// tool finds the first of several programs in PATH. mp works without any.
func tool(names ...string) func(context.Context) (State, string) {
	return func(context.Context) (State, string) {
		for _, name := range names {
			if path, err := exec.LookPath(name); err == nil {
				return OK, path
			}
		}
		return Limited, "not in PATH: " + strings.Join(names, ", ")
	}
}
