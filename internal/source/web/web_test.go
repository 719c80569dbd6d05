package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/source/sourcetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSource(t *testing.T) {
	const maxSize = 2 << 20
	sourcetest.Run(t, func(t *testing.T) sourcetest.Harness {
		var objects sync.Map
		origin := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, ok := objects.Load(r.URL.Path)
			if !ok {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(body.([]byte)))))
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body.([]byte)))
		})
		base := strings.Replace(origin, "http://", "http://user:hidden@", 1)
		return sourcetest.Harness{
			Source:  local(t, Config{MaxSize: maxSize}),
			MaxSize: maxSize,
			Secret:  "hidden",
			Missing: ref(t, base+"/missing?token=hidden"),
			Put: func(t *testing.T, name string, body []byte) source.Ref {
				objects.Store("/"+name, body)
				return ref(t, base+"/"+name+"?token=hidden")
			},
		}
	})
}

func TestConfigRefuses(t *testing.T) {
	_, err := New(Config{Timeout: -1, ConnectTimeout: -1, TLSTimeout: -1, HeaderTimeout: -1, IdleTimeout: -1,
		MaxSize: -1, MaxRedirects: -1, ConnectRetries: -1, UserAgent: "a\r\nb"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"Timeout", "ConnectTimeout", "TLSTimeout", "HeaderTimeout", "IdleTimeout",
		"MaxSize", "MaxRedirects", "ConnectRetries", "UserAgent"} {
		if !strings.Contains(err.Error(), "web: "+field+": want") {
			t.Errorf("the error does not name %s: %v", field, err)
		}
	}
}

func TestRequest(t *testing.T) {
	var got *http.Request
	origin := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r })
	s := local(t, Config{UserAgent: "test/1"})
	known := source.Validators{ETag: `W/"v1"`, LastModified: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	if _, err := source.Fetch(t.Context(), s, ref(t, origin+"/a%2Fb c.jpg?d=e f"), known, 0); err != nil {
		t.Fatal(err)
	}
	if want := "/a%2Fb%20c.jpg?d=e%20f"; got.Method != http.MethodGet || got.RequestURI != want {
		t.Errorf("%s %s, want GET %s", got.Method, got.RequestURI, want)
	}
	want := http.Header{
		"Accept":            {"image/*,*/*;q=0.8"},
		"Accept-Encoding":   {"gzip"},
		"Cdn-Loop":          {"stillroom"},
		"User-Agent":        {"test/1"},
		"If-None-Match":     {`W/"v1"`},
		"If-Modified-Since": {"Wed, 04 Mar 2026 05:06:07 GMT"},
	}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Errorf("header (-want +got)\n%s", diff)
	}
}

func TestUserPartIsBasicAuthentication(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "p@s" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	if _, err := get(t, local(t, Config{}), strings.Replace(origin, "://", "://u:p%40s@", 1)); err != nil {
		t.Error(err)
	}
}

func TestObject(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "image/png")
		h.Set("ETag", `"v1"`)
		h.Set("Last-Modified", "Wed, 04 Mar 2026 05:06:07 GMT")
		h.Add("Cache-Control", "max-age=60")
		h.Add("Cache-Control", "immutable")
		_, _ = w.Write([]byte("hello"))
	})
	object, err := local(t, Config{}).Open(t.Context(), ref(t, origin), source.Validators{})
	if err != nil {
		t.Fatal(err)
	}
	_ = object.Body.Close()
	object.Body, object.Began = nil, time.Time{}
	want := &source.Object{
		Size: 5, ContentType: "image/png",
		Validators: source.Validators{ETag: `"v1"`, LastModified: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)},
		Freshness:  source.Freshness{Explicit: true, Lifetime: time.Minute, Immutable: true, CacheControl: "max-age=60, immutable"},
	}
	if diff := cmp.Diff(want, object); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		status int
		header string
		want   fault.Kind // Internal = none
	}{
		{200, "", fault.Internal},
		{206, "Content-Range: bytes 0-4/5", fault.Internal},
		{206, "", fault.Unreachable},
		{206, "Content-Range: bytes 1-4/5", fault.Unreachable},
		{206, "Content-Range: bytes 0-3/5", fault.Unreachable},
		{206, "Content-Range: bytes 0-0/0", fault.Unreachable},
		{206, "Content-Range: bytes 0-4/*", fault.Unreachable},
		{206, "Content-Range: bytes */5", fault.Unreachable},
		{206, "Content-Range: bytes 0-18446744073709551615/18446744073709551616", fault.Unreachable},
		{206, "Content-Range: invalid", fault.Unreachable},
		{206, "Content-Range: bytes 0-5/6", fault.Incomplete}, // announces more than comes
		{201, "", fault.Unreachable},
		{203, "", fault.Unreachable},
		{204, "", fault.Unreachable},
		{300, "", fault.Unreachable},
		{302, "", fault.Unreachable}, // leads nowhere
		{304, "", fault.SourceFailed},
		{400, "", fault.SourceMissing},
		{403, "", fault.SourceMissing},
		{404, "", fault.SourceMissing},
		{410, "", fault.SourceMissing},
		{429, "", fault.SourceMissing},
		{500, "", fault.SourceFailed},
		{503, "", fault.SourceFailed},
		{599, "", fault.SourceFailed},
	} {
		origin := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if name, value, ok := strings.Cut(c.header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(c.status)
			if c.status != 204 && c.status != 304 {
				_, _ = w.Write([]byte("hello"))
			}
		})
		f, err := get(t, local(t, Config{}), origin)
		if c.want == fault.Internal {
			if err != nil || string(f.Body.Bytes()) != "hello" {
				t.Errorf("%d %s: %v, %v; want the body", c.status, c.header, f, err)
			}
			continue
		}
		if !fault.Is(err, c.want) {
			t.Errorf("%d %s: %v (%v), want %v", c.status, c.header, err, fault.KindOf(err), c.want)
		}
		var status *source.StatusError
		if c.status >= 400 && (!errors.As(err, &status) || status.Status != c.status) {
			t.Errorf("%d: %v does not have the status as its cause", c.status, err)
		}
	}
}

