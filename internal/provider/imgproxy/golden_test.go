package imgproxy_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/provider/imgproxy"
	"github.com/stillroom/stillroom/internal/provider/providertest"
	"github.com/stillroom/stillroom/internal/sign"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// now is when the URLs of the golden files are admitted.
var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestGolden reads testdata/*.golden. A line that begins with "/" is a request target; the indented
// lines below it are what it has to become: the request, without what no option has changed, or the
// error. Lines that begin with ">" are the configuration of what follows; a block of them replaces the
// one before. Each target also has to survive being written and read again.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata/*.golden: %d files, error %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := rewriteGolden(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
				t.Errorf("run with -update if this is meant (-want +got):\n%s", d)
			}
		})
	}
}

func rewriteGolden(t *testing.T, text string) string {
	var out strings.Builder
	w, inConfig := newWorld(t, nil), false
	var config []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if setting, ok := strings.CutPrefix(line, "> "); ok {
			if !inConfig {
				config = nil
			}
			inConfig, config = true, append(config, setting)
			fmt.Fprintln(&out, line)
			continue
		}
		if inConfig {
			w, inConfig = newWorld(t, config), false
		}
		switch {
		case strings.HasPrefix(line, "/"):
			fmt.Fprintln(&out, line)
			for answer := range strings.Lines(w.answer(t, line)) {
				fmt.Fprint(&out, "    ", answer)
			}
		case !strings.HasPrefix(line, "    "):
			fmt.Fprintln(&out, line)
		}
	}
	return out.String()
}

// world is a provider and what stands behind it.
type world struct {
	provider  *imgproxy.Provider
	admission *provider.Admission
	keys      *sign.Keyring
	start     provider.Request // of a URL without options
	err       error            // why there is none
}

func newWorld(t *testing.T, settings []string) *world {
	var cfg imgproxy.Config
	var keys sign.Config
	admit := provider.AdmissionConfig{}
	cfg.Defaults.Output.DefaultQuality = 80
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, " ")
		switch name {
		case "defaults":
		case "separator":
			cfg.ArgumentsSeparator = value
		case "base":
			cfg.BaseURL = value
		case "replace":
			cfg.URLReplacements = append(cfg.URLReplacements, value)
		case "filename":
			cfg.Base64IncludesFilename = true
		case "decrypt":
			cfg.EncryptionKey = value
		case "preset":
			cfg.Presets = append(cfg.Presets, value)
		case "only-presets":
			cfg.OnlyPresets = true
		case "options":
			cfg.AllowedOptions = strings.Split(value, ",")
		case "security":
			cfg.AllowSecurityOptions = true
		case "operator":
			cfg.Defaults = operator()
		case "max-url":
			cfg.MaxURLLength, _ = strconv.Atoi(value)
		case "key":
			keys.Keys = append(keys.Keys, value)
		case "salt":
			keys.Salts = append(keys.Salts, value)
		case "size":
			keys.Size, _ = strconv.Atoi(value)
		case "trusted":
			keys.Trusted = append(keys.Trusted, value)
		case "sources":
			admit.AllowedSources = strings.Split(value, ",")
		case "schemes":
			admit.Schemes = strings.Split(value, ",")
		default:
			t.Fatalf("unknown setting %q", name)
		}
	}
	return build(t, cfg, keys, admit)
}

func build(t *testing.T, cfg imgproxy.Config, keys sign.Config, admit provider.AdmissionConfig) *world {
	w := &world{}
	if w.provider, w.err = imgproxy.New(cfg); w.err != nil {
		return w
	}
	var err error
	if w.keys, err = sign.New(keys); err != nil {
		t.Fatal(err)
	}
	admit.Checker = w.keys
	if w.admission, err = provider.NewAdmission(admit); err != nil {
		t.Fatal(err)
	}
	plain := cfg
	plain.Presets, plain.OnlyPresets, plain.BaseURL, plain.URLReplacements = nil, false, "", nil
	p, err := imgproxy.New(plain)
	if err != nil {
		t.Fatal(err)
	}
	if w.start, err = p.Parse("/unsafe/plain/local:///a.png"); err != nil {
		t.Fatal(err)
	}
	return w
}

// answer says what becomes of a target, in lines.
func (w *world) answer(t *testing.T, target string) string {
	if w.err != nil {
		return "the configuration is refused: " + w.err.Error() + "\n"
	}
	if target == "/warnings" {
		return strings.Join(w.provider.Warnings(), "\n") + "\n"
	}
	providertest.Check(t, w.provider, target)
	r, err := w.provider.Parse(target)
	if errors.Is(err, provider.ErrSkip) {
		return "skip\n"
	}
	if refusal := w.admission.Verify(r.Credentials); refusal != nil {
		err = refusal
	} else if err == nil {
		err = w.admission.Admit(r, now)
	}
	if err != nil {
		return fmt.Sprintf("%v: %v\n", fault.KindOf(err), errors.Unwrap(err))
	}
	return describe(w.start, r)
}
