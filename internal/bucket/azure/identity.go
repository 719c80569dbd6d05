package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/collapse"
	"github.com/stillroom/stillroom/internal/fault"
)

// identity is who the environment says we are. While nobody has a token the SDK lets one caller ask for it and all others
// wait for that, whatever their contexts say; so they wait here first: together, and each no longer than they want to.
type identity struct {
	azcore.TokenCredential

	asking collapse.Group[struct{}, azcore.AccessToken]
	mu     sync.Mutex
	token  azcore.AccessToken // the latest
}

// What a token is asked for, and how long that may take: the SDK asks several places, with pauses.
const (
	scope    = "https://storage.azure.com/.default"
	patience = time.Minute
)

// newIdentity asks nobody yet. Those who give tokens get a transport as net/http has it: some are known by their
// certificates, for which the SDK has to take it apart.
func newIdentity(transport *http.Transport, retry policy.RetryOptions) (*identity, error) {
	asker := &http.Client{
		Transport: transport,
		// A redirect would take what says who we are along to wherever it leads.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	found, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: policy.ClientOptions{Transport: asker, Retry: retry},
	})
	if err != nil {
		return nil, fmt.Errorf("azure: want a Key or an identity in the environment: %w", err)
	}
	return &identity{TokenCredential: found}, nil
}

// GetToken implements azcore.TokenCredential. Its errors hold nothing of an answer but a word.
func (i *identity) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if token := i.latest(); options.Claims == "" && options.TenantID == "" && !due(token) {
		return token, nil
	}
	token, err := i.TokenCredential.GetToken(ctx, options)
	switch {
	case err == nil:
		i.mu.Lock()
		i.token = token
		i.mu.Unlock()
	case ctx.Err() != nil:
		return azcore.AccessToken{}, ctx.Err()
	default:
		err = fault.New(fault.Unreachable, "azure.token", "no token: %s", tell(err))
	}
	return token, err
}

// ready returns when there is a token. The SDK renews one that is still good by itself, and in time.
func (i *identity) ready(ctx context.Context) error {
	if i == nil || time.Now().Before(i.latest().ExpiresOn) {
		return ctx.Err()
	}
	_, _, err := i.asking.Do(ctx, struct{}{}, func(ctx context.Context, publish func(azcore.AccessToken)) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		token, err := i.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}, EnableCAE: true})
		if err != nil {
			return err
		}
		publish(token)
		return nil
	})
	return err
}

func (i *identity) latest() azcore.AccessToken {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.token
}

// due reports whether it is time for another token than this one.
func due(token azcore.AccessToken) bool {
	renew := token.RefreshOn
	if renew.IsZero() {
		renew = token.ExpiresOn.Add(-5 * time.Minute)
	}
	return !time.Now().Before(renew)
}

// tell returns what of the failure to get a token can be told. The SDK has a line for each place that it has looked at, in
// which it quotes, and below it more lines of what was answered, which may quote what was asked.
func tell(err error) string {
	var told []string
	for entry := range strings.SplitSeq(err.Error(), "\n\t") {
		if strings.HasPrefix(entry, "\t") {
			continue
		}
		line, _, _ := strings.Cut(entry, "\n")
		for _, quotes := range []string{"The endpoint responded with", "unexpected response"} {
			line, _, _ = strings.Cut(line, quotes)
		}
		told = append(told, strings.Trim(line, " ."))
	}
	var refused *azidentity.AuthenticationFailedError
	if errors.As(err, &refused) && refused.RawResponse != nil {
		body, _ := runtime.Payload(refused.RawResponse) // of what cannot be read nothing is told
		told = append(told, fmt.Sprintf("status %d %s", refused.RawResponse.StatusCode, remote.Refusal(body)))
	}
	return strings.Join(told, "; ")
}
