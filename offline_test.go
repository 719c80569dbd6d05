package stillroom_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom"
	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/plan"
)

// client shows the same header fields and cookies by name.
type client map[string]string

func (c client) Get(name string) string { return c[name] }

func offline(t *testing.T, environ ...string) *stillroom.Offline {
	t.Helper()
	c, _, err := config.Load(config.Options{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	o, err := stillroom.NewOffline(c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestOfflineGroup checks that a URL names its results whoever asked for them and however it is signed.
func TestOfflineGroup(t *testing.T) {
	o := offline(t, "STILLROOM_KEY=736563726574", "STILLROOM_SALT=68656c6c6f", "STILLROOM_AUTO_WEBP=true",
		"STILLROOM_CACHE_KEY_HEADERS=X-Shop", "STILLROOM_CACHE_KEY_COOKIES=session")
	const target = "/wrong/w:100/plain/local:///a.jpg"
	group, err := o.Group(target)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, c := range []client{{}, {"Accept": "image/webp"}, {"X-Shop": "7"}, {"session": "s"}} {
		q, err := o.Question(target, plan.Client{Header: c, Cookie: c.Get}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		keys[q.Key] = true
		if q.Group != group.String() {
			t.Errorf("for %v the group is %s, want %s", c, q.Group, group)
		}
		if !q.Private || q.Vary != "Accept, X-Shop, Cookie" || q.Refusal == "" {
			t.Errorf("for %v private %t, vary %q, refusal %q", c, q.Private, q.Vary, q.Refusal)
		}
	}
	if len(keys) != 4 {
		t.Errorf("four clients have %d keys", len(keys))
	}
	for _, same := range []string{"/other/w:100/plain/local:///a.jpg", "/other/width:100/fn:b/plain/local:///a.jpg"} {
		if again, err := o.Group(same); err != nil || again != group {
			t.Errorf("%s: %v, %v, want %v", same, again, err, group)
		}
	}
	if other, err := o.Group("/wrong/w:101/plain/local:///a.jpg"); err != nil || other == group {
		t.Errorf("another width: %v, %v", other, err)
	}
	if _, err := o.Group("/wrong/w:wide/plain/local:///a.jpg"); !fault.Is(err, fault.BadURL) {
		t.Errorf("a bad option: %v", err)
	}
}

func TestOfflineQuestion(t *testing.T) {
	o := offline(t)
	nobody := client{}
	now := time.Unix(1_700_000_000, 0)
	q, err := o.Question("/x/raw:1/ct:news/fn:pear/att:1/exp:1700000060/plain/local:///a.jpg", plan.Client{Header: nobody, Cookie: nobody.Get}, now)
	if err != nil {
		t.Fatal(err)
	}
	d := q.Delivery
	if q.Want != "original" || q.Canonical != "" || q.Refusal != "" || q.Provider != "imgproxy" || q.Source != "local:///a.jpg" {
		t.Errorf("%+v", q)
	}
	if !d.Attachment || d.Filename != "pear" || !d.Expires.Equal(now.Add(time.Minute)) {
		t.Errorf("delivery %+v", d)
	}
	if len(q.Tags) == 0 || q.Tags[0] != "news" {
		t.Errorf("tags %q, want news first", q.Tags)
	}
	q, err = o.Question("/x/w:7/plain/local:///a.jpg", plan.Client{Header: nobody, Cookie: nobody.Get}, now)
	if err != nil || q.Want != "rendition" || !strings.Contains(q.KeyText, q.Canonical) || !strings.Contains(q.Canonical, "resize") {
		t.Errorf("%v, %+v", err, q)
	}
}
