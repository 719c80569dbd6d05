package admin

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/purge"
	"github.com/stillroom/stillroom/internal/source"
)

var update = flag.Bool("update", false, "rewrite golden files")

// question is what the URLs of these tests ask.
func question() Question {
	return Question{
		Provider: "imgproxy", Source: "https://a.example/b.jpg?v=1", Want: "rendition",
		Canonical: "pipeline 1\nresize fit 400 0\n", Key: cache.Key{1}.String(), Group: cache.Key{2}.String(), Engine: "1",
		KeyText: "stillroom key 1\nengine 1:1\nsource 27:https://a.example/b.jpg?v=1\npipeline 1\nresize fit 400 0\n",
		Tags:    []string{"news", "sport"}, Vary: "Accept, X-Shop",
		Delivery: Delivery{Filename: "pear", Attachment: true, Expires: noon().Add(24 * time.Hour)},
	}
}

// entry is one that was made ten minutes ago and is fresh for an hour, served stale for a day, if the source
// fails for a week, and kept for another.
func entry() *cache.Meta {
	began := noon().Add(-10 * time.Minute)
	return &cache.Meta{
		Format: format.WebP, Length: 12345, ETag: `"e"`, Width: 400, Height: 300, Frames: 1,
		Source: "https://a.example/b.jpg?v=1", SourceVersion: "v1", Tags: []string{"news"}, Cost: 120 * time.Millisecond,
		Created: began, Clocks: cache.Clocks{
			Fresh: began.Add(time.Hour), Revalidate: began.Add(25 * time.Hour),
			IfError: began.Add(8 * 24 * time.Hour), Keep: began.Add(15 * 24 * time.Hour),
		},
	}
}

// later is the entry when so much time more has passed.
func later(d time.Duration) *cache.Meta {
	m := entry()
	for _, t := range []*time.Time{&m.Created, &m.Clocks.Fresh, &m.Clocks.Revalidate, &m.Clocks.IfError, &m.Clocks.Keep} {
		*t = t.Add(-d)
	}
	return m
}

func rule(soft bool) *purge.Rule {
	return &purge.Rule{ID: "R7", Selector: purge.Tag, Value: "news", Soft: soft, At: noon().Add(-time.Minute)}
}

// explaining returns the handler of a server whose cache holds something.
func explaining(q Question, held ...Held) Config {
	return Config{
		Now:  noon,
		Ask:  func(string, plan.Client) (Question, error) { return q, nil },
		Peek: func(context.Context, cache.Key) []Held { return held },
	}
}

func explained(t *testing.T, c Config) Explanation {
	t.Helper()
	w := request(New(c), "GET", "/v1/explain?url=/u", "")
	var e Explanation
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != 200 || e.Cache == nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return e
}

