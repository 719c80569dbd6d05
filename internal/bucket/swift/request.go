package swift

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/ncw/swift/v2"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// again calls do until it succeeds, as often as may help, each time with a context that ends with the attempt; the last one
// ends with end. The library is told not to try again: it would do so without a pause, only where a connection breaks, and
// with a body that the attempt before may still be reading.
func (o *Opener) again(ctx context.Context, do func(context.Context) error) (end func(), err error) {
	forgotten := false // whether the service has been logged in to again
	for attempt := 1; ; attempt++ {
		number, err := o.session.ready(ctx)
		try, end := context.WithCancel(ctx)
		if err == nil {
			if err = do(try); err == nil {
				return end, nil
			}
		}
		end()
		var answer *swift.Error
		var login *loginError
		answered := errors.As(err, &answer) && answer.StatusCode != 0
		switch {
		case ctx.Err() != nil:
			return nil, err
		case answered && answer.StatusCode == http.StatusUnauthorized && !forgotten && !errors.As(err, &login):
			forgotten = true
			o.session.forget(number)
			continue
		case attempt >= o.attempts || answered && !remote.Passing(answer.StatusCode):
			return nil, err
		}
		timer := time.NewTimer(remote.Pause(attempt))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}

// reply is the answer to a request.
type reply struct {
	header http.Header
	size   int64 // of the body, as announced; -1 = not
	body   io.ReadCloser
	end    func() // ends the request, and with it the body
}

// Close gives up what was not read.
func (r *reply) Close() error {
	r.end()
	return r.body.Close()
}

// discard closes a body that is not wanted. A short one is read, so that its connection can be used again.
func (r *reply) discard() {
	_, _ = io.CopyN(io.Discard, r.body, 4<<10) // an error is as good as none: it is not wanted
	_ = r.Close()
}

// call makes a request about an object and returns its answer. With an error there may be one, too, of which the head is
// left.
func (b *store) call(ctx context.Context, method, key string, headers swift.Headers, body io.ReadSeeker) (*reply, error) {
	var answer *http.Response
	c := b.opener.connection
	end, err := b.opener.again(ctx, func(ctx context.Context) error {
		storage, err := c.GetStorageUrl(ctx)
		if err != nil {
			return err
		}
		request := swift.RequestOpts{
			Container: b.name, ObjectName: key, Operation: method, Headers: headers,
			OnReAuth: func() (string, error) { return c.StorageUrl, nil }, // it is called with the lock on that held
		}
		if body != nil {
			if _, err := body.Seek(0, io.SeekStart); err != nil {
				return err
			}
			upload := remote.NewUpload(body) // the library leaves its request behind when time is up
			defer func() { _ = upload.Close() }()
			request.Body = upload
		}
		answer, _, err = c.Call(ctx, storage, request) //nolint:bodyclose // the library does with an error, the reply's owner without
		return err
	})
	switch {
	case err == nil:
		return &reply{header: answer.Header, size: answer.ContentLength, body: answer.Body, end: end}, nil
	case answer == nil:
		return nil, err
	}
	return &reply{header: answer.Header, size: -1, body: http.NoBody, end: func() {}}, err
}

// failure gives an error of the library its kind. put says that it is of a Put with IfAbsent.
func failure(ctx context.Context, op, subject string, put bool, err error) error {
	var (
		login   *loginError
		answer  *swift.Error
		request *url.Error
		network net.Error
	)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, swift.TimeoutError):
		return fault.New(fault.SourceTimeout, op, "%s: no answer in time", subject)
	// No StatusError: 404 would be taken for the answer that there is no such object.
	case errors.As(err, &login) && errors.As(err, &answer) && answer.StatusCode != 0 && lost(answer.StatusCode):
		return fault.New(fault.Unreachable, op, "%s: where we log in the answer has status %d", subject, answer.StatusCode)
	case errors.As(err, &answer) && answer.StatusCode != 0:
		return bucket.Answered(op, subject, answer.StatusCode, "", put)
	case !errors.As(err, &request) && !errors.As(err, &network):
		return remote.Broken(ctx, op, subject, err)
	}
	return remote.Failure(ctx, op, subject, err)
}

// Read reads the body.
func (r *reply) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if errors.Is(err, swift.TimeoutError) {
		err = fault.New(fault.SourceTimeout, "swift.read", "the body stands still")
	}
	return n, err
}
