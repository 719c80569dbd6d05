package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// origin is a source on loopback that counts who asks.
type origin struct {
	*httptest.Server

	fetches atomic.Int64
	script  atomic.Pointer[http.HandlerFunc]
}

func newOrigin(t *testing.T, answer http.HandlerFunc) *origin {
	t.Helper()
	o := &origin{}
	o.play(answer)
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.fetches.Add(1)
		(*o.script.Load())(w, r)
	}))
	t.Cleanup(func() {
		o.CloseClientConnections()
		o.Close()
	})
	return o
}

// serves answers with a body after a while.
func serves(body []byte, after time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(after):
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(body) // a server under test may leave
	}
}

// photos holds what was drawn before: under the race detector, drawing takes longer than all that is done with it.
var photos sync.Map

// photo is a JPEG with shapes at every scale, so that an encoder has something to do.
func photo(t *testing.T, width, height int) []byte {
	t.Helper()
	size := [2]int{width, height}
	if drawn, ok := photos.Load(size); ok {
		return drawn.([]byte)
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			u, v := float64(x)/float64(width), float64(y)/float64(height)
			wave := math.Sin(40*u*u+13*v) * math.Cos(29*v*v-7*u)
			img.SetRGBA(x, y, color.RGBA{uint8(128 + 120*wave), uint8(255 * u), uint8(255 * v * (1 - u)), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	photos.Store(size, b.Bytes())
	return b.Bytes()
}

// play makes the origin answer otherwise from now on.
func (o *origin) play(answer http.HandlerFunc) { o.script.Store(&answer) }

// version is a photograph in versions that can be told apart by the height of their renditions.
func version(t *testing.T, n int) []byte {
	t.Helper()
	return photo(t, 400, 80*n)
}

// versionOf tells which version a JPEG of width 100 was made of; for anything else it fails the test and returns 0.
func versionOf(t *testing.T, a answer) int {
	t.Helper()
	if a.status != http.StatusOK {
		t.Errorf("want a picture, got %v", a)
		return 0
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(a.body))
	if err != nil || c.Width != 100 || c.Height%20 != 0 {
		t.Errorf("want a JPEG of width 100, got %d x %d, %v", c.Width, c.Height, err)
		return 0
	}
	return c.Height / 20
}

// says answers with a body and a Cache-Control field.
func says(cacheControl string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", cacheControl)
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(body) // a server under test may leave
	}
}
