package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHidepid(t *testing.T) {
	const root = "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
	for _, c := range []struct{ name, mounts, want string }{
		{"nothing hidden", root + "22 27 0:21 / /proc rw,relatime - proc proc rw\n", ""},
		{"hidden", root + "22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw,gid=4,hidepid=invisible\n", "invisible"},
		{"hidden by number", "22 27 0:21 / /proc rw - proc proc rw,hidepid=2\n", "2"},
		{"off", "22 27 0:21 / /proc rw - proc proc rw,hidepid=off\n", ""},
		{"mounted over", "22 27 0:21 / /proc rw - proc proc rw,hidepid=2\n30 22 0:21 / /proc rw - proc proc rw\n", ""},
		{"elsewhere", "22 27 0:21 / /mnt/proc rw - proc proc rw,hidepid=2\n", ""},
		{"cut off", "22 27 0:21 / /proc", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := hidepid(c.mounts); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestStrictest(t *testing.T) {
	mount := t.TempDir()
	for file, text := range map[string]string{"a/pids.max": "500\n", "a/b/pids.max": "max\n", "a/b/c/pids.max": "700\n", "d/pids.max": "max\n"} {
		file = filepath.Join(mount, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		group   string
		most    uint64
		limited bool
	}{{"/", 0, false}, {"/a", 500, true}, {"/a/b/c", 500, true}, {"/d", 0, false}, {"/../../gone", 0, false}} {
		if most, limited := strictest(mount, c.group, "pids.max"); most != c.most || limited != c.limited {
			t.Errorf("%s: got %d, %v; want %d, %v", c.group, most, limited, c.most, c.limited)
		}
	}
}

func TestUnifiedGroup(t *testing.T) {
	for text, want := range map[string]string{
		"4:memory:/x\n0::/user.slice/a b\n": "/user.slice/a b",
		"0::/\n":                            "/",
		"4:memory:/x\n":                     "none",
	} {
		got, ok := unifiedGroup(text)
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestStates(t *testing.T) {
	for _, c := range []struct {
		name  string
		try   func() (State, string)
		want  State
		found string
	}{
		{"own namespace", func() (State, string) { return namespaceState("12", initialPIDNamespace) }, OK, "the machine's own"},
		{"container", func() (State, string) { return namespaceState("12", 4026532000) }, OK, "of a container"},
		{"proc of another", func() (State, string) { return namespaceState("1200\t12", 4026532000) }, Limited, "1200, 12"},
		{"heuristic", func() (State, string) { return overcommitState("0") }, OK, "=0"},
		{"strict", func() (State, string) { return overcommitState("2") }, Limited, "=2"},
		{"no tool", func() (State, string) { return tool("no-such-a", "no-such-b")(t.Context()) }, Limited, "no-such-a, no-such-b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if state, found := c.try(); state != c.want || !strings.Contains(found, c.found) {
				t.Errorf("got %s, %q; want %s, %q in it", state, found, c.want, c.found)
			}
		})
	}
}

func TestTexts(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", arenaSize: "64 GiB", 1 << 63: "8 EiB",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	for list, want := range map[string]int{"0": 1, "0-3": 4, "0-3,8,10-11": 7, "": 0, "3-0": 0, "x": 0} {
		if got, ok := countList(list); got != want || ok != (want > 0) {
			t.Errorf("%q: got %d, %v; want %d", list, got, ok, want)
		}
	}
	const status = "Name:\tSeccomp\nSeccomp:\t2\nSeccomp_filters:\t1\nNSpid:\t7\t1\n"
	for name, want := range map[string]string{"Seccomp": "2", "Seccomp_filters": "1", "NSpid": "7\t1", "None": ""} {
		if got := statusField(status, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestContainerHint(t *testing.T) {
	root := t.TempDir()
	if got := containerHint(root); got != "" {
		t.Errorf("in an empty directory: %q", got)
	}
	if err := os.WriteFile(filepath.Join(root, ".dockerenv"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := containerHint(root); got != "/.dockerenv" {
		t.Errorf("got %q", got)
	}
}
