package purge

import (
	"slices"
	"strings"
	"time"
)

// match collects the newest rule of each strength that is not older than created.
type match struct {
	created      time.Time
	prefixesOnly bool
	pair
}

func (m *match) consider(p pair) {
	if r := p.hard; r != nil && !m.created.After(r.At) && (m.hard == nil || m.hard.At.Before(r.At)) {
		m.hard = r
	}
	if r := p.soft; r != nil && !m.created.After(r.At) && (m.soft == nil || m.soft.At.Before(r.At)) {
		m.soft = r
	}
}

// node is a place in a radix tree over values: a lookup costs what reading the value costs, however many
// rules there are, and meets every rule for a prefix of it on the way.
type node struct {
	label    string // the bytes from the parent to here; empty at the root only
	exact    pair   // rules for exactly the value that ends here
	prefix   pair   // rules for all values that pass here
	children []*node
}

// find has m consider the rules for a value. A nil tree is empty.
func (n *node) find(value string, m *match) {
	for n != nil {
		m.consider(n.prefix)
		if value == "" {
			if !m.prefixesOnly {
				m.consider(n.exact)
			}
			return
		}
		at, found := n.child(value[0])
		if !found || !strings.HasPrefix(value, n.children[at].label) {
			return
		}
		n = n.children[at]
		value = value[len(n.label):]
	}
}

// child returns where the child whose label begins with a byte stands, or would stand.
func (n *node) child(first byte) (at int, found bool) {
	return slices.BinarySearchFunc(n.children, first, func(c *node, b byte) int { return int(c.label[0]) - int(b) })
}

// with returns the tree after change was made at the place of a value. The old tree stays as it was.
func (n *node) with(value string, change func(*node)) *node {
	next := &node{}
	if n != nil {
		*next = *n
	}
	if value == "" {
		change(next)
		return next
	}
	at, found := next.child(value[0])
	if !found {
		leaf := &node{label: value}
		change(leaf)
		next.children = slices.Concat(next.children[:at], []*node{leaf}, next.children[at:])
		return next
	}
	child := next.children[at]
	shared := commonLength(child.label, value)
	if shared < len(child.label) {
		lower := *child
		lower.label = child.label[shared:]
		child = &node{label: child.label[:shared], children: []*node{&lower}}
	}
	next.children = slices.Clone(next.children)
	next.children[at] = child.with(value[shared:], change)
	return next
}

func commonLength(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
