package inspect

import "slices"

// graph has its nodes by number, and of each those that it waits for.
type graph [][]int

// knots are the sets of nodes that all wait for each other, directly or not: strongly connected, by Tarjan's
// algorithm. A node alone is one if it waits for itself.
func (g graph) knots() [][]int {
	t := tarjan{graph: g, index: make([]int, len(g)), low: make([]int, len(g)), on: make([]bool, len(g))}
	for v := range g {
		if t.index[v] == 0 {
			t.visit(v)
		}
	}
	return t.found
}

type tarjan struct {
	graph
	next  int
	index []int // in the order of visits, from 1
	low   []int // the least index that is known to be reached
	stack []int
	on    []bool // the stack
	found [][]int
}

func (t *tarjan) visit(v int) {
	t.next++
	t.index[v], t.low[v] = t.next, t.next
	t.stack, t.on[v] = append(t.stack, v), true
	self := false
	for _, w := range t.graph[v] {
		self = self || w == v
		switch {
		case t.index[w] == 0:
			t.visit(w)
			t.low[v] = min(t.low[v], t.low[w])
		case t.on[w]:
			t.low[v] = min(t.low[v], t.index[w])
		}
	}
	if t.low[v] != t.index[v] {
		return
	}
	var knot []int
	for {
		last := len(t.stack) - 1
		w := t.stack[last]
		t.stack, t.on[w] = t.stack[:last], false
		knot = append(knot, w)
		if w == v {
			break
		}
	}
	if len(knot) > 1 || self {
		slices.Sort(knot) // so that all lookers begin with the same
		t.found = append(t.found, knot)
	}
}

// cycles are shortest cycles of a knot, so many that each of its nodes is on one.
func (g graph) cycles(knot []int) (all [][]int) {
	in, seen := make(map[int]bool), make(map[int]bool)
	for _, v := range knot {
		in[v] = true
	}
	for _, v := range knot {
		if seen[v] {
			continue
		}
		cycle := g.shortest(v, in)
		for _, w := range cycle {
			seen[w] = true
		}
		all = append(all, cycle)
	}
	return all
}

// shortest is the shortest way from v back to v within a knot, beginning with v.
func (g graph) shortest(v int, in map[int]bool) []int {
	before := make(map[int]int)
	for queue := []int{v}; len(queue) > 0; queue = queue[1:] {
		for _, w := range g[queue[0]] {
			if w == v {
				var back []int
				for at := queue[0]; at != v; at = before[at] {
					back = append(back, at)
				}
				cycle := []int{v}
				for i := len(back) - 1; i >= 0; i-- {
					cycle = append(cycle, back[i])
				}
				return cycle
			}
			if _, known := before[w]; !known && in[w] {
				before[w] = queue[0]
				queue = append(queue, w)
			}
		}
	}
	return nil // a node of a knot has a way back
}
