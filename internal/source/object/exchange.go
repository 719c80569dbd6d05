package object

import (
	"context"
	"errors"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// errTimeout is the cause of the end of a download that took longer than Config.Timeout.
var errTimeout = errors.New("the source did not send everything in time")

// exchange is a download from its first request to the last byte, and who waits for it.
type exchange struct {
	caller  context.Context // the caller's
	ctx     context.Context // with the deadline of the download
	cancel  context.CancelFunc
	op      string
	subject string // the reference, redacted
}

// failure turns an error of a bucket into one of a source. It is asked before cancel is called.
func (x *exchange) failure(err error) error {
	var status *bucket.StatusError
	switch {
	case x.caller.Err() != nil:
		return fault.New(fault.KindOf(x.caller.Err()), x.op, "%s: %w", x.subject, context.Cause(x.caller))
	case errors.Is(context.Cause(x.ctx), errTimeout):
		return fault.New(fault.SourceTimeout, x.op, "%s: %w", x.subject, errTimeout)
	case errors.As(err, &status) && status.Code != "":
		return fault.New(fault.KindOf(err), x.op, "%s: %s: %w", x.subject, status.Code, &source.StatusError{Status: status.Status})
	case errors.As(err, &status):
		return fault.New(fault.KindOf(err), x.op, "%s: %w", x.subject, &source.StatusError{Status: status.Status})
	}
	return fault.Wrap(fault.KindOf(err), x.op, err) // it names the object itself
}
