package bucket_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// names is an Opener that knows every bucket.
type names struct{}

func (names) Open(string) (bucket.Bucket, error) { return nil, nil }

func TestRestricted(t *testing.T) {
	for _, c := range []struct {
		allowed, denied, open, refused string
	}{
		{"", "", "a b", ""},
		{"a b", "", "a b", "c A ab"},
		{"", "a", "b", "a"},
		{"a b", "b", "a", "b c"},
	} {
		o, err := bucket.Restricted(names{}, bucket.Access{Allowed: strings.Fields(c.allowed), Denied: strings.Fields(c.denied)})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(c.open) {
			if _, err := o.Open(name); err != nil {
				t.Errorf("allowed %q, denied %q: %v", c.allowed, c.denied, err)
			}
		}
		for _, name := range strings.Fields(c.refused) {
			if _, err := o.Open(name); !fault.Is(err, fault.SourceDenied) || !strings.Contains(err.Error(), name) {
				t.Errorf("allowed %q, denied %q: %q is %v, want SourceDenied", c.allowed, c.denied, name, err)
			}
		}
	}
}

// What names no bucket would deny none, though whoever wrote it thinks it does.
func TestRestrictedTakesWholeNames(t *testing.T) {
	for _, name := range []string{"s3://secret", "secret/", "secret-*", "*", ""} {
		for what, access := range map[string]bucket.Access{"allowed": {Allowed: []string{"a", name}}, "denied": {Denied: []string{name}}} {
			_, err := bucket.Restricted(names{}, access)
			if err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), fmt.Sprintf("%q", name)) {
				t.Errorf("%s %q: %v, want both named", what, name, err)
			}
		}
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{"a", "a.b-c_d", "$root", "Ünïcode", strings.Repeat("n", 255)} {
		if err := bucket.CheckName("x.open", name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", ".", "..", "a/b", "/", "a\nb", strings.Repeat("n", 256)} {
		if err := bucket.CheckName("x.open", name); !fault.Is(err, fault.SourceDenied) {
			t.Errorf("%q: %v, want SourceDenied", name, err)
		}
	}
}

func TestAnswered(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		put    bool
		kind   fault.Kind
		cause  error
		absent bool
	}{
		{304, "", false, fault.NotModified, nil, false},
		{400, "InvalidArgument", false, fault.SourceMissing, nil, false},
		{401, "", false, fault.SourceMissing, nil, false},
		{403, "AccessDenied", false, fault.SourceMissing, nil, false},
		{404, "NoSuchKey", false, fault.SourceMissing, nil, true},
		{410, "", false, fault.SourceMissing, nil, true},
		{408, "", false, fault.SourceTimeout, nil, false},
		{409, "BlobAlreadyExists", true, fault.NotModified, bucket.ErrExists, false},
		{409, "ContainerBeingDeleted", true, fault.SourceMissing, nil, false},
		{412, "PreconditionFailed", true, fault.NotModified, bucket.ErrExists, false},
		{412, "PreconditionFailed", false, fault.SourceMissing, nil, false},
		{416, "InvalidRange", false, fault.SourceMissing, bucket.ErrRange, false},
		{429, "", false, fault.SourceFailed, nil, false},
		{500, "InternalError", false, fault.SourceFailed, nil, false},
		{503, "SlowDown", false, fault.SourceFailed, nil, false},
		{507, "", false, fault.SourceFailed, nil, false},
		{301, "PermanentRedirect", false, fault.SourceFailed, nil, false},
		{200, "", false, fault.SourceFailed, nil, false},
	} {
		err := bucket.Answered("x.get", "x://b/k", c.status, c.code, c.put)
		var status *bucket.StatusError
		switch {
		case !fault.Is(err, c.kind) || bucket.Absent(err) != c.absent || c.cause != nil && !errors.Is(err, c.cause):
			t.Errorf("%d %s: %v (%v), want %v, absent %t, cause %v", c.status, c.code, err, fault.KindOf(err), c.kind, c.absent, c.cause)
		case c.kind != fault.NotModified && (!errors.As(err, &status) || status.Status != c.status || status.Code != c.code):
			t.Errorf("%d %s: %v, want both told", c.status, c.code, err)
		case !strings.Contains(err.Error(), "x://b/k"):
			t.Errorf("%d: %v does not say what it is about", c.status, err)
		}
	}
}

// What a service calls its errors ends in our log, so it must be a word.
func TestCodesAreWords(t *testing.T) {
	for _, code := range []string{"two words", "line\nbreak", "<xml>", "ünïcode", strings.Repeat("x", 65), "key=secret"} {
		if err := bucket.Answered("x.get", "k", 403, code, false); strings.Contains(fmt.Sprint(err), code) {
			t.Errorf("%v, want no code", err)
		}
	}
}
