package remote

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Do makes a request, again where that may help: where there was no answer or one that says that the service is busy or
// broken. build makes the request of each attempt, whose body nobody else reads any more where the client has a Guard. The
// answer may have any status; its body is the caller's to close.
func Do(ctx context.Context, client *http.Client, attempts int, build func() (*http.Request, error)) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		request, err := build()
		if err != nil {
			return nil, err
		}
		answer, err := client.Do(request.WithContext(ctx))
		if attempt >= attempts || err == nil && !Passing(answer.StatusCode) || ctx.Err() != nil {
			return answer, err
		}
		pause := Pause(attempt)
		if err == nil {
			pause = max(pause, retryAfter(answer))
			Discard(answer)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// Passing reports whether a status is of the kind that passes.
func Passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter returns how long the service wants us to wait, as far as somebody who waits for a picture can.
func retryAfter(answer *http.Response) time.Duration {
	seconds, err := strconv.ParseUint(answer.Header.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, LongestPause)
}

// Discard closes the body of an answer that is not wanted. A short one is read, so that its connection can be used again.
func Discard(answer *http.Response) {
	_, _ = io.CopyN(io.Discard, answer.Body, 4<<10) // an error is as good as none: it is not wanted
	_ = answer.Body.Close()
}
