package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/plan"
)

// client returns a client of a running handler.
func client(t *testing.T, h http.Handler, token string) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := NewClient(s.URL+"/", token, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestClient checks that both ends speak the same language.
func TestClient(t *testing.T) {
	l := &ledger{}
	var target, accept string
	config := explaining(question(), Held{Tier: "memory", Meta: entry(), Purged: rule(true)})
	config.Token, config.Purges, config.Group = "t0ken", l, group
	config.Stats = func() Stats { return Stats{Version: "1.2.3", Started: noon(), Tiers: []TierStats{{Name: "memory"}}} }
	config.Ask = func(asked string, client plan.Client) (Question, error) {
		target, accept = asked, client.Header.Get("Accept")
		return question(), nil
	}
	c := client(t, New(config), "t0ken")

	receipt, err := c.Purge(t.Context(), Order{Selector: "url", Value: "https://img.example/x/w:1/plain/local:///a.jpg", Soft: true})
	want := Receipt{Rule: "R1", At: noon().Add(1), Selector: "url", Value: groupHex, Soft: true}
	if diff := cmp.Diff(want, receipt); err != nil || diff != "" {
		t.Errorf("purge: %v (-want +got):\n%s", err, diff)
	}
	receipt, err = c.Purge(t.Context(), Order{Selector: "all", DryRun: true})
	if diff := cmp.Diff(Receipt{Selector: "all", DryRun: true}, receipt); err != nil || diff != "" || len(l.rules) != 1 {
		t.Errorf("rehearsal: %v, %d rules (-want +got):\n%s", err, len(l.rules), diff)
	}
	s, err := c.Stats(t.Context())
	if diff := cmp.Diff(Stats{Version: "1.2.3", Started: noon(), At: noon(), Tiers: []TierStats{{Name: "memory"}}}, s); err != nil || diff != "" {
		t.Errorf("stats: %v (-want +got):\n%s", err, diff)
	}
	e, err := c.Explain(t.Context(), "/u?a=b&c#d", map[string]string{"Accept": "image/webp", "Width": ""})
	if err != nil || e.Key != (cache.Key{1}).String() || e.Cache.Tiers[0].Entry.Purged.Rule != "R7" || len(e.Cache.Ignored) > 0 {
		t.Errorf("explain: %v, %+v", err, e)
	}
	if target != "/u?a=b&c#d" || accept != "image/webp" {
		t.Errorf("asked for %q, accepting %q", target, accept)
	}
}

func TestClientRefused(t *testing.T) {
	h := New(Config{Purges: &ledger{}, Group: group, Token: "t0ken"})
	for _, c := range []struct {
		name, token string
		status      int
		want        string
	}{
		{"no token", "", 401, needsToken},
		{"a wrong token", "other", 401, needsToken},
		{"a wrong order", "t0ken", 400, "url: no grammar reads this path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := client(t, h, c.token).Purge(t.Context(), Order{Selector: "url", Value: "/elsewhere"})
			var refused *Refused
			if !errors.As(err, &refused) || refused.Status != c.status || refused.Error() != c.want {
				t.Errorf("error %v, want %d %q", err, c.status, c.want)
			}
		})
	}
}

// TestClientStrangers checks what is made of servers that are not ours.
func TestClientStrangers(t *testing.T) {
	answer := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"a page", answer(200, "text/html", "<html>"), "does not answer as the admin listener of stillroom does: status 200 OK"},
		{"a page that is not there", answer(404, "text/plain", "404 page not found"), "status 404 Not Found"},
		{"an error of somebody else", answer(500, "application/json", `{"message": "x"}`), "status 500"},
		{"half an answer", answer(200, "application/json", `{"rule":`), "unexpected end of JSON input"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := client(t, c.handler, "").Stats(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestClientKeepsToken checks that the token is not taken to where a server points.
func TestClientKeepsToken(t *testing.T) {
	var seen bool
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen = true }))
	t.Cleanup(thief.Close)
	c := client(t, http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect), "t0ken")
	if _, err := c.Stats(t.Context()); err == nil || seen {
		t.Errorf("error %v, redirect followed: %t", err, seen)
	}
}

func TestClientUnreachable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c, err := NewClient(s.URL, "", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Explain(t.Context(), "/secret", nil)
	if err == nil || !strings.HasPrefix(err.Error(), s.URL+": ") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v, want %s and why, once", err, s.URL)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Stats(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that nobody waits", err)
	}
}

func TestNewClient(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:8081":             "http://127.0.0.1:8081",
		"[::1]:8081":                 "http://[::1]:8081",
		"localhost:8081":             "http://localhost:8081",
		"https://ops.example/img/":   "https://ops.example/img",
		"ftp://ops.example":          "",
		"http://":                    "",
		":":                          "",
		"":                           "",
		"http://ops.example/?a=b":    "",
		"http://me:pass@ops.example": "",
		"http://a b":                 "",
	} {
		c, err := NewClient(address, "", time.Second)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q: want an error, got %s", address, c.Address())
		case want == "" && strings.Contains(err.Error(), "pass@"):
			t.Errorf("%q: the error tells a password: %v", address, err)
		case want != "" && (err != nil || c.Address() != want):
			t.Errorf("%q: %v, %v, want %s", address, c, err, want)
		}
	}
}
