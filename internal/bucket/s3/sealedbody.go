package s3

import (
	"bytes"
	"errors"
	"io"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// believed is how many bytes of an announced size are allocated before any has come.
const believed = 64 << 20

// sealedBody is the plain body of an encrypted object, or a part of it.
type sealedBody struct {
	in       io.ReadCloser
	length   int64 // bytes of in
	envelope *envelope
	dataKey  []byte
	from, to int64 // the part of the plain body
	plain    *bytes.Reader
}

// Read reads on. The first call reads and decrypts everything.
func (s *sealedBody) Read(p []byte) (int, error) {
	if s.plain == nil {
		plain, err := s.decrypt()
		if err != nil {
			return 0, err
		}
		s.plain = bytes.NewReader(plain[s.from:s.to])
	}
	return s.plain.Read(p)
}

func (s *sealedBody) decrypt() ([]byte, error) {
	var sealed bytes.Buffer
	sealed.Grow(int(min(s.length, believed)) + bytes.MinRead)
	switch _, err := io.CopyN(&sealed, s.in, s.length); {
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF // also before the first byte: an empty object has its tag
	case err != nil:
		return nil, err
	}
	// To the end, as a connection is used again only then.
	if _, err := s.in.Read(make([]byte, 1)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	plain, err := s.envelope.open(s.dataKey, sealed.Bytes())
	clear(s.dataKey)
	if err != nil {
		return nil, fault.New(fault.SourceFailed, opRead, "%w: %w", bucket.ErrUnreadable, err)
	}
	return plain, nil
}

// Close gives up what was not read.
func (s *sealedBody) Close() error { return s.in.Close() }
