package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fleet/fleettest"
	"github.com/stillroom/stillroom/internal/processtest"
)

// balancer starts nginx with the configuration of deploy/ in front of two nodes and returns where it listens.
func balancer(t *testing.T, a, b *server) string {
	t.Helper()
	text, err := os.ReadFile("../deploy/nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	at := "127.0.0.1:" + processtest.FreePort(t)
	head := "pid nginx.pid;\n"
	if os.Geteuid() == 0 {
		head += "user root;\n" // else it works as somebody who may not enter the folder
	}
	config := string(text)
	for _, r := range [][2]string{
		{"pid /tmp/nginx.pid;", head},
		{"stillroom-a:8080", strings.TrimPrefix(a.public, "http://")},
		{"stillroom-b:8080", strings.TrimPrefix(b.public, "http://")},
		{"listen 8080;", "listen " + at + ";"},
		{"/var/cache/nginx/stillroom", "cache"},
		{"access_log /dev/stdout main;", "access_log off;\nclient_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;"},
		{"error_log /dev/stderr warn;", "error_log error.log warn;"},
	} {
		if strings.Count(config, r[0]) != 1 {
			t.Fatalf("deploy/nginx/nginx.conf has no %q, or several", r[0])
		}
		config = strings.Replace(config, r[0], r[1], 1)
	}
	file := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	nginx := processtest.Peer(t, "nginx")
	nginx.Args = []string{"-p", folder, "-c", file, "-e", filepath.Join(folder, "error.log"), "-g", "daemon off;"}
	nginx.Address = at
	t.Cleanup(func() {
		if said, err := os.ReadFile(filepath.Join(folder, "error.log")); err == nil && t.Failed() {
			t.Logf("nginx: %s", said)
		}
	})
	processtest.Start(t, nginx)
	return "http://" + at
}

// Behind nginx, with a shared bucket and with Valkey, no request is taken for one that went round; one that does is ended.
func TestFleetBehindNginx(t *testing.T) {
	there := storageS3(t, "pictures", "results")
	there.upload(t, "pictures", "a.jpg", version(t, 1), bucket.PutOptions{ContentType: "image/jpeg"})
	settings := append(there.asTier("results"), there.asSources()...)
	settings = append(settings, meetAt(fleettest.Start(t))...)
	nodes := []*server{start(t, settings...), start(t, settings...)}
	for _, node := range nodes {
		node.ready()
		eventually(t, "Valkey is asked", func() bool { return node.metric("stillroom_fleet_up") == 1 })
	}
	both := func(name string, labels ...string) (n float64) {
		return nodes[0].metric(name, labels...) + nodes[1].metric(name, labels...)
	}
	front := &server{t: t, public: balancer(t, nodes[0], nodes[1])}

	const pictures = 16
	for range 2 {
		for w := range pictures {
			// What a network in front of nginx adds is no concern of ours.
			path := fmt.Sprintf("/_/w:100/cb:%d/plain/s3://pictures/a.jpg", w)
			if v := versionOf(t, front.get(path, "CDN-Loop", "cloudflare; subreqs=1")); v != 1 {
				t.Errorf("%s: version %d, want 1", path, v)
			}
		}
	}
	if loops, fills := both("stillroom_requests_total", `outcome="loop"`), both("stillroom_fills_total"); loops != 0 || fills != pictures {
		t.Errorf("%v requests were taken for loops, and %v images made; want 0 and %d", loops, fills, pictures)
	}
	for i, node := range nodes {
		if n := node.metric("stillroom_requests_total"); n == 0 {
			t.Errorf("node %d was asked for nothing", i)
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	round := "/_/w:99/plain/" + front.public + "/_/w:98/plain/s3://pictures/a.jpg"
	if a, err := front.try(ctx, http.MethodGet, round); err != nil || a.status < 400 {
		t.Errorf("a picture whose source is the fleet itself: %v, %v", a, err)
	}
	if loops := both("stillroom_requests_total", `outcome="loop"`); loops == 0 {
		t.Error("a request that went round was not noticed")
	}
}
