package gcs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/oauth2"

	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/collapse"
	"github.com/stillroom/stillroom/internal/fault"
)

// identity says who we are. The source keeps its token while that is good; getting another one takes a while, or for ever, and
// it lets one caller in at a time, so callers wait here: together, and each no longer than they want to.
type identity struct {
	source oauth2.TokenSource
	asking collapse.Group[struct{}, string]
}

// header returns the Authorization field of a request; empty = nobody.
func (i *identity) header(ctx context.Context) (string, error) {
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if i == nil {
		return "", nil
	}
	text, _, err := i.asking.Do(ctx, struct{}{}, func(_ context.Context, publish func(string)) error {
		token, err := i.source.Token()
		if err != nil {
			return tokenError(err)
		}
		if token.AccessToken == "" {
			return fault.New(fault.Unreachable, "gcs.token", "no token: the answer holds none")
		}
		publish(token.Type() + " " + token.AccessToken)
		return nil
	})
	return text, err
}

// tokenError returns what of the failure to get a token can be told. It is no StatusError: 404 would be taken for the
// answer that there is no such object.
func tokenError(err error) error {
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) && answer.Response != nil {
		err = fmt.Errorf("status %d %s", answer.Response.StatusCode, remote.Refusal(answer.Body))
	}
	return fault.New(fault.Unreachable, "gcs.token", "no token: %w", err)
}

// discreet is a transport for those who ask for tokens: they put the text of a refusal into their errors, so one word is all
// that they get to see.
type discreet struct {
	*remote.Guard
}

// RoundTrip implements http.RoundTripper.
func (d discreet) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := d.Guard.RoundTrip(request)
	if err != nil || answer.StatusCode/100 == 2 {
		return answer, err
	}
	said, _ := io.ReadAll(answer.Body) // of what breaks off nothing is told
	_ = answer.Body.Close()
	word := `{"error":"` + remote.Refusal(said) + `"}`
	answer.Body, answer.ContentLength = io.NopCloser(strings.NewReader(word)), int64(len(word))
	return answer, nil
}
