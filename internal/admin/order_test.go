package admin

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParseOrder checks that whatever is understood says one thing, and is written so that it is understood again.
func FuzzParseOrder(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"all":true}`, `{"tag":"a","soft":true}`, `{"url":"/x","dry_run":true}`, `{"source":"\u0000"}`,
		`{"prefix":"a","prefix":"b"}`, `{"tag":{"tag":"a"}}`, `{"tag":"a"}}`, `{"tag"`, `nul`, `{"all":true}x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := parseOrder(body)
		if err != nil {
			return
		}
		if o.Selector == "" || (o.Value == "") != (o.Selector == "all") {
			t.Errorf("%s means %+v", body, o)
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseOrder(text)
		if err != nil {
			t.Fatalf("%s is written as %s: %v", body, text, err)
		}
		if diff := cmp.Diff(o, again); diff != "" {
			t.Errorf("%s is written as %s:\n%s", body, text, diff)
		}
	})
}
