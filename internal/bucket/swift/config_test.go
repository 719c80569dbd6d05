package swift

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/fault"
)

func TestNew(t *testing.T) {
	_, err := New(Config{AuthURL: "https://us:" + buckettest.Secret + "@auth.example.com", AuthVersion: 4, Timeout: -1})
	for _, name := range []string{"UserName", "APIKey", "AuthURL", "AuthVersion", "Timeout"} {
		if err == nil || !strings.Contains(err.Error(), name+": want") || strings.Contains(err.Error(), buckettest.Secret) {
			t.Errorf("%v does not name %s, or tells the secret", err, name)
		}
	}
}

func TestNextSecond(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-22T04:23:01.000000": "2026-11-22T04:23:01Z",
		"2026-11-22T04:23:01.000010": "2026-11-22T04:23:02Z",
		"2026-11-22T23:59:59.999999": "2026-11-23T00:00:00Z",
		"2026-11-22T04:23:01":        "2026-11-22T04:23:01Z",
		"yesterday":                  "0001-01-01T00:00:00Z",
	} {
		if got := nextSecond(text).Format(time.RFC3339); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// The service forgets who has logged in, and refuses who cannot.
func loggingIn(t *testing.T, login string) {
	o := opener(t, ours(login))
	buckettest.CreateSwift(t, login, "pictures")
	b := buckettest.Open(t, o, "pictures")
	if err := b.Delete(t.Context(), "a"); err != nil { // which logs in
		t.Fatal(err)
	}
	o.connection.AuthToken = "AUTH_tk00000000000000000000000000000000"
	if _, err := b.Put(t.Context(), "a", strings.NewReader("hello"), 5, bucket.PutOptions{}); err != nil {
		t.Errorf("with a token that is forgotten: %v", err)
	}
	if info, err := b.Stat(t.Context(), "a", ""); err != nil || info.Size != 5 {
		t.Errorf("%+v, %v; want all of it", info, err)
	}
	c := ours(login)
	c.APIKey = "wrong"
	_, err := buckettest.Open(t, opener(t, c), "pictures").Stat(t.Context(), "a", "")
	if !fault.Is(err, fault.SourceMissing) || !strings.Contains(err.Error(), "401") || bucket.Absent(err) {
		t.Errorf("with a wrong key: %v (%v), want a status of 401", err, fault.KindOf(err))
	}
}

// Objects go away by themselves.
func expires(t *testing.T, login string) {
	o := opener(t, ours(login))
	buckettest.CreateSwift(t, login, "expiring")
	b := buckettest.Open(t, o, "expiring")
	until := time.Now().Add(time.Hour).Truncate(time.Second)
	if _, err := b.Put(t.Context(), "a", strings.NewReader("a"), 1, bucket.PutOptions{Expires: until}); err != nil {
		t.Fatal(err)
	}
	_, headers, err := o.connection.Object(t.Context(), "expiring", "a")
	if err != nil || headers["X-Delete-At"] != strconv.FormatInt(until.Unix(), 10) {
		t.Errorf("%v, %v; want it deleted at %d", headers, err, until.Unix())
	}
}
