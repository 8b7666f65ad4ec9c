package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// laidOut runs the rule on one source, for one architecture.
func laidOut(t *testing.T, goarch, text string) (map[string]string, []string) {
	t.Helper()
	l := must(t, listAMD64)
	c := newChecker(l, goarch)
	f, err := parser.ParseFile(c.fset, "p.go", "package p\n\nimport \"structs\"\n\n"+text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	structs := types.NewPackage("structs", "structs")
	host := types.NewTypeName(token.NoPos, structs, "HostLayout", nil)
	types.NewNamed(host, types.NewStruct(nil, nil), nil)
	structs.Scope().Insert(host)
	structs.MarkComplete()
	c.done["structs"] = structs
	conf := types.Config{Importer: importer{c, &listed{}}, Sizes: c.sizes}
	pkg, err := conf.Check("p", c.fset, []*ast.File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sharedStructs(pkg, "p", c.sizes)
}

func TestLayoutCanFail(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"pointer", "type T struct { _ structs.HostLayout; p *int64 }", "T.p (*int64) is not of fixed width"},
		{"int", "type T struct { _ structs.HostLayout; n [2]int }", "T.n[i] (int) is not of fixed width"},
		{"unmarked", "type in struct { a, b uint8 }\ntype T struct { _ structs.HostLayout; in [2]in }", "p.T.in[i] (p.in) is a struct without"},
		{"nested", "type T struct { _ structs.HostLayout; in [2]struct { _ structs.HostLayout; s string } }", "T.in[i].s (string)"},
		{"generic", "type T[A any] struct { _ structs.HostLayout; a A }", "p.T is generic"},
		{"good", "type T struct { _ structs.HostLayout; a [4]uint64; b uint8 }", ""},
		{"private memory", "type T struct { p *int64 }\ntype H = structs.HostLayout", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, found := laidOut(t, "amd64", c.text)
			expect(t, found, c.want)
		})
	}
}

func TestLayoutSeesOffsets(t *testing.T) {
	const text = "type T struct { _ structs.HostLayout; a uint32; b uint64 }"
	amd64, _ := laidOut(t, "amd64", text)
	const want = "p.T: 16 bytes, aligned to 8\n\t    0     0 _ structs.HostLayout\n\t    0     4 a uint32\n\t    8     8 b uint64\n"
	if got := printLayouts(amd64); !strings.HasSuffix(got, want) {
		t.Errorf("layout printed as\n%s\nwant\n%s", got, want)
	}
	narrow, _ := laidOut(t, "386", text) // where uint64 is aligned to 4
	expect(t, checkSameLayout(amd64, narrow), "p.T differs")
	expect(t, checkSameLayout(amd64, amd64), "")
	expect(t, checkSameLayout(amd64, nil), "p.T is on amd64 alone")
	expect(t, checkSameLayout(nil, amd64), "p.T is on arm64 alone")
}
