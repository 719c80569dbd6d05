package admin

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestRoutes(t *testing.T) {
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	var notReady error
	open := New(Config{Ready: func() error { return notReady }, Metrics: metrics})
	locked := New(Config{Token: "t0ken", Ready: func() error { return nil }, Metrics: metrics})
	for _, c := range []struct {
		name    string
		handler http.Handler
		method  string
		path    string
		auth    string
		broken  error
		want    int
	}{
		{"alive", open, "GET", "/healthz", "", nil, 200},
		{"ready", open, "GET", "/readyz", "", nil, 200},
		{"not ready", open, "GET", "/readyz", "", errors.New("draining"), 503},
		{"metrics", open, "GET", "/metrics", "", nil, 200},
		{"unknown", open, "GET", "/x", "", nil, 404},
		{"method", open, "POST", "/metrics", "", nil, 405},
		{"probe needs no token", locked, "GET", "/readyz", "", nil, 200},
		{"metrics need it", locked, "GET", "/metrics", "", nil, 401},
		{"wrong token", locked, "GET", "/metrics", "Bearer other", nil, 401},
		{"not a bearer", locked, "GET", "/metrics", "t0ken", nil, 401},
		{"right token", locked, "GET", "/metrics", "Bearer t0ken", nil, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			notReady = c.broken
			r := httptest.NewRequest(c.method, c.path, nil)
			if c.auth != "" {
				r.Header.Set("Authorization", c.auth)
			}
			w := httptest.NewRecorder()
			c.handler.ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("status %d, want %d: %s", w.Code, c.want, w.Body)
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
}
