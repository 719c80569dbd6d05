#!/bin/sh
# Checks what is under deploy/, without an engine or a cluster. It needs promtool and docker-compose or `docker compose`, which
# it installs by apt as root, and nginx, for which scripts/peers.sh is there; helm it builds into .bin, and the server itself,
# which is asked whether it would start as Compose and the chart start it. What is missing fails the check and is named.
# That what dashboard and alerts look at is counted is a test of the package in deploy/.
set -eu
cd "$(dirname "$0")/.."
helm_version=v3.22.0
helm=.bin/helm-$helm_version
kubernetes=1.31.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
status=0

say() { printf 'deploy: %s\n' "$*"; }
wrong() { printf 'deploy: %s\n' "$*" >&2; status=1; }

# checked runs a command and shows what it said only where it failed.
checked() {
    what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        say "$what: right"
    else
        wrong "$what: wrong"
        cat "$work/log" >&2
    fi
}

PATH=$PATH:/usr/sbin:$PWD/.deps/peers/usr/sbin

needs() {
    command -v "$1" >/dev/null 2>&1 || { wrong "missing: $1 ($2)"; return 1; }
}

# dockerfile checks that stages are defined before they are copied from and that what is copied from the context is there and
# not ignored.
dockerfile() {
    awk -v ignored=deploy/Dockerfile.dockerignore '
        BEGIN {
            while ((getline line < ignored) > 0)
                if (line !~ /^#/ && line != "") skip[line] = 1
        }
        { sub(/\r$/, "") }
        toupper($1) == "FROM" { last = ""; for (i = 2; i < NF; i++) if (toupper($i) == "AS") last = $(i + 1); if (last) stage[last] = 1; stages++ }
        toupper($1) == "COPY" {
            from = ""; first = 2
            while ($first ~ /^--/) { if ($first ~ /^--from=/) from = substr($first, 8); first++ }
            if (from != "") { if (!(from in stage)) { print FILENAME ":" FNR ": no stage " from; bad = 1 } next }
            for (i = first; i < NF; i++) {
                split($i, part, "/")
                if (part[1] in skip) { print FILENAME ":" FNR ": " $i " is in .dockerignore"; bad = 1 }
                if (system("test -e \"" $i "\"") != 0) { print FILENAME ":" FNR ": no " $i; bad = 1 }
            }
        }
        toupper($1) == "USER" { user = $2 }
        toupper($1) == "HEALTHCHECK" { health = 1 }
        END {
            if (stages < 2) { print "want a stage that builds and one that runs"; bad = 1 }
            if (user == "" || user ~ /^(root|0)/) { print "want a user other than root"; bad = 1 }
            if (!health) { print "want a HEALTHCHECK"; bad = 1 }
            exit bad
        }' deploy/Dockerfile
}

# queries has Prometheus' own parser read the queries of the dashboard, as if they were rules.
queries() {
    python3 - deploy/grafana/stillroom.json >"$work/queries.yml" <<'PY'
import json, sys
panels = json.load(open(sys.argv[1]))["panels"]
rules = [{"record": "panel:%d:%s" % (panel["id"], target["refId"].lower()),
          "expr": target["expr"].replace("$__rate_interval", "5m")}
         for panel in panels for target in panel.get("targets", [])]
if len({panel["id"] for panel in panels}) < len(panels):
    sys.exit("two panels have one id")
json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, sys.stdout)
PY
    promtool check rules "$work/queries.yml"
}

# build_server needs what scripts/libvips.sh fetched.
build_server() {
    [ -f .deps/env.mk ] || { echo "there is no .deps/env.mk: run make deploy"; return 1; }
    (set -a && . ./.deps/env.mk && nice "${GO:-go}" build -o "$work/stillroom" ./cmd/stillroom)
}

