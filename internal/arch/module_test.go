package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
)

// A file is one parsed Go file.
type file struct {
	path   string // from the root of the module, with slashes
	isTest bool
	tree   *ast.File
}

// A pkg is the Go files of one folder, tests included.
type pkg struct {
	dir   string // "." for the root of the module
	files []file
}

// A module is every package below a root.
type module struct {
	set      *token.FileSet
	packages []pkg
}

// load parses every Go file below the root of a module, except what the go command ignores as well.
func load(root fs.FS) (*module, error) {
	m := &module{set: token.NewFileSet()}
	byDir := map[string]*pkg{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && ignored(name):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		tree, err := m.parse(root, name)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if byDir[dir] == nil {
			byDir[dir] = &pkg{dir: dir}
		}
		isTest := strings.HasSuffix(name, "_test.go")
		byDir[dir].files = append(byDir[dir].files, file{path: name, isTest: isTest, tree: tree})
		return nil
	})
	for _, p := range byDir {
		m.packages = append(m.packages, *p)
	}
	sort.Slice(m.packages, func(i, k int) bool { return m.packages[i].dir < m.packages[k].dir })
	return m, err
}

func (m *module) parse(root fs.FS, name string) (*ast.File, error) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	tree, err := parser.ParseFile(m.set, name, text, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	return tree, nil
}

// ignored says whether the go command passes a folder by.
func ignored(dir string) bool {
	base := path.Base(dir)
	return dir != "." && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_"))
}

// isSuite says whether a package is code for the tests of others: cache/cachetest, processtest.
func isSuite(dir string) bool { return strings.HasSuffix(path.Base(dir), "test") }

// forTests says whether a file is compiled into tests only.
func (p pkg) forTests(f file) bool { return f.isTest || isSuite(p.dir) }

// imported returns the path that an import names.
func imported(spec *ast.ImportSpec) string {
	name, err := strconv.Unquote(spec.Path.Value)
	if err != nil { // the parser has refused such a file before
		panic(err)
	}
	return name
}

// inModule turns an import path into a folder of this module; false for imports from elsewhere.
func inModule(importPath string) (dir string, ok bool) {
	if importPath == modulePath {
		return ".", true
	}
	return strings.CutPrefix(importPath, modulePath+"/")
}

// oneOf says whether an import path is listed, either itself or by a beginning that ends in "/".
func oneOf(list []string, importPath string) bool {
	for _, entry := range list {
		if entry == importPath || strings.HasSuffix(entry, "/") && strings.HasPrefix(importPath, entry) {
			return true
		}
	}
	return false
}

// matches is path.Match for patterns that are known to be well-formed.
func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	if err != nil {
		panic(err)
	}
	return ok
}
