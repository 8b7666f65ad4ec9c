package lint

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestLinks(t *testing.T) {
	exists := func(name string) bool {
		_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
		return err == nil
	}
	var found []string
	err := walk(".md", func(name string, text []byte) error {
		found = append(found, checkLinks(name, string(text), exists)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	report(t, `A relative link in a Markdown file points to a file of this repository. Correct the link, or take it out.`, found)
}

var (
	fences     = regexp.MustCompile("(?ms)^ *(```|~~~).*?^ *(```|~~~)[^\n]*$")
	inlineCode = regexp.MustCompile("`[^`\n]*`")
	links      = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)`)
	references = regexp.MustCompile(`(?m)^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s.*)?$`)
)

// checkLinks knows inline links and reference definitions. What stands in code is no link.
func checkLinks(name, text string, exists func(string) bool) []string {
	text = inlineCode.ReplaceAllString(fences.ReplaceAllString(text, ""), "")
	var found []string
	for _, m := range slices.Concat(links.FindAllStringSubmatch(text, -1), references.FindAllStringSubmatch(text, -1)) {
		u, err := url.Parse(m[1])
		switch {
		case err != nil:
			found = append(found, fmt.Sprintf("%s: %s is no link: %v", name, m[1], err))
		case u.IsAbs() || u.Host != "" || u.Path == "": // elsewhere, or an anchor in the same file
		case strings.HasPrefix(u.Path, "/"):
			found = append(found, fmt.Sprintf("%s: %s starts at the root of whatever shows it; make it relative", name, m[1]))
		case !exists(path.Join(path.Dir(name), u.Path)):
			found = append(found, fmt.Sprintf("%s: %s does not exist", name, m[1]))
		}
	}
	return found
}

func TestLinksCanFail(t *testing.T) {
	exists := func(name string) bool { return name == "docs/wire.md" || name == "README.md" }
	for _, c := range []struct{ name, file, text, want string }{
		{"missing", "README.md", "see [it](docs/gone.md)", "README.md: docs/gone.md does not exist"},
		{"missing with title", "README.md", `see [it](docs/gone.md "title")`, "does not exist"},
		{"missing reference", "README.md", "see [it].\n\n[it]: docs/gone.md\n", "does not exist"},
		{"missing from below", "docs/adr/0001-x.md", "[it](../gone.md)", "does not exist"},
		{"from the root", "README.md", "[it](/docs/wire.md)", "make it relative"},
		{"there", "README.md", "[it](docs/wire.md#frames) [it](./docs/wire.md)", ""},
		{"there from below", "docs/adr/0001-x.md", "[it](../wire.md) [up](../../README.md)", ""},
		{"elsewhere", "README.md", "[it](https://go.dev/x) [me](#top)", ""},
		{"code", "README.md", "`m[k](v)`\n\n```go\nm[k](v)\n```\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, checkLinks(c.file, c.text, exists), c.want) })
	}
}
