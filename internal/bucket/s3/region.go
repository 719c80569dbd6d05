package s3

import (
	"context"
	"errors"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/remote"
)

func pause(attempt int, _ error) (time.Duration, error) { return remote.Pause(attempt), nil }

// inRegion calls do, and again where the bucket turns out to be in another region than the one asked: Amazon refuses such
// a request, but says in its answer where the bucket is.
func inRegion(o *Opener, name string, do func(...func(*s3.Options)) error) error {
	o.mu.Lock()
	region := o.regions[name]
	o.mu.Unlock()
	err := do(inside(region)...)
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return err
	}
	right := answer.Response.Header.Get("X-Amz-Bucket-Region")
	if region == "" {
		region = o.client.Options().Region
	}
	if right == "" || right == region {
		return err
	}
	o.mu.Lock()
	o.regions[name] = right
	o.mu.Unlock()
	return do(inside(right)...)
}

func inside(region string) []func(*s3.Options) {
	if region == "" {
		return nil
	}
	return []func(*s3.Options){func(o *s3.Options) { o.Region = region }}
}

// failure gives an error of the SDK its kind. put says that it is of a Put with IfAbsent, version what was asked for.
func failure(ctx context.Context, op, subject, version string, put bool, err error) error {
	status, code := said(err)
	switch {
	case ctx.Err() != nil || status == 0:
		return remote.Failure(ctx, op, subject, err)
	case status < 300: // half an answer, or one of another protocol
		return remote.Broken(ctx, op, subject, err)
	}
	if status == 400 && version != "" {
		status = 404 // what is no name of a version names none
	}
	return bucket.Answered(op, subject, status, code, put)
}

// said returns the status of the answer that an error of the SDK is about, and the service's word for it; 0 = there was none.
func said(err error) (status int, code string) {
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) {
		return 0, ""
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	return answer.HTTPStatusCode(), code
}
