//go:build linux

package crash

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/crash/patience"
)

var (
	stormTime   = flag.Duration("crash.for", 2*time.Second, "how long the storm rages")
	withMutants = flag.Int("crash.mutants", 0, "build the project with one mistake each, which must be found: 1 for all mistakes, n for an nth of them, others each day")
)

// roleVariable makes a start of the test binary a program of its own: the name of one of roles.
const roleVariable = "CRASH_ROLE"

var roles = map[string]func(ctx context.Context) error{
	"holder of everything": holdEverything,
}

func TestMain(m *testing.M) {
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		mp.Main(role)
	}
	mp.Init()
	code := m.Run()
	if victims.dir != "" {
		_ = os.RemoveAll(victims.dir) // the system's directory for such things: no harm
	}
	os.Exit(code)
}

// within is how long after a death the others have gone on.
var within = patience.Within

// victims is where the victim is built, once; the failpoints need a build of their own.
var victims struct {
	once sync.Once
	dir  string
	err  error
}

func build(program string, args ...string) error {
	args = append(append([]string{"build", "-tags", "mpfail", "-o", program}, args...), "./victim")
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return nil
}

func victim(t *testing.T) (program string) {
	t.Helper()
	victims.once.Do(func() {
		if victims.dir, victims.err = os.MkdirTemp("", "crash"); victims.err == nil {
			victims.err = build(filepath.Join(victims.dir, "victim"))
		}
	})
	if victims.err != nil {
		t.Fatal(victims.err)
	}
	return filepath.Join(victims.dir, "victim")
}

// scenarios are the names that the victim knows.
func scenarios(t *testing.T, program string) []string {
	t.Helper()
	out, err := exec.Command(program).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
