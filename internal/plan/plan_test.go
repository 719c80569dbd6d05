package plan

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

func request(t testing.TB, url string, ops ...transform.Op) provider.Request {
	t.Helper()
	ref, err := source.ParseRef(url)
	if err != nil {
		t.Fatal(err)
	}
	return provider.Request{Source: ref, Pipeline: transform.Pipeline{Ops: ops}}
}

func header(pairs ...string) Client {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return Client{Header: h, Cookie: func(name string) string { return h.Get("Cookie-" + name) }}
}

func resolve(t testing.TB, p *Planner, r provider.Request, c Client) Plan {
	t.Helper()
	plan, err := p.Resolve(r, c)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestWhatIsInTheKeyAndWhatIsNot(t *testing.T) {
	config := Config{KeyHeaders: []string{"X-Tenant"}, KeyCookies: []string{"theme"}}
	p := New(config)
	base := request(t, "https://example.com/a.jpg?b=1", &transform.Resize{Width: 100})
	client := header("X-Tenant", "a", "Cookie-theme", "dark")
	want := resolve(t, p, base, client).Key

	for name, change := range map[string]func(r *provider.Request, c *Client){
		"signature":  func(r *provider.Request, _ *Client) { r.Credentials.Signature = "abc" },
		"expiry":     func(r *provider.Request, _ *Client) { r.Delivery.Expires = r.Delivery.Expires.AddDate(2030, 0, 0) },
		"filename":   func(r *provider.Request, _ *Client) { r.Delivery.Filename = "x" },
		"attachment": func(r *provider.Request, _ *Client) { r.Delivery.Attachment = true },
		"limits":     func(r *provider.Request, _ *Client) { r.Limits.SourceBytes = 5 },
		"accept": func(_ *provider.Request, c *Client) {
			*c = header("X-Tenant", "a", "Cookie-theme", "dark", "Accept", "image/webp")
		},
		"scheme case": func(r *provider.Request, _ *Client) {
			r.Source = request(t, "HTTPS://Example.com:443/a.jpg?b=1").Source
		},
	} {
		r, c := base, client
		change(&r, &c)
		if resolve(t, p, r, c).Key != want {
			t.Errorf("%s changes the key", name)
		}
	}
	for name, change := range map[string]func(r *provider.Request, c *Client){
		"source":   func(r *provider.Request, _ *Client) { r.Source = request(t, "https://example.com/a.jpg?b=2").Source },
		"pipeline": func(r *provider.Request, _ *Client) { r.Pipeline.Ops = []transform.Op{&transform.Resize{Width: 101}} },
		"format":   func(r *provider.Request, _ *Client) { r.Pipeline.Output.Format = format.WebP },
		"quality":  func(r *provider.Request, _ *Client) { r.Pipeline.Output.DefaultQuality = 42 },
		"buster":   func(r *provider.Request, _ *Client) { r.CacheBuster = "2" },
		"want":     func(r *provider.Request, _ *Client) { r.Want = provider.Original },
		"header":   func(_ *provider.Request, c *Client) { *c = header("X-Tenant", "b", "Cookie-theme", "dark") },
		"cookie":   func(_ *provider.Request, c *Client) { *c = header("X-Tenant", "a", "Cookie-theme", "light") },
	} {
		r, c := base, client
		change(&r, &c)
		if resolve(t, p, r, c).Key == want {
			t.Errorf("%s does not change the key", name)
		}
	}
}

// Values that hold line ends must not be able to play another question's text.
func TestNoTwoQuestionsShareOneText(t *testing.T) {
	p := New(Config{KeyHeaders: []string{"A", "B"}})
	r := request(t, "https://example.com/a.jpg")
	one := header("A", "1\nheader B 1:2", "B", "")
	two := header("A", "1", "B", "2")
	if resolve(t, p, r, one).Key == resolve(t, p, r, two).Key {
		t.Error("two questions share one key")
	}
}

func TestNegotiation(t *testing.T) {
	p := New(Config{Auto: format.SetOf(format.WebP, format.AVIF)})
	r := request(t, "https://example.com/a.jpg")
	plain := resolve(t, p, r, header("Accept", "*/*"))
	webp := resolve(t, p, r, header("Accept", "text/html, image/webp,*/*;q=0.8"))
	again := resolve(t, p, r, header("Accept", "image/webp;q=0.9,image/png"))
	if plain.Key == webp.Key {
		t.Error("a client that shows WebP and one that does not share a key")
	}
	if webp.Key != again.Key {
		t.Error("two spellings of the same Accept have two keys")
	}
	if resolve(t, p, r, header("Accept", "image/webp;q=0")).Key != plain.Key {
		t.Error("a refused format counts as shown")
	}
	if plain.Vary != "Accept" || webp.Vary != "Accept" {
		t.Errorf("Vary %q and %q, want Accept on both", plain.Vary, webp.Vary)
	}
	if v := resolve(t, New(Config{}), r, header()).Vary; v != "" {
		t.Errorf("Vary %q where nothing varies", v)
	}
}

func TestClientHints(t *testing.T) {
	p := New(Config{ClientHints: true})
	open := provider.Hints{Width: true, Density: true}
	for _, c := range []struct {
		name   string
		hints  provider.Hints
		ops    []transform.Op
		client Client
		want   transform.Op
	}{
		{"width", open, nil, header("Width", "100"), &transform.Resize{Width: 100}},
		{"density", open, []transform.Op{&transform.Resize{Width: 50}}, header("DPR", "2.0"), &transform.Resize{Width: 50, Density: 2}},
		{"physical width", open, nil, header("Width", "100", "DPR", "2"), &transform.Resize{Width: 50, Density: 2}},
		{"newer name wins", open, nil, header("Width", "100", "Sec-CH-Width", "40"), &transform.Resize{Width: 40}},
		{"URL wins", provider.Hints{}, []transform.Op{&transform.Resize{Width: 50}}, header("Width", "100"), &transform.Resize{Width: 50}},
		{"too dense", open, []transform.Op{&transform.Resize{Width: 50}}, header("DPR", "9"), &transform.Resize{Width: 50}},
		{"not a number", open, []transform.Op{&transform.Resize{Width: 50}}, header("Width", "x"), &transform.Resize{Width: 50}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(t, "https://example.com/a.jpg", c.ops...)
			r.Hints = c.hints
			got := resolve(t, p, r, c.client)
			want := resolve(t, p, request(t, "https://example.com/a.jpg", c.want), header())
			if got.Key != want.Key {
				t.Errorf("got\n%s\nwant\n%s", got.Canonical, want.Canonical)
			}
		})
	}
}

