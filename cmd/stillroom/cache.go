package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/stillroom/stillroom"
	"github.com/stillroom/stillroom/internal/cache/disk"
	"github.com/stillroom/stillroom/internal/config"
)

func cacheFlags() []*config.Flag {
	return []*config.Flag{
		{Name: "delete", Bool: true, Desc: "with verify: remove what is damaged"},
		{Name: "json", Bool: true, Desc: "with ls: write an object per line"},
	}
}

// cacheFolder looks after the folder of a disk tier that no server uses.
func cacheFolder(args, environ []string, stdout, stderr io.Writer) int {
	l, ok := load(args, environ, cacheFlags(), 2, stderr)
	if !ok {
		return exitUsage
	}
	action, dir := l.report.Operands[0], l.report.Operands[1]
	on, err := switches(l, "delete", "json")
	switch {
	case err != nil:
	case on["delete"] && action != "verify":
		err = fmt.Errorf("--delete: it goes with verify, not with %s", action)
	case on["json"] && action != "ls":
		err = fmt.Errorf("--json: it goes with ls, not with %s", action)
	case action != "verify" && action != "gc" && action != "ls":
		err = fmt.Errorf("want verify, gc or ls, got %q", action)
	}
	if err != nil {
		fmt.Fprintf(stderr, "cache: %s\n", err)
		return exitUsage
	}
	status := exitDone
	switch action {
	case "verify":
		status, err = verify(dir, on["delete"], stdout)
	case "gc":
		err = collect(dir, time.Now(), l.config.Cache.DiskTTL, stdout)
	case "ls":
		err = list(dir, on["json"], time.Now(), stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "cache %s: %s\n", action, err)
		return exitFailed
	}
	return status
}

// folders returns the folders of tiers at dir: its own, and that of the copies of sources where there is one.
func folders(dir string) ([]string, error) {
	results, copies := stillroom.DiskFolders(dir)
	_, err := os.Stat(copies)
	switch {
	case err == nil:
		return []string{results, copies}, nil
	case errors.Is(err, fs.ErrNotExist):
		return []string{results}, nil
	}
	return nil, err
}

// verify reads every body, and with remove removes what is damaged. The status is exitFailed if anything damaged
// is left.
func verify(dir string, remove bool, w io.Writer) (status int, err error) {
	all, err := folders(dir)
	if err != nil {
		return exitFailed, err
	}
	for _, folder := range all {
		r, err := disk.Verify(folder)
		if err != nil {
			return exitFailed, err
		}
		damaged, left := 0, 0
		for _, p := range r.Problems {
			if p.Kind == disk.Temporary {
				left++
			} else {
				damaged++
			}
			fate := ""
			if remove {
				if err := os.Remove(filepath.Join(folder, p.File)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return exitFailed, err
				}
				fate = "; removed"
			}
			if _, err := fmt.Fprintf(w, "%s: %s: %s%s\n", filepath.Join(folder, p.File), p.Kind, p.Reason, fate); err != nil {
				return exitFailed, err
			}
		}
		if damaged > 0 && !remove {
			status = exitFailed
		}
		if _, err := fmt.Fprintf(w, "%s: %d whole, %d damaged, %d left by writes that did not end; %s on disk\n",
			folder, r.Entries, damaged, left, bytesText(r.Bytes)); err != nil {
			return exitFailed, err
		}
	}
	return status, nil
}

// collect removes what is of no use.
func collect(dir string, now time.Time, ttl time.Duration, w io.Writer) error {
	all, err := folders(dir)
	if err != nil {
		return err
	}
	for _, folder := range all {
		r, err := disk.GC(folder, now, ttl)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s: removed %d files, %d of them expired entries; %d entries stay, %s on disk\n",
			folder, r.Removed, r.Expired, r.Entries, bytesText(r.Bytes)); err != nil {
			return err
		}
	}
	return nil
}
