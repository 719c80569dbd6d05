package gcs

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
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
	token, err := o.identity.header(ctx)
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
	// neither its size nor its ranges. Everything else would be compressed for us, to no use.
	request.Header.Set("Accept-Encoding", "identity")
	if o.isObject(request) {
		request.Header.Set("Accept-Encoding", "gzip")
	}
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

// isObject reports whether a request is one for an object, which is the older of the two protocols.
func (o *Opener) isObject(request *http.Request) bool {
	young := strings.HasPrefix(request.URL.EscapedPath(), o.base.EscapedPath()+"/storage/v1/b/")
	return !young && (request.Method == http.MethodGet || request.Method == http.MethodHead)
}

// code returns the service's word for what went wrong.
func code(answer *http.Response) string {
	body := io.LimitReader(answer.Body, 8<<10)
	if answer.Header.Get("Content-Encoding") == "gzip" { // as a request for an object allows
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return ""
		}
		body = io.LimitReader(unzipped, 8<<10)
	}
	text, err := io.ReadAll(body)
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
