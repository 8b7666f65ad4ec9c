package inspect

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// reach says from which node which others are reached, by at least one step.
func (g graph) reach() [][]bool {
	r := make([][]bool, len(g))
	for v := range g {
		r[v] = make([]bool, len(g))
		for _, w := range g[v] {
			r[v][w] = true
		}
	}
	for k := range g {
		for i := range g {
			for j := range g {
				r[i][j] = r[i][j] || r[i][k] && r[k][j]
			}
		}
	}
	return r
}

// TestKnotsOfRandomGraphs: each node that reaches itself is in one knot, with those that it reaches and that reach it; and
// each node of a knot is on a cycle, which is one.
func TestKnotsOfRandomGraphs(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		g := make(graph, random.IntN(9))
		for v := range g {
			for range random.IntN(3) {
				g[v] = append(g[v], random.IntN(len(g)))
			}
		}
		r, in, on := g.reach(), make(map[int]int), make(map[int]bool)
		for n, knot := range g.knots() {
			for _, v := range knot {
				in[v] = n + 1
			}
			for _, cycle := range g.cycles(knot) {
				for i, v := range cycle {
					on[v] = true
					if !slices.Contains(g[v], cycle[(i+1)%len(cycle)]) {
						t.Fatalf("%v is no cycle of %v", cycle, g)
					}
				}
				if sorted := slices.Sorted(slices.Values(cycle)); len(slices.Compact(sorted)) != len(cycle) {
					t.Fatalf("%v in %v goes through a node twice", cycle, g)
				}
			}
		}
		for v := range g {
			if (in[v] != 0) != r[v][v] || on[v] != r[v][v] {
				t.Fatalf("node %d of %v: in knot %d, on a cycle: %v, reaches itself: %v", v, g, in[v], on[v], r[v][v])
			}
			for w := range g {
				if together := in[v] != 0 && in[v] == in[w]; together != (r[v][w] && r[w][v]) {
					t.Fatalf("nodes %d and %d of %v", v, w, g)
				}
			}
		}
	}
}
