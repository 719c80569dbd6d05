package config

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/format"
)

// TestDefaults prints the configuration that nobody configured; testdata/defaults.golden is the list of
// all settings.
func TestDefaults(t *testing.T) {
	_, report, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := report.Print(&got); err != nil {
		t.Fatal(err)
	}
	const name = "testdata/defaults.golden"
	if *update {
		if err := os.WriteFile(name, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-want +got), rewrite with -update:\n%s", diff)
	}
}

// TestValues checks that texts arrive in Config in the units that its comments name.
func TestValues(t *testing.T) {
	c, _, err := Load(Options{Environ: []string{
		"STILLROOM_TTL=90", "STILLROOM_MAX_SRC_FILE_SIZE=10MB", "STILLROOM_MAX_SRC_RESOLUTION=16.8",
		"STILLROOM_KEY=6b6579", "STILLROOM_SALT=73616c74", "STILLROOM_FORMAT_QUALITY=jpeg=70",
		"STILLROOM_PRESETS=a=w:1,b=w:2", "STILLROOM_SKIP_PROCESSING_FORMATS=svg",
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"TTL", c.Freshness.TTL, 90 * time.Second},
		{"MAX_TTL, by default", c.Freshness.MaxTTL, 365 * 24 * time.Hour},
		{"MAX_SRC_FILE_SIZE", int64(c.Limits.SourceBytes), int64(10_000_000)},
		{"MAX_SRC_RESOLUTION", int64(c.Limits.SourcePixels), int64(16_800_000)},
		{"KEY", string(c.Access.Keys[0]), "key"},
		{"KEY as text", c.Access.Keys.Texts(), []string{"6b6579"}},
		{"FORMAT_QUALITY of jpeg, set", c.Encoders.FormatQuality[format.JPEG], uint8(70)},
		{"FORMAT_QUALITY of webp, by default", c.Encoders.FormatQuality[format.WebP], uint8(79)},
		{"PRESETS", c.URL.Presets, []Preset{{"a", "w:1"}, {"b", "w:2"}}},
		{"SKIP_PROCESSING_FORMATS", c.Formats.Skip, format.SetOf(format.SVG)},
		{"PREFERRED_FORMATS, by default", c.Formats.Preferred, []format.Format{format.JPEG, format.PNG, format.GIF}},
		{"PROVIDERS, by default, without those that are not built", c.Server.Providers, Mounts{{"imgproxy", "/"}}},
	} {
		if diff := cmp.Diff(check.want, check.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", check.what, diff)
		}
	}
}

// TestPrintedValuesReadBack feeds what Print shows back in: the same configuration must come of it.
func TestPrintedValuesReadBack(t *testing.T) {
	first, report, err := Load(Options{Environ: []string{
		"STILLROOM_TTL=5400", "STILLROOM_STALE_IF_ERROR=36h", "STILLROOM_NEGATIVE_TTL=1.5", "STILLROOM_MAX_SRC_RESOLUTION=10.48576",
		"STILLROOM_MAX_SRC_FILE_SIZE=1.5GB", "STILLROOM_CACHE_MEMORY_SIZE=123457", "STILLROOM_ALLOWED_SOURCES=local:///, https://a.example/",
		"STILLROOM_URL_REPLACEMENTS=a://=b://;c://*=d://${1}", "STILLROOM_PREFERRED_FORMATS=webp,png", "STILLROOM_SKIP_PROCESSING_FORMATS=gif,svg",
		"STILLROOM_LAST_MODIFIED_BUSTER=2024-05-01T12:00:00Z", "STILLROOM_PRESETS=a=w:1,b=w:2", "STILLROOM_AUTO_WEBP=1",
		"STILLROOM_PROVIDERS=imgproxy=/,imgproxy=/img/", "STILLROOM_PATH_PREFIX=/p",
	}})
	if err != nil {
		t.Fatal(err)
	}
	var again []string
	for _, row := range report.Rows {
		if row.Value != "" {
			again = append(again, row.Name+"="+row.Value)
		}
	}
	second, _, err := Load(Options{Environ: again})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

func TestUnsignedIsWarnedOf(t *testing.T) {
	for _, test := range []struct {
		environ []string
		want    bool
	}{
		{nil, true},
		{[]string{"STILLROOM_KEY=6b6579", "STILLROOM_SALT=73616c74"}, false},
	} {
		_, report, err := Load(Options{Environ: test.environ})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(report.Warnings, "\n"), "not signed"); got != test.want {
			t.Errorf("%v: warned %v, want %v", test.environ, got, test.want)
		}
	}
}

// TestSecretsStayHidden gives every secret setting a value that must not be shown, right and wrong ones alike.
func TestSecretsStayHidden(t *testing.T) {
	const marker = "deadbeefdeadbeefdeadbeefdeadbeef"
	for _, broken := range []string{"", "zz"} {
		var environ []string
		for _, s := range settings() {
			if s.secret {
				environ = append(environ, s.name+"="+marker+broken)
			}
		}
		if len(environ) < 6 {
			t.Fatalf("only %d settings are secret", len(environ))
		}
		_, report, err := Load(Options{Environ: environ})
		if (err != nil) != (broken != "") {
			t.Errorf("broken %q: error %v", broken, err)
		}
		var out bytes.Buffer
		if err := report.Print(&out); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			out.WriteString(err.Error())
		}
		out.WriteString(strings.Join(report.Warnings, "\n"))
		if strings.Contains(out.String(), marker) {
			t.Errorf("broken %q: a secret is shown:\n%s", broken, out.String())
		}
	}
}

// TestCommandFlags checks the flags that a command adds to those of the settings.
func TestCommandFlags(t *testing.T) {
	check, expires := &Flag{Name: "check", Bool: true}, &Flag{Name: "expires"}
	c, report, err := Load(Options{
		Args:  []string{"local:///a.jpg", "--check", "--quality", "10", "--expires=1h", "--", "--not-a-flag", "-"},
		Flags: []*Flag{check, expires}, Operands: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if check.Value != "true" || expires.Value != "1h" || c.Encoders.Quality != 10 {
		t.Errorf("check %q, expires %q, quality %d", check.Value, expires.Value, c.Encoders.Quality)
	}
	if diff := cmp.Diff([]string{"local:///a.jpg", "--not-a-flag", "-"}, report.Operands); diff != "" {
		t.Errorf("operands (-want +got):\n%s", diff)
	}
	_, _, err = Load(Options{Args: []string{"--exipres", "1h"}, Flags: []*Flag{expires}})
	if err == nil || !strings.Contains(err.Error(), "the nearest is --expires") {
		t.Errorf("a wrong flag of a command: %v", err)
	}
}

// TestFilesystem reads a real file, as commands do.
func TestFilesystem(t *testing.T) {
	name := t.TempDir() + "/conf.yaml"
	if err := os.WriteFile(name, []byte("quality: 10\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _, err := Load(Options{Args: []string{"--config", name}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Encoders.Quality != 10 {
		t.Errorf("quality %d, want 10", c.Encoders.Quality)
	}
	_, _, err = Load(Options{Args: []string{"--config", name + ".missing"}})
	if err == nil || strings.Count(err.Error(), name) != 1 || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file: %v", err)
	}
}
