package vips

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// printEnv makes the test binary print the digests of determined and exit.
const printEnv = "STILLROOM_TEST_PRINT_DIGESTS"

// determined are jobs over every encoder, with everything that could depend on threads or memory.
func determined() map[string]func() ([]byte, transform.Pipeline) {
	out := func(f format.Format, ops ...transform.Op) transform.Pipeline {
		return transform.Pipeline{Ops: ops, MaxFrames: 10, Output: transform.Output{
			Format: f, StripMetadata: true, StripProfile: true, Encoder: transform.Encoder{AVIFSpeed: 7},
		}}
	}
	photo := func() []byte { return asJPEG(noise(300, 200)) }
	jobs := map[string]func() ([]byte, transform.Pipeline){}
	for _, f := range []format.Format{format.JPEG, format.PNG, format.WebP, format.AVIF, format.GIF, format.TIFF} {
		jobs[f.String()] = func() ([]byte, transform.Pipeline) { return photo(), out(f, &transform.Resize{Width: 130}) }
	}
	jobs["alpha"] = func() ([]byte, transform.Pipeline) {
		return asPNG(quarters(90, 90, red, glass, blue, glass)), out(format.WebP, &transform.Resize{Width: 40}, &transform.Rotate{Degrees: 90})
	}
	jobs["drawing"] = func() ([]byte, transform.Pipeline) {
		return []byte(drawing), out(format.PNG, &transform.Resize{Width: 300})
	}
	jobs["frames"] = func() ([]byte, transform.Pipeline) {
		return animated(60, 40, 0, []int{5, 5, 5}, red, green, blue), out(format.WebP, &transform.Resize{Width: 30})
	}
	jobs["palette"] = func() ([]byte, transform.Pipeline) {
		p := out(format.PNG, &transform.Resize{Width: 100})
		p.Output.Encoder.PNGQuantize, p.Output.Encoder.PNGColors = true, 64
		return photo(), p
	}
	return jobs
}

// digest makes one result and returns the hash of its bytes.
func digest(e *Engine, job func() ([]byte, transform.Pipeline)) (string, error) {
	source, p := job()
	c, err := transform.Normalize(p)
	if err != nil {
		return "", err
	}
	im, err := e.Process(context.Background(), inputs(source), c)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(im.Body.Bytes())), nil
}

// printDigests is what a process of its own does in TestTwoProcesses.
func printDigests() int {
	e, err := New(Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for name, job := range determined() {
		d, err := digest(e, job)
		if err != nil {
			fmt.Fprintln(os.Stderr, name, err)
			return 1
		}
		fmt.Println(name, d)
	}
	return 0
}

// The same question gets the same bytes, alone, in a crowd and in another process: ETags rest on it.
func TestDeterminism(t *testing.T) {
	want := map[string]string{}
	for name, job := range determined() {
		d, err := digest(engine, job)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want[name] = d
	}
	t.Run("in a crowd", func(t *testing.T) {
		var group sync.WaitGroup
		for range 4 * runtime.GOMAXPROCS(0) {
			group.Go(func() {
				for name, job := range determined() {
					if d, err := digest(engine, job); err != nil || d != want[name] {
						t.Errorf("%s: want %s, got %s, %v", name, want[name], d, err)
					}
				}
			})
		}
		group.Wait()
	})
	t.Run("in two other processes", func(t *testing.T) {
		for range 2 {
			command := exec.CommandContext(t.Context(), os.Args[0])
			command.Env = append(os.Environ(), printEnv+"=1")
			out, err := command.Output()
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Fields(string(out))
			if len(lines) != 2*len(want) {
				t.Fatalf("want %d digests, got %q", len(want), out)
			}
			for i := 0; i < len(lines); i += 2 {
				if want[lines[i]] != lines[i+1] {
					t.Errorf("%s: want %s, got %s", lines[i], want[lines[i]], lines[i+1])
				}
			}
		}
	})
}
