package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/processtest"
)

// conformance is where the requests and answers of imgproxy lie, beside the repository.
var conformance = filepath.Join("..", "..", "shared", "conformance")

// request is one of imgproxy's own test cases.
type request struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"`
	Config  json.RawMessage `json:"config"`
	Missing bool            `json:"source_missing_locally"`
}

// TestConformance holds the answers of the server against imgproxy's. What falls short is listed, each case with a word
// that says why, so that nothing falls short unnoticed and nothing stays on the list once it is done.
func TestConformance(t *testing.T) {
	python, err := exec.LookPath("python3")
	if _, missing := os.Stat(filepath.Join(conformance, "run.py")); err != nil || missing != nil {
		t.Logf("imgproxy's requests are not beside this repository, or there is no python3: nothing to compare with (%v, %v)", err, missing)
		return
	}
	t.Parallel()
	pixels := exec.CommandContext(t.Context(), python, "-c", "import ctypes; ctypes.CDLL('libvips.so.42')").Run() == nil
	shards := conformanceShards(t, 2)
	var all sync.WaitGroup
	var mu sync.Mutex
	short := map[string]string{}
	for _, ids := range shards {
		all.Go(func() {
			found, err := conform(t, python, ids, pixels)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(short, found)
		})
	}
	all.Wait()
	compareConformance(t, slices.Concat(shards...), short)
}

// compareConformance holds what falls short against the list.
func compareConformance(t *testing.T, ids []string, short map[string]string) {
	t.Helper()
	listed := readConformance(t)
	for _, id := range ids {
		why, failed := short[id]
		reason, known := listed[id]
		delete(listed, id)
		switch {
		case failed && !known:
			t.Errorf("%s: %s", id, why)
		case known && !failed && !slices.Contains([]string{"jxl", "heic", "tiff"}, reason): // those are the build's to have or not
			t.Errorf("%s passes now: take it off the list (%s)", id, reason)
		}
	}
	for id := range listed {
		t.Errorf("%s is listed, and there is no such case", id)
	}
	t.Logf("%d of %d cases pass", len(ids)-len(short), len(ids))
}

// conform sends some of the requests and returns what falls short, by id.
func conform(t *testing.T, python string, ids []string, pixels bool) (short map[string]string, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out := filepath.Join(t.TempDir(), ids[0])
	args := []string{
		filepath.Join(conformance, "run.py"), "--server", built.Program(t) + " serve", "--out", out,
		"--only", "^(" + strings.Join(ids, "|") + ") ",
	}
	if pixels {
		args = append(args, "--pixels")
	}
	command := exec.CommandContext(ctx, python, args...)
	command.Env = append(processtest.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	text, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) { // 1 = some fall short
		return nil, fmt.Errorf("run.py: %w\n%s", err, tail(string(text), 20))
	}
	written, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("run.py: %w\n%s", err, tail(string(text), 20))
	}
	short = map[string]string{}
	for _, id := range ids {
		short[id] = "the server does not start with the case's settings"
	}
	for line := range bytes.Lines(written) {
		var result struct {
			ID  string
			Bad []string
		}
		if err := json.Unmarshal(line, &result); err != nil {
			return nil, err
		}
		short[result.ID] = strings.Join(result.Bad, "; ")
		if len(result.Bad) == 0 {
			delete(short, result.ID)
		}
	}
	return short, nil
}

// conformanceShards divides the cases so that those which share a server stay together and each part takes about as
// long.
func conformanceShards(t *testing.T, n int) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(conformance, "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string][]string{}
	for line := range bytes.Lines(text) {
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if r.Kind != "vector" && !r.Missing { // as run.py has it
			groups[string(r.Config)] = append(groups[string(r.Config)], r.ID)
		}
	}
	const start = 10 // a server's start takes as long as so many requests
	shards, load := make([][]string, n), make([]int, n)
	order := slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(len(groups[b])-len(groups[a]), strings.Compare(a, b))
	})
	for _, config := range order {
		least := slices.Index(load, slices.Min(load))
		shards[least] = append(shards[least], groups[config]...)
		load[least] += start + len(groups[config])
	}
	return shards
}

// readConformance reads the list: an id and a word on each line.
func readConformance(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "conformance.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	listed := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case len(words) != 2 || listed[words[0]] != "":
			t.Errorf("testdata/conformance.txt: want a new id and a word, got %q", line)
		default:
			listed[words[0]] = words[1]
		}
	}
	return listed
}
