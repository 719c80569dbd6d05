package remote

import (
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// Pause returns how long to wait after an attempt that failed, counted from 1.
func Pause(attempt int) time.Duration {
	pause := min(FirstPause<<min(max(attempt, 1)-1, 16), LongestPause)
	return pause - rand.N(pause/2) // so that all who failed together do not come back together
}

// Range returns r as the Range field of a request; empty = all.
func Range(r bucket.Range) string {
	switch {
	case r == bucket.Range{}:
		return ""
	case r.Length == 0 || r.Length > math.MaxInt64-r.Offset:
		return "bytes=" + strconv.FormatInt(r.Offset, 10) + "-"
	}
	return "bytes=" + strconv.FormatInt(r.Offset, 10) + "-" + strconv.FormatInt(r.Offset+r.Length-1, 10)
}

// WholeSize returns the size of the whole object of an answer: what stands behind the slash of its Content-Range, else
// the length of its body; -1 = neither says. An answer that has another part than the one that was asked for is an error,
// and so is one whose length is not that of its part; -1 = it has none.
func WholeSize(op, subject string, asked bucket.Range, contentRange string, length int64) (int64, error) {
	whole := asked == bucket.Range{}
	if whole && contentRange == "" {
		return length, nil
	}
	part, total, _ := strings.Cut(contentRange, "/")
	size, err := strconv.ParseInt(total, 10, 64)
	begins := strings.HasPrefix(part, "bytes "+strconv.FormatInt(asked.Offset, 10)+"-")
	switch {
	case err != nil || size < 0 || !begins:
	case asked.Offset >= size && asked.Offset > 0: // some take an empty part for an answer
		return 0, bucket.Answered(op, subject, http.StatusRequestedRangeNotSatisfiable, "", false)
	case whole && length >= 0 && length != size, size > 0 && !whole && !fits(asked, size, part, length):
	default:
		return size, nil
	}
	return 0, fault.New(fault.SourceFailed, op, "%s: want %d bytes (0 = all) from byte %d, got %d and Content-Range %.80q",
		subject, asked.Length, asked.Offset, length, contentRange)
}

// fits reports whether a part of an object of a size, and the length of a body, are those that were asked for.
func fits(asked bucket.Range, size int64, part string, length int64) bool {
	want := PartSize(asked, size, -1)
	return strings.HasSuffix(part, "-"+strconv.FormatInt(asked.Offset+want-1, 10)) && (length < 0 || length == want)
}

// PartSize returns how many bytes the body of an answer has: as many as it announces, else those of what was asked for of
// an object of a size; -1 = neither is told.
func PartSize(asked bucket.Range, size, announced int64) int64 {
	switch {
	case announced >= 0 || size < 0:
		return announced
	case asked.Length > 0:
		return min(asked.Length, size-asked.Offset)
	}
	return size - asked.Offset
}

// Unchanged reports whether a caller who sends the conditions of options has what info describes: services differ in
// which conditions they know.
func Unchanged(options bucket.GetOptions, info bucket.Info) bool {
	if options.IfNoneMatch != "" {
		return options.IfNoneMatch == info.ETag
	}
	return !options.IfModifiedSince.IsZero() && !info.LastModified.IsZero() && !info.LastModified.After(options.IfModifiedSince)
}

// ParseTime reads the time of a field; zero where there is none that can be read.
func ParseTime(text string) time.Time {
	t, err := http.ParseTime(text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// FormatTime writes a time for a field; empty for the zero time.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(http.TimeFormat)
}

// Quoted returns an ETag with its quotes, which some services leave out.
func Quoted(tag string) string {
	if tag == "" || strings.HasSuffix(tag, `"`) {
		return tag
	}
	return `"` + tag + `"`
}

// Emptied reports whether err is the answer of a service that gives no range of an empty object, although one from its
// start was asked for, which is all of it.
func Emptied(asked bucket.Range, err error) bool {
	return asked.Offset == 0 && asked.Length > 0 && errors.Is(err, bucket.ErrRange)
}

// Part gets what options ask for, also where it is the start of an empty object, of which some services give no range. An
// object that has grown meanwhile is asked for once more, so that nobody gets more of it than they want.
func Part(options bucket.GetOptions, get func(bucket.GetOptions) (*bucket.Object, error)) (*bucket.Object, error) {
	object, err := get(options)
	if !Emptied(options.Range, err) {
		return object, err
	}
	all := options
	all.Range = bucket.Range{}
	if object, err = get(all); err != nil || object.Info.Size == 0 {
		return object, err
	}
	_ = object.Body.Close() // nothing was read
	return get(options)
}
