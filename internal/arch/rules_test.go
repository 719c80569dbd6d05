package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// A rule reports what in a package breaks it.
type rule struct {
	name  string
	check func(m *module, p pkg, report func(at token.Pos, format string, args ...any))
}

var rules = []rule{
	{"known", knownPackage},
	{"floor", importsGoDown},
	{"exclusive", exclusiveImports},
	{"testing", noTestingInProduction},
	{"name", sayingName},
	{"comment", packageComment},
	{"init", noInit},
	{"state", noState},
}

// violations runs every rule over a module. Each line is "file:line: [rule] what is wrong, and what to do".
func violations(m *module) []string {
	var found []string
	for _, p := range m.packages {
		for _, r := range rules {
			r.check(m, p, func(at token.Pos, format string, args ...any) {
				place := m.set.Position(at)
				text := fmt.Sprintf(format, args...)
				found = append(found, fmt.Sprintf("%s:%d: [%s] %s", place.Filename, place.Line, r.name, text))
			})
		}
	}
	return found
}

// floorOf looks a folder up in the table.
func floorOf(dir string) (floor int, ok bool) {
	for _, r := range floors {
		if matches(r.pattern, dir) {
			return r.floor, true
		}
	}
	return 0, false
}

func knownPackage(_ *module, p pkg, report func(token.Pos, string, ...any)) {
	if _, ok := floorOf(p.dir); !ok {
		report(p.files[0].tree.Package, "package %s stands on no floor: give it a row in internal/arch/policy_test.go", p.dir)
	}
}

func importsGoDown(_ *module, p pkg, report func(token.Pos, string, ...any)) {
	from, ok := floorOf(p.dir)
	if !ok {
		return // reported by knownPackage
	}
	for _, f := range p.files {
		for _, spec := range f.tree.Imports {
			dir, ours := inModule(imported(spec))
			to, known := floorOf(dir)
			switch {
			case !ours || !known || to < from:
			case dir == p.dir && f.isTest: // a test from outside its package
			case f.isTest && isSuite(dir): // a test may run any suite
			case to == from && (along(sideways, p.dir, dir) || f.isTest && along(sidewaysInTests, p.dir, dir)):
			case to == from:
				report(spec.Pos(), "%s imports %s, its sibling on floor %d: what both need belongs on a lower floor", p.dir, dir, to)
			default:
				report(spec.Pos(), "%s (floor %d) imports %s (floor %d): imports go down only", p.dir, from, dir, to)
			}
		}
	}
}

// along reports whether an edge leads from a folder to another.
func along(edges []edge, from, to string) bool {
	return slices.ContainsFunc(edges, func(e edge) bool { return matches(e.from, from) && matches(e.to, to) })
}

func exclusiveImports(_ *module, p pkg, report func(token.Pos, string, ...any)) {
	for _, f := range p.files {
		for _, spec := range f.tree.Imports {
			name := imported(spec)
			for _, e := range exclusives {
				if !oneOf(e.imports, name) || e.inTests && p.forTests(f) {
					continue
				}
				if !slices.ContainsFunc(e.places, func(place string) bool {
					return matches(place, p.dir) || place == f.path
				}) {
					report(spec.Pos(), "%q is imported only by %s: %s", name, strings.Join(e.places, ", "), e.why)
				}
			}
		}
	}
}

func noTestingInProduction(_ *module, p pkg, report func(token.Pos, string, ...any)) {
	for _, f := range p.files {
		if p.forTests(f) {
			continue
		}
		for _, spec := range f.tree.Imports {
			dir, ours := inModule(imported(spec))
			if oneOf(testOnly, imported(spec)) || ours && isSuite(dir) {
				report(spec.Pos(), "%q is for tests and suites", imported(spec))
			}
		}
	}
}

func sayingName(_ *module, p pkg, report func(token.Pos, string, ...any)) {
	first := p.files[0].tree
	for _, name := range slices.Compact([]string{path.Base(p.dir), strings.TrimSuffix(first.Name.Name, "_test")}) {
		if slices.Contains(vagueNames, strings.TrimSuffix(name, "s")) {
			report(first.Package, "package name %q says nothing: name the package after what it holds", name)
		}
	}
}

func packageComment(_ *module, p pkg, report func(token.Pos, string, ...any)) {
	for _, f := range p.files {
		if f.tree.Doc != nil && !f.isTest {
			return
		}
	}
	report(p.files[0].tree.Package, "package %s has no package comment: say in one what it holds", p.dir)
}

func noInit(_ *module, p pkg, report func(token.Pos, string, ...any)) {
	for _, f := range p.files {
		for _, decl := range f.tree.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				report(fn.Pos(), "init() runs for whoever imports %s: make it a function that is called", p.dir)
			}
		}
	}
}
