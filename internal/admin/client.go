package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds what a Client reads, in bytes: far above every document there is.
const maxAnswer = 16 << 20

// Client speaks to the admin API of a running server.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// Refused is the error of a call that a server answered and did not carry out.
type Refused struct {
	Status int
	Line   string // the server's own
}

// Error returns the server's line.
func (e *Refused) Error() string { return e.Line }

// NewClient returns a client of the admin listener at address: http://host:port, with a path if it stands behind a
// proxy, or host:port alone. token is empty where none is needed. dial bounds the time to connect.
func NewClient(address, token string, dial time.Duration) (*Client, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("want an address such as http://127.0.0.1:8081")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", u.RawQuery != "", u.Fragment != "", u.User != nil:
		return nil, fmt.Errorf("want an address such as http://127.0.0.1:8081, got %q", u.Redacted())
	}
	return &Client{
		base:  strings.TrimSuffix(u.String(), "/"),
		token: token,
		http: &http.Client{
			Transport: &http.Transport{
				Proxy:       http.ProxyFromEnvironment,
				DialContext: (&net.Dialer{Timeout: dial}).DialContext,
			},
			// Nothing here redirects; following somebody else would show him the token.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Address returns where the server is asked.
func (c *Client) Address() string { return c.base }

// Purge gives an order. Its error is a *Refused where the server answered.
func (c *Client) Purge(ctx context.Context, o Order) (Receipt, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = c.call(ctx, http.MethodPost, "/v1/purge", body, nil, &receipt)
	return receipt, err
}

// Stats returns the server's numbers. Its error is as with Purge.
func (c *Client) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	err := c.call(ctx, http.MethodGet, "/v1/stats", nil, nil, &s)
	return s, err
}

// Explain asks what the server knows of a URL of its public listener, when a client with such headers asks for it.
// Its error is as with Purge.
func (c *Client) Explain(ctx context.Context, target string, shown map[string]string) (Explanation, error) {
	header := http.Header{}
	for name, value := range shown {
		if value != "" {
			header.Set(shownPrefix+name, value)
		}
	}
	var e Explanation
	err := c.call(ctx, http.MethodGet, "/v1/explain?url="+url.QueryEscape(target), nil, header, &e)
	return e, err
}

func (c *Client) call(ctx context.Context, method, path string, body []byte, header http.Header, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(r)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) { // it would repeat the whole URL
			err = failed.Err
		}
		return fmt.Errorf("%s: %w", c.base, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return err
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind != "application/json" {
		return c.stranger(response)
	}
	if response.StatusCode != http.StatusOK {
		var refused refusal
		if err := json.Unmarshal(text, &refused); err != nil || refused.Error == "" {
			return c.stranger(response)
		}
		return &Refused{response.StatusCode, oneLine(refused.Error)}
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("the answer of %s: %w", c.base, err)
	}
	return nil
}

// stranger is the error of an answer that no admin API of ours gives.
func (c *Client) stranger(r *http.Response) error {
	return fmt.Errorf("%s does not answer as the admin listener of stillroom does: status %s", c.base, r.Status)
}
