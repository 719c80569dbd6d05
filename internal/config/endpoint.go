package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Endpoint is the URL of a service; empty = the usual one.
type Endpoint string

// UnmarshalText reads an http or https URL. Its error repeats nothing of it, because it may hold a credential.
func (e *Endpoint) UnmarshalText(text []byte) error {
	at := strings.TrimSpace(string(text))
	if at != "" {
		u, err := url.Parse(at)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
			return errors.New("want http:// or https:// and a host, such as https://storage.example.com")
		case u.User != nil || u.RawQuery != "" || u.Fragment != "":
			return errors.New("want a URL without user, query and fragment, such as https://storage.example.com")
		}
	}
	*e = Endpoint(at)
	return nil
}

// String returns the URL.
func (e Endpoint) String() string { return string(e) }

// AccessPoint is the ARN of an access point and the name of the bucket that it stands for.
type AccessPoint struct{ Bucket, ARN string }

// AccessPoints are written as "bucket=arn;bucket=arn".
type AccessPoints []AccessPoint

// UnmarshalText reads the list.
func (a *AccessPoints) UnmarshalText(text []byte) error {
	*a = nil
	for item := range strings.SplitSeq(string(text), ";") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		bucket, arn, _ := strings.Cut(item, "=")
		bucket, arn = strings.TrimSpace(bucket), strings.TrimSpace(arn)
		if bucket == "" || !strings.HasPrefix(arn, "arn:") {
			return fmt.Errorf("want bucket=arn pairs separated by ;, got %q", item)
		}
		for _, other := range *a {
			if other.Bucket == bucket {
				return fmt.Errorf("want each bucket once, got %q again", bucket)
			}
		}
		*a = append(*a, AccessPoint{bucket, arn})
	}
	return nil
}

// String writes what UnmarshalText reads.
func (a AccessPoints) String() string {
	items := make([]string, len(a))
	for i, one := range a {
		items[i] = one.Bucket + "=" + one.ARN
	}
	return strings.Join(items, ";")
}

// ByBucket returns the ARNs by the names of their buckets; nil = there are none.
func (a AccessPoints) ByBucket() map[string]string {
	if len(a) == 0 {
		return nil
	}
	all := make(map[string]string, len(a))
	for _, one := range a {
		all[one.Bucket] = one.ARN
	}
	return all
}