func TestAddressesAreGuarded(t *testing.T) {
	reached := false
	origin := serve(t, func(http.ResponseWriter, *http.Request) { reached = true })
	port := origin[strings.LastIndexByte(origin, ':'):]
	guarded, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "[::1]", "10.0.0.1", "169.254.169.254"} {
		_, err := get(t, guarded, "http://"+host+port)
		if !fault.Is(err, fault.SourceDenied) {
			t.Errorf("%s: %v (%v), want SourceDenied", host, err, fault.KindOf(err))
		}
	}
	if reached {
		t.Error("a guarded address was reached")
	}
	// And allowing one kind allows it only.
	if _, err := get(t, local(t, Config{}), origin); err != nil {
		t.Errorf("loopback is allowed: %v", err)
	}
	if _, err := get(t, local(t, Config{}), "http://10.0.0.1"+port); !fault.Is(err, fault.SourceDenied) {
		t.Errorf("private is not allowed: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://user:hidden@" + listener.Addr().String() + "/a.jpg?token=hidden"
	_ = listener.Close()
	for _, url := range []string{
		closed,
		"http://user:hid den@exa mple/",
		"http://user:hidden%zz@127.0.0.1/",
		"local:///hidden?hidden",
	} {
		r := ref(t, url)
		_, err := source.Fetch(t.Context(), local(t, Config{}), r, source.Validators{}, 0)
		if !fault.Is(err, fault.Unreachable) {
			t.Errorf("%s: %v (%v), want Unreachable", url, err, fault.KindOf(err))
		}
		if strings.Contains(strings.ReplaceAll(err.Error(), "local:///hidden", ""), "hid") {
			t.Errorf("%s: the error holds a secret: %v", url, err)
		}
	}
}

func TestTLS(t *testing.T) {
	origin := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	origin.EnableHTTP2 = true
	origin.Config.ErrorLog = quiet()
	origin.StartTLS()
	t.Cleanup(origin.Close)
	if _, err := get(t, local(t, Config{}), origin.URL); !fault.Is(err, fault.Unreachable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody: %v, want Unreachable", err)
	}
	f, err := get(t, local(t, Config{IgnoreTLS: true}), origin.URL)
	if err != nil || string(f.Body.Bytes()) != "HTTP/2.0" {
		t.Errorf("%v, %v; want HTTP/2.0", f, err)
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	connections := map[string]bool{}
	origin := serve(t, func(w http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
		if r.URL.Path == "/" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "a page that explains")
		}
	})
	s := local(t, Config{})
	for range 5 {
		_, _ = get(t, s, origin)
		if _, err := get(t, s, origin+"/a"); err != nil {
			t.Fatal(err)
		}
	}
	if len(connections) != 1 {
		t.Errorf("%d connections for requests one after the other, want 1", len(connections))
	}
}

// serve returns the base URL of a server.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	origin := httptest.NewUnstartedServer(handler)
	origin.Config.ErrorLog = quiet()
	origin.Start()
	t.Cleanup(origin.Close)
	return origin.URL
}

// local returns a Source that may reach this machine.
func local(t *testing.T, c Config) *Source {
	t.Helper()
	c.AllowLoopback = true
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func get(t *testing.T, s *Source, url string) (*source.Fetched, error) {
	t.Helper()
	return fetch(t.Context(), t, s, url)
}

func fetch(ctx context.Context, t *testing.T, s *Source, url string) (*source.Fetched, error) {
	t.Helper()
	return source.Fetch(ctx, s, ref(t, url), source.Validators{}, 0)
}

func ref(t *testing.T, text string) source.Ref {
	t.Helper()
	r, err := source.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
