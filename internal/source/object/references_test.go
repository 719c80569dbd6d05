package object_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/source/object"
)

func TestReferences(t *testing.T) {
	m := buckettest.NewMemory("pictures", "other")
	old := put(t, m, "a.jpg", []byte("old"), bucket.PutOptions{})
	put(t, m, "a.jpg", []byte("new"), bucket.PutOptions{})
	put(t, m, "b/c d.jpg", []byte("deep"), bucket.PutOptions{})
	put(t, m, "é#%41.jpg", []byte("literal"), bucket.PutOptions{})
	put(t, m, "why?.jpg", []byte("question"), bucket.PutOptions{})
	for _, c := range []struct {
		separator, ref, want string
		kind                 fault.Kind // Internal = success
	}{
		{"", "s3://pictures/a.jpg", "new", 0},
		{"", "s3://pictures//a.jpg", "new", 0},
		{"", "s3://pictures/a.jpg?", "new", 0},
		{"", "s3://pictures/a.jpg?" + old.Version, "old", 0},
		{"~", "s3://pictures/a.jpg~" + old.Version, "old", 0},
		{"", "s3://pictures/b/c d.jpg", "deep", 0},
		{"", "s3://pictures/é#%41.jpg", "literal", 0},
		{"~", "s3://pictures/why?.jpg", "question", 0},
		{"none", "s3://pictures/why?.jpg", "question", 0},
		{"none", "s3://pictures/a.jpg?" + old.Version, "", fault.SourceMissing},
		{"", "s3://pictures/why?.jpg", "", fault.SourceMissing},
		{"", "s3://pictures/a.jpg?99", "", fault.SourceMissing},
		{"", "s3://pictures/A.JPG", "", fault.SourceMissing},
		{"", "s3://pictures/../other/a.jpg", "", fault.SourceMissing},
		{"", "s3://pictures/", "", fault.SourceMissing},
		{"", "s3://pictures", "", fault.SourceMissing},
		{"", "s3:///a.jpg", "", fault.SourceMissing},
		{"", "s3://missing/a.jpg", "", fault.SourceMissing},
		{"", "s3://other/a.jpg", "", fault.SourceDenied},
	} {
		opener, err := bucket.Restricted(m, bucket.Access{Denied: []string{"other"}})
		if err != nil {
			t.Fatal(err)
		}
		config := object.Config{QuerySeparator: c.separator, NoVersions: c.separator == "none"}
		f, err := source.Fetch(t.Context(), newSource(t, opener, config), ref(t, c.ref), source.Validators{}, 0)
		switch {
		case c.kind != fault.Internal && !fault.Is(err, c.kind):
			t.Errorf("%s: %v (%v), want %v", c.ref, err, fault.KindOf(err), c.kind)
		case c.kind == fault.Internal && (err != nil || string(f.Body.Bytes()) != c.want):
			t.Errorf("%s: %v, %v; want %q", c.ref, f, err, c.want)
		}
		var status *source.StatusError
		if c.kind == fault.SourceMissing && (!errors.As(err, &status) || !status.Lasting()) {
			t.Errorf("%s: %v, want a status of 404", c.ref, err)
		}
	}
}

// Tools of others take credentials in the place of a user. They are of no use here, and no error repeats them.
func TestCredentialsInReferences(t *testing.T) {
	m := buckettest.NewMemory("pictures")
	opener, err := bucket.Restricted(m, bucket.Access{Allowed: []string{"pictures"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"s3://AKIA:secret@pictures/a", "s3://secret@pictures/a", "s3://pictures?sig=secret/a"} {
		for _, o := range []bucket.Opener{m, opener} {
			_, err := newSource(t, o, object.Config{}).Open(t.Context(), ref(t, text), source.Validators{})
			if !fault.Is(err, fault.SourceMissing) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v (%v), want SourceMissing and no secret", err, fault.KindOf(err))
			}
		}
	}
}
