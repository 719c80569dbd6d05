package buckettest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// KMSKey is the one key that a KMS has.
const KMSKey = "arn:aws:kms:eu-central-1:123456789012:key/4a1b0c8e-7d25-4c53-9b1e-1f3f6d1c2b3a"

// KMS stands in for Amazon's Key Management Service, of which there is no server to be had here. It has the two operations that
// encrypted objects need, over a key that is made anew each time, and takes a data key only with the context that it was made
// with.
type KMS struct {
	URL    string // what AWS_ENDPOINT_URL_KMS has to be
	master cipher.AEAD

	mu      sync.Mutex
	calls   map[string]int
	regions map[string]int
	code    string
	status  int
}

// NewKMS starts a KMS for the time of a test.
func NewKMS(t testing.TB) *KMS {
	t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	block, err := aes.NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	k := &KMS{calls: map[string]int{}, regions: map[string]int{}}
	if k.master, err = cipher.NewGCM(block); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	k.URL = server.URL
	return k
}

// Calls returns how often an operation was asked for, such as Decrypt.
func (k *KMS) Calls(operation string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.calls[operation]
}

// Asked returns how often a region was asked.
func (k *KMS) Asked(region string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.regions[region]
}

// Answer makes every call from now on fail with a status and a code; 0 = they succeed again.
func (k *KMS) Answer(status int, code string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status, k.code = status, code
}

// kmsRequest is what the operations take, and kmsAnswer what they give. JSON has bytes in base64, as the service does.
type (
	kmsRequest struct {
		KeyId             string            //nolint:staticcheck // the service's spelling
		KeySpec           string            `json:",omitempty"`
		CiphertextBlob    []byte            `json:",omitempty"`
		EncryptionContext map[string]string `json:",omitempty"`
	}
	kmsAnswer struct {
		KeyId          string //nolint:staticcheck // the service's spelling
		Plaintext      []byte
		CiphertextBlob []byte `json:",omitempty"`
	}
)

// ServeHTTP answers one call.
func (k *KMS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	scope := strings.Split(r.Header.Get("Authorization"), "/") // AWS4-HMAC-SHA256 Credential=ID/date/region/kms/aws4_request
	k.mu.Lock()
	k.calls[operation]++
	if len(scope) > 2 {
		k.regions[scope[2]]++
	}
	status, code := k.status, k.code
	k.mu.Unlock()
	var request kmsRequest
	var answer kmsAnswer
	switch err := json.NewDecoder(r.Body).Decode(&request); {
	case status != 0:
	case err != nil || len(scope) < 5 || scope[3] != "kms":
		status, code = http.StatusBadRequest, "IncompleteSignature"
	case operation == "GenerateDataKey":
		answer, status, code = k.generate(request)
	case operation == "Decrypt":
		answer, status, code = k.decrypt(request)
	default:
		status, code = http.StatusBadRequest, "UnknownOperationException"
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if status != 0 {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"no"}`, code) // whoever went away needs no answer
		return
	}
	_ = json.NewEncoder(w).Encode(answer) // whoever went away needs no answer
}

func (k *KMS) generate(request kmsRequest) (kmsAnswer, int, string) {
	if request.KeyId != KMSKey || request.KeySpec != "AES_256" {
		return kmsAnswer{}, http.StatusBadRequest, "NotFoundException"
	}
	nonce, data := make([]byte, k.master.NonceSize()), make([]byte, 32)
	_, _ = rand.Read(nonce) // it never fails
	_, _ = rand.Read(data)  // it never fails
	blob := k.master.Seal(append(make([]byte, kmsHead), nonce...), nonce, data, said(request.EncryptionContext))
	return kmsAnswer{KeyId: KMSKey, Plaintext: data, CiphertextBlob: blob}, 0, ""
}

func (k *KMS) decrypt(request kmsRequest) (kmsAnswer, int, string) {
	blob := request.CiphertextBlob
	if len(blob) < kmsHead+k.master.NonceSize() {
		return kmsAnswer{}, http.StatusBadRequest, "InvalidCiphertextException"
	}
	nonce, sealed := blob[kmsHead:kmsHead+k.master.NonceSize()], blob[kmsHead+k.master.NonceSize():]
	data, err := k.master.Open(nil, nonce, sealed, said(request.EncryptionContext))
	if err != nil {
		return kmsAnswer{}, http.StatusBadRequest, "InvalidCiphertextException"
	}
	return kmsAnswer{KeyId: KMSKey, Plaintext: data}, 0, ""
}

// kmsHead makes an encrypted data key as long as the service's own, which has 184 bytes.
const kmsHead = 184 - 12 - 32 - 16

// said is a context as bytes; its names are in order.
func said(context map[string]string) []byte {
	text, _ := json.Marshal(context) // strings can always be written
	return text
}
