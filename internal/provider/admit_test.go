package provider_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/source"
)

// checker lets in what is signed with its own name.
type checker string

var errSigned = fault.New(fault.Forbidden, "test.check", "not signed")

func (c checker) Check(signature, signed string) error {
	if signature != string(c)+signed {
		return errSigned
	}
	return nil
}

func request(t *testing.T, text string) provider.Request {
	t.Helper()
	ref, err := source.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return provider.Request{Source: ref}
}

// The first reason counts: what comes later is nobody's business who fails at what comes before.
func TestAdmitOrder(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a, err := provider.NewAdmission(provider.AdmissionConfig{
		Checker: checker("key"), AllowedSources: []string{"https://example.com/"}, Schemes: []string{"https", "http"},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := request(t, "s3://bucket/a.png")
	r.Credentials = provider.Credentials{Signature: "wrong", Signed: "/path"}
	r.Delivery.Expires = now
	want := func(kind fault.Kind) {
		t.Helper()
		if err := a.Admit(r, now); !fault.Is(err, kind) {
			t.Errorf("error %v, want one of kind %q", err, kind)
		}
	}
	want(fault.Forbidden)
	r.Credentials.Signature = "key/path"
	want(fault.Expired)
	r.Delivery.Expires = now.Add(time.Nanosecond)
	want(fault.Unreachable)
	r.Source = request(t, "http://example.com/a.png").Source
	want(fault.SourceDenied)
	r.Source = request(t, "https://example.com/a.png").Source
	if err := a.Admit(r, now); err != nil {
		t.Errorf("error %v, want none", err)
	}
	if err := a.Verify(provider.Credentials{}); !errors.Is(err, errSigned) {
		t.Errorf("error %v, want the checker's", err)
	}
}

func TestAdmitEverything(t *testing.T) {
	a, err := provider.NewAdmission(provider.AdmissionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Admit(request(t, "any://thing/../at/all"), time.Now()); err != nil {
		t.Errorf("error %v, want none", err)
	}
}

func TestAllowedSources(t *testing.T) {
	for _, c := range []struct {
		pattern, source string
		ok              bool
	}{
		{"https://example.com/", "https://example.com/a.png", true},
		{"https://example.com/", "https://example.com", true},
		{"https://example.com/", "http://example.com/a.png", false},
		{"https://example.com/", "https://example.com.evil.net/a.png", false},
		{"https://example.com/", "https://example.com@evil.net/a.png", false},
		{"https://example.com/", "https://example.com:8443/a.png", false},
		{"https://example.com/", "https://evil.net/https://example.com/", false},
		{"https://example.com", "https://example.com.evil.net/a.png", true}, // as documented
		{"HTTPS://Example.COM:443/Pictures/", "https://example.com/Pictures/a.png", true},
		{"HTTPS://Example.COM:443/Pictures/", "https://example.com/pictures/a.png", false},
		{"http://example.com:80/", "http://example.com/a.png", true},
		{"https://*.example.com/", "https://a.b.example.com/c.png", true},
		{"https://*.example.com/", "https://example.com/c.png", false},
		{"https://*.example.com/", "https://evil.net/.example.com/c.png", false},
		{"https://*.example.com/", "https://evil.net?.example.com/c.png", false},
		{"https://*.example.com/", "https://evil.net#.example.com/c.png", false},
		{"https://example.com/*/thumbs/", "https://example.com/a/thumbs/b.png", true},
		{"https://example.com/*/thumbs/", "https://example.com/a/b/thumbs/b.png", false},
		{"https://example.com/a+(b)", "https://example.com/a+(b)/c.png", true},
		{"https://example.com/a.b*", "https://example.com/aXb.png", false},
		{"local:///pictures/", "local:///pictures/a.png", true},
		{"local:///pictures/", "local:///secrets/a.png", false},
		{"local:///pictures/", "local:///pictures/../secrets/a.png", false},
		{"local:///pictures/", "local:///pictures/..", false},
		{"local:///pictures/", "local:///pictures/%2e%2E%2Fsecrets/a.png", false},
		{"local:///pictures/", `local:///pictures/..\secrets`, false},
		{"local:///pictures/", "local:///pictures/a..b.png", true},
		{"local:///pictures/", "local:///pictures/100%.png", true},
		{"https://example.com/", "https://example.com/a?up=/../x", true},
		{"s3://bucket/", "s3://bucket/key", true},
		{"s3://bucket/", "s3://bucket2/key", false},
	} {
		a, err := provider.NewAdmission(provider.AdmissionConfig{AllowedSources: []string{"never://", c.pattern}})
		if err != nil {
			t.Fatal(err)
		}
		err = a.Admit(request(t, c.source), time.Now())
		if c.ok != (err == nil) || err != nil && !fault.Is(err, fault.SourceDenied) {
			t.Errorf("pattern %s, source %s: error %v, want allowed: %v", c.pattern, c.source, err, c.ok)
		}
	}
}

// Refusals are logged and shown to developers, so they hold neither passwords nor tokens.
func TestRefusalsHideSecrets(t *testing.T) {
	a, err := provider.NewAdmission(provider.AdmissionConfig{AllowedSources: []string{"local://"}})
	if err != nil {
		t.Fatal(err)
	}
	err = a.Admit(request(t, "https://user:hush@example.com/a.png?token=hush"), time.Now())
	if err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "example.com/a.png") {
		t.Errorf("error %v, want one that names the source without its secrets", err)
	}
}

func TestNewAdmission(t *testing.T) {
	_, err := provider.NewAdmission(provider.AdmissionConfig{AllowedSources: []string{"https://a/", ""}})
	if err == nil || !strings.Contains(err.Error(), "allowed sources: item 2 is empty") {
		t.Errorf("error %v, want one that names the setting and the item", err)
	}
}

func BenchmarkAdmit(b *testing.B) {
	a, err := provider.NewAdmission(provider.AdmissionConfig{
		AllowedSources: []string{"https://a.example.com/", "https://*.example.com/pictures/"}, Schemes: []string{"https"},
	})
	if err != nil {
		b.Fatal(err)
	}
	ref, err := source.ParseRef("https://images.example.com/pictures/a.png")
	if err != nil {
		b.Fatal(err)
	}
	r, now := provider.Request{Source: ref}, time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if err := a.Admit(r, now); err != nil {
			b.Fatal(err)
		}
	}
}
