package cachetest

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
)

// Trace is a sequence of requests to replay against caches. A generated one is the same on every machine.
type Trace struct {
	Name     string
	Requests []Request
	// Footprint is the bytes of all objects that are asked for more than once by design: what an unbounded cache would
	// be worth having.
	Footprint int64
	// Scanned says that objects are among them which nobody asks for twice.
	Scanned bool
}

// Request asks for an object of Size bytes.
type Request struct {
	Object uint32
	Size   int64
}

// sizes returns n body sizes in bytes, log-normal as those of pictures on the web are: half are below 20 KB, the mean is 41 KB.
func sizes(rng *rand.Rand, n int) []int64 {
	list := make([]int64, n)
	for i := range list {
		list[i] = min(200+int64(20_000*math.Exp(1.2*rng.NormFloat64())), 5_000_000)
	}
	return list
}

// Zipf returns a trace in which the i-th of 10,000 objects is asked for in proportion to i^-0.9, as requests to sites are
// (Breslau and others, INFOCOM 1999), independently of what came before.
func Zipf() Trace {
	const objects, requests, alpha = 10_000, 200_000, 0.9
	rng := rand.New(rand.NewPCG(1, 2))
	size := sizes(rng, objects)
	sum, sums := 0.0, make([]float64, objects)
	for i := range sums {
		sum += math.Pow(float64(i+1), -alpha)
		sums[i] = sum
	}
	t := Trace{Name: "zipf"}
	for _, s := range size {
		t.Footprint += s
	}
	for range requests {
		object, _ := slices.BinarySearch(sums, rng.Float64()*sum)
		t.Requests = append(t.Requests, Request{uint32(object), size[object]})
	}
	return t
}

// ZipfWithScans is Zipf with a crawler going through: after every 10,000 requests come 4,000 for objects that nobody else
// ever asks for.
func ZipfWithScans() Trace {
	const between, length = 10_000, 4_000
	t := Zipf()
	rng := rand.New(rand.NewPCG(3, 4))
	object := uint32(1 << 20)
	var mixed []Request
	for part := range slices.Chunk(t.Requests, between) {
		mixed = append(mixed, part...)
		for _, size := range sizes(rng, length) {
			mixed = append(mixed, Request{object, size})
			object++
		}
	}
	return Trace{Name: "zipf with scans", Requests: mixed, Footprint: t.Footprint, Scanned: true}
}

// Recorded returns the trace in an xz-compressed file of lines "time object bytes".
func Recorded(ctx context.Context, name, path string) (Trace, error) {
	command := exec.CommandContext(ctx, "xz", "--decompress", "--stdout", path)
	out, err := command.StdoutPipe()
	if err != nil {
		return Trace{}, err
	}
	if err := command.Start(); err != nil {
		return Trace{}, err
	}
	t := Trace{Name: name}
	numbers, known := map[int64]uint32{}, map[uint32]int64{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var time, id, size int64
		if _, err := fmt.Sscan(lines.Text(), &time, &id, &size); err != nil || size < 0 {
			return Trace{}, fmt.Errorf("%s, line %d: want time, object and bytes, got %q", path, len(t.Requests)+1, lines.Text())
		}
		if _, ok := numbers[id]; !ok {
			numbers[id] = uint32(len(numbers))
		}
		object := numbers[id]
		if _, ok := known[object]; !ok {
			known[object] = size
			t.Footprint += size
		}
		t.Requests = append(t.Requests, Request{object, known[object]})
	}
	if err := lines.Err(); err != nil {
		return Trace{}, err
	}
	return t, command.Wait()
}
