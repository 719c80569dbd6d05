package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/stillroom/stillroom/internal/admin"
	"github.com/stillroom/stillroom/internal/config"
)

// dialTimeout is long against what connecting takes within a network, and short to somebody who waits for a line
// in a terminal.
const dialTimeout = 300 * time.Millisecond

// answerTimeout bounds a call that the server answers from memory.
const answerTimeout = 10 * time.Second

var errAdminOff = errors.New("the admin listener is off (STILLROOM_ADMIN_BIND is empty): name one with --admin")

func adminFlag() *config.Flag {
	return &config.Flag{Name: "admin", Desc: "ask the admin listener at this URL in place of the configured one"}
}

// remote returns the client of the running server that a command is about.
func remote(l loaded) (*admin.Client, error) {
	address := l.flags["admin"]
	if address == "" {
		if l.config.Admin.Bind == "" {
			return nil, errAdminOff
		}
		_, address = probed(config.Server{Network: "tcp", Bind: l.config.Admin.Bind})
	}
	client, err := admin.NewClient(address, l.config.Admin.Token, dialTimeout)
	if err != nil {
		return nil, fmt.Errorf("--admin: %w", err)
	}
	return client, nil
}

// switches reads flags of a command that may stand without a value.
func switches(l loaded, names ...string) (map[string]bool, error) {
	on := make(map[string]bool, len(names))
	for _, name := range names {
		value := l.flags[name]
		if value == "" {
			continue
		}
		set, err := strconv.ParseBool(value)
		if err != nil {
			return nil, fmt.Errorf("--%s: want true or false, got %q", name, value)
		}
		on[name] = set
	}
	return on, nil
}
