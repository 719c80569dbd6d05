package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/processtest"
)

// dropIns are settings as the documentation of other servers gives them, and what comes of them here: native name,
// value, and the variable that it is from. FOLDER stands for a folder of the test's own.
var dropIns = []struct {
	name    string
	environ string
	inForce string
	tiers   string // of which results are hits, one request after the other
}{
	{
		"imgforge, memory",
		"IMGFORGE_CACHE_TYPE=memory IMGFORGE_CACHE_MEMORY_CAPACITY=5000",
		`CACHE_TYPE memory IMGFORGE_CACHE_TYPE
		 CACHE_MEMORY_CAPACITY 5000 IMGFORGE_CACHE_MEMORY_CAPACITY`,
		"memory",
	},
	{
		"imgforge, disk",
		"IMGFORGE_CACHE_TYPE=disk IMGFORGE_CACHE_DISK_PATH=FOLDER IMGFORGE_CACHE_DISK_CAPACITY=20000",
		`CACHE_TYPE disk IMGFORGE_CACHE_TYPE
		 CACHE_DISK_PATH FOLDER IMGFORGE_CACHE_DISK_PATH
		 CACHE_DISK_CAPACITY 20000 IMGFORGE_CACHE_DISK_CAPACITY`,
		"disk",
	},
	{
		"imgforge, hybrid",
		"IMGFORGE_CACHE_TYPE=hybrid IMGFORGE_CACHE_MEMORY_CAPACITY=5000 IMGFORGE_CACHE_DISK_PATH=FOLDER IMGFORGE_CACHE_DISK_CAPACITY=50000",
		`CACHE_TYPE hybrid IMGFORGE_CACHE_TYPE
		 CACHE_MEMORY_CAPACITY 5000 IMGFORGE_CACHE_MEMORY_CAPACITY
		 CACHE_DISK_PATH FOLDER IMGFORGE_CACHE_DISK_PATH
		 CACHE_DISK_CAPACITY 50000 IMGFORGE_CACHE_DISK_CAPACITY`,
		"memory",
	},
	{
		"imgforge, the example of an .env file",
		"IMGFORGE_BIND=0.0.0.0:3000 IMGFORGE_TIMEOUT=30 IMGFORGE_DOWNLOAD_TIMEOUT=10 IMGFORGE_RATE_LIMIT_PER_MINUTE=600 " +
			"IMGFORGE_CACHE_TYPE=hybrid IMGFORGE_CACHE_MEMORY_CAPACITY=2000 IMGFORGE_CACHE_DISK_PATH=FOLDER " +
			"IMGFORGE_CACHE_DISK_CAPACITY=20000 IMGFORGE_ALLOWED_MIME_TYPES=image/jpeg,image/png,image/webp " +
			"IMGFORGE_LOG_LEVEL=imgforge=debug,tower_http=info",
		`TIMEOUT 30s IMGFORGE_TIMEOUT
		 DOWNLOAD_TIMEOUT 10s IMGFORGE_DOWNLOAD_TIMEOUT
		 CACHE_TYPE hybrid IMGFORGE_CACHE_TYPE
		 CACHE_MEMORY_CAPACITY 2000 IMGFORGE_CACHE_MEMORY_CAPACITY
		 CACHE_DISK_CAPACITY 20000 IMGFORGE_CACHE_DISK_CAPACITY
		 LOG_LEVEL debug IMGFORGE_LOG_LEVEL`,
		"memory",
	},
	{
		"imgFlux",
		"IMGFLUX_CACHE_TYPE=hybrid IMGFLUX_CACHE_MEMORY_CAPACITY=1000 IMGFLUX_CACHE_DISK_PATH=FOLDER IMGFLUX_CACHE_DISK_CAPACITY=10000",
		`CACHE_TYPE hybrid IMGFLUX_CACHE_TYPE
		 CACHE_MEMORY_CAPACITY 1000 IMGFLUX_CACHE_MEMORY_CAPACITY
		 CACHE_DISK_PATH FOLDER IMGFLUX_CACHE_DISK_PATH
		 CACHE_DISK_CAPACITY 10000 IMGFLUX_CACHE_DISK_CAPACITY`,
		"memory",
	},
	{
		"PreviewProxy",
		"PP_CACHE_MEMORY_MAX_MB=256 PP_CACHE_MEMORY_TTL_SECS=3600 PP_CACHE_DIR=FOLDER " +
			"PP_CACHE_DISK_TTL_SECS=86400 PP_CACHE_DISK_MAX_MB=512 PP_CACHE_CLEANUP_INTERVAL_SECS=600",
		`CACHE_MEMORY_SIZE 256MiB PP_CACHE_MEMORY_MAX_MB
		 CACHE_MEMORY_TTL 1h PP_CACHE_MEMORY_TTL_SECS
		 CACHE_TYPE hybrid PP_CACHE_DIR
		 CACHE_DISK_PATH FOLDER PP_CACHE_DIR
		 CACHE_DISK_TTL 24h PP_CACHE_DISK_TTL_SECS
		 CACHE_DISK_SIZE 512MiB PP_CACHE_DISK_MAX_MB
		 CACHE_CLEANUP_INTERVAL 10m PP_CACHE_CLEANUP_INTERVAL_SECS`,
		"memory",
	},
	{
		"PreviewProxy, before its names had a prefix",
		"STILLROOM_COMPAT=previewproxy CACHE_MEMORY_MAX_MB=256 CACHE_MEMORY_TTL_SECS=3600 CACHE_DIR=FOLDER " +
			"CACHE_DISK_TTL_SECS=86400 CACHE_DISK_MAX_MB=512 CACHE_CLEANUP_INTERVAL_SECS=600",
		`CACHE_MEMORY_SIZE 256MiB CACHE_MEMORY_MAX_MB
		 CACHE_MEMORY_TTL 1h CACHE_MEMORY_TTL_SECS
		 CACHE_TYPE hybrid CACHE_DIR
		 CACHE_DISK_PATH FOLDER CACHE_DIR
		 CACHE_DISK_TTL 24h CACHE_DISK_TTL_SECS
		 CACHE_DISK_SIZE 512MiB CACHE_DISK_MAX_MB
		 CACHE_CLEANUP_INTERVAL 10m CACHE_CLEANUP_INTERVAL_SECS`,
		"memory",
	},
	{
		"imgproxy",
		"IMGPROXY_CACHE_KEY_HEADERS=X-Tenant IMGPROXY_CACHE_KEY_COOKIES=session IMGPROXY_CACHE_REPORT_ERRORS=true",
		`CACHE_KEY_HEADERS X-Tenant IMGPROXY_CACHE_KEY_HEADERS
		 CACHE_KEY_COOKIES session IMGPROXY_CACHE_KEY_COOKIES
		 CACHE_REPORT_ERRORS true IMGPROXY_CACHE_REPORT_ERRORS`,
		"memory",
	},
}

