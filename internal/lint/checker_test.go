package lint

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
)

// A checker type-checks packages from source for one architecture, without function bodies: a layout needs none, and
// so nothing has to be compiled first.
type checker struct {
	listing *listing
	goarch  string
	sizes   types.Sizes
	fset    *token.FileSet
	done    map[string]*types.Package
}

func newChecker(l *listing, goarch string) *checker {
	return &checker{
		listing: l,
		goarch:  goarch,
		sizes:   types.SizesFor("gc", goarch),
		fset:    token.NewFileSet(),
		done:    map[string]*types.Package{"unsafe": types.Unsafe},
	}
}

func (c *checker) mentionsHostLayout(p *listed) bool {
	for _, name := range p.GoFiles {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err == nil && bytes.Contains(text, []byte("structs.HostLayout")) {
			return true
		}
	}
	return false
}

// check tolerates errors in packages of others: the standard library has functions without bodies that only its own
// build can judge.
func (c *checker) check(p *listed) (*types.Package, error) {
	if pkg := c.done[p.ImportPath]; pkg != nil {
		return pkg, nil
	}
	var files []*ast.File
	var errs []error
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, f)
	}
	conf := types.Config{
		IgnoreFuncBodies: true,
		Sizes:            c.sizes,
		Importer:         importer{c, p},
		Error:            func(err error) { errs = append(errs, err) },
	}
	pkg, _ := conf.Check(p.ImportPath, c.fset, files, nil) // Error has collected what it returns
	if p.ours() && len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	c.done[p.ImportPath] = pkg
	return pkg, nil
}

// An importer resolves the imports of one package, which may mean vendored copies.
type importer struct {
	c    *checker
	from *listed
}

func (i importer) Import(path string) (*types.Package, error) {
	if mapped, ok := i.from.ImportMap[path]; ok {
		path = mapped
	}
	if pkg := i.c.done[path]; pkg != nil {
		return pkg, nil
	}
	p := i.c.listing.byPath[path]
	if p == nil {
		return nil, fmt.Errorf("go list does not know %s", path)
	}
	return i.c.check(p)
}