// TestExplainForetells goes through what a request can meet in the cache.
func TestExplainForetells(t *testing.T) {
	memory := func(m *cache.Meta, p *purge.Rule) Held { return Held{Tier: "memory", Meta: m, Purged: p} }
	disk := func(m *cache.Meta, p *purge.Rule) Held { return Held{Tier: "disk", Meta: m, Purged: p} }
	none := Held{Tier: "memory", Absent: "not in memory"}
	missing := &fault.Error{Kind: fault.SourceMissing, Err: errors.New("the source answers with status 404"), Until: noon().Add(30 * time.Second)}
	changed := func(_ context.Context, ref source.Ref, version string) bool {
		return ref.String() == "https://a.example/b.jpg?v=1" && version == "v1"
	}
	refused := question()
	refused.Refusal = "the signature is wrong"
	for _, c := range []struct {
		name    string
		held    []Held
		config  func(*Config)
		outcome string
		why     string
	}{
		{"nothing", []Held{none}, nil, "miss", "no tier holds it"},
		{
			"a tier in the dark", []Held{{Tier: "memory", Unknown: true}, disk(entry(), nil)}, nil,
			"unknown", "memory may hold it, and cannot be looked into without an effect",
		},
		{"a tier in the dark below", []Held{memory(entry(), nil), {Tier: "disk", Unknown: true}}, nil, "hit", "memory holds it, fresh for another 50m"},
		{"no tiers", nil, nil, "miss", "no tier holds it"},
		{"fresh", []Held{memory(entry(), nil)}, nil, "hit", "memory holds it, fresh for another 50m"},
		{"fresh below", []Held{none, disk(entry(), nil)}, nil, "hit", "disk holds it, fresh for another 50m"},
		{
			"stale", []Held{memory(later(time.Hour), nil)}, nil,
			"stale-while-revalidate", "memory holds it, stale for 10m; it is served for another 23h50m while one fill runs",
		}, {
			"soft purge", []Held{memory(entry(), rule(true))}, nil,
			"stale-while-revalidate", "memory holds it, stale for 1m (soft purge R7); it is served for another 1d while one fill runs",
		}, {
			"soft purge of what was stale before", []Held{memory(later(time.Hour), rule(true))}, nil,
			"stale-while-revalidate", "memory holds it, stale for 10m (soft purge R7); it is served for another 23h50m while one fill runs",
		}, {
			"too stale", []Held{memory(later(2*24*time.Hour), nil)}, nil,
			"stale", "what memory holds has been stale for 1d23h; the source is asked, and if it fails this is served for another 5d23h",
		}, {
			"too stale for everything", []Held{memory(later(9*24*time.Hour), nil)}, nil,
			"stale", "what memory holds has been stale for 8d23h; the source is asked whether it changed",
		}, {
			"past its time", []Held{memory(later(20*24*time.Hour), nil)}, nil,
			"miss", "what memory holds was to be kept until 5d ago",
		}, {
			"past its time above", []Held{memory(later(20*24*time.Hour), nil), disk(entry(), nil)}, nil,
			"hit", "disk holds it, fresh for another 50m",
		}, {
			"purged", []Held{memory(entry(), rule(false)), disk(entry(), rule(false))}, nil,
			"miss", "what memory holds was purged by rule R7 (tag)",
		}, {
			"the source changed", []Held{memory(entry(), nil)}, func(c *Config) { c.Changed = changed },
			"stale", "what memory holds was made of another version of the source; the source is asked, and if it fails this is served for another 7d23h",
		}, {
			"a failure", []Held{none}, func(c *Config) { c.Failure = func(cache.Key) error { return missing } },
			"failure", "no tier holds it; a failure is remembered: the source answers with status 404, for another 30s",
		}, {
			"a failure beside what is fresh", []Held{memory(entry(), nil)}, func(c *Config) { c.Failure = func(cache.Key) error { return missing } },
			"hit", "memory holds it, fresh for another 50m",
		}, {
			"no failure", []Held{none}, func(c *Config) { c.Failure = func(cache.Key) error { return nil } },
			"miss", "no tier holds it",
		}, {
			"refused", []Held{memory(entry(), nil)}, func(c *Config) {
				c.Ask = func(string, plan.Client) (Question, error) { return refused, nil }
			},
			"refused", "the signature is wrong",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := explaining(question(), c.held...)
			if c.config != nil {
				c.config(&config)
			}
			got := explained(t, config).Cache
			if got.Outcome != c.outcome || got.Why != c.why {
				t.Errorf("%s: %s\nwant\n%s: %s", got.Outcome, got.Why, c.outcome, c.why)
			}
		})
	}
}