// Whoever comes from another server keeps the settings of its cache: they are shown in force, and they are.
func TestDropInNames(t *testing.T) {
	source := newOrigin(t, serves(version(t, 1), 0))
	for _, c := range dropIns {
		t.Run(c.name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "cache")
			environ := strings.Fields(strings.ReplaceAll(c.environ, "FOLDER", folder))
			shown := configuration(t, environ)
			for line := range strings.Lines(strings.ReplaceAll(c.inForce, "FOLDER", folder)) {
				if row := strings.Fields(line); !slices.ContainsFunc(shown, func(got []string) bool {
					return got[0] == "STILLROOM_"+row[0] && got[1] == row[1] && got[2] == row[2]
				}) {
					t.Errorf("the configuration does not show %s", strings.TrimSpace(line))
				}
			}
			s := launch(t, exec.Command(built.Program(t), "serve"), environ...)
			path := "/_/w:100/plain/" + source.URL + "/a.jpg"
			versionOf(t, s.get(path))
			eventually(t, "a hit comes out of the tier "+c.tiers, func() bool {
				return strings.HasSuffix(s.get(path).header.Get("Cache-Status"), "detail="+c.tiers)
			})
		})
	}
}

// A bound on entries in another server's words is kept as such.
func TestDropInCapacity(t *testing.T) {
	source := newOrigin(t, serves(version(t, 1), 0))
	for _, c := range []struct{ kind, tier, bound string }{
		{"memory", "memory", "IMGFORGE_CACHE_MEMORY_CAPACITY=5"},
		{"disk", "disk", "IMGFORGE_CACHE_DISK_CAPACITY=5"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			s := launch(t, exec.Command(built.Program(t), "serve"),
				"IMGFORGE_CACHE_TYPE="+c.kind, "IMGFORGE_CACHE_DISK_PATH="+t.TempDir(), c.bound)
			for n := range 30 {
				versionOf(t, s.get(fmt.Sprintf("/_/w:100/q:%d/plain/%s/a.jpg", 10+n, source.URL)))
			}
			eventually(t, "at most five entries are kept", func() bool {
				n := s.metric("stillroom_cache_entries", `cache_type="`+c.tier+`"`)
				return n > 0 && n <= 5
			})
		})
	}
}

