package http1

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// BenchmarkServer measures an answer of 20 kB with the fields of a hit, here and by net/http alone. The client does as
// little as it can: it knows how long an answer is.
func BenchmarkServer(b *testing.B) {
	body := make([]byte, 20_000)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set(w, "Accept-Ranges", "bytes", "Cache-Control", "public, max-age=3600, stale-while-revalidate=86400",
			"Cache-Status", "stillroom; hit; ttl=3599; detail=memory", "Content-Disposition", `inline; filename="3.jpg"`,
			"Content-Length", strconv.Itoa(len(body)), "Content-Type", "image/jpeg",
			"Etag", `"LJWvSZeDOw54GhnbxY5vNs7NsznK3dGbL5IRvFZKgAQ"`, "Last-Modified", "Sun, 22 Nov 2026 05:28:06 GMT",
			"X-Content-Type-Options", "nosniff", "X-Request-Id", "MFV5ISNS6IPZSD4DUDSVAKQILZ")
		_, _ = w.Write(body) // the client reads
	})
	for name, start := range map[string]starter{"http1": front, "net-http": plain} {
		b.Run(name, func(b *testing.B) {
			address := start(b, handler)
			length := len(measure(b, address))
			b.ReportAllocs()
			b.SetBytes(int64(length))
			b.SetParallelism(16)
			b.RunParallel(func(loop *testing.PB) {
				c, err := net.Dial("tcp", address)
				if err != nil {
					b.Error(err)
					return
				}
				defer c.Close()
				answer := make([]byte, length)
				for loop.Next() {
					if _, err := io.WriteString(c, get); err != nil {
						b.Error(err)
						return
					}
					if _, err := io.ReadFull(c, answer); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// measure returns an answer as it is sent. They all have the same length.
func measure(b *testing.B, address string) []byte {
	b.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		b.Fatal(err)
	}
	all, err := io.ReadAll(bufio.NewReader(c))
	if err != nil {
		b.Fatal(err)
	}
	return all[:(len(all)-len("Connection: close\r\n"))/2]
}
