#!/bin/sh
# Makes the object stores available that the tests of internal/bucket talk to: versitygw (S3) and fake-gcs-server (Google)
# in .bin, Azurite (Azure) in .deps, OpenStack Swift with its memcached from the system's packages. Starts nothing. Does
# nothing when all is there.
set -eu
cd "$(dirname "$0")/.."

VERSITYGW=v1.8.0
FAKE_GCS=v1.56.1
AZURITE=3.37.0
SWIFT='swift-proxy swift-account swift-container swift-object memcached'

say() { printf 'buckets: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# program builds a Go program as .bin/NAME-VERSION, and .bin/NAME as a link to it.
program() {
    name=$1 module=$2 version=$3
    if [ ! -x ".bin/$name-$version" ]; then
        say "building $name $version (once; up to a minute)"
        # Without our own flags: what is set for libvips must not reach it.
        env -u CGO_CPPFLAGS -u CGO_CFLAGS -u CGO_LDFLAGS -u GOFLAGS CGO_ENABLED=0 GOBIN="$work" \
            nice go install -trimpath -ldflags='-s -w' "$module@$version" || fail "cannot build $module@$version"
        mv "$work/$name" ".bin/$name-$version"
    fi
    ln -sfn "$name-$version" ".bin/$name"
}

azurite() {
    into=.deps/azurite-$AZURITE
    if [ ! -f "$into/node_modules/azurite/dist/src/blob/main.js" ]; then
        have npm || fail "missing: node 20 or newer with npm, for Azurite"
        say "installing Azurite $AZURITE (once; half a minute)"
        # The current folder must not be a parent that npm takes for the project, so it gets one of its own.
        mkdir "$work/azurite"
        echo '{"private":true}' >"$work/azurite/package.json"
        nice npm install --prefix "$work/azurite" --no-audit --no-fund --ignore-scripts --loglevel=error \
            "azurite@$AZURITE" >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; fail "npm cannot install azurite@$AZURITE"; }
        rm -rf "$into"
        mv "$work/azurite" "$into"
    fi
    ln -sfn "azurite-$AZURITE" .deps/azurite
}

lacking() {
    for name in proxy account container object; do
        PATH=$PATH:/usr/sbin have "swift-$name-server" || { echo "swift-$name"; }
    done
    PATH=$PATH:/usr/sbin have swift-ring-builder || echo swift
    PATH=$PATH:/usr/sbin have memcached || echo memcached
}

# swift installs the packages; their services do not start.
swift() {
    [ -n "$(lacking)" ] || return 0
    # shellcheck disable=SC2086 # a list of names
    scripts/apt.sh $SWIFT || exit 1
    missing=$(lacking | tr '\n' ' ')
    [ -z "$missing" ] || fail "still missing after installing: ${missing% }"
}

have go || fail "missing: go"
mkdir -p .bin .deps
work=$(mktemp -d "$PWD/.deps/buckets.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
program versitygw github.com/versity/versitygw/cmd/versitygw "$VERSITYGW"
program fake-gcs-server github.com/fsouza/fake-gcs-server "$FAKE_GCS"
azurite
swift
