package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// ask sends a request to the admin listener. The caller closes the body.
func (s *server) ask(method, path string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequest(method, s.admin+path, body)
	if err != nil {
		return nil, err
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	return client.Do(request)
}

// purge sends an order such as {"tag": "news"} and returns the id of the rule.
func (s *server) purge(t *testing.T, order string) string {
	t.Helper()
	response, err := s.ask(http.MethodPost, "/v1/purge", strings.NewReader(order))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var receipt struct{ Rule string }
	if err := json.Unmarshal(text, &receipt); err != nil || response.StatusCode != http.StatusOK || receipt.Rule == "" {
		t.Fatalf("purge %s: status %d, %s, want 200 and a rule", order, response.StatusCode, text)
	}
	return receipt.Rule
}

// quoted is a text as JSON.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text always marshals
	}
	return string(b)
}