// TestExplainText holds what people read. -update rewrites the files.
func TestExplainText(t *testing.T) {
	plain := question()
	plain.Vary, plain.Tags, plain.Delivery = "", nil, Delivery{}
	plain.Refusal, plain.Want, plain.Canonical = "the signature is wrong", "original", ""
	animated := later(time.Hour)
	animated.Frames, animated.Clocks.Revalidate = 12, time.Time{}
	for name, config := range map[string]Config{
		"explain-hit": explaining(question(), Held{Tier: "memory", Meta: entry()}, Held{Tier: "disk", Absent: "not on disk"}),
		"explain-purged": explaining(question(),
			Held{Tier: "memory", Absent: "not in memory"}, Held{Tier: "disk", Meta: animated, Purged: rule(true)}),
		"explain-refused": explaining(plain),
	} {
		t.Run(name, func(t *testing.T) {
			w := request(New(config), "GET", "/v1/explain?url=/u&x-other=1", "", "Accept", "text/plain")
			if got := w.Header().Get("Content-Type"); w.Code != 200 || got != "text/plain; charset=utf-8" {
				t.Errorf("%d, Content-Type %q", w.Code, got)
			}
			golden(t, name+".txt", w.Body.String())
		})
	}
}

func TestExplainDocument(t *testing.T) {
	c := explaining(question(), Held{Tier: "memory", Meta: entry(), Purged: rule(true)}, Held{Tier: "disk", Absent: "not on disk"})
	golden(t, "explain.json", request(New(c), "GET", "/v1/explain?url=/u", "").Body.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestExplainClient checks how a call says what the client in question shows.
func TestExplainClient(t *testing.T) {
	type asked struct{ Target, Accept, Shop, Cookie string }
	for _, c := range []struct {
		name, query string
		header      []string
		want        asked
		ignored     []string
	}{
		{"nothing", "?url=/u", []string{"Accept", "application/json"}, asked{Target: "/u"}, nil},
		{"a URL", "?url=" + url.QueryEscape("https://img.example/u?a=b&c"), nil, asked{Target: "/u?a=b&c"}, nil},
		{"a parameter", "?url=/u&accept=image/webp", nil, asked{Target: "/u", Accept: "image/webp"}, nil},
		{"headers", "?url=/u", []string{"X-Explain-Accept", "image/avif", "X-Explain-X-Shop", "7"}, asked{Target: "/u", Accept: "image/avif", Shop: "7"}, nil},
		{"a parameter wins", "?url=/u&accept=image/webp", []string{"X-Explain-Accept", "image/avif"}, asked{Target: "/u", Accept: "image/webp"}, nil},
		{"a cookie", "?url=/u", []string{"X-Explain-Cookie", "a=b; session=s"}, asked{Target: "/u", Cookie: "s"}, []string{"cookie"}},
		{"what changes nothing", "?url=/u&acept=image/webp&width=3", nil, asked{Target: "/u"}, []string{"acept", "width"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got asked
			config := explaining(question())
			config.Ask = func(target string, client plan.Client) (Question, error) {
				got = asked{target, client.Header.Get("Accept"), client.Header.Get("X-Shop"), client.Cookie("session")}
				return question(), nil
			}
			w := request(New(config), "GET", "/v1/explain"+c.query, "", c.header...)
			var e Explanation
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.ignored, e.Cache.Ignored); diff != "" {
				t.Errorf("ignored (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExplainRefuses(t *testing.T) {
	config := explaining(question())
	config.Ask = func(string, plan.Client) (Question, error) {
		return Question{}, fault.New(fault.BadURL, "explain.route", "no grammar reads this path")
	}
	for _, c := range []struct{ name, query, want string }{
		{"no URL", "", "url: want one path or URL of the public listener, got 0"},
		{"an empty URL", "?url=", "url: want a path or URL of the public listener, got an empty one"},
		{"two URLs", "?url=/a&url=/b", "got 2"},
		{"a URL that was not escaped", "?url=/a%20b", "got ' ' at byte 2"},
		{"a bad query", "?url=%zz", "query: "},
		{"a URL that is not understood", "?url=/u", "url: no grammar reads this path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := request(New(config), "GET", "/v1/explain"+c.query, "", "Accept", "text/plain")
			if got := problem(t, w); w.Code != 400 || !strings.Contains(got, c.want) {
				t.Errorf("%d %q, want 400 %q", w.Code, got, c.want)
			}
		})
	}
}
