package deploy

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Labels that Prometheus adds, and the bound of a histogram's bucket.
var added = map[string]bool{"job": true, "instance": true, "le": true}

// Each metric, label and value of a label that the dashboard and the alerts ask for is one that the code has: Prometheus
// answers nothing to a name that is misspelt, and an alert on nothing never comes.
func TestWhatIsAskedForIsCounted(t *testing.T) {
	counted := read(t)
	if n := len(counted.metrics); n < 60 {
		t.Fatalf("the code registers %d metrics, want all of them", n)
	}
	for place, queries := range map[string][]string{
		"grafana/stillroom.json": dashboard(t), "prometheus/alerts.yml": alerts(t),
	} {
		if len(queries) < 15 {
			t.Errorf("%s: %d queries, want all of them", place, len(queries))
		}
		for _, query := range queries {
			for _, wrong := range counted.wrong(query) {
				t.Errorf("%s: %s\n\t%s", place, wrong, query)
			}
		}
	}
}

// Everything that nodes do together can be seen.
func TestFleetIsWatched(t *testing.T) {
	shown, warned := strings.Join(dashboard(t), "\n"), strings.Join(alerts(t), "\n")
	for name := range read(t).metrics {
		for _, prefix := range []string{"stillroom_fleet_", "stillroom_bucket_", "stillroom_cache_queue_", "stillroom_cache_read"} {
			if strings.HasPrefix(name, prefix) && !strings.Contains(shown, name) {
				t.Errorf("the dashboard does not show %s", name)
			}
		}
	}
	for _, name := range []string{
		"stillroom_cache_degraded", "stillroom_cache_ready", "stillroom_cache_drops_total", "stillroom_cache_reads_total",
		"stillroom_cache_queue_bytes", "stillroom_cache_queue_entries", "stillroom_fleet_up", "stillroom_fleet_rules_pending",
		"stillroom_fleet_sharing_failures_total", "stillroom_bucket_calls_total",
	} {
		if !strings.Contains(warned, name) {
			t.Errorf("no alert looks at %s", name)
		}
	}
}

// The check itself finds what it is for.
func TestMistakesAreFound(t *testing.T) {
	counted := read(t)
	for query, want := range map[string]string{
		`rate(stillroom_cache_drop_total[5m])`:                                     "nothing counts stillroom_cache_drop_total",
		`sum by (tier) (cache_hits_total)`:                                         "tier is no label of cache_hits_total",
		`stillroom_cache_reads_total{cache="object"}`:                              "cache is no label of stillroom_cache_reads_total",
		`stillroom_cache_reads_total{outcome=~"slow|fail"}`:                        `nothing has outcome="fail"`,
		`rate(stillroom_cache_reads_total_bucket[5m])`:                             "stillroom_cache_reads_total is no histogram",
		`sum by (le) (stillroom_bucket_call_duration_seconds_bucket{use="cache"})`: "",
	} {
		got := strings.Join(counted.wrong(query), "; ")
		if got != want {
			t.Errorf("%s\ngot  %q\nwant %q", query, got, want)
		}
	}
}

var (
	grouping = regexp.MustCompile(`\b(?:by|on|without|ignoring|group_left|group_right) *\(([^)]*)\)`)
	selector = regexp.MustCompile(`([a-z_:]+) *\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`([a-z_]+) *(=~|!~|!=|=) *"([^"]*)"`)
	word     = regexp.MustCompile(`[a-z_]+`)
	plain    = regexp.MustCompile(`^[a-z][a-z-]*$`)
)

// wrong says what in a query is not of the code.
func (r *registry) wrong(query string) (all []string) {
	names := map[string]bool{}
	for _, name := range word.FindAllString(grouping.ReplaceAllString(matcher.ReplaceAllString(query, ""), ""), -1) {
		if base, problem := r.find(name); problem != "" {
			all = append(all, problem)
		} else if base != "" {
			names[base] = true
		}
	}
	for _, group := range grouping.FindAllStringSubmatch(query, -1) {
		for _, label := range word.FindAllString(group[1], -1) {
			for _, name := range slices.Sorted(maps.Keys(names)) {
				all = append(all, r.label(name, label)...)
			}
		}
	}
	for _, selected := range selector.FindAllStringSubmatch(query, -1) {
		name, _ := r.find(selected[1])
		for _, m := range matcher.FindAllStringSubmatch(selected[2], -1) {
			if name != "" {
				all = append(all, r.label(name, m[1])...)
			}
			all = append(all, r.value(m[1], m[3])...)
		}
	}
	return all
}

// find returns the metric that a word names; "" = it is none of ours.
func (r *registry) find(name string) (base, problem string) {
	base, bucket := strings.CutSuffix(name, "_bucket")
	m, known := r.metrics[base]
	switch {
	case !isMetric.MatchString(name):
		return "", ""
	case !known:
		return "", "nothing counts " + name
	case bucket && !m.histogram:
		return "", base + " is no histogram"
	}
	return base, ""
}

func (r *registry) label(name, label string) []string {
	m := r.metrics[name]
	if added[label] || slices.Contains(m.labels, label) || m.labels == nil && r.labels()[label] {
		return nil
	}
	return []string{label + " is no label of " + name}
}

// value looks at those of our labels that are words. Others are statuses, or variables of the dashboard.
func (r *registry) value(label, values string) (all []string) {
	for value := range strings.SplitSeq(values, "|") {
		if !added[label] && plain.MatchString(value) && !r.texts[value] {
			all = append(all, "nothing has "+label+`="`+value+`"`)
		}
	}
	return all
}

// dashboard returns the queries of all panels.
func dashboard(t *testing.T) (queries []string) {
	t.Helper()
	var board struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	unmarshal(t, "grafana/stillroom.json", json.Unmarshal, &board)
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			queries = append(queries, target.Expr)
		}
	}
	return queries
}

// alerts returns the expressions of all rules.
func alerts(t *testing.T) (queries []string) {
	t.Helper()
	var rules struct {
		Groups []struct {
			Rules []struct{ Expr string }
		}
	}
	unmarshal(t, "prometheus/alerts.yml", yaml.Unmarshal, &rules)
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			queries = append(queries, rule.Expr)
		}
	}
	return queries
}

func unmarshal(t *testing.T, name string, with func([]byte, any) error, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := with(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
