package serve

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"
)

// requestID returns the client's own id when it is one (imgproxy's rule: letters, digits, "-" and "_"), else a
// new one. 128 characters are more than any tracing system uses and too few to fill a log.
func requestID(r *http.Request) string {
	id := first(r.Header["X-Request-Id"])
	if id == "" || len(id) > 128 {
		return newID()
	}
	for i := range len(id) {
		c := id[i]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return newID()
		}
	}
	return id
}

// newID returns 32 hex digits that no other request has. They are no secret, so they need not come from crypto/rand, which
// takes ten times as long.
func newID() string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	var text [2 * len(id)]byte
	hex.Encode(text[:], id[:])
	return string(text[:])
}

// done tells the log and the observer. The path is not logged: it may hold a signature, which lets whoever
// reads the log in, and a source with credentials. What it meant is: the source without its query, and the key.
func (x *exchange) done() {
	took := time.Since(x.began)
	if x.h.Observer != nil {
		x.h.Observer.Request(x.outcome, x.status, x.sent, took)
	}
	lv := level(x.err, x.status)
	if x.outcome == "health" {
		lv = slog.LevelDebug
	}
	if !x.h.Log.Enabled(context.Background(), lv) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("id", x.id),
		slog.String("method", x.r.Method),
		slog.Int("status", x.status),
		slog.Int64("bytes", x.sent),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("outcome", x.outcome),
	)
	if x.provider != "" {
		attrs = append(attrs, slog.String("provider", x.provider))
	}
	if !x.plan.Source.IsZero() {
		attrs = append(attrs, slog.String("source", x.plan.Source.Redacted()), slog.String("key", hex.EncodeToString(x.plan.Key[:6])))
	}
	if x.err != nil {
		attrs = append(attrs, slog.String("error", oneLine(x.err.Error())))
	}
	x.h.Log.LogAttrs(context.Background(), lv, "request", attrs...)
}
