package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// replay applies a journal as far as it is whole, and returns the last mark in it: -1 when it cannot be
// believed. A journal that does not follow what was read before is read for its mark alone.
func (x *index) replay(fs FS, name string, j oldJournal, boot uint64, follows bool) (mark int64, err error) {
	f, err := fs.Open(name)
	if err != nil {
		return -1, err
	}
	defer func() { _ = f.Close() }()
	r := io.NewSectionReader(readerAt{fs, f}, 0, j.size)
	var first [journalHead]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		return -1, err
	}
	mark, sameBoot, err := parseJournalHead(&first, j.generation, boot)
	if err != nil {
		return -1, err
	}
	b := make([]byte, slabLen*changeSize)
	for {
		n, err := io.ReadFull(r, b)
		for piece := b[:n]; len(piece) >= changeSize; piece = piece[changeSize:] {
			change := (*[changeSize]byte)(piece)
			if uint32(xxhash.Sum64(change[:recordSize])) != binary.LittleEndian.Uint32(change[recordSize:]) {
				return -1, errors.New("a record does not fit its sum")
			}
			if change[32] == markPlace {
				mark = int64(binary.LittleEndian.Uint64(change[:8]))
			} else if r, ok := parseRecord((*[recordSize]byte)(change[:])); ok && follows {
				x.restore(r)
			}
		}
		if err != nil {
			if !sameBoot {
				mark = -1
			}
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil
			}
			return mark, err
		}
	}
}

func parseJournalHead(b *[journalHead]byte, generation, boot uint64) (mark int64, sameBoot bool, err error) {
	switch {
	case string(b[:8]) != journalMagic:
		return 0, false, errors.New("it does not begin as one")
	case xxhash.Sum64(b[:40]) != binary.LittleEndian.Uint64(b[40:]):
		return 0, false, errors.New("its head does not fit its sum")
	case binary.LittleEndian.Uint32(b[8:]) != journalVersion:
		return 0, false, fmt.Errorf("it has version %d, expected %d", binary.LittleEndian.Uint32(b[8:]), journalVersion)
	case binary.LittleEndian.Uint64(b[16:]) != generation:
		return 0, false, fmt.Errorf("it is of generation %x", binary.LittleEndian.Uint64(b[16:]))
	}
	sameBoot = boot != 0 && binary.LittleEndian.Uint64(b[32:]) == boot
	return int64(binary.LittleEndian.Uint64(b[24:])), sameBoot, nil
}
