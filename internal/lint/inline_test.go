package lint

import (
	"os/exec"
	"strings"
	"testing"
)

// fastPaths are what an uncontended use runs, and nothing else: in the caller, without a call.
var fastPaths = []string{"(*Lock).Lock", "(*Lock).Unlock"}

func TestFastPathsInline(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-m", ".")
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	report(t, `The compiler takes only what is small in line: a budget of 80, which go build -gcflags=-m=2 shows. Move what is rare
into the method's Slow, which stays out of line.`, checkInline(string(out), fastPaths))
}

// checkInline reads what the compiler says of its decisions.
func checkInline(said string, wanted []string) []string {
	var found []string
	for _, name := range wanted {
		if !strings.Contains(said, "can inline "+name+"\n") {
			found = append(found, "package mp: "+name+" does not go in line")
		}
	}
	return found
}

func TestCheckInline(t *testing.T) {
	said := "# mp\n./lock.go:82:6: can inline (*Lock).Lock\n./lock.go:90:6: can inline (*Lock).Unlocked\n"
	expect(t, checkInline(said, []string{"(*Lock).Lock", "(*Lock).Unlock"}), "(*Lock).Unlock does not")
}
