package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strings"
)

const (
	root   = ".."
	module = "github.com/multiproc/mp"
)

// A ref is a type that another one passes on: what it embeds, or what it is an alias of.
type ref struct{ dir, name string }

// A pkg is what a package declares, found by reading alone: nothing is compiled, and a package that does not exist yet
// declares nothing. Every operating system's files count.
type pkg struct {
	names   map[string]bool            // functions, types, constants, variables
	members map[string]map[string]bool // by type: fields and methods
	refs    map[string][]ref
}

// A library is the packages read so far, by directory, seen from the root.
type library map[string]*pkg

// has tells whether a name like mp.NewLock, mp.Lock.TryLock or mp.Process.Daemon is declared.
func (l library) has(name string) bool {
	parts := strings.Split(name, ".")
	dir := parts[0]
	if dir == "mp" {
		dir = "."
	}
	if len(parts) == 3 {
		return l.hasMember(ref{dir, parts[1]}, parts[2], 0)
	}
	return l.open(dir).names[parts[1]]
}

func (l library) hasMember(of ref, member string, depth int) bool {
	p := l.open(of.dir)
	if p.members[of.name][member] {
		return true
	}
	for _, r := range p.refs[of.name] {
		if depth < 5 && l.hasMember(r, member, depth+1) {
			return true
		}
	}
	return false
}

// open reads the package of a directory, once.
func (l library) open(dir string) *pkg {
	if p := l[dir]; p != nil {
		return p
	}
	p := newPkg()
	l[dir] = p
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		panic(err) // a bad pattern
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		// A file that does not parse is the compiler's business; here its names are missing.
		if f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution); err == nil {
			p.add(dir, f)
		}
	}
	return p
}

func newPkg() *pkg {
	return &pkg{map[string]bool{}, map[string]map[string]bool{}, map[string][]ref{}}
}

func (p *pkg) add(dir string, f *ast.File) {
	from := func(e ast.Expr) (ref, bool) { return resolve(e, dir, f) }
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				p.names[d.Name.Name] = true
			} else if r, ok := from(d.Recv.List[0].Type); ok {
				p.addMember(r.name, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				p.addSpec(s, from)
			}
		}
	}
}

func (p *pkg) addSpec(s ast.Spec, from func(ast.Expr) (ref, bool)) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			p.names[n.Name] = true
		}
	case *ast.TypeSpec:
		p.names[s.Name.Name] = true
		switch t := s.Type.(type) {
		case *ast.StructType:
			p.addFields(s.Name.Name, t.Fields, from)
		case *ast.InterfaceType:
			p.addFields(s.Name.Name, t.Methods, from)
		default:
			if r, ok := from(t); ok {
				p.refs[s.Name.Name] = append(p.refs[s.Name.Name], r)
			}
		}
	}
}

func (p *pkg) addFields(typ string, fields *ast.FieldList, from func(ast.Expr) (ref, bool)) {
	for _, field := range fields.List {
		for _, n := range field.Names {
			p.addMember(typ, n.Name)
		}
		if r, ok := from(field.Type); ok && field.Names == nil {
			p.addMember(typ, r.name)
			p.refs[typ] = append(p.refs[typ], r)
		}
	}
}

func (p *pkg) addMember(typ, name string) {
	if p.members[typ] == nil {
		p.members[typ] = map[string]bool{}
	}
	p.members[typ][name] = true
}

// resolve tells which type of which of our directories an expression names.
func resolve(e ast.Expr, dir string, f *ast.File) (ref, bool) {
	switch e := e.(type) {
	case *ast.Ident:
		return ref{dir, e.Name}, true
	case *ast.StarExpr:
		return resolve(e.X, dir, f)
	case *ast.IndexExpr:
		return resolve(e.X, dir, f)
	case *ast.IndexListExpr:
		return resolve(e.X, dir, f)
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return importOf(x.Name, e.Sel.Name, f)
		}
	}
	return ref{}, false
}

// importOf finds the directory that a file imports under a name.
func importOf(name, typ string, f *ast.File) (ref, bool) {
	for _, i := range f.Imports {
		from := strings.Trim(i.Path.Value, `"`)
		if local := path.Base(from); (i.Name == nil && local == name) || (i.Name != nil && i.Name.Name == name) {
			below, ours := strings.CutPrefix(from+"/", module+"/")
			return ref{path.Clean("./" + below), typ}, ours
		}
	}
	return ref{}, false
}
