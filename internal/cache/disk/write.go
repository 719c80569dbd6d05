package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cespare/xxhash/v2"

	"github.com/stillroom/stillroom/internal/blob"
)

// store writes an entry. When the file system is full although our own bound is not reached, others fill
// it: entries make room once, then the tier stands back.
func (s *Store) store(i id, h *head, first []byte, body *blob.Blob) error {
	// What one retry frees at least: a full file system has many writers, and a block or two would be gone
	// before we come back.
	const least = 1 << 20 / block
	blocks := blocksOf(int64(len(first)) + body.Len())
	err := s.write(i, h, first, body, blocks)
	if isFull(err) && s.free(max(blocks, least), h.Stored) == nil {
		err = s.write(i, h, first, body, blocks)
	}
	var d declined
	switch {
	case err == nil:
		s.health.succeeded(h.Stored)
	case !errors.As(err, &d):
		s.health.failed(h.Stored, err)
	}
	return err
}

// write writes one file: under a temporary name, then under its own.
func (s *Store) write(i id, h *head, first []byte, body *blob.Blob, blocks int64) error {
	weight := s.index.weigh(h.Meta.Cost, blocks)
	if err := s.reserve(blocks+mostGrowth, 1, h.Stored); err != nil {
		return err
	}
	n := shelfOf(i)
	d := &s.shelves[n]
	temp := filepath.Join(s.shelfPath(n), fmt.Sprintf("%s%016x", s.token, s.temps.Add(1)))
	f, grown, err := s.createTemp(n, temp)
	s.index.release(mostGrowth-grown, 0)
	if err != nil {
		s.index.release(blocks, 1)
		return err
	}
	err = s.fill(f, first, body)
	if e := s.fs.Close(f); err == nil {
		err = e
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	missing := int64(0)
	if before := s.index.counted(i); before > 0 {
		missing = s.missing(i, before)
	}
	if err == nil {
		err = s.fs.Rename(temp, s.path(i))
	}
	if err != nil {
		_ = s.unlink(n, leftover{path: temp, id: i, blocks: blocks, entries: 1})
		return err
	}
	s.handles.drop(i)
	if s.index.has(i) {
		d.files-- // two files, one name
	}
	s.index.put(record{
		id: i, blocks: uint32(blocks), keep: deadline(h.Meta.Clocks.Keep), written: clock(h.Stored), weight: weight,
	})
	s.index.hold(missing)
	return nil
}

// createTemp makes the file, and its directory if need be. It returns by how many blocks the directory grew.
func (s *Store) createTemp(n int, temp string) (f *os.File, grown int64, err error) {
	d := &s.shelves[n]
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err = s.fs.Create(temp)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.fs.Mkdir(s.shelfPath(n)); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, 0, err
		}
		if d.blocks == 0 {
			d.blocks, grown = 1, 1
		}
		f, err = s.fs.Create(temp)
	}
	if err != nil {
		return nil, grown, err
	}
	return f, grown + d.grow(), nil
}

func (s *Store) fill(f *os.File, first []byte, body *blob.Blob) error {
	if err := writeAll(s.fs, f, first); err != nil {
		return err
	}
	if body.InMemory() {
		return writeAll(s.fs, f, body.Bytes())
	}
	n, err := io.Copy(writer{s.fs, f}, onlyReader{body.Reader()})
	if err == nil && n != body.Len() {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func sumOf(body *blob.Blob) (uint64, error) {
	if body.InMemory() {
		return xxhash.Sum64(body.Bytes()), nil
	}
	var sum xxhash.Digest
	sum.Reset()
	n, err := io.Copy(&sum, body.Reader())
	if err == nil && n != body.Len() {
		err = io.ErrUnexpectedEOF
	}
	return sum.Sum64(), err
}

// onlyReader hides a WriterTo that would not write through the seam.
type onlyReader struct{ io.Reader }

// writer writes through the seam.
type writer struct {
	fs   FS
	file *os.File
}

func (w writer) Write(p []byte) (int, error) { return len(p), writeAll(w.fs, w.file, p) }

func writeAll(fsys FS, f *os.File, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	n, err := fsys.Write(f, p)
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	return err
}
