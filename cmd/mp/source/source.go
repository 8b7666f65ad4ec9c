// Package source finds the source of this module, and builds programs of it with the go tool.
package source

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

const module = "github.com/multiproc/mp"

// drain is for what the go tool was started for to end, and let go of the output.
const drain = 5 * time.Second

// What Find needs and may not have.
var (
	ErrNoGo     = errors.New("programs are built with the go tool, which is not in PATH")
	ErrNoSource = errors.New("programs are built from the source of " + module + ": run this in a module that requires " +
		module + ", or run a released version: go run " + module + "/cmd/mp@latest")
)

// Find gives the directory of the module's source: the one that the module of the working directory uses,
// else the one that this program was built from, which may have to be downloaded.
func Find(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoGo, err)
	}
	// Readonly also where the module vendors: a vendor directory has no examples.
	dir, listErr := goTool(ctx, ".", nil, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module)
	if listErr == nil && dir != "" {
		return dir, nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	version := ownVersion()
	if version == "" {
		return "", fmt.Errorf("%w (%w)", ErrNoSource, cmp.Or(listErr, errors.New("its source is not downloaded")))
	}
	dir, err := download(ctx, version)
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrNoSource, err)
	}
	return dir, nil
}

// ownVersion is the version of the module in this program; "" if that cannot be downloaded: a build from a
// working tree.
func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	m := &info.Main
	if m.Path != module {
		i := slices.IndexFunc(info.Deps, func(d *debug.Module) bool { return d.Path == module })
		if i < 0 {
			return ""
		}
		m = info.Deps[i]
	}
	if m.Replace != nil || !strings.HasPrefix(m.Version, "v") || strings.HasSuffix(m.Version, "+dirty") {
		return ""
	}
	return m.Version
}

func download(ctx context.Context, version string) (string, error) {
	// Not in the working directory: a module around it has no say in this.
	out, err := goTool(ctx, os.TempDir(), []string{"GOWORK=off"}, "mod", "download", "-json", module+"@"+version)
	if err != nil {
		return "", err
	}
	var found struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &found); err != nil || found.Dir == "" {
		return "", fmt.Errorf("go mod download: expected the directory of %s@%s, came %.200q", module, version, out)
	}
	return found.Dir, nil
}

// Build makes binaries of packages, "./examples/counter", in dir. The source may lie in the module cache, which is read-only.
func Build(ctx context.Context, source, dir string, packages ...string) error {
	args := append([]string{"build", "-mod=readonly", "-buildvcs=false", "-o", dir + string(filepath.Separator)}, packages...)
	// The module alone, whatever workspace the user is in. An interrupted go build leaves its files: let that be ours to remove.
	_, err := goTool(ctx, source, []string{"GOWORK=off", "GOTMPDIR=" + dir}, args...)
	return err
}

// GOROOT is that of the go tool.
func GOROOT(ctx context.Context, source string) (string, error) {
	return goTool(ctx, source, nil, "env", "GOROOT")
}

// goTool runs the go tool in a directory and returns what it prints. Its error has what the tool said.
func goTool(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), env...)
	cmd.WaitDelay = drain
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(string(failed.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}
