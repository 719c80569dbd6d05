package gcs

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// keyFor returns the JSON key of a service account that gets its tokens at a URL.
func keyFor(t *testing.T, tokens string) string {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "us@example.com", "private_key_id": "1", "token_uri": tokens,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(key)
}

// tokens is a server that gives tokens.
func tokens(t *testing.T) (url string, given *atomic.Int32) {
	t.Helper()
	given = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		given.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, buckettest.Secret)
	}))
	t.Cleanup(server.Close)
	return server.URL, given
}

// visitors is a server that notes who comes.
func visitors(t *testing.T) (url string, who *atomic.Value) {
	t.Helper()
	who = &atomic.Value{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who.Store(r.Header.Get("Authorization"))
		w.Header().Set("X-Goog-Generation", "7")
	}))
	t.Cleanup(server.Close)
	return server.URL, who
}

func TestKey(t *testing.T) {
	from, given := tokens(t)
	endpoint, who := visitors(t)
	b := buckettest.Open(t, opener(t, Config{Key: keyFor(t, from), Endpoint: endpoint}), "b")
	for range 3 {
		if info, err := b.Stat(t.Context(), "k", ""); err != nil || info.Version != "7" {
			t.Fatalf("%+v, %v", info, err)
		}
	}
	if who.Load() != "Bearer "+buckettest.Secret || given.Load() != 1 {
		t.Errorf("came as %v with %d tokens, want one token for all", who.Load(), given.Load())
	}
}

func TestDefaultCredentials(t *testing.T) {
	from, given := tokens(t)
	endpoint, who := visitors(t)
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, []byte(keyFor(t, from)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	o := opener(t, Config{})
	if o.base.String() != DefaultEndpoint {
		t.Errorf("asks %s, want %s", o.base.String(), DefaultEndpoint)
	}
	base, err := parseEndpoint(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	o.base = base
	if _, err := buckettest.Open(t, o, "b").Stat(t.Context(), "k", ""); err != nil || given.Load() != 1 || who.Load() != "Bearer "+buckettest.Secret {
		t.Errorf("%v; came as %v with %d tokens", err, who.Load(), given.Load())
	}
}

func TestWithoutCredentials(t *testing.T) {
	endpoint, who := visitors(t)
	if _, err := buckettest.Open(t, opener(t, Config{Endpoint: endpoint}), "b").Stat(t.Context(), "k", ""); err != nil || who.Load() != "" {
		t.Errorf("%v, came as %v; want nobody", err, who.Load())
	}
}

// Who refuses a token says nothing about objects, whatever status he has for it, and may quote what he was asked.
func TestTokenThatIsRefused(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusNotFound, http.StatusOK} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, `{"error":"invalid_grant","error_description":"you sent %s and %s"}`, body, buckettest.Secret)
		}))
		endpoint, _ := visitors(t)
		b := buckettest.Open(t, opener(t, Config{Key: keyFor(t, server.URL), Endpoint: endpoint}), "b")
		_, err := b.Stat(t.Context(), "k", "")
		told := strings.Contains(fmt.Sprint(err), fmt.Sprint(status)+" invalid_grant") || status == http.StatusOK
		if !fault.Is(err, fault.Unreachable) || bucket.Absent(err) || !told || strings.Contains(err.Error(), "you sent") {
			t.Errorf("%d: %v (%v), want Unreachable with the status, one word and no more", status, err, fault.KindOf(err))
		}
		if err := b.Delete(t.Context(), "k"); !fault.Is(err, fault.Unreachable) {
			t.Errorf("%d: delete: %v, want Unreachable", status, err)
		}
		server.Close()
	}
}

// Those who exchange one credential for another quote what they were asked, and Google's library quotes them.
func TestExchangeThatIsRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "you sent %s", body)
	}))
	defer server.Close()
	folder := t.TempDir()
	subject, config := filepath.Join(folder, "subject"), filepath.Join(folder, "config.json")
	text, err := json.Marshal(map[string]any{
		"type": "external_account", "audience": "//iam.googleapis.com/x", "token_url": server.URL,
		"subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": map[string]string{"file": subject},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{subject: []byte(buckettest.Secret), config: text} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", config)
	_, err = buckettest.Open(t, opener(t, Config{}), "b").Stat(t.Context(), "k", "")
	if !fault.Is(err, fault.Unreachable) || !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), buckettest.Secret) {
		t.Errorf("%v (%v), want Unreachable with the status and no secret", err, fault.KindOf(err))
	}
}

// What proves who we are goes to whom the key names, and nobody else.
func TestTokenIsAskedForInOnePlace(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		t.Errorf("somebody else was told %s", body)
	}))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	endpoint, _ := visitors(t)
	_, err := buckettest.Open(t, opener(t, Config{Key: keyFor(t, server.URL), Endpoint: endpoint}), "b").Stat(t.Context(), "k", "")
	if !fault.Is(err, fault.Unreachable) {
		t.Errorf("%v (%v), want Unreachable", err, fault.KindOf(err))
	}
}

// Nobody is left behind to ask for a token that whoever wanted it does not wait for any more.
func TestTokenIsAskedForOnce(t *testing.T) {
	asked, answers := &atomic.Int32{}, make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		<-answers
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	endpoint, _ := visitors(t)
	b := buckettest.Open(t, opener(t, Config{Key: keyFor(t, server.URL), Endpoint: endpoint, Config: remote.Config{AnswerTimeout: time.Minute}}), "b")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := b.Stat(ctx, "k", ""); !fault.Is(err, fault.Timeout) {
				t.Errorf("%v, want Timeout", err)
			}
		})
	}
	all.Wait()
	close(answers)
	if _, err := b.Stat(t.Context(), "k", ""); !fault.Is(err, fault.Unreachable) {
		t.Errorf("%v, want Unreachable", err)
	}
	if n := asked.Load(); n > 2 {
		t.Errorf("a token was asked for %d times, want once for those who left and once for who came then", n)
	}
}

func TestTokenThatNeverComes(t *testing.T) {
	buckettest.RunImpatient(t, func(t *testing.T, never http.HandlerFunc) bucket.Bucket {
		server := httptest.NewServer(never)
		t.Cleanup(server.Close)
		endpoint, _ := visitors(t)
		return buckettest.Open(t, opener(t, Config{Key: keyFor(t, server.URL), Endpoint: endpoint, Config: remote.Config{AnswerTimeout: time.Minute}}), "b")
	})
}

func TestNew(t *testing.T) {
	for want, c := range map[string]Config{
		"Key: want":  {Key: `{"type":"service_account","private_key":"` + buckettest.Secret},
		"Key:":       {Key: `{"type":"authorized_user","refresh_token":"` + buckettest.Secret + `"}`},
		"Endpoint":   {Endpoint: "storage.example.com"},
		"Endpoint: ": {Endpoint: "https://us:" + buckettest.Secret + "@storage.example.com"},
		"Attempts":   {Config: remote.Config{Attempts: -1}},
	} {
		if _, err := New(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), buckettest.Secret) {
			t.Errorf("%v, want %q and no secret", err, want)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for text, want := range map[string]string{
		"": "https://storage.googleapis.com", "http://localhost:4443": "http://localhost:4443",
		"http://localhost:4443/": "http://localhost:4443", "http://localhost:4443/storage/v1/": "http://localhost:4443",
		"https://proxy.example.com/gcs/storage/v1": "https://proxy.example.com/gcs",
	} {
		if got, err := parseEndpoint(text); err != nil || got.String() != want {
			t.Errorf("%q: %s, %v; want %s", text, got.String(), err, want)
		}
	}
}
