package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the repository, seen from the directory in which go test runs this package.
const root = "../.."

// A source is one Go file. Path is slash-separated and relative to the repository.
type source struct {
	path   string
	text   []byte
	fset   *token.FileSet
	syntax *ast.File
}

func (s *source) dir() string           { return path.Dir(s.path) }
func (s *source) isTest() bool          { return strings.HasSuffix(s.path, "_test.go") }
func (s *source) line(at token.Pos) int { return s.fset.Position(at).Line }

// under says whether the file lies in one of the directories or below.
func (s *source) under(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(s.path, d+"/") })
}

func parse(name string, text []byte) (*source, error) {
	s := &source{path: name, text: text, fset: token.NewFileSet()}
	var err error
	s.syntax, err = parser.ParseFile(s.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return s, err
}

// sources reads every Go file of the repository once, whatever its build tags: go list would hide those of other
// systems, and the nested module of the benchmarks.
var sources = sync.OnceValues(func() ([]*source, error) {
	var all []*source
	err := walk(".go", func(name string, text []byte) error {
		s, err := parse(name, text)
		all = append(all, s)
		return err
	})
	return all, err
})

// walk hands over every file with this ending, but for testdata and hidden directories.
func walk(ending string, visit func(name string, text []byte) error) error {
	return filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if file != root && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ending) {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(relative), text)
	})
}

// each applies a rule that looks at one file to all of them.
func each(t *testing.T, rule func(*source) []string) []string {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, s := range all {
		found = append(found, rule(s)...)
	}
	return found
}

// report fails the test with the rule, its reason and what to do, then the findings.
func report(t *testing.T, rule string, found []string) {
	t.Helper()
	if len(found) > 0 {
		t.Errorf("%s\n\t%s", rule, strings.Join(found, "\n\t"))
	}
}
