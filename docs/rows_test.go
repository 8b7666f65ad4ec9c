package docs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The heads of the three kinds of tables that python.md has.
const (
	mapHead   = "Python | mp | state | what differs"
	cheatHead = "Python | Go | state"
	casesHead = "Python's test | ours | what it asks"
)

// A row is a line of one of them.
type row struct {
	line  int
	cells []string
}

// tables returns the rows by head.
func tables(text string) map[string][]row {
	heads := []string{mapHead, cheatHead, casesHead}
	found, head := map[string][]row{}, ""
	for i, line := range strings.Split(text, "\n") {
		cells := cellsOf(line)
		switch joined := strings.Join(cells, " | "); {
		case slices.Contains(heads, joined):
			head = joined
		case cells == nil:
			head = ""
		case head != "" && strings.Trim(joined, "-| ") != "":
			found[head] = append(found[head], row{i + 1, cells})
		}
	}
	return found
}

// cellsOf is nil for a line of no table.
func cellsOf(line string) []string {
	inner, opened := strings.CutPrefix(line, "|")
	inner, closed := strings.CutSuffix(inner, "|")
	if !opened || !closed {
		return nil
	}
	cells := strings.Split(inner, "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// checkShape finds rows that have lost or won a cell: the other rules rely on it.
func checkShape(found map[string][]row) []string {
	var faults []string
	for head, rows := range found {
		want := len(strings.Split(head, " | "))
		for _, r := range rows {
			if len(r.cells) != want {
				faults = append(faults, fmt.Sprintf("line %d has %d cells, its head %d", r.line, len(r.cells), want))
			}
		}
	}
	return faults
}

// code is a cell that is one piece of code, without its quotes.
func code(cell string) (string, bool) {
	inner, opened := strings.CutPrefix(cell, "`")
	inner, closed := strings.CutSuffix(inner, "`")
	return inner, opened && closed && inner != "" && !strings.Contains(inner, "`")
}

// checkNames compares the rows with the list: each name once, and nothing that Python has not.
func checkNames(rows []row, names []string) []string {
	var faults []string
	lines := map[string]int{}
	for _, r := range rows {
		name, ok := code(r.cells[0])
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("line %d: %s is not one name as code", r.line, r.cells[0]))
		case lines[name] != 0:
			faults = append(faults, fmt.Sprintf("line %d: %s has a row already, in line %d", r.line, name, lines[name]))
		case !slices.Contains(names, name):
			faults = append(faults, fmt.Sprintf("line %d: %s is not in python_names.txt", r.line, name))
		}
		lines[name] = r.line
	}
	for _, name := range names {
		if lines[name] == 0 {
			faults = append(faults, name+" has no row")
		}
	}
	return faults
}

// checkStates holds each row to what its state promises: a name of ours, a means of Go's, or a reason.
func checkStates(rows []row) []string {
	var faults []string
	for _, r := range rows {
		named, reasoned := r.cells[1] != "—", strings.Trim(r.cells[3], " .") != ""
		fault := ""
		switch state := r.cells[2]; state {
		case "yes", "not yet", "Go":
			if !named {
				fault = state + " needs a name in the second column"
			}
		case "no":
			if named || !reasoned {
				fault = "no needs — in the second column and a reason in the fourth"
			}
		default:
			fault = fmt.Sprintf("%q is none of yes, not yet, no, Go", state)
		}
		if fault != "" {
			faults = append(faults, fmt.Sprintf("line %d: %s: %s", r.line, r.cells[0], fault))
		}
	}
	return faults
}

var (
	spans   = regexp.MustCompile("`[^`]+`")
	goNames = regexp.MustCompile(`(?:^|[^\w./])((?:mp|threading|queue|futures|managers|inspect)(?:\.[A-Z]\w*){1,2})`)
)

// namesIn finds the names of our packages in the code of some cells.
func namesIn(cells ...string) []string {
	var names []string
	for _, span := range spans.FindAllString(strings.Join(cells, " "), -1) {
		for _, m := range goNames.FindAllStringSubmatch(span, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// checkGo compares the states with the packages. A yes needs every name that its row mentions; a not yet whose names
// are all there has come true. The state stands in the third column of both kinds of tables that have one.
func checkGo(rows []row, exists func(string) bool) []string {
	missing := func(name string) bool { return !exists(name) }
	var faults []string
	promised := map[string][]string{} // missing name → the lines that rely on it
	for _, r := range rows {
		planned := namesIn(r.cells[1])
		switch {
		case r.cells[2] == "yes":
			for _, name := range slices.DeleteFunc(namesIn(r.cells[1:]...), exists) {
				promised[name] = append(promised[name], strconv.Itoa(r.line))
			}
		case r.cells[2] == "not yet" && len(planned) > 0 && !slices.ContainsFunc(planned, missing):
			faults = append(faults, fmt.Sprintf("%s is there, but line %d says not yet", strings.Join(planned, ", "), r.line))
		}
	}
	for name, lines := range promised {
		faults = append(faults, fmt.Sprintf("%s is missing; yes in line %s", name, strings.Join(lines, ", ")))
	}
	return faults
}

// checkCases holds the rows of Python's tests: tests of ours that exist, or not yet, or no.
func checkCases(rows []row, exists func(string) bool) []string {
	var faults []string
	for _, r := range rows {
		if r.cells[1] == "not yet" || r.cells[1] == "no" {
			continue
		}
		for span := range strings.SplitSeq(r.cells[1], ", ") {
			name, ok := code(span)
			test, _, _ := strings.Cut(name, "/")
			if !ok || !exists(test) {
				faults = append(faults, fmt.Sprintf("line %d: %s is no test of ours, nor not yet, nor no", r.line, span))
			}
		}
	}
	return faults
}
