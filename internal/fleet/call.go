package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/stillroom/stillroom/internal/fault"
)

// Why a server was not asked or did not answer. Nobody sees these but logs: whoever meets them goes on alone.
var (
	errSkipped = fault.New(fault.Unreachable, "fleet.call", "the server is not asked until it answers again")
	errSlow    = fault.New(fault.Timeout, "fleet.call", "the server did not answer in the time of a call")
	errClosed  = fault.New(fault.Canceled, "fleet.call", "the client is closed")
)

// ask is one exchange with the server.
type ask func(ctx context.Context, server valkey.Client) valkey.ValkeyResult

// call asks the server unless the circuit is open. It returns after timeout whatever the library does.
func (f *Client) call(ctx context.Context, operation string, timeout time.Duration, a ask) (valkey.ValkeyMessage, error) {
	if !f.circuit.closed() {
		f.observer.Call(operation, 0, Skipped)
		return valkey.ValkeyMessage{}, errSkipped
	}
	return f.callAnyway(ctx, operation, timeout, a)
}

// callAnyway is call without a look at the circuit.
func (f *Client) callAnyway(ctx context.Context, operation string, timeout time.Duration, a ask) (valkey.ValkeyMessage, error) {
	at := f.server.Load()
	if at == nil {
		f.observer.Call(operation, 0, Skipped)
		return valkey.ValkeyMessage{}, errSkipped
	}
	began := time.Now()
	answer, err := f.exchange(ctx, timeout, at.Client, a)
	outcome := Answered
	switch {
	case err == nil:
		f.circuit.report(operation, nil)
	case ctx.Err() != nil, f.ctx.Err() != nil:
		outcome = Left
	default:
		outcome = Failed
		if errors.Is(err, errSlow) {
			outcome = Slow
		}
		f.circuit.report(operation, err)
	}
	f.observer.Call(operation, time.Since(began), outcome)
	return answer, err
}

// exchange waits for an answer, in a goroutine of its own: the library makes a lost connection anew in the call that
// finds it lost, and the calls behind that one wait for it without looking at their own deadlines.
func (f *Client) exchange(ctx context.Context, timeout time.Duration, server valkey.Client, a ask) (valkey.ValkeyMessage, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errSlow)
	defer cancel() // not when the library returns: an answer and an end at once would be taken for either
	type answer struct {
		message valkey.ValkeyMessage
		err     error
	}
	answers := make(chan answer, 1)
	if !f.spawn(func() {
		message, err := a(ctx, server).ToMessage()
		answers <- answer{message, err}
	}) {
		return valkey.ValkeyMessage{}, errClosed
	}
	select {
	case got := <-answers:
		if errors.Is(got.err, context.DeadlineExceeded) && ctx.Err() != nil {
			got.err = context.Cause(ctx)
		}
		return got.message, got.err
	case <-ctx.Done():
		return valkey.ValkeyMessage{}, context.Cause(ctx)
	}
}
