package arch

// modulePath is the module that the policy is about.
const modulePath = "github.com/stillroom/stillroom"

// A row puts the packages whose folder matches a pattern (as path.Match has it) on a floor. Higher floors import lower
// ones. The first row that matches counts.
type row struct {
	pattern string
	floor   int
}

// floors is every package there may be. A package that no row matches fails the test: deciding where it stands is part
// of adding it.
var floors = []row{
	// Tests and measurements of the whole, from outside.
	{"e2e", 8}, {"bench", 8}, {"deploy", 8},
	// The composition root: the public package, the command, and the configuration that both are made from.
	{".", 7}, {"cmd/*", 7}, {"internal/config", 7},
	// HTTP edges.
	{"internal/serve", 6}, {"internal/admin", 6}, {"internal/http1", 6},
	// From a result to an answer; from an event to a number.
	{"internal/deliver", 5}, {"internal/telemetry", 5},
	// The way of a request, written against ports only.
	{"internal/render", 4},
	// What stands behind the ports. source/cached is here because it joins three packages of floor 1.
	{"internal/plan", 3}, {"internal/vips", 3}, {"internal/fleet", 3},
	{"internal/bucket/remote", 2}, // before its siblings: what those of them share that speak HTTP
	{"internal/provider/*", 3}, {"internal/source/*", 3}, {"internal/bucket/*", 3}, {"internal/cache/*", 3},
	{"internal/fleet/*", 3},
	// What the grammars share and what purges; parts of the engine.
	{"internal/provider", 2}, {"internal/purge", 2}, {"internal/vips/*", 2},
	// Ports and the pure core.
	{"internal/transform", 1}, {"internal/source", 1}, {"internal/bucket", 1}, {"internal/cache", 1},
	{"internal/collapse", 1}, {"internal/sign", 1},
	// Words that everything is said in. They import nothing of ours; neither do the tools.
	{"internal/fault", 0}, {"internal/format", 0}, {"internal/blob", 0}, {"internal/svg", 0},
	{"internal/arch", 0}, {"samples/*", 0}, {"internal/processtest", 0},
}

// An edge is an import within one floor that is allowed, and why.
type edge struct{ from, to, why string }

// sideways is every import within one floor. It has an order of its own: configuration, public package, command.
var sideways = []edge{
	{".", "internal/config", "the public package is made from a configuration"},
	{"cmd/*", "internal/config", "a command reads the configuration"},
	{"cmd/*", ".", "the command serves what the public package builds"},
}

// sidewaysInTests is every import within one floor that is allowed to tests alone.
var sidewaysInTests = []edge{
	{"internal/source/object", "internal/bucket/*", "its suite runs over real buckets, too"},
	{"internal/cache/object", "internal/bucket/*", "its suite runs over real buckets, too"},
	{"internal/fleet/board", "internal/bucket/*", "nodes of its tests meet in real buckets, too"},
}

// An exclusive import is allowed in the named places only: folders, or single files.
type exclusive struct {
	// imports are import paths; one that ends in "/" stands for all that begin so.
	imports []string
	places  []string
	// inTests says whether tests and suites may use it as well.
	inTests bool
	why     string
}

var exclusives = []exclusive{
	{
		imports: []string{"C"},
		places:  []string{"internal/vips", "internal/vips/*"},
		why:     "C is spoken in one place, where its rules on threads and memory are kept",
	},
	{
		imports: []string{"net/http", "net/http/"},
		places: []string{
			"internal/source/web", "internal/deliver", "internal/serve", "internal/admin", "internal/http1",
			"stillroom.go", "cmd/stillroom/serve.go", "cmd/stillroom/health.go",
			"internal/telemetry/metrics.go", // hands Prometheus' own handler on
			// The clients of object storage, none of which shows a status or a header to anybody else.
			"internal/bucket/remote", "internal/bucket/s3", "internal/bucket/gcs", "internal/bucket/azure", "internal/bucket/swift",
		},
		inTests: true,
		why:     "statuses and headers are words of the edges; nothing between them knows HTTP",
	},
	{
		imports: []string{"github.com/prometheus/", "go.opentelemetry.io/"},
		places:  []string{"internal/telemetry"},
		why:     "what is measured is told to telemetry in our own words",
	},
	{
		imports: []string{"code.dny.dev/ssrf"},
		places:  []string{"internal/source/web"},
		why:     "addresses are guarded where they are dialled",
	},
	{
		imports: []string{"github.com/cespare/xxhash/v2"},
		places:  []string{"internal/cache/disk", "internal/cache/object"},
		why:     "how a file or an object is checked is known to who writes it",
	},
	{
		imports: []string{"github.com/valkey-io/"},
		places:  []string{"internal/fleet"},
		why:     "where the nodes of a fleet meet is known in one place",
	},
	{
		imports: []string{"github.com/aws/"},
		places:  []string{"internal/bucket/s3"},
		why:     "one cloud's SDK in one package",
	},
	{
		imports: []string{"golang.org/x/oauth2", "golang.org/x/oauth2/"},
		places:  []string{"internal/bucket/gcs"},
		why:     "one cloud's SDK in one package",
	},
	{
		imports: []string{"github.com/Azure/"},
		places:  []string{"internal/bucket/azure"},
		why:     "one cloud's SDK in one package",
	},
	{
		imports: []string{"github.com/ncw/swift/"},
		places:  []string{"internal/bucket/swift"},
		why:     "one cloud's SDK in one package",
	},
	{
		imports: []string{"github.com/caarlos0/env/", "go.yaml.in/yaml/"},
		places:  []string{"internal/config"},
		inTests: true, // those of deploy/ read alerts
		why:     "settings are read in one place and handed on as values",
	},
}

// testOnly is what only tests and suites import.
var testOnly = []string{
	"testing", "testing/", "net/http/httptest", "github.com/google/go-cmp/", "go.uber.org/goleak", "github.com/johannesboyne/",
	"github.com/alicebob/miniredis/",
}

// vagueNames say nothing about what a package holds, so anything ends up there.
var vagueNames = []string{
	"util", "common", "helper", "misc", "manager", "service", "core", "base", "type", "model",
}

// stateful are the packages that may have package-level state, and why.
var stateful = map[string]string{
	"internal/vips": "libvips is started once per process and keeps its state there, whatever we do",
}
