package deploy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// metric is what the code says of one that it registers.
type metric struct {
	histogram bool
	// labels are known of vectors; nil = it is a gauge, whose label may be any of the others'.
	labels []string
}

// registry is every metric of the code, and every text in it that may be the value of a label. A running server does not
// list them: vectors show once something was counted, which for failures takes a failure.
type registry struct {
	metrics map[string]metric
	texts   map[string]bool
}

// isMetric matches our names, which are those that a dashboard can be wrong about.
var isMetric = regexp.MustCompile(`^(stillroom|cache)_[a-z_]+$`)

// read returns what the packages that register metrics say.
func read(t *testing.T) registry {
	t.Helper()
	r := registry{metrics: map[string]metric{}, texts: map[string]bool{}}
	for _, pattern := range []string{"../*.go", "../internal/*/*.go", "../internal/*/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, r.visit)
		}
	}
	return r
}

// visit takes note of texts, and of calls and values that register a metric.
func (r *registry) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BasicLit:
		if text, ok := literal(n); ok {
			r.texts[text] = true
		}
	case *ast.CallExpr:
		r.call(n)
	case *ast.KeyValueExpr:
		field, _ := n.Key.(*ast.Ident)
		if name, ok := literal(n.Value); ok && field != nil && field.Name == "Name" && isMetric.MatchString(name) {
			r.metrics[name] = metric{}
		}
	}
	return true
}

// call takes note of a call such as counters(r, "name", "Help.", "label", "label").
func (r *registry) call(c *ast.CallExpr) {
	var callee string
	switch f := c.Fun.(type) {
	case *ast.Ident:
		callee = f.Name
	case *ast.SelectorExpr:
		callee = f.Sel.Name
	}
	if !slices.Contains([]string{"counter", "counters", "histograms", "gauge", "Gauge", "LabelledGauge"}, callee) {
		return
	}
	var texts []string
	for _, arg := range c.Args {
		if text, ok := literal(arg); ok {
			texts = append(texts, text)
		}
	}
	if len(texts) < 2 || !isMetric.MatchString(texts[0]) {
		return
	}
	m := metric{histogram: callee == "histograms"}
	if callee != "gauge" && callee != "Gauge" && callee != "LabelledGauge" {
		m.labels = append([]string{}, texts[2:]...) // behind name and help
	}
	r.metrics[texts[0]] = m
}

// labels returns all labels that some vector has.
func (r *registry) labels() map[string]bool {
	all := map[string]bool{}
	for m := range maps.Values(r.metrics) {
		for _, label := range m.labels {
			all[label] = true
		}
	}
	return all
}

func literal(e ast.Expr) (text string, ok bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}
