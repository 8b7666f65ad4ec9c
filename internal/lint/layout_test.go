package lint

import (
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestLayout(t *testing.T) {
	amd64, found := moduleLayouts(t, listAMD64, "amd64")
	arm64, more := moduleLayouts(t, listARM64, "arm64")
	report(t, `What lies in shared memory (a struct with a blank field of type structs.HostLayout) has fields of fixed width, without pointers,
at the same offsets everywhere: another program may read it.`,
		slices.Compact(slices.Sorted(slices.Values(slices.Concat(found, more, checkSameLayout(amd64, arm64))))))
	golden(t, "layout.golden", `The memory layout is a contract with programs that attach. A change takes a new layout version and an ADR.`, printLayouts(amd64))
}

// moduleLayouts gives the layout of every shared struct of the module, by name.
func moduleLayouts(t *testing.T, list func() (*listing, error), goarch string) (layouts map[string]string, found []string) {
	t.Helper()
	l := must(t, list)
	layouts = make(map[string]string)
	c := newChecker(l, goarch)
	for _, p := range l.ours() {
		if !c.mentionsHostLayout(p) {
			continue
		}
		pkg, err := c.check(p)
		if err != nil {
			found = append(found, fmt.Sprintf("%s does not compile on %s: %v", p.rel(), goarch, err))
			continue
		}
		more, wrong := sharedStructs(pkg, p.rel(), c.sizes)
		maps.Copy(layouts, more)
		found = append(found, wrong...)
	}
	return layouts, found
}

// sharedStructs prints each shared struct of a package: its size, then offset, size, name and type of each field.
func sharedStructs(pkg *types.Package, rel string, sizes types.Sizes) (layouts map[string]string, found []string) {
	layouts = make(map[string]string)
	for _, name := range pkg.Scope().Names() {
		obj, ok := pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok || obj.IsAlias() || !isShared(obj.Type()) {
			continue
		}
		full := rel + "." + name
		if named, ok := obj.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
			found = append(found, full+" is generic: it has no one layout")
			continue
		}
		if why := unfit(obj.Type(), name); why != "" {
			found = append(found, rel+"."+why)
			continue
		}
		layouts[full] = printLayout(obj.Type(), types.RelativeTo(pkg), sizes)
	}
	return layouts, found
}

func isShared(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if f.Name() == "_" && f.Type().String() == "structs.HostLayout" {
			return true
		}
	}
	return false
}

// unfit names the first part of t that cannot lie in shared memory, and why; "" if all can.
func unfit(t types.Type, name string) string {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch u.Kind() {
		case types.Bool, types.Int8, types.Int16, types.Int32, types.Int64, types.Uint8, types.Uint16, types.Uint32, types.Uint64,
			types.Float32, types.Float64, types.Complex64, types.Complex128:
			return ""
		}
	case *types.Array:
		return unfit(u.Elem(), name+"[i]")
	case *types.Struct:
		if !isShared(t) && !standard(t) {
			return fmt.Sprintf("%s (%s) is a struct without structs.HostLayout: the outer marker does not count inside it", name, t)
		}
		for f := range u.Fields() {
			if why := unfit(f.Type(), name+"."+f.Name()); why != "" {
				return why
			}
		}
		return ""
	}
	return fmt.Sprintf("%s (%s) is not of fixed width: use intN, uintN, arrays and structs of them", name, t)
}

// standard says whether t is one of the two kinds of structs that the standard library means for such memory.
func standard(t types.Type) bool {
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return false
	}
	path := named.Obj().Pkg().Path()
	return path == "sync/atomic" || path == "structs"
}

func printLayout(t types.Type, names types.Qualifier, sizes types.Sizes) string {
	s := t.Underlying().(*types.Struct)
	fields := slices.Collect(s.Fields())
	var b strings.Builder
	fmt.Fprintf(&b, "%d bytes, aligned to %d\n", sizes.Sizeof(t), sizes.Alignof(t))
	for i, offset := range sizes.Offsetsof(fields) {
		f := fields[i]
		fmt.Fprintf(&b, "\t%5d %5d %s %s\n", offset, sizes.Sizeof(f.Type()), f.Name(), types.TypeString(f.Type(), names))
	}
	return b.String()
}

func checkSameLayout(amd64, arm64 map[string]string) []string {
	var found []string
	for name, layout := range amd64 {
		switch other, ok := arm64[name]; {
		case !ok:
			found = append(found, name+" is on amd64 alone")
		case other != layout:
			found = append(found, fmt.Sprintf("%s differs: amd64 %s\tarm64 %s", name, layout, other))
		}
	}
	for name := range arm64 {
		if _, ok := amd64[name]; !ok {
			found = append(found, name+" is on arm64 alone")
		}
	}
	slices.Sort(found)
	return found
}

func printLayouts(layouts map[string]string) string {
	var b strings.Builder
	b.WriteString("# Structs in shared memory: offset, size, field. The same on amd64 and arm64.\n")
	for _, name := range slices.Sorted(maps.Keys(layouts)) {
		fmt.Fprintf(&b, "\n%s: %s", name, layouts[name])
	}
	return b.String()
}
