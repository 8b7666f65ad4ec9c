package model

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// line is what run.sh may have in its list: what is expected, the model, its variants, and how to compile it if not as usual.
var line = regexp.MustCompile(`^(pass|fail) ([a-z]+)((?: -D[A-Z][A-Z0-9]*(?:=[0-9]+)?)*)(?: -O1)?$`)

// TestList: the list is well formed, so that nothing in it is left out in silence. What it says takes minutes to check: that is
// run.sh's, which the stage "models" of the CI runs.
func TestList(t *testing.T) {
	_, list, _ := strings.Cut(read(t, "run.sh"), "cat <<'LIST'\n")
	list, _, found := strings.Cut(list, "\nLIST\n")
	if !found {
		t.Fatal("run.sh has no list")
	}
	seen := make(map[string]bool)
	for one := range strings.Lines(list + "\n") {
		one = strings.TrimSuffix(one, "\n")
		m := line.FindStringSubmatch(one)
		if m == nil {
			t.Errorf("%q is not a line of the list", one)
			continue
		}
		search := m[2] + m[3]
		if seen[search] {
			t.Errorf("%q is there twice", search)
		}
		seen[search], seen[m[1]+" "+m[2]] = true, true
	}
	for _, file := range models(t) {
		name := strings.TrimSuffix(file, ".pml")
		for _, want := range []string{"pass ", "fail "} {
			if !seen[want+name] {
				t.Errorf("nothing of %s is expected to %s", name, want)
			}
		}
	}
}

// run.sh is believed when it says that all is well, so it must be able to say that it is not.
func TestRunCanFail(t *testing.T) {
	needTools(t)
	for _, c := range []struct{ name, args, want string }{
		{"passes as expected", "pass redo -DONEWORKER -DDEATHS=1 -O1", "ok    pass redo"},
		{"fails as expected", "fail redo -DONEWORKER -DDEATHS=1 -DNOREPLAY", "ok    fail redo"},
		{"passes", "fail redo -DONEWORKER -DDEATHS=1", "WRONG fail redo"},
		{"fails", "pass redo -DONEWORKER -DDEATHS=1 -DNOREPLAY", "WRONG pass redo"},
		{"is no model", "fail redo -DONEWORKER -DDEATHS=(", "WRONG fail redo"},
		{"does not exist", "pass nothing", "WRONG pass nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), "./run.sh", strings.Fields(c.args)...).CombinedOutput()
			if wrong := strings.HasPrefix(c.want, "WRONG"); !strings.HasPrefix(string(out), c.want) || (err != nil) != wrong {
				t.Errorf("run.sh %s: %v, expected %q:\n%s", c.args, err, c.want, out)
			}
		})
	}
}

// needTools skips the test without spin, bash or a C compiler, unless MP_REQUIRE_ALL=1 says that this machine has everything.
func needTools(t *testing.T) {
	t.Helper()
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	for _, tool := range []string{"bash", "spin", cc} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		} else if os.Getenv("MP_REQUIRE_ALL") == "1" {
			t.Fatalf("%v (apt-get install spin gcc libc6-dev), and MP_REQUIRE_ALL=1", err)
		} else {
			t.Skipf("%v: apt-get install spin gcc libc6-dev", err)
		}
	}
}

// TestVariants: every variant that a model has is described in its first comment, and run.
func TestVariants(t *testing.T) {
	run := read(t, "run.sh")
	ifs := regexp.MustCompile(`(?m)^#(?:if|ifdef|ifndef|elif)\b.*$`)
	names := regexp.MustCompile(`\b[A-Z][A-Z0-9]+\b`)
	for _, file := range models(t) {
		text := read(t, file)
		head, _, _ := strings.Cut(text, "*/")
		name := strings.TrimSuffix(file, ".pml")
		found := 0
		for _, line := range ifs.FindAllString(text, -1) {
			for _, v := range names.FindAllString(line, -1) {
				found++
				if !regexp.MustCompile(`\b` + v + `\b`).MatchString(head) {
					t.Errorf("%s: the first comment says nothing of %s", file, v)
				}
				if !regexp.MustCompile(`(?m)^(pass|fail) ` + name + ` .*-D` + v + `\b`).MatchString(run) {
					t.Errorf("%s: run.sh never has -D%s", file, v)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: no variants found", file)
		}
	}
}

// TestSteps: the steps that the models name are steps of the code.
func TestSteps(t *testing.T) {
	code := ""
	for _, pkg := range []string{"prim", "park", "arena", "redo", "ring", "slab", "tasks"} {
		files, err := filepath.Glob(filepath.Join("..", pkg, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", pkg, err, len(files))
		}
		for _, file := range files {
			code += read(t, file)
		}
	}
	step := regexp.MustCompile(`"[a-z]+: [a-z ]+"`)
	found := 0
	for _, file := range models(t) {
		for _, s := range step.FindAllString(read(t, file), -1) {
			found++
			if !strings.Contains(code, "failpoint.Hit("+s+")") {
				t.Errorf("%s names the step %s, which the code does not have", file, s)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d steps found in all models", found)
	}
}

func models(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.pml")
	if err != nil || len(files) < 4 {
		t.Fatalf("models: %v, %q", err, files)
	}
	return files
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
