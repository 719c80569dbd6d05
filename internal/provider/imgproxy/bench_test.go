package imgproxy_test

import (
	"testing"

	"github.com/stillroom/stillroom/internal/provider/imgproxy"
)

var typical = map[string]string{
	"plain":  "/oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8/rs:fill:300:400:0/g:no/q:80/plain/https://example.com/images/curiosity.jpg@webp",
	"base64": "/oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8/rs:fill:300:400:0/g:no/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png",
	"preset": "/oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8/pr:thumb/plain/https://example.com/images/curiosity.jpg",
}

func BenchmarkParse(b *testing.B) {
	p, err := imgproxy.New(imgproxy.Config{Presets: []string{"thumb=rs:fill:100:100/q:70"}})
	if err != nil {
		b.Fatal(err)
	}
	for name, target := range typical {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Parse(target); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
