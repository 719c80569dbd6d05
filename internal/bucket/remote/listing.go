package remote

import (
	"errors"
	"strings"

	"github.com/stillroom/stillroom/internal/bucket"
)

// errSamePage is the error of a listing whose next page is the one that was just read: it would never end.
var errSamePage = errors.New("the listing comes back to where it was")

// Listing hands on what a service lists, page by page, as bucket.Bucket has it.
type Listing struct {
	prefix, after string
	left          int // objects that are still wanted; negative = all
	visit         func(key string, info bucket.Info) bool
	page          string // what the page that is being read was asked for by
}

// NewListing returns a Listing for the arguments of a List.
func NewListing(prefix, after string, limit int, visit func(key string, info bucket.Info) bool) *Listing {
	if limit <= 0 {
		limit = -1
	}
	return &Listing{prefix: prefix, after: after, left: limit, visit: visit}
}

// Page returns how many objects the next page should have where the service has no more than most in one: one more than are
// wanted, since services begin with the object that they were to begin after.
func (l *Listing) Page(most int) int {
	if l.left < 0 || l.left >= most {
		return most
	}
	return l.left + 1
}

// Take hands an object on and reports whether more are wanted. What was not asked for is passed over, whether or not the
// service knows what it was asked.
func (l *Listing) Take(key string, info bucket.Info) bool {
	if key <= l.after || !strings.HasPrefix(key, l.prefix) {
		return true
	}
	l.left--
	return l.visit(key, info) && l.left != 0
}

// Turn notes what the next page is asked for by. The error is that of a service that never comes to an end.
func (l *Listing) Turn(page string) error {
	if page == l.page {
		return errSamePage
	}
	l.page = page
	return nil
}
