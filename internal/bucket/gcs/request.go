package gcs

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// call is a request to the service.
type call struct {
	op      string
	subject string
	method  string
	path    []string // elements; each is one, whatever it holds
	query   url.Values
	header  http.Header
	body    func() (io.Reader, int64, error) // nil = none
	create  bool                             // the caller wants nothing to be there: 412 is ErrExists
}

// send makes a call and returns its answer, which is a success. The body is the caller's to close.
func (o *Opener) send(ctx context.Context, c call) (*http.Response, error) {
	token, err := o.token(ctx)
	if err != nil {
		return nil, remote.Failure(ctx, c.op, c.subject, err)
	}
	answer, err := remote.Do(ctx, o.client, o.attempts, func() (*http.Request, error) { return o.build(c, token) })
	if err != nil {
		return nil, remote.Failure(ctx, c.op, c.subject, err)
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	err = bucket.Answered(c.op, c.subject, answer.StatusCode, code(answer), c.create)
	remote.Discard(answer)
	return nil, err
}

func (o *Opener) build(c call, token string) (*http.Request, error) {
	u := o.base
	for _, element := range c.path {
		u.RawPath = u.EscapedPath() + "/" + url.PathEscape(element)
		u.Path += "/" + element
	}
	u.RawQuery = c.query.Encode()
	request := &http.Request{Method: c.method, URL: &u, Header: c.header.Clone()}
	if request.Header == nil {
		request.Header = http.Header{}
	}
	// Whatever is stored compressed comes as it is stored: without this the service would decompress it, and then knows
	// neither its size nor its ranges.
	request.Header.Set("Accept-Encoding", "gzip")
	if token != "" {
		request.Header.Set("Authorization", token)
	}
	if c.body != nil {
		body, size, err := c.body()
		if err != nil {
			return nil, err
		}
		request.Body, request.ContentLength = io.NopCloser(body), size
	}
	return request, nil
}

// token returns what says who we are; empty = nobody. Where a new one is on its way it waits as long as ctx lasts.
func (o *Opener) token(ctx context.Context) (string, error) {
	if o.tokens == nil {
		return "", ctx.Err()
	}
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		token, err := o.tokens.Token()
		if err != nil {
			done <- result{"", tokenError(err)}
			return
		}
		done <- result{token.Type() + " " + token.AccessToken, nil}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// code returns the service's word for what went wrong.
func code(answer *http.Response) string {
	text, err := io.ReadAll(io.LimitReader(answer.Body, 8<<10))
	if err != nil {
		return ""
	}
	var old struct {
		Code string
	}
	if xml.Unmarshal(text, &old) == nil {
		return old.Code
	}
	var young struct {
		Error struct {
			Errors []struct{ Reason string }
		}
	}
	if json.Unmarshal(text, &young) == nil && len(young.Error.Errors) > 0 {
		return young.Error.Errors[0].Reason
	}
	return ""
}

// metadata turns the metadata in a head into that of a bucket.
func metadata(header http.Header) map[string]string {
	const prefix = "X-Goog-Meta-"
	var found map[string]string
	for name, values := range header {
		if strings.HasPrefix(name, prefix) {
			if found == nil {
				found = map[string]string{}
			}
			found[strings.ToLower(name[len(prefix):])] = strings.Join(values, ",")
		}
	}
	return found
}

// tokenError returns what of the failure to get a token can be told: the text of an answer may quote what was asked.
func tokenError(err error) error {
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) && answer.Response != nil {
		err = &bucket.StatusError{Status: answer.Response.StatusCode}
	}
	return fault.New(fault.Unreachable, "gcs.token", "no token: %w", err)
}
