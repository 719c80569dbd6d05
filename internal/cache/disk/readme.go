package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const readmeName = "README"

const readme = `This folder is a cache of image renditions, kept by Stillroom.

Everything below v1 may be deleted while no server runs; what is missing is made again when it
is asked for. While a server runs, leave the folder alone and use "stillroom purge".

To look into it: stillroom cache ls FOLDER, stillroom cache verify FOLDER, stillroom cache gc FOLDER.
`

// leaveReadme tells whoever finds the folder what it is.
func leaveReadme(path string) error {
	f, err := os.OpenFile(filepath.Join(path, readmeName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(readme)
	err = errors.Join(err, f.Close())
	if errors.Is(err, unix.ENOSPC) {
		return nil // a full disk is no reason not to serve what is there
	}
	return err
}
