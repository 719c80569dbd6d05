package azure

import (
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

func TestNew(t *testing.T) {
	for want, c := range map[string]Config{
		"Name":       {Key: buckettest.Key},
		"Key":        {Name: "n", Key: "!" + buckettest.Secret},
		"Endpoint":   {Name: "n", Key: buckettest.Key, Endpoint: "storage.example.com"},
		"Endpoint:":  {Name: "n", Endpoint: "https://n.example.com/?sig=" + buckettest.Secret},
		"Endpoint: ": {Name: "n", Endpoint: "https://us:" + buckettest.Secret + "@n.example.com/"},
		"hyphens":    {Name: "n.blob.core.windows.net/x#", Key: buckettest.Key},
		"Attempts":   {Name: "n", Key: buckettest.Key, Config: remote.Config{Attempts: -1}},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), buckettest.Secret) {
			t.Errorf("%v, want %q and no secret", err, want)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for want, c := range map[string]Config{
		"https://pictures.blob.core.windows.net/": {Name: "pictures", Key: buckettest.Key},
		"https://blobs.example.com/pictures/":     {Name: "pictures", Key: buckettest.Key, Endpoint: "https://blobs.example.com/pictures"},
		"https://keyless.blob.core.windows.net/":  {Name: "keyless"}, // an identity is looked for when it is needed
	} {
		if got := opener(t, c).client.URL(); strings.TrimSuffix(got, "/") != strings.TrimSuffix(want, "/") {
			t.Errorf("%+v asks %s, want %s", c, got, want)
		}
	}
}

// What the SDK would take for another spelling of a container's name opens none: neither may it be the way to one that is
// denied.
func TestNames(t *testing.T) {
	o := opener(t, Config{Name: "n", Key: buckettest.Key})
	for _, name := range []string{"pictures", "a-1", "$root", "$web"} {
		buckettest.Open(t, o, name)
	}
	for _, name := range []string{"%73ecret", "secret?", "secret?a=b", "secret#", "secret%2Fa", "secret\a", "Secret", "secret ", "$", "é"} {
		if b, err := o.Open(name); b != nil || !fault.Is(err, fault.SourceDenied) {
			t.Errorf("%q: %v, %v; want SourceDenied", name, b, err)
		}
	}
}

func TestRetries(t *testing.T) {
	for attempts, want := range map[int]int32{1: -1, 2: 1, 3: 2} { // 0 would mean the SDK's own idea of it
		if got := retries(attempts).MaxRetries; got != want {
			t.Errorf("%d attempts are %d retries, want %d", attempts, got, want)
		}
	}
}

func TestMetadataNames(t *testing.T) {
	sent := underscores(map[string]string{"cache-tag": "1", "a": "2"})
	if len(sent) != 2 || *sent["cache_tag"] != "1" || *sent["a"] != "2" {
		t.Errorf("%v, want names without hyphens", sent)
	}
	back := hyphens(sent)
	if len(back) != 2 || back["cache-tag"] != "1" || back["a"] != "2" {
		t.Errorf("%v, want them back", back)
	}
}
