package admin

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// noon is when everything in these tests happens.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// request sends one request to a handler. header holds names and values by turns.
func request(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.7:4711"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// problem returns the line of an error's document.
func problem(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var d struct{ Error string }
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Errorf("want a JSON document, got %q", w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q, want application/json", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
	return d.Error
}

func TestAPIRefuses(t *testing.T) {
	stats := func() Stats { return Stats{} }
	open := New(Config{Stats: stats})
	locked := New(Config{Stats: stats, Token: "t0ken"})
	for _, c := range []struct {
		name    string
		handler http.Handler
		method  string
		path    string
		header  []string
		status  int
		want    string
	}{
		{"no such call", open, "GET", "/v1/elsewhere", nil, 404, "there is no call /v1/elsewhere"},
		{"a call that has no port", open, "POST", "/v1/purge", nil, 404, "there is no call /v1/purge"},
		{"another method", open, "DELETE", "/v1/stats", nil, 405, "want GET, got DELETE"},
		{"no token", locked, "GET", "/v1/stats", nil, 401, "admin token"},
		{"no token and no such call", locked, "GET", "/v1/elsewhere", nil, 401, "admin token"},
		{"a wrong token", locked, "GET", "/v1/stats", []string{"Authorization", "Bearer t0ken2"}, 401, "admin token"},
		{"the page of a stranger", open, "POST", "/v1/stats", []string{"Sec-Fetch-Site", "cross-site"}, 403, "another origin"},
		{"the page of a stranger in an old browser", open, "POST", "/v1/stats", []string{"Origin", "https://evil.example"}, 403, "another origin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := request(c.handler, c.method, c.path, "", c.header...)
			if got := problem(t, w); w.Code != c.status || !strings.Contains(got, c.want) {
				t.Errorf("%d %q, want %d %q", w.Code, got, c.status, c.want)
			}
			if w.Code == 405 && w.Header().Get("Allow") != "GET" {
				t.Errorf("Allow: %q, want GET", w.Header().Get("Allow"))
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
}

func TestAPIAnswers(t *testing.T) {
	h := New(Config{Stats: func() Stats { return Stats{} }, Token: "t0ken"})
	for _, method := range []string{"GET", "HEAD"} {
		if w := request(h, method, "/v1/stats", "", "Authorization", "Bearer t0ken"); w.Code != 200 {
			t.Errorf("%s with the token: %d %s", method, w.Code, w.Body)
		}
	}
	page := request(h, "POST", "/v1/stats", "", "Authorization", "Bearer t0ken", "Sec-Fetch-Site", "same-origin")
	if page.Code != 405 {
		t.Errorf("our own page is answered with %d, want to come as far as 405", page.Code)
	}
}

func TestStats(t *testing.T) {
	h := New(Config{
		Now: noon,
		Stats: func() Stats {
			return Stats{
				Version: "1.2.3", Started: noon().Add(-90 * time.Second),
				Tiers: []TierStats{{
					Name: "memory", Entries: 2, Bytes: 3000, MaxBytes: 4000, Hits: 5, Misses: 6,
					Evictions: map[string]int64{"size": 7}, Drops: map[string]int64{"too-large": 8},
				}},
				Requests: map[string]int64{"hit": 9}, Collapsed: 10, Fills: map[string]int64{"webp": 11},
				SourceFetches: map[string]int64{"ok": 12}, SavedCPU: 1.5,
				Queue:   Queue{Running: 1, Queued: 2, Workers: 3, Size: 4},
				Latency: map[string]Latency{"hit": {0.001, 0.002, 0.003}}, PurgeRules: 13, Negatives: 14,
			}
		},
	})
	w := request(h, "GET", "/v1/stats", "")
	const want = `{"version":"1.2.3","started":"2026-03-01T11:58:30Z","at":"2026-03-01T12:00:00Z","uptime_seconds":90,` +
		`"tiers":[{"name":"memory","entries":2,"max_entries":0,"bytes":3000,"max_bytes":4000,"hits":5,"misses":6,` +
		`"evictions":{"size":7},"drops":{"too-large":8}}],"requests":{"hit":9},"collapsed":10,"fills":{"webp":11},` +
		`"source_fetches":{"ok":12},"cpu_seconds_saved":1.5,"queue":{"running":1,"queued":2,"workers":3,"size":4},` +
		`"latency":{"hit":{"p50":0.001,"p90":0.002,"p99":0.003}},"purge_rules":13,"negatives":14}`
	if got := compact(t, w.Body.Bytes()); w.Code != 200 || got != want {
		t.Errorf("%d\n%s\nwant\n%s", w.Code, got, want)
	}
}
