package buckettest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// CreateGCS makes a bucket, which keeps versions, on the server that FakeGCS has started.
func CreateGCS(t testing.TB, endpoint, name string) {
	t.Helper()
	create(t, http.MethodPost, endpoint+"/storage/v1/b?project=test", `{"name":"`+name+`","versioning":{"enabled":true}}`,
		http.Header{"Content-Type": {"application/json"}})
}

// CreateAzure makes a container in the account that Azurite has started.
func CreateAzure(t testing.TB, endpoint, name string) {
	t.Helper()
	at, err := url.Parse(endpoint + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(Key)
	if err != nil {
		t.Fatal(err)
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	const version = "2024-11-04"
	// Shared Key: the method, eleven headers that are not sent, those of their own, and the resource, which has the account's
	// name twice where that is a part of the path.
	signed := "PUT" + strings.Repeat("\n", 12) + "x-ms-date:" + date + "\nx-ms-version:" + version +
		"\n/" + User + at.Path + "\nrestype:container"
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed))
	create(t, http.MethodPut, at.String()+"?restype=container", "", http.Header{
		"X-Ms-Date": {date}, "X-Ms-Version": {version},
		"Authorization": {"SharedKey " + User + ":" + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	})
}

// CreateSwift makes a container in the account that one logs in to at the URL that Swift has returned.
func CreateSwift(t testing.TB, login, name string) {
	t.Helper()
	account := create(t, http.MethodGet, login, "", http.Header{"X-Auth-User": {SwiftUser}, "X-Auth-Key": {Secret}})
	create(t, http.MethodPut, account.Get("X-Storage-Url")+"/"+name, "", http.Header{"X-Auth-Token": {account.Get("X-Auth-Token")}})
}

// create makes a request that must succeed and returns the head of the answer.
func create(t testing.TB, method, to, body string, header http.Header) http.Header {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil || answer.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s %v\n%s", method, to, answer.Status, err, said)
	}
	return answer.Header
}
