package s3

import (
	"encoding/json"
	"strings"
	"testing"
)

// S3 hands metadata that is not ASCII back in a spelling of its own.
func TestUnfold(t *testing.T) {
	for text, want := range map[string]string{
		`{"owner":"Kate"}`:                         `{"owner":"Kate"}`,
		`{"owner":"Käthe"}`:                        `{"owner":"Käthe"}`,
		`=?UTF-8?Q?{"owner":"K=C3=83=C2=A4the"}?=`: `{"owner":"Käthe"}`, // each byte of the UTF-8 as a character
		`=?UTF-8?Q?{"price":"5=E2=82=AC"}?=`:       `{"price":"5€"}`,    // characters as they are
		`=?ISO-8859-1?Q?K=E4the?=`:                 `Käthe`,
		`=?KOI8-R?Q?=E4?=`:                         `=?KOI8-R?Q?=E4?=`,
	} {
		if got := unfold(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzParseEnvelope(f *testing.F) {
	for _, words := range []map[string]string{
		{wordKey: "AAAA", wordNonce: "AAAAAAAAAAAAAAAA", wordCipher: cipherPlain, wordWrapping: wrappingContext, wordContext: `{"aws:x-amz-cek-alg":"AES/GCM/NoPadding"}`},
		{
			wordKey3: "AAAA", wordMessage3: strings.Repeat("A", 36) + "AA==", wordCommitted3: strings.Repeat("A", 36) + "AA==",
			wordCipher3: cipherCommitting, wordWrapping3: wrappingContext3, wordContext3: `{"aws:x-amz-cek-alg":"115","o":"=?UTF-8?Q?=C3=83=C2=A4?="}`,
		},
		{wordOldestKey: "AAAA"},
		{},
	} {
		text, err := json.Marshal(words)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var words map[string]string
		if json.Unmarshal(text, &words) != nil {
			return
		}
		e, err := parseEnvelope(words)
		if err != nil {
			return
		}
		if _, err := e.open(make([]byte, sizeKey), make([]byte, 100)); err == nil {
			t.Error("zeros were taken for something encrypted")
		}
		if len(withoutEnvelope(words)) > len(words) {
			t.Error("words were added")
		}
	})
}
