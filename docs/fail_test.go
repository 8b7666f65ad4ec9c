package docs

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// Each rule is shown one page on which it fails and one on which it does not.
func TestRulesCanFail(t *testing.T) {
	names := []string{"threading.Lock", "threading.Lock.acquire"}
	good := "| `threading.Lock` | `mp.Lock` | yes | |\n| `threading.Lock.acquire` | — | no | It is so. |\n"
	exists := func(name string) bool { return name == "mp.Lock" || name == "mp.Lock.TryLock" || name == "TestLock" }
	check := func(body string) []string {
		found := tables("| " + mapHead + " |\n|---|---|---|---|\n" + body)
		faults := checkShape(found)
		if faults == nil {
			faults = append(checkNames(found[mapHead], names), checkStates(found[mapHead])...)
			faults = append(faults, checkGo(found[mapHead], exists)...)
		}
		return faults
	}
	for _, c := range []struct{ name, body, want string }{
		{"good", good, ""},
		{"missing row", strings.SplitAfter(good, "\n")[0], "threading.Lock.acquire has no row"},
		{"twice", good + good, "threading.Lock has a row already"},
		{"unknown", good + "| `threading.Lok` | — | no | It is so. |\n", "threading.Lok is not in python_names.txt"},
		{"two names", good + "| `threading.Lock`, `x` | — | no | It is so. |\n", "not one name as code"},
		{"cells", good + "| `threading.Lock` | — | no |\n", "has 3 cells"},
		{"state", strings.Replace(good, "yes", "soon", 1), `"soon" is none of`},
		{"no reason", strings.Replace(good, "It is so.", "", 1), "a reason"},
		{"yes without name", strings.Replace(good, "`mp.Lock`", "—", 1), "yes needs a name"},
		{"name missing", strings.Replace(good, "mp.Lock", "mp.Lok", 1), "mp.Lok is missing"},
		{"second name missing", strings.Replace(good, "`mp.Lock`", "`mp.Lock`, `mp.Lock.Acquire`", 1), "mp.Lock.Acquire is missing"},
		{"mentioned name missing", strings.Replace(good, "yes | |", "yes | A `*mp.LockError`. |", 1), "mp.LockError is missing"},
		{"come true", strings.Replace(good, "yes", "not yet", 1), "mp.Lock is there"},
		{"half true", strings.Replace(good, "`mp.Lock` | yes", "`mp.Lock`, `mp.RLock` | not yet", 1), ""},
		{"Python's own name", strings.Replace(good, "`mp.Lock` | yes", "`multiprocessing.Lok`, `x.mp.Lok` | Go", 1), ""},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, check(c.body), c.want) })
	}
	for _, c := range []struct{ name, ours, want string }{
		{"case", "`TestLock`", ""},
		{"case with subtest", "`TestLock/twice`, `TestLock`", ""},
		{"case not yet", "not yet", ""},
		{"case missing", "`TestLock`, `TestLok`", "`TestLok` is no test of ours"},
		{"case as text", "TestLock", "TestLock is no test of ours"},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, checkCases([]row{{1, []string{"`x`", c.ours, "It asks."}}}, exists), c.want)
		})
	}
	for _, c := range []struct{ name, text, want string }{
		{"snippet", "var lock mp.Lock\n", ""},
		{"snippet missing name", "var lock mp.Lok\n", "mp.Lok is missing"},
		{"snippet unformatted", "var  lock mp.Lock\n", "not as gofmt writes it"},
		{"snippet no Go", "with lock:\n", "expected"},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, checkSnippet(c.text, exists), c.want) })
	}
}

// What a package declares is found through embedding, aliases and imports; packages that are not there have nothing.
func TestLibrary(t *testing.T) {
	const text = `package p

import other "github.com/multiproc/mp/docs"

type core[T any] struct{ Len int }

func (c *core[T]) Put(v T) {}

type Queue[T any] struct{ core[T] }
type Again = Queue[int]
type Doer interface{ Do() }
type Far = other.Thing
type Plain int

const Max = 1

func New() {}
`
	l := library{"managers": parse(t, "managers", text), "docs": parse(t, "docs", "package docs\ntype Thing struct{ Field int }\n")}
	for name, want := range map[string]bool{
		"managers.New": true, "managers.Max": true, "managers.Queue": true, "managers.Plain": true,
		"managers.Queue.Put": true, "managers.Queue.Len": true, "managers.Again.Put": true, "managers.Doer.Do": true,
		"managers.Far.Field": true,
		"managers.Put":       false, "managers.Queue.Get": false, "managers.Plain.Put": false, "managers.Far.Put": false,
		"inspect.NothingHere": false, "futures.NothingHere.AtAll": false,
	} {
		if got := l.has(name); got != want {
			t.Errorf("has(%q) = %t", name, got)
		}
	}
}

func parse(t *testing.T, dir, text string) *pkg {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), dir+".go", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	p := newPkg()
	p.add(dir, f)
	return p
}

func expect(t *testing.T, faults []string, want string) {
	t.Helper()
	got := strings.Join(faults, "\n")
	if (want == "") != (got == "") || !strings.Contains(got, want) {
		t.Errorf("found %q, not %q", got, want)
	}
}
