package e2e

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"
)

func TestBadInput(t *testing.T) {
	whole := photo(t, 400, 300)
	source := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/whole":
			_, _ = w.Write(whole)
		case "/truncated":
			_, _ = w.Write(whole[:len(whole)/2])
		case "/empty":
		case "/text":
			_, _ = w.Write([]byte("<html>this is no picture</html>"))
		case "/short":
			w.Header().Set("Content-Length", "999999")
			_, _ = w.Write(whole)
		case "/header-only":
			_, _ = w.Write(pngHeader(65_000, 65_000))
		case "/endless":
			w.Header().Set("Content-Type", "image/jpeg")
			for {
				if _, err := w.Write(whole); err != nil {
					return
				}
			}
		case "/stalls":
			_, _ = w.Write(whole[:100])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/to-metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		case "/loops":
			http.Redirect(w, r, "/loops", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	})
	s := start(t, "DOWNLOAD_TIMEOUT=1s", "MAX_SRC_FILE_SIZE=4MiB")
	plain := func(path string) string { return "/_/w:100/plain/" + source.URL + path }
	cases := []struct {
		name, path string
		status     int
		says       string
	}{
		{"whole", plain("/whole"), 200, ""},
		{"truncated", plain("/truncated"), 422, "Broken or unsupported image"},
		{"empty", plain("/empty"), 422, "Failed to detect source image type"},
		{"wrong type", plain("/text"), 422, "Failed to detect source image type"},
		{"short", plain("/short"), 422, "Source response is incomplete"},
		{"65,000 x 65,000", plain("/header-only"), 422, "Invalid source image"},
		{"never ends", plain("/endless"), 422, "Invalid source image"},
		{"stalls", plain("/stalls"), 504, "Source is unreachable"},
		{"redirect to a guarded address", plain("/to-metadata"), 404, "Invalid source URL"},
		{"redirect loop", plain("/loops"), 404, "Source is unreachable"},
		{"missing", plain("/none"), 404, "Source is unreachable"},
		{"nobody listens", "/_/w:100/plain/http://127.0.0.1:1/a.jpg", 404, "Source is unreachable"},
		{"no such scheme", "/_/w:100/plain/ftp://127.0.0.1/a.jpg", 404, "Source is unreachable"},
		{"local is off", "/_/w:100/plain/local:///a.jpg", 404, "Source is unreachable"},
		{"100 kB", "/_/w:100/plain/http://127.0.0.1/" + strings.Repeat("a", 100_000), 404, "Invalid URL"},
		{"invalid UTF-8", "/_/w:100/plain/http://127.0.0.1/%ff%fe.jpg", 404, "Invalid URL"},
		{"unknown option", "/_/nope:1/plain/http://127.0.0.1/a.jpg", 404, "nope"},
		{"wrong argument", "/_/width:wide/plain/http://127.0.0.1/a.jpg", 404, "wide"},
		{"not built", "/_/blur:3/plain/http://127.0.0.1/a.jpg", 404, "blur"},
	}
	for range 3 { // once more with everything warm, once more for memory
		for _, c := range cases {
			a := s.get(c.path)
			if a.status != c.status || !strings.Contains(string(a.body), c.says) && c.says != "" {
				t.Errorf("%s: %v, want %d %q", c.name, a, c.status, c.says)
			}
			if a.status != 200 && (bytes.Count(a.body, []byte("\n")) != 1 || strings.Contains(a.header.Get("Cache-Control"), "immutable")) {
				t.Errorf("%s: not one line, or cached for ever: %q %q", c.name, a.body, a.header.Get("Cache-Control"))
			}
		}
	}
	if a := s.get("/health"); a.status != 200 {
		t.Errorf("afterwards: %v", a)
	}
	if mb := s.resident() >> 20; mb > 250 {
		t.Errorf("the server holds %d MiB after bad input only", mb)
	}
}

func TestRedirectToLoopbackIsRefused(t *testing.T) {
	source := newOrigin(t, serves(photo(t, 40, 30), 0))
	s := start(t, "ALLOW_LOOPBACK_SOURCE_ADDRESSES=false")
	if a := s.get("/_/w:10/plain/" + source.URL + "/a.jpg"); a.status != 404 || !strings.Contains(string(a.body), "Invalid source URL") {
		t.Error(a)
	}
	if n := source.fetches.Load(); n != 0 {
		t.Errorf("the guarded address was asked %d times", n)
	}
}

func TestFullQueueAnswersAtOnce(t *testing.T) {
	source := newOrigin(t, serves(photo(t, 3000, 2000), 0))
	s := start(t, "WORKERS=1", "REQUESTS_QUEUE_SIZE=1", "CACHE_TYPE=none")
	refused := make(chan answer, 30)
	for n := range 30 {
		go func() {
			a, err := s.try(t.Context(), http.MethodGet, "/_/rs:force:"+[]string{"1200", "1201", "1202"}[n%3]+":"+strings.Repeat("9", 3)+"/dpr:1."+strings.Repeat("0", n)+"1/f:avif/plain/"+source.URL+"/a.jpg")
			if err != nil {
				t.Error(err)
			}
			refused <- a
		}()
	}
	statuses := map[int]int{}
	for range 30 {
		a := <-refused
		statuses[a.status]++
		if a.status == 503 && a.header.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
	}
	if statuses[503] == 0 || statuses[200] == 0 || statuses[200]+statuses[503] != 30 {
		t.Errorf("statuses %v, want some 200 and the rest 503", statuses)
	}
}

// pngHeader is a PNG that promises a size and holds nothing.
func pngHeader(width, height uint32) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(data))) // a buffer takes everything
		part := append([]byte(name), data...)
		b.Write(part)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(part))
	}
	head := binary.BigEndian.AppendUint32(nil, width)
	head = binary.BigEndian.AppendUint32(head, height)
	chunk("IHDR", append(head, 8, 2, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c})
	chunk("IEND", nil)
	return b.Bytes()
}
