#!/bin/sh
# Makes a Valkey or Redis server available to the tests. Takes what stands in PATH or .deps/valkey; else installs
# redis-server by apt (as root) or unpacks it into .deps/valkey (as anybody else). Starts no service. Prints nothing and
# does nothing when all is done.
set -eu
cd "$(dirname "$0")/.."
place=$PWD/.deps/valkey

say() { printf 'valkey: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

there() {
    for name in valkey-server redis-server; do
        path=$(PATH=$place/usr/bin:$PATH command -v "$name") || continue
        # Where dpkg would have put libraries, unpacked ones are not found without a word.
        LD_LIBRARY_PATH=$(libraries) "$path" --version >/dev/null 2>&1 && return 0
    done
    return 1
}

libraries() {
    list=
    for folder in "$place"/usr/lib/*-linux-gnu* "$place"/lib/*-linux-gnu*; do
        [ ! -d "$folder" ] || list=$list${list:+:}$folder
    done
    echo "$list"
}

# quietly runs apt-get and shows what it said only where it failed.
quietly() {
    if ! DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qq "$@" >"$log" 2>&1; then
        tail -n 3 "$log" >&2
        return 1
    fi
}

# unpack lays the package, and whatever of its dependencies the machine lacks, out in .deps/valkey.
unpack() {
    command -v dpkg >/dev/null 2>&1 || fail "missing: dpkg, to unpack redis-server"
    names=$(apt-get -qq -s install --no-install-recommends redis-server 2>"$log" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
    [ -n "$names" ] || fail "apt-get knows no redis-server: $(tail -n 1 "$log")"
    work=$(mktemp -d "$PWD/.deps/valkey.XXXXXX")
    trap 'rm -rf "$work" "$log"' EXIT
    trap 'exit 1' HUP INT TERM
    # shellcheck disable=SC2086 # a list of names
    (cd "$work" && quietly download $names) || fail "apt-get cannot download $names"
    mkdir -p "$place"
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$place"
    done
}

main() {
    ! there || return 0
    command -v apt-get >/dev/null 2>&1 || fail "missing: valkey-server or redis-server (and apt-get, to fetch it)"
    mkdir -p .deps
    log=$(mktemp "$PWD/.deps/valkey-log.XXXXXX")
    trap 'rm -f "$log"' EXIT
    if [ "$(id -u)" = 0 ]; then
        scripts/apt.sh redis-server
    else
        say "unpacking redis-server into .deps/valkey"
        unpack
    fi
    there || fail "redis-server is installed but does not run"
}

main
