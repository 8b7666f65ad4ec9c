package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSource(t *testing.T) {
	want, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if dir, err := Find(t.Context()); err != nil || dir != want {
		t.Errorf("in the repository: %q, %v; want %q", dir, err, want)
	}

	dependent := t.TempDir()
	text := "module example.org/user\n\ngo 1.26.0\n\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + want + "\n"
	if err := os.WriteFile(filepath.Join(dependent, "go.mod"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dependent)
	if dir, err := Find(t.Context()); err != nil || dir != want {
		t.Errorf("in a module that depends on it: %q, %v; want %q", dir, err, want)
	}

	// A test binary has no version, so that nothing can be downloaded.
	t.Chdir(t.TempDir())
	if dir, err := Find(t.Context()); !errors.Is(err, ErrNoSource) {
		t.Errorf("elsewhere: %q, %v", dir, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Find(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	t.Setenv("PATH", "")
	if _, err := Find(t.Context()); !errors.Is(err, ErrNoGo) {
		t.Errorf("without the go tool: %v", err)
	}
}

func TestBuildError(t *testing.T) {
	source, err := Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = Build(t.Context(), source, t.TempDir(), "./examples/none")
	if err == nil || !strings.Contains(err.Error(), "go build") || !strings.Contains(err.Error(), "examples/none") {
		t.Errorf("error: %v", err)
	}
}
