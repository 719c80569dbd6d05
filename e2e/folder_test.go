package e2e

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// occupied is what a folder takes on disk.
type occupied struct {
	bytes     int64 // blocks in use, directories included
	temporary []string
}

// occupies looks through a folder that somebody may be writing into: what goes meanwhile is not counted.
func occupies(t *testing.T, folder string) occupied {
	t.Helper()
	var o occupied
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				o.bytes += info.Sys().(*syscall.Stat_t).Blocks * 512
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if strings.Contains(e.Name(), "tmp") {
			o.temporary = append(o.temporary, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}
