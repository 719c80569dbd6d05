package serve

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// statusClientClosed is nginx's and imgproxy's word for a client that left before its answer; it is
// logged, nobody receives it.
const statusClientClosed = 499

// answer is what a kind of error means to a client. Statuses and texts are imgproxy's (reference, section
// 1.9) wherever it has one for the case.
type answer struct {
	status int
	text   string
	// detail says that the cause may be told: it speaks of the client's own URL or image. Causes that
	// speak of other machines are for the log only.
	detail bool
	// lasting says that the same request will fail the same way for a while, so the answer may be kept
	// for the negative time.
	lasting bool
}

// answers is the one place where a kind becomes a status.
var answers = map[fault.Kind]answer{
	fault.Internal:      {status: http.StatusInternalServerError, text: "Internal error"},
	fault.BadURL:        {status: http.StatusNotFound, text: "Invalid URL", detail: true, lasting: true},
	fault.Expired:       {status: http.StatusNotFound, text: "Invalid URL", detail: true, lasting: true},
	fault.Forbidden:     {status: http.StatusForbidden, text: "Forbidden", detail: true},
	fault.OptionDenied:  {status: http.StatusForbidden, text: "Invalid URL", detail: true},
	fault.SourceDenied:  {status: http.StatusNotFound, text: "Invalid source URL"},
	fault.Unreachable:   {status: http.StatusNotFound, text: "Source is unreachable"},
	fault.SourceMissing: {status: http.StatusNotFound, text: "Source is unreachable"},
	fault.SourceFailed:  {status: http.StatusBadGateway, text: "Source is unreachable"},
	fault.SourceTimeout: {status: http.StatusGatewayTimeout, text: "Source is unreachable"},
	fault.Incomplete:    {status: http.StatusUnprocessableEntity, text: "Source response is incomplete"},
	fault.NotImage:      {status: http.StatusUnprocessableEntity, text: "Failed to detect source image type", lasting: true},
	fault.Unsupported:   {status: http.StatusUnprocessableEntity, text: "Invalid URL", detail: true, lasting: true},
	fault.TooLarge:      {status: http.StatusUnprocessableEntity, text: "Invalid source image", detail: true, lasting: true},
	fault.Broken:        {status: http.StatusUnprocessableEntity, text: "Broken or unsupported image", detail: true, lasting: true},
	fault.Overloaded:    {status: http.StatusServiceUnavailable, text: "Too many requests"},
	fault.Timeout:       {status: http.StatusServiceUnavailable, text: "Timeout"},
	fault.Canceled:      {status: statusClientClosed, text: "Cancelled"},
}

// answerFor returns what an error means to a client. A source's own 4xx is passed on; of those only
// 404 and 410 last.
func answerFor(err error) answer {
	kind := fault.KindOf(err)
	a, ok := answers[kind]
	if !ok {
		a = answers[fault.Internal]
	}
	var from *source.StatusError
	if kind == fault.SourceMissing && errors.As(err, &from) && from.Status >= 400 && from.Status < 500 {
		a.status = from.Status
		a.lasting = from.Lasting()
	}
	return a
}

// fail answers with an error.
func (x *exchange) fail(err error) {
	x.err = err
	kind := fault.KindOf(err)
	x.outcome = strings.ReplaceAll(kind.String(), " ", "-")
	a := answerFor(err)
	if kind == fault.Canceled {
		x.status = a.status
		return
	}

	h := x.w.Header()
	h.Set("Cache-Control", "no-store")
	if keep := x.negativeLife(err); a.lasting && keep > 0 {
		h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(math.Ceil(keep.Seconds()))))
	}
	if x.plan.Vary != "" {
		h.Set("Vary", x.plan.Vary)
	}
	if origin := x.h.Deliverer.Origin; origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
	}
	if after := retryAfter(err); after > 0 && a.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
	text := a.text
	switch {
	case x.h.Development:
		text += ": " + err.Error()
	case a.detail:
		text += ": " + cause(err)
	}
	x.plain(a.status, text)
}

// negativeLife is how long a lasting error may be kept: what is left where it is remembered here, so that no cache on
// the way adds to its time.
func (x *exchange) negativeLife(err error) time.Duration {
	var e *fault.Error
	if errors.As(err, &e) && !e.Until.IsZero() {
		return min(time.Until(e.Until), x.h.NegativeTTL)
	}
	return x.h.NegativeTTL
}

// retryAfter returns when an overloaded server is worth asking again; at least a second.
func retryAfter(err error) time.Duration {
	var e *fault.Error
	if errors.As(err, &e) && e.RetryAfter > time.Second {
		return e.RetryAfter
	}
	return time.Second
}

// cause returns what went wrong without the operation, which means nothing to a client.
func cause(err error) string {
	var e *fault.Error
	if errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// plain answers with one line of text, or with JSON where the client asks for that.
func (x *exchange) plain(status int, text string) {
	x.status = status
	h := x.w.Header()
	body := []byte(oneLine(text) + "\n")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	if status >= 400 && strings.Contains(x.r.Header.Get("Accept"), "application/json") {
		h.Set("Content-Type", "application/json")
		body, _ = json.Marshal(struct { // strings always marshal
			Error  string `json:"error"`
			Status int    `json:"status"`
		}{oneLine(text), status})
		body = append(body, '\n')
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		n, _ := x.w.Write(body) // a client that leaves is no failure of ours
		x.sent = int64(n)
	}
}

// oneLine keeps a message on its line, whatever a library or a URL put into it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// level says how loud an error is in the log: ours are errors, the source's warnings, the client's news.
func level(err error, status int) slog.Level {
	switch {
	case err == nil:
		return slog.LevelInfo
	case fault.KindOf(err) == fault.Internal:
		return slog.LevelError
	case status >= 500:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
