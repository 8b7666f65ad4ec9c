package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// A listed package is what go list says about one package: of this module, of a dependency, or of the standard library.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string          // as resolved: a vendored package has its vendored path
	ImportMap  map[string]string // as written → as resolved, where they differ
	Deps       []string          // everything that is linked in, whatever the depth
	Module     *struct {
		Path string
		Main bool
	}
}

func (p *listed) ours() bool { return p.Module != nil && p.Module.Main }

// rel is the path inside the module; "." is the root package.
func (p *listed) rel() string { return relative(p.Module.Path, p.ImportPath) }

func relative(module, importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// A listing is all packages that this module's non-test code needs on one architecture, in the order of go list:
// a package comes after everything that it imports.
type listing struct {
	all    []*listed
	byPath map[string]*listed
}

func (l *listing) ours() []*listed {
	var ours []*listed
	for _, p := range l.all {
		if p.ours() {
			ours = append(ours, p)
		}
	}
	return ours
}

var (
	listAMD64 = sync.OnceValues(func() (*listing, error) { return list("amd64") })
	listARM64 = sync.OnceValues(func() (*listing, error) { return list("arm64") })
)

// list asks for Linux whatever the system of the reader is: it is where the library works, and a golden file must
// not depend on who compares with it. Packages that do not compile are listed all the same (-e).
func list(goarch string) (*listing, error) {
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,ImportMap,Deps,Module", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0", "PWD=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w\n%s", cmd.Args, err, &stderr)
	}
	l := &listing{byPath: make(map[string]*listed)}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(listed)
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			return l, nil
		} else if err != nil {
			return nil, err
		}
		l.all = append(l.all, p)
		l.byPath[p.ImportPath] = p
	}
}

func must(t *testing.T, list func() (*listing, error)) *listing {
	t.Helper()
	l, err := list()
	if err != nil {
		t.Fatal(err)
	}
	return l
}
