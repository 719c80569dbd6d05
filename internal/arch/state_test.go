package arch

import (
	"go/ast"
	"go/token"
)

// noState reports package-level variables of production code that can change while the program runs: those assigned to,
// wholly or in part, and those of a type made for changing (sync, sync/atomic). Tables and error values pass.
//
// It works on syntax alone: type checking would need the headers of libvips. What it cannot see is a change through a
// pointer or by a method of another package's type.
func noState(_ *module, p pkg, report func(token.Pos, string, ...any)) {
	if _, ok := stateful[p.dir]; ok {
		return
	}
	variables := map[string]*ast.ValueSpec{}
	for _, f := range p.files {
		if !p.forTests(f) {
			collectVariables(f.tree, variables, report)
		}
	}
	for _, f := range p.files {
		if !p.forTests(f) {
			reportAssignments(f.tree, variables, report)
		}
	}
}

// collectVariables adds the package-level variables of a file, and reports those of a changing type.
func collectVariables(tree *ast.File, into map[string]*ast.ValueSpec, report func(token.Pos, string, ...any)) {
	for _, decl := range tree.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR {
			continue
		}
		for _, spec := range group.Specs {
			value := spec.(*ast.ValueSpec)
			for _, name := range value.Names {
				if name.Name != "_" {
					into[name.Name] = value
				}
			}
			if kind := changingType(value); kind != "" {
				report(value.Pos(), "%s is package-level state (%s): put it into a value that is passed on", value.Names[0].Name, kind)
			}
		}
	}
}

// changingType returns the name of a type of sync or sync/atomic that a variable is declared with or made as.
func changingType(value *ast.ValueSpec) string {
	types := []ast.Expr{value.Type}
	for _, made := range value.Values {
		if unary, ok := made.(*ast.UnaryExpr); ok {
			made = unary.X
		}
		if literal, ok := made.(*ast.CompositeLit); ok {
			types = append(types, literal.Type)
		}
	}
	for _, expr := range types {
		if generic, ok := expr.(*ast.IndexExpr); ok { // atomic.Pointer[T]
			expr = generic.X
		}
		if selector, ok := expr.(*ast.SelectorExpr); ok {
			from, ok := selector.X.(*ast.Ident)
			if ok && (from.Name == "sync" || from.Name == "atomic") {
				return from.Name + "." + selector.Sel.Name
			}
		}
	}
	return ""
}

func reportAssignments(tree *ast.File, variables map[string]*ast.ValueSpec, report func(token.Pos, string, ...any)) {
	check := func(target ast.Expr) {
		name := assigned(target)
		if name == nil {
			return
		}
		spec, ok := variables[name.Name]
		// The parser resolves names within a file: one that it resolved to something else is a local of the same name,
		// one that it did not resolve is declared in another file of the package.
		if ok && (name.Obj == nil || name.Obj.Decl == spec) {
			report(target.Pos(), "%s is package-level state, it is assigned here: put it into a value that is passed on", name.Name)
		}
	}
	ast.Inspect(tree, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.AssignStmt:
			if node.Tok != token.DEFINE {
				for _, target := range node.Lhs {
					check(target)
				}
			}
		case *ast.IncDecStmt:
			check(node.X)
		case *ast.RangeStmt:
			if node.Tok == token.ASSIGN {
				check(node.Key)
				check(node.Value)
			}
		}
		return true
	})
}

// assigned returns the variable that an assignment changes: v in v, v[i], v.field and *v.
func assigned(target ast.Expr) *ast.Ident {
	for {
		switch expr := target.(type) {
		case *ast.Ident:
			return expr
		case *ast.IndexExpr:
			target = expr.X
		case *ast.SelectorExpr:
			target = expr.X
		case *ast.StarExpr:
			target = expr.X
		case *ast.ParenExpr:
			target = expr.X
		default:
			return nil
		}
	}
}
