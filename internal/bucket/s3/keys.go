package s3

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
	"github.com/stillroom/stillroom/internal/fault"
)

// keys asks KMS for the data keys of objects. Its errors have the kinds of bucket.Bucket.
type keys struct {
	client *kms.Client
	id     string // the key for new objects: its ID, ARN or alias; empty = there are none
}

// unwrap returns the data key of an object that is in a region; empty = the region that we were configured with.
func (k *keys) unwrap(ctx context.Context, op, subject, region string, e *envelope) ([]byte, error) {
	out, err := k.client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: e.key, EncryptionContext: e.context}, at(region)...)
	if err != nil {
		return nil, kmsFailure(ctx, op, subject, err)
	}
	if len(out.Plaintext) == 0 { // which says nothing about the object
		return nil, remote.Broken(ctx, op, subject+": its key, of KMS", errors.New("it holds no key"))
	}
	return out.Plaintext, nil
}

// make returns a new data key, and leaves it in e as KMS encrypts it.
func (k *keys) make(ctx context.Context, op, subject, region string, e *envelope) ([]byte, error) {
	if named, err := arn.Parse(k.id); err == nil {
		region = named.Region
	}
	out, err := k.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: &k.id, KeySpec: types.DataKeySpecAes256, EncryptionContext: e.context,
	}, at(region)...)
	if err != nil {
		return nil, kmsFailure(ctx, op, subject, err)
	}
	e.key = out.CiphertextBlob
	return out.Plaintext, nil
}

func at(region string) []func(*kms.Options) {
	if region == "" {
		return nil
	}
	return []func(*kms.Options){func(o *kms.Options) { o.Region = region }}
}

// kmsFailure gives an error of KMS its kind. Nearly all its refusals have a status of 400, so their names count.
func kmsFailure(ctx context.Context, op, subject string, err error) error {
	subject += ": its key, of KMS"
	status, code := said(err)
	if ctx.Err() != nil || status == 0 {
		return remote.Failure(ctx, op, subject, err)
	}
	switch code {
	case "InvalidCiphertextException", "IncorrectKeyException": // no such data key was ever made for such a context
		return fault.New(fault.SourceFailed, op, "%s: %w: %s", subject, bucket.ErrUnreadable, code)
	case "ThrottlingException", "LimitExceededException":
		status = 429
	case "DependencyTimeoutException", "KeyUnavailableException", "KMSInternalException":
		status = 503
	}
	switch {
	case status < 300: // half an answer, or one of another protocol
		return remote.Broken(ctx, op, subject, err)
	case status == 400, status == 404: // a key that is missing is no missing object
		status = 403
	}
	return bucket.Answered(op, subject, status, code, false)
}

// region returns where a bucket is, if it was found elsewhere than where we were configured to look.
func (o *Opener) region(name string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.regions[name]
}

// newKeys returns what asks KMS as whoever settings say; nil = objects are as they are stored.
func (c Config) newKeys(settings aws.Config) *keys {
	if !c.Decrypt && c.KMSKeyID == "" {
		return nil
	}
	return &keys{client: kms.NewFromConfig(settings), id: c.KMSKeyID}
}