// Headers and cookies that are part of the key make results of their own; every cache on the way is told.
func TestKeyHeadersAndCookies(t *testing.T) {
	source := newOrigin(t, serves(version(t, 1), 0))
	for _, c := range []struct {
		name, environ, vary string
		one, two            []string
		control             string
	}{
		{
			"header", "IMGPROXY_CACHE_KEY_HEADERS=X-Tenant", `\bX-Tenant\b`,
			[]string{"X-Tenant", "one"}, []string{"X-Tenant", "two"}, `^public, max-age=\d+`,
		},
		{
			"cookie", "IMGPROXY_CACHE_KEY_COOKIES=session", `\bCookie\b`,
			[]string{"Cookie", "session=one"}, []string{"Cookie", "session=two"}, `^private, max-age=\d+`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := launch(t, exec.Command(built.Program(t), "serve"), c.environ)
			path := "/_/w:100/plain/" + source.URL + "/a.jpg"
			check := func(who string, header []string, status string) {
				t.Helper()
				a := s.get(path, header...)
				versionOf(t, a)
				if cs := a.header.Get("Cache-Status"); !strings.HasPrefix(cs, "stillroom; "+status) {
					t.Errorf("%s: Cache-Status %q, want %s", who, cs, status)
				}
				if v := a.header.Get("Vary"); !regexp.MustCompile(c.vary).MatchString(v) {
					t.Errorf("%s: Vary %q, want /%s/", who, v, c.vary)
				}
				if cc := a.header.Get("Cache-Control"); !regexp.MustCompile(c.control).MatchString(cc) {
					t.Errorf("%s: Cache-Control %q, want /%s/", who, cc, c.control)
				}
			}
			check("the first", c.one, "fwd=uri-miss")
			check("the second", c.two, "fwd=uri-miss")
			check("nobody", nil, "fwd=uri-miss")
			check("the first again", c.one, "hit")
			check("the second again", c.two, "hit")
			if n := s.metric("stillroom_fills_total"); n != 3 {
				t.Errorf("%v fills, want 3", n)
			}
		})
	}
}

// configuration returns the rows that "stillroom config" shows, split into their columns.
func configuration(t *testing.T, environ []string) [][]string {
	t.Helper()
	command := exec.CommandContext(t.Context(), built.Program(t), "config")
	command.Env = append(processtest.Environ(), environ...)
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	columns := regexp.MustCompile(` {2,}`)
	for line := range strings.Lines(string(out)) {
		if row := columns.Split(strings.TrimSpace(line), -1); len(row) >= 3 {
			rows = append(rows, row)
		}
	}
	return rows
}
