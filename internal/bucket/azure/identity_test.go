package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/processtest"
)

// identified opens a container as whoever a server says we are, as one does within Azure. Nobody serves the container.
func identified(t *testing.T, tokens http.HandlerFunc) bucket.Bucket {
	t.Helper()
	server := httptest.NewServer(tokens)
	t.Cleanup(server.Close)
	t.Setenv("IDENTITY_ENDPOINT", server.URL)
	t.Setenv("IDENTITY_HEADER", buckettest.Secret)
	return buckettest.Open(t, opener(t, Config{Endpoint: "https://127.0.0.1:" + processtest.FreePort(t)}), "pictures")
}

// Who refuses a token may quote what he was asked, and the SDK quotes him.
func TestTokenThatIsRefused(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusNotFound} {
		b := identified(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"you are %s"}`, r.Header.Get("X-Identity-Header"))
		})
		_, err := b.Stat(t.Context(), "a", "")
		told := strings.Contains(fmt.Sprint(err), fmt.Sprint(status)+" invalid_client")
		if !fault.Is(err, fault.Unreachable) || bucket.Absent(err) || !told || strings.Contains(err.Error(), buckettest.Secret) {
			t.Errorf("%d: %v (%v), want Unreachable with the status and a word, and no secret", status, err, fault.KindOf(err))
		}
	}
}

// What the SDK says about places where there is no identity is one line, and without what it quotes.
func TestTell(t *testing.T) {
	err := fmt.Errorf("DefaultAzureCredential: failed to acquire a token.\nAttempted credentials:\n\tEnvironmentCredential: missing environment variable X" +
		"\n\tManagedIdentityCredential: failed to authenticate a system assigned identity. The endpoint responded with {\"you\":\"secret\"}\n\t\tsecret" +
		"\n\tAzureCLICredential: not found")
	want := "DefaultAzureCredential: failed to acquire a token; EnvironmentCredential: missing environment variable X; " +
		"ManagedIdentityCredential: failed to authenticate a system assigned identity; AzureCLICredential: not found"
	if got := tell(err); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A token is asked for once, by all who have none, and again when it is due; while it is good nobody waits for the next one.
func TestTokenIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &credential{lifetime: time.Hour}
		i := &identity{TokenCredential: c}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if err := i.ready(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, step := range []struct {
			after time.Duration
			asked int // in all, by then
		}{{0, 1}, {50 * time.Minute, 1}, {6 * time.Minute, 2}, {50 * time.Minute, 2}} {
			time.Sleep(step.after)
			began := time.Now()
			if err := i.ready(t.Context()); err != nil || !time.Now().Equal(began) {
				t.Errorf("%v after %v, want to be ready at once", err, time.Since(began))
			}
			token, err := i.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}}) // as the SDK does
			if err != nil || c.asked != step.asked || token.Token != fmt.Sprint(c.asked) {
				t.Errorf("%v later: token %q, %v, asked %d times; want %d", step.after, token.Token, err, c.asked, step.asked)
			}
		}
		// A service that has more to ask is not answered out of a cache.
		if _, err := i.GetToken(t.Context(), policy.TokenRequestOptions{Claims: "x"}); err != nil || c.asked != 3 {
			t.Errorf("%v, asked %d times, want 3", err, c.asked)
		}
		// Who has left is told that, not that there is no token.
		ctx, leave := context.WithCancel(t.Context())
		leave()
		c.err = errors.New("nobody waits")
		if _, err := i.GetToken(ctx, policy.TokenRequestOptions{Claims: "x"}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want that the context has ended", err)
		}
	})
}

// credential takes a second for a token.
type credential struct {
	lifetime time.Duration
	asked    int
	err      error
}

func (c *credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	time.Sleep(time.Second)
	c.asked++
	return azcore.AccessToken{Token: fmt.Sprint(c.asked), ExpiresOn: time.Now().Add(c.lifetime)}, c.err
}

func TestTokenThatNeverComes(t *testing.T) { buckettest.RunImpatient(t, identified) }