# starts asks the server whether it would start with the lines NAME=value of a file, and allows no warning but the one of
# URLs that are not signed. TLS and credentials are the services' business.
starts() {
    sed '/^AWS_/d' "$1" >"$work/variables"
    [ "$(grep -c '^STILLROOM_' "$work/variables")" -ge 4 ] || { echo "$1: too few settings were found in it"; return 1; }
    set -- "$1" PATH="$PATH"
    while IFS= read -r line; do
        set -- "$@" "$line"
    done <"$work/variables"
    from=$1
    shift
    env -i "$@" "$work/stillroom" config --check >"$work/said" 2>&1 || { sed "s#^#$from: #" "$work/said"; return 1; }
    ! grep '^warning:' "$work/said" | grep -v 'URLs are not signed' || return 1
}

# names checks that every setting that is written somewhere is one. STILLROOM_CACHE_S3_* stands for all that begin so.
names() {
    "$work/stillroom" config 2>/dev/null | awk '/^STILLROOM_/ { print $1 }' >"$work/known"
    bad=0
    for name in $(grep -rohE 'STILLROOM_[A-Z0-9_]+' README.md docs deploy | sort -u); do
        case $name in
        *_) grep -q "^$name" "$work/known" ;;
        *) grep -qx "$name" "$work/known" || grep -qx "${name%_FILE}" "$work/known" ;;
        esac || { echo "there is no setting $name: $(grep -rlF "$name" README.md docs deploy | tr '\n' ' ')"; bad=1; }
    done
    return $bad
}

compose() {
    if docker compose version >/dev/null 2>&1; then
        docker compose -f deploy/compose.yaml config --quiet
    else
        # The older client knows no `name`.
        sed '/^name:/d' deploy/compose.yaml >"$work/compose.yaml"
        docker-compose --project-directory deploy -f "$work/compose.yaml" config --quiet
    fi
}

# image prints the settings that the image comes with.
image() { grep -oE 'STILLROOM_[A-Z0-9_]+=[^ ]+' deploy/Dockerfile; }

# compose_settings has the server read what Compose gives it.
compose_settings() {
    { image; sed -n 's/^    \([A-Z][A-Z0-9_]*\): *"\{0,1\}\([^"]*\)"\{0,1\}$/\1=\2/p' deploy/compose.yaml; } >"$work/compose.env"
    starts "$work/compose.env"
}

# nginx resolves its upstreams at the start, so they are others here, as is where it writes.
nginx_config() {
    sed -e 's/stillroom-[ab]:8080/127.0.0.1:8080/' -e "s#/var/cache/nginx#$work#; s#/tmp/nginx.pid#$work/pid#" deploy/nginx/nginx.conf >"$work/nginx.conf"
    nginx -t -c "$work/nginx.conf"
}

# render renders the chart with flags of helm.
render() { $helm template fleet deploy/helm/stillroom --kube-version $kubernetes "$@"; }

