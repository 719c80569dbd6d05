package buckettest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stillroom/stillroom/internal/processtest"
)

// Secret is the credential of the servers where it can be chosen. It is no word that an error could hold by chance.
const Secret = "zuE5kritDz0PfS7ugg1e"

// User is the name that goes with it.
const User = "stillroom"

// Versitygw starts an S3 server over a folder, in which the named buckets are, and returns its URL. Its user is User, with
// Secret.
func Versitygw(t testing.TB, buckets ...string) string {
	t.Helper()
	dir, address := t.TempDir(), "127.0.0.1:"+processtest.FreePort(t)
	for _, name := range buckets {
		Folder(t, dir, "data", name)
	}
	processtest.Start(t, processtest.Process{
		Path: processtest.Tool(t, ".bin", "versitygw"),
		Args: []string{
			"--port", address, "--iam-dir", Folder(t, dir, "iam"), "--health", "/health",
			"posix", "--versioning-dir", Folder(t, dir, "versions"), Folder(t, dir, "data"),
		},
		Env:   []string{"ROOT_ACCESS_KEY=" + User, "ROOT_SECRET_KEY=" + Secret},
		Ready: "http://" + address + "/health",
	})
	return "http://" + address
}

// FakeGCS starts a server for Google's protocol, in memory, and returns its URL. It asks for no credentials.
func FakeGCS(t testing.TB) string {
	t.Helper()
	port := processtest.FreePort(t)
	processtest.Start(t, processtest.Process{
		Path:  processtest.Tool(t, ".bin", "fake-gcs-server"),
		Args:  []string{"-scheme", "http", "-host", "127.0.0.1", "-port", port, "-public-host", "127.0.0.1:" + port, "-backend", "memory"},
		Ready: "http://127.0.0.1:" + port + "/_internal/healthcheck",
	})
	return "http://127.0.0.1:" + port
}

// Azurite starts a server for Azure's protocol and returns the URL of its account, whose name is User and whose key Key.
func Azurite(t testing.TB) string {
	t.Helper()
	port := processtest.FreePort(t)
	processtest.Start(t, processtest.Process{
		Path: processtest.Program(t, "node"),
		Args: []string{
			processtest.Tool(t, ".deps", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js"),
			"--blobHost", "127.0.0.1", "--blobPort", port, "--location", t.TempDir(), "--silent", "--skipApiVersionCheck", "--disableTelemetry",
		},
		Env:     []string{"AZURITE_ACCOUNTS=" + User + ":" + Key},
		Address: "127.0.0.1:" + port,
	})
	return "http://127.0.0.1:" + port + "/" + User
}

// Key is Secret as Azure wants keys.
const Key = "enVFNWtyaXREejBQZlM3dWdnMWU="

// Folder makes a folder below another one.
func Folder(t testing.TB, elements ...string) string {
	t.Helper()
	folder := filepath.Join(elements...)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}
