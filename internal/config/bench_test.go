package config

import "testing"

// BenchmarkLoad is what every start and every offline command pays; with a mistake, each setting is read on its own.
func BenchmarkLoad(b *testing.B) {
	for _, test := range []struct{ name, environ string }{
		{"right", "STILLROOM_TTL=90"}, {"wrong", "STILLROOM_TTL=soon"},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Load(Options{Environ: []string{test.environ}}); (err != nil) != (test.name == "wrong") {
					b.Fatal(err)
				}
			}
		})
	}
}
