package bucket

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stillroom/stillroom/internal/fault"
)

// Access says which buckets may be opened, by their whole names: there are no patterns. The zero value allows all.
type Access struct {
	Allowed []string // empty = every bucket that is not denied
	Denied  []string // counts also for what is allowed
}

// Restricted returns an Opener of those buckets of another one that access allows. The others are of kind
// SourceDenied. The error names what is in access and can be no bucket's name, such as a URL or a pattern: where it is to be
// denied, the bucket that was meant would stay open.
func Restricted(opener Opener, access Access) (Opener, error) {
	if err := errors.Join(whole("allowed", access.Allowed), whole("denied", access.Denied)); err != nil {
		return nil, err
	}
	if len(access.Allowed) == 0 && len(access.Denied) == 0 {
		return opener, nil
	}
	return &restricted{opener, Access{slices.Clone(access.Allowed), slices.Clone(access.Denied)}}, nil
}

func whole(what string, names []string) error {
	for _, name := range names {
		if CheckName("bucket.access", name) != nil || strings.Contains(name, "*") {
			return fmt.Errorf("buckets that are %s: want the whole name of one, got %q", what, name)
		}
	}
	return nil
}

type restricted struct {
	opener Opener
	access Access
}

var _ Opener = (*restricted)(nil)

func (r *restricted) Open(name string) (Bucket, error) {
	if len(r.access.Allowed) > 0 && !slices.Contains(r.access.Allowed, name) || slices.Contains(r.access.Denied, name) {
		return nil, fault.New(fault.SourceDenied, "bucket.open", "the bucket %q is not allowed", name)
	}
	return r.opener.Open(name)
}

// CheckName reports a name that no bucket has: empty, longer than 255 bytes, "." or "..", or with a control
// character or a slash, which would reach into another bucket.
func CheckName(op, name string) error {
	if name == "" || len(name) > 255 || name == "." || name == ".." || control(name) || slices.Contains([]byte(name), '/') {
		return fault.New(fault.SourceDenied, op, "bucket: want a name of at most 255 bytes without slashes and control characters, got %.255q", name)
	}
	return nil
}
