package imgproxy_test

import (
	"bufio"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/provider/imgproxy"
	"github.com/stillroom/stillroom/internal/provider/providertest"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

func newProvider(t testing.TB, cfg imgproxy.Config) *imgproxy.Provider {
	t.Helper()
	p, err := imgproxy.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// worlds are configurations in which every URL has to survive being written and read again.
func worlds(t testing.TB) []*imgproxy.Provider {
	return []*imgproxy.Provider{
		newProvider(t, imgproxy.Config{}),
		newProvider(t, imgproxy.Config{Defaults: operator(), AllowSecurityOptions: true, Base64IncludesFilename: true}),
		newProvider(t, imgproxy.Config{BaseURL: "https://Example.com:443/a/", Presets: []string{
			"default=rs:fill:30:40:1:1:so:1:2/g:fp:0.1:0.2/c:5:6:no:1/q:40/f:webp/ar:1/bg:fff/fn:x/cb:y/exp:4102444800",
			"small=w:10/pr:default",
		}}),
		newProvider(t, imgproxy.Config{ArgumentsSeparator: "_", Presets: []string{"default=g_sm/dpr_2/raw_1"}}),
	}
}

func TestSuite(t *testing.T) {
	const end = "/plain/local:///a.png"
	p := newProvider(t, imgproxy.Config{Presets: []string{"thumb=rs:fill:10:20"}})
	providertest.Run(t, p,
		providertest.Case{Target: "/s/plain/https://example.com/a.png%3Fb@webp"},
		providertest.Case{Target: "/s/bG9jYWw6Ly8vYS5wbmc.webp", SameAs: "/s/f:webp" + end},
		providertest.Case{Target: "/s/resize:fit:1:2:1:1:no:3:4/padding:1:2:3:4" + end},
		providertest.Case{Target: "/s/crop:0.5:10:fp:0.25:0.75/rotate:-90/flip:1:1/background:1:2:3" + end},
		providertest.Case{Target: "/s/format_quality:webp:50:png:1/skip_processing:gif:svg/zoom:2:3/dpr:1.5" + end},
		providertest.Case{Target: "/s/filename:bXkiZmlsZQ:1/cachebuster:a%20b/expires:4102444800/return_attachment:1/raw:1" + end},
		providertest.Case{Target: "/s/pr:thumb" + end, SameAs: "/s/h:20/w:10/rt:fill" + end},
		providertest.Case{Target: "/s/w:x" + end, Kind: fault.BadURL},
		providertest.Case{Target: "/s/maf:5" + end, Kind: fault.OptionDenied},
		providertest.Case{Target: "/s/plain/a.png", Kind: fault.Unreachable},
		providertest.Case{Target: "/health", Skip: true},
		providertest.Case{Target: "/", Skip: true},
		providertest.Case{Target: "", Kind: fault.BadURL},
		providertest.Case{Target: "http://example.com/s" + end, Kind: fault.BadURL},
	)
}

// Every name of an option means the same.
func TestAliases(t *testing.T) {
	p := newProvider(t, imgproxy.Config{AllowSecurityOptions: true, Presets: []string{"p=w:1"}})
	for _, c := range []string{
		"resize rs :fill:1:2:1:1:no:3:4", "size s :1:2:1:1:no:3:4", "resizing_type rt :force", "width w :7",
		"height h :7", "min-width mw :7", "min-height mh :7", "zoom z :2:3", "enlarge el :1", "extend ex :1:so:1:2",
		"extend_aspect_ratio extend_ar exar :1:we:3", "gravity g :fp:0.1:0.2", "crop c :1:2:ea:3:4",
		"padding pd :1:2:3:4", "auto_rotate ar :1", "rotate rot :90", "flip fl :1:1", "background bg :abc",
		"quality q :9", "format_quality fq :png:9", "format f ext :gif", "strip_metadata sm :1",
		"keep_copyright kcr :1", "strip_color_profile scp :1", "skip_processing skp :png", "cachebuster cb :x",
		"expires exp :4102444800", "filename fn :x", "return_attachment att :1", "preset pr :p",
		"max_src_resolution msr :2", "max_src_file_size msfs :2", "max_animation_frames maf :2",
		"max_animation_frame_resolution mafr :2", "max_result_dimension mrd :2",
	} {
		words := strings.Fields(c)
		names, arguments := words[:len(words)-1], words[len(words)-1]
		nothing := parse(t, p, "/s/plain/local:///a.png")
		first := parse(t, p, "/s/"+names[0]+arguments+"/plain/local:///a.png")
		if providertest.Diff(nothing, first) == "" {
			t.Errorf("%s%s changes nothing", names[0], arguments)
		}
		for _, name := range names[1:] {
			if d := providertest.Diff(first, parse(t, p, "/s/"+name+arguments+"/plain/local:///a.png")); d != "" {
				t.Errorf("%s and %s differ:\n%s", names[0], name, d)
			}
		}
	}
}

func parse(t testing.TB, p provider.Provider, target string) provider.Request {
	t.Helper()
	r, err := p.Parse(target)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return r
}

// Options that do not touch the same value mean the same in every order.
func TestOrderOfOptions(t *testing.T) {
	p := newProvider(t, imgproxy.Config{AllowSecurityOptions: true})
	options := strings.Fields(`rt:fill w:300 h:200 mw:1 mh:2 z:2 dpr:2 el:1 ex:1:no exar:1:so g:ea:5 c:10:20
		pd:5 ar:1 rot:90 fl:1 bg:fff q:50 fq:webp:40 f:webp sm:1 kcr:1 scp:1 skp:svg cb:x exp:4102444800
		fn:y att:1 msr:1 msfs:2 maf:3 mafr:4 mrd:5 blur:0`)
	want := parse(t, p, "/s/"+strings.Join(options, "/")+"/plain/local:///a.png")
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		random.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
		target := "/s/" + strings.Join(options, "/") + "/plain/local:///a.png"
		if d := providertest.Diff(want, parse(t, p, target)); d != "" {
			t.Errorf("%s differs:\n%s", target, d)
		}
	}
}

// What a Request points to belongs to it alone.
func TestRequestsShareNothing(t *testing.T) {
	p := newProvider(t, imgproxy.Config{Presets: []string{"default=rs:fill:1:2:1:1/c:1:1/rot:90/pd:1"}})
	const first = "/s/plain/local:///a.png"
	before, want := parse(t, p, first), parse(t, p, first)
	parse(t, p, "/s/rs:fit:3:4:0:1:no/c:2:2:so/rot:180/pd:2/exar:1:no/plain/local:///a.png")
	if d := providertest.Diff(want, before); d != "" {
		t.Errorf("a later URL changed an earlier request:\n%s", d)
	}
}

// A request from elsewhere that no URL of this grammar can say is refused rather than changed.
func TestFormatRefuses(t *testing.T) {
	p := newProvider(t, imgproxy.Config{})
	for name, change := range map[string]func(*provider.Request){
		"limits without the right to": func(r *provider.Request) { r.Limits.SourceBytes = 5 },
		"another order": func(r *provider.Request) {
			r.Pipeline.Ops = []transform.Op{&transform.Pad{Top: 1}, &transform.Flip{Vertical: true}}
		},
		"an operation twice": func(r *provider.Request) {
			r.Pipeline.Ops = []transform.Op{&transform.Pad{Top: 1}, &transform.Pad{Top: 1}}
		},
		"the operator's settings":     func(r *provider.Request) { r.Pipeline.Output.DefaultQuality++ },
		"formats of the client":       func(r *provider.Request) { r.Pipeline.Output.Auto = format.SetOf(format.WebP) },
		"a file name with a line end": func(r *provider.Request) { r.Delivery.Filename = "a\nb" },
		"a cachebuster of two parts":  func(r *provider.Request) { r.CacheBuster = "a/b" },
		"an unknown anchor": func(r *provider.Request) {
			r.Pipeline.Ops = []transform.Op{&transform.Resize{Gravity: transform.Gravity{Anchor: 255}, ZoomX: 1, ZoomY: 1, Density: 1}}
		},
		"no source": func(r *provider.Request) { *r = provider.Request{} },
	} {
		r := parse(t, p, "/s/plain/local:///a.png")
		change(&r)
		if target, err := p.Format(r); !fault.Is(err, fault.BadURL) {
			t.Errorf("%s: written as %q with error %v, want an error", name, target, err)
		}
	}
}

// A URL costs one allocation of its own beside that of its source; base64 two more, for what it decodes
// to and for the extension.
func TestParseAllocations(t *testing.T) {
	p := newProvider(t, imgproxy.Config{})
	for name, want := range map[string]float64{"plain": 1, "base64": 3} {
		text := parse(t, p, typical[name]).Source.String()
		ref := testing.AllocsPerRun(100, func() {
			if _, err := source.ParseRef(text); err != nil {
				t.Fatal(err)
			}
		})
		all := testing.AllocsPerRun(100, func() {
			if _, err := p.Parse(typical[name]); err != nil {
				t.Fatal(err)
			}
		})
		if all-ref > want {
			t.Errorf("%s: %v allocations beside those of source.ParseRef, want at most %v", name, all-ref, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.golden")
	for _, file := range files {
		seed(f, file)
	}
	all := worlds(f)
	f.Fuzz(func(t *testing.T, target string) {
		for _, p := range all {
			providertest.Check(t, p, target)
		}
	})
}

func seed(f *testing.F, file string) {
	text, err := os.Open(file)
	if err != nil {
		f.Fatal(err)
	}
	defer text.Close()
	for scanner := bufio.NewScanner(text); scanner.Scan(); {
		if target := scanner.Text(); strings.HasPrefix(target, "/") {
			f.Add(target)
			f.Add(strings.ReplaceAll(target, ":", "_"))
		}
	}
}