# chart renders the chart as it is, with everything on, without disks, and with odd values, of which it must refuse some.
chart() {
    $helm lint --strict --kube-version $kubernetes deploy/helm/stillroom || return 1
    render >"$work/plain.yaml" || return 1
    render -f deploy/helm/everything.yaml >"$work/all.yaml" || return 1
    render --set disk.enabled=false >"$work/diskless.yaml" || return 1
    for kind in StatefulSet Service Secret ServiceAccount HorizontalPodAutoscaler PodDisruptionBudget Ingress ServiceMonitor \
        NetworkPolicy; do
        grep -q "^kind: $kind\$" "$work/all.yaml" || { echo "with everything on there is no $kind"; return 1; }
    done
    for value in replicaCount=two image.repository= disk.cacheSize=much unknown=1 podDisruptionBudget.minAvailable=1 \
        autoscaling.enabled=true,autoscaling.targetCPU=0 autoscaling.enabled=true,autoscaling.maxReplicas=1 \
        settings.STILLROOM_BIND=:80 settings.STILLROOM_VALKEY_URL=valkey:6379 \
        settings.STILLROOM_CACHE_USE=s3 settings.STILLROOM_CACHE_USE=r2,settings.STILLROOM_CACHE_BUCKET=b \
        settings.STILLROOM_CACHE_PURGE_INTERVAL=often \
        disk.enabled=false,settings.STILLROOM_CACHE_TYPE=hybrid \
        disk.size=10Gi disk.cacheSize=20GiB disk.cacheSize=22GB disk.size=null disk=null image=null \
        secrets.STILLROOM_ADMIN_TOKEN= terminationGracePeriodSeconds=null terminationGracePeriodSeconds=24 preStopSeconds=31 \
        settings.STILLROOM_GRACEFUL_STOP_TIMEOUT=1m settings.STILLROOM_GRACEFUL_STOP_TIMEOUT=45.5s \
        settings.STILLROOM_VALKEY_URL=redis://valkey,terminationGracePeriodSeconds=29 \
        settings.STILLROOM_CACHE_USE=s3,settings.STILLROOM_CACHE_BUCKET=b,terminationGracePeriodSeconds=39 \
        "settings.STILLROOM_CACHE_USE=s3,settings.STILLROOM_CACHE_BUCKET=b,settings.STILLROOM_CACHE_OBJECT_DRAIN_TIMEOUT=0m21000ms" \
        env[0].value=nameless; do
        if render --set "$value" >/dev/null 2>&1; then
            echo "the chart takes $value"
            return 1
        fi
    done
    for value in settings=null secrets=null envFrom=null resources=null preStopSeconds=null preStopSeconds=0 disk.cacheSize=19GiB \
        disk.size=1Ti,disk.cacheSize=1TB terminationGracePeriodSeconds=25 settings.STILLROOM_GRACEFUL_STOP_TIMEOUT=45000ms \
        settings.STILLROOM_GRACEFUL_STOP_TIMEOUT=0m45s settings.STILLROOM_VALKEY_URL=redis://valkey,terminationGracePeriodSeconds=30 \
        settings.STILLROOM_CACHE_USE=s3,settings.STILLROOM_CACHE_BUCKET=b,terminationGracePeriodSeconds=40; do
        render --set "$value" >/dev/null || { echo "the chart does not take $value"; return 1; }
    done
}

# chart_settings has the server read what the chart gives it. Secrets stand in a Secret, which is part of what was rendered.
chart_settings() {
    for rendered in plain all diskless; do
        { image; sed -n -e 's/^ *- {name: \([A-Z][A-Z0-9_]*\), value: "\{0,1\}\([^"]*\)"\{0,1\}}$/\1=\2/p' \
            -e 's/^  \([A-Z][A-Z0-9_]*\): "\(.*\)"$/\1=\2/p' "$work/$rendered.yaml"; } >"$work/$rendered.env"
        starts "$work/$rendered.env" || return 1
    done
}

build_helm() {
    [ ! -x "$helm" ] || return 0
    say "building helm $helm_version (once; some minutes)"
    mkdir -p .bin
    env -u CGO_CPPFLAGS -u CGO_CFLAGS -u CGO_LDFLAGS -u GOFLAGS CGO_ENABLED=0 GOBIN="$work" \
        nice "${GO:-go}" install "helm.sh/helm/v3/cmd/helm@$helm_version" && mv "$work/helm" "$helm"
}

has_compose() { docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null 2>&1; }

# install fetches what is missing where it may; what it may not is named below.
install() {
    set --
    command -v promtool >/dev/null 2>&1 || set -- "$@" prometheus
    has_compose || set -- "$@" docker-compose
    [ $# = 0 ] || [ "$(id -u)" != 0 ] || scripts/apt.sh "$@" || true
}

install
checked Dockerfile dockerfile
checked "the server" build_server
checked "names of settings" names
checked "settings of Compose" compose_settings
if needs promtool "apt-get install prometheus"; then
    needs python3 "apt-get install python3" && checked dashboard queries
    checked Prometheus promtool check config deploy/prometheus/prometheus.yml
    checked alerts promtool test rules deploy/prometheus/alerts_test.yml
fi
needs nginx "scripts/peers.sh" && checked nginx nginx_config
if has_compose || needs docker-compose "apt-get install docker-compose"; then
    checked Compose compose
fi
if build_helm; then checked "Helm chart" chart; checked "settings of the chart" chart_settings; else wrong "helm cannot be built"; fi
exit $status
