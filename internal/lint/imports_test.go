package lint

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func TestImports(t *testing.T) {
	report(t, `Some imports have one place, so that a reader knows where to look for the danger:
unsafe in files named *_unsafe.go (tests: *_unsafe_test.go), os/exec in internal/boot, cmd, bench and tests, log nowhere
(take a *slog.Logger), C nowhere (the module builds without cgo).`, each(t, checkImports))
}

func checkImports(s *source) []string {
	var found []string
	for _, spec := range s.syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the compiler says it better
		}
		if why := refusedImport(s, imported); why != "" {
			found = append(found, fmt.Sprintf("%s:%d: imports %s: %s", s.path, s.line(spec.Pos()), imported, why))
		}
	}
	return found
}

func refusedImport(s *source, imported string) string {
	switch imported {
	case "unsafe":
		if name := strings.TrimSuffix(strings.TrimSuffix(s.path, ".go"), "_test"); !strings.HasSuffix(name, "_unsafe") {
			return "move what needs it into a file named *_unsafe.go, behind a function that checks its arguments"
		}
	case "os/exec":
		if !mayExec(s) {
			return "processes are started in internal/boot alone, which knows about descriptors, signals and the death of the parent"
		}
	case "log":
		return "a library does not own the process's log; take a *slog.Logger in the options"
	case "C":
		return "the module builds without cgo on every system"
	}
	return ""
}

func mayExec(s *source) bool {
	if s.isTest() || s.under("internal/boot", "cmd", "bench") {
		return true
	}
	r := rowOf(floors, s.dir())
	return r != nil && r.testOnly
}

func TestImportsCanFail(t *testing.T) {
	for _, c := range []struct{ path, imported, want string }{
		{"internal/arena/arena.go", "unsafe", "file named *_unsafe.go"},
		{"internal/arena/arena_test.go", "unsafe", "file named *_unsafe.go"},
		{"internal/arena/arena_unsafe.go", "unsafe", ""},
		{"internal/arena/arena_unsafe_test.go", "unsafe", ""},
		{"process.go", "os/exec", "internal/boot alone"},
		{"process_test.go", "os/exec", ""},
		{"internal/boot/boot.go", "os/exec", ""},
		{"cmd/mp/bench/bench.go", "os/exec", ""},
		{"futures/pool.go", "log", "slog"},
		{"futures/pool.go", "log/slog", ""},
		{"internal/sys/sys.go", "C", "without cgo"},
	} {
		t.Run(c.path+" "+c.imported, func(t *testing.T) {
			expect(t, checkImports(bad(t, c.path, "package p\n\nimport _ \""+c.imported+"\"\n")), c.want)
		})
	}
}
