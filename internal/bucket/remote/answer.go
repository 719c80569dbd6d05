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
// the length of its body; -1 = neither says. That a range was asked for and everything comes is an error.
func WholeSize(op, subject string, asked bucket.Range, contentRange string, length int64) (int64, error) {
	if asked == (bucket.Range{}) {
		return length, nil
	}
	_, total, _ := strings.Cut(contentRange, "/")
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil || size < 0 || !strings.HasPrefix(contentRange, "bytes "+strconv.FormatInt(asked.Offset, 10)+"-") {
		return 0, fault.New(fault.SourceFailed, op, "%s: want a part from byte %d, got Content-Range %.80q", subject, asked.Offset, contentRange)
	}
	if asked.Offset >= size && asked.Offset > 0 { // some take an empty part for an answer
		return 0, bucket.Answered(op, subject, http.StatusRequestedRangeNotSatisfiable, "", false)
	}
	return size, nil
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
