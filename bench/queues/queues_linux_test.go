package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/multiproc/mp"
)

func TestMain(m *testing.M) {
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		if err := role(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	mp.Init()
	code := m.Run()
	_ = removeBoost() // in the system's directory for such things
	os.Exit(code)
}

// Every way that this machine has measures something.
func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := table(t.Context(), &out, regexp.MustCompile(""), 1, 0.0001); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mp.Queue", "mp.Queue, Borrow", "mp.NewPipe, RecvBytesInto", "Unix socket pair", "net/rpc", "hashicorp/go-plugin"} {
		if n := strings.Count(out.String(), "| "+name+" "); n != 4 {
			t.Errorf("%s was measured with %d of 4 sizes\n%s", name, n, &out)
		}
	}
}