func TestTextNamesEveryIngredient(t *testing.T) {
	p := New(Config{KeyHeaders: []string{"X-Tenant"}})
	r := request(t, "https://example.com/a.jpg", &transform.Resize{Width: 100})
	r.CacheBuster = "7"
	client := header("X-Tenant", "acme")
	text := p.Text(r, resolve(t, p, r, client), client)
	for _, line := range []string{
		"stillroom key 1\n", "engine 1:1\n", "source 25:https://example.com/a.jpg\n", "resize", "buster 1:7\n", "header X-Tenant 4:acme\n",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
}

// Two engine revisions side by side share no result, no lease and no ETag: the revision is a line of what the key is made of.
func TestEngineRevisionIsInTheKey(t *testing.T) {
	p := New(Config{})
	r := request(t, "https://example.com/a.jpg")
	plan := resolve(t, p, r, header())
	text := p.Text(r, plan, header())
	line := fmt.Sprintf("\nengine %d:%s\n", len(Engine), Engine)
	if strings.Count(text, line) != 1 {
		t.Fatalf("want one line %q in\n%s", line, text)
	}
	if plan.Key != cache.Key(sha256.Sum256([]byte(text))) {
		t.Error("the key is not made of the text")
	}
	next := strings.Replace(text, line, fmt.Sprintf("\nengine %d:%s\n", len(Engine+"1"), Engine+"1"), 1)
	if plan.Key == cache.Key(sha256.Sum256([]byte(next))) {
		t.Error("another revision makes the same key")
	}
}

// A purge of a URL reaches what another revision made of it: the revision is no line of what the group is made of.
func TestEngineRevisionIsNotInTheGroup(t *testing.T) {
	line := fmt.Sprintf("\nengine %d:%s\n", len(Engine), Engine)
	for name, p := range map[string]*Planner{"fixed": New(Config{}), "varying": New(Config{Auto: format.SetOf(format.WebP)})} {
		for _, want := range []provider.Want{provider.Rendition, provider.Original} {
			r := request(t, "https://example.com/a.jpg", &transform.Resize{Width: 100})
			r.Want = want
			silent := resolve(t, p, r, header())
			text := strings.Replace(p.Text(r, silent, header()), line, "\n", 1)
			if group := resolve(t, p, r, header("Accept", "image/webp")).Group; group != cache.Key(sha256.Sum256([]byte(text))) {
				t.Errorf("%s, want %v: the group is not made of\n%s", name, want, text)
			}
		}
	}
}

func TestGroupIsTheSameForAllClients(t *testing.T) {
	p := New(Config{Auto: format.SetOf(format.WebP), KeyHeaders: []string{"X-Tenant"}, ClientHints: true})
	r := request(t, "https://example.com/a.jpg", &transform.Resize{Height: 100})
	r.Hints = provider.Hints{Width: true, Density: true}
	one := resolve(t, p, r, header("Accept", "image/webp", "X-Tenant", "a", "Width", "300"))
	two := resolve(t, p, r, header())
	other := resolve(t, p, request(t, "https://example.com/b.jpg", &transform.Resize{Height: 100}), header())
	if one.Key == two.Key || one.Group != two.Group || other.Group == two.Group {
		t.Errorf("keys %s %s, groups %s %s %s", one.Key, two.Key, one.Group, two.Group, other.Group)
	}
}

func TestSourceTag(t *testing.T) {
	r := request(t, "https://example.com/a.jpg?secret=1")
	r.Tags = []string{"hero"}
	tags := resolve(t, New(Config{SourceTag: true}), r, header()).Tags
	if len(tags) != 2 || tags[0] != "hero" || tags[1] != TagOf(r.Source) || strings.Contains(tags[1], "secret") {
		t.Errorf("tags %q", tags)
	}
	if tags := resolve(t, New(Config{}), r, header()).Tags; len(tags) != 1 {
		t.Errorf("tags %q where the source gives none", tags)
	}
}

func BenchmarkResolve(b *testing.B) {
	p := New(Config{Auto: format.SetOf(format.WebP, format.AVIF)})
	r := request(b, "https://example.com/shop/photo.jpg", &transform.Orient{}, &transform.Resize{Type: transform.Fill, Width: 300, Height: 400})
	client := header("Accept", "image/avif,image/webp,*/*;q=0.8")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Resolve(r, client); err != nil {
			b.Fatal(err)
		}
	}
}
