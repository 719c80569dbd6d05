package remote

import (
	"context"
	"errors"
	"net"
	"net/url"

	"github.com/stillroom/stillroom/internal/fault"
)

// Failure gives the error of a request that had no answer its kind, as bucket.Bucket has them: that of ctx where ctx has
// ended, else SourceTimeout or Unreachable. An error that has a kind keeps it.
func Failure(ctx context.Context, op, subject string, err error) error {
	kind, cause := classify(ctx, err, fault.Unreachable)
	return fault.New(kind, op, "%s: %w", subject, cause)
}

func classify(ctx context.Context, err error, otherwise fault.Kind) (fault.Kind, error) {
	var (
		known   *fault.Error
		request *url.Error
		network net.Error
	)
	if errors.As(err, &known) {
		return known.Kind, known.Err
	}
	if ctx.Err() != nil {
		return fault.KindOf(ctx.Err()), context.Cause(ctx)
	}
	late := errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout()
	if errors.As(err, &request) {
		err = request.Err // less the URL: the subject says what it was about, and a query may hold a signature
	}
	if late {
		return fault.SourceTimeout, err
	}
	return otherwise, err
}

// Broken is Failure for an answer that cannot be read: SourceFailed, where it is nobody else's failure.
func Broken(ctx context.Context, op, subject string, err error) error {
	kind, cause := classify(ctx, err, fault.SourceFailed)
	return fault.New(kind, op, "%s: the answer cannot be read: %w", subject, cause)
}
