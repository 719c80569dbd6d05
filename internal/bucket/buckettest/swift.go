package buckettest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"

	"github.com/stillroom/stillroom/internal/processtest"
)

// Swift starts OpenStack Swift with one copy of everything on one device, and returns the URL to log in at, as
// SwiftUser with Secret.
func Swift(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	devices := Folder(t, dir, "devices")
	Folder(t, devices, "disk")
	write(t, filepath.Join(Folder(t, dir, "etc"), "swift.conf"),
		"[swift-hash]\nswift_hash_path_prefix = before\nswift_hash_path_suffix = behind\n[storage-policy:0]\nname = only\ndefault = yes\n")
	for _, kind := range []string{"account", "container", "object"} {
		port := processtest.FreePort(t)
		ring(t, dir, kind, port)
		startSwift(t, dir, kind, port, fmt.Sprintf("devices = %s\nmount_check = false\n[pipeline:main]\npipeline = %s-server\n[app:%s-server]\nuse = egg:swift#%s\n",
			devices, kind, kind, kind))
	}
	memory := processtest.FreePort(t)
	processtest.Start(t, processtest.Process{
		Path: processtest.Program(t, "memcached"), Args: []string{"-u", "nobody", "-l", "127.0.0.1", "-p", memory},
		Address: "127.0.0.1:" + memory,
	})
	port := processtest.FreePort(t)
	startSwift(t, dir, "proxy", port, fmt.Sprintf(swiftProxy, memory, Secret))
	return "http://127.0.0.1:" + port + "/auth/v1.0"
}

// SwiftUser is the user of Swift.
const SwiftUser = "test:" + User

// swiftProxy is the rest of the proxy's configuration, for the port of memcached and the user's key.
const swiftProxy = `[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:%s
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:tempauth]
use = egg:swift#tempauth
user_test_` + User + ` = %s .admin
storage_url_scheme = default
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
`

// ring tells everybody where the servers of a kind are: there is one.
func ring(t testing.TB, dir, kind, port string) {
	t.Helper()
	builder := filepath.Join(dir, "etc", kind+".builder")
	for _, args := range [][]string{{"create", "6", "1", "1"}, {"add", "r1z1-127.0.0.1:" + port + "/disk", "1"}, {"rebalance"}} {
		command := exec.CommandContext(t.Context(), processtest.Program(t, "swift-ring-builder"), append([]string{builder}, args...)...)
		if said, err := command.CombinedOutput(); err != nil {
			t.Fatalf("swift-ring-builder %v: %v\n%s", args, err, said)
		}
	}
}

func startSwift(t testing.TB, dir, kind, port, rest string) {
	t.Helper()
	us, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "etc", kind+"-server.conf")
	write(t, conf, fmt.Sprintf("[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = %s\nworkers = 0\nuser = %s\nswift_dir = %s\nlog_level = WARNING\nlog_address = %s\n%s",
		port, us.Username, filepath.Join(dir, "etc"), os.DevNull, rest))
	processtest.Start(t, processtest.Process{
		Path: processtest.Program(t, "swift-"+kind+"-server"), Args: []string{conf}, Env: []string{"SWIFT_CONF_DIR=" + filepath.Join(dir, "etc")},
		Ready: "http://127.0.0.1:" + port + "/healthcheck",
	})
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
