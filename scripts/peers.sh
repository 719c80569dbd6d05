#!/bin/sh
# Makes nginx, which we measure ourselves against, and wrk, which measures, available. Takes what stands in PATH,
# /usr/sbin or .deps/peers; else installs them by apt (as root) or unpacks them into .deps/peers (as anybody else).
# Starts no service. Does nothing when all is done.
set -eu
cd "$(dirname "$0")/.."
peers=$PWD/.deps/peers

say() { printf 'peers: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
place() { PATH=$PATH:/usr/sbin:$peers/usr/sbin:$peers/usr/bin command -v "$1"; }

# works says whether a program is there and finds its libraries.
works() {
    path=$(place "$1") || return 1
    # Where dpkg would have put libraries, unpacked ones are not found without a word.
    ! LD_LIBRARY_PATH=$(libraries) ldd "$path" 2>/dev/null | grep -q 'not found'
}

libraries() {
    list=
    for folder in "$peers"/usr/lib/*-linux-gnu* "$peers"/lib/*-linux-gnu*; do
        [ ! -d "$folder" ] || list=$list${list:+:}$folder
    done
    echo "$list"
}

lacking() {
    for name in nginx wrk; do
        works "$name" || printf '%s ' "$name"
    done
}

# quietly runs apt-get and shows what it said only where it failed.
quietly() {
    if ! DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qq "$@" >"$log" 2>&1; then
        tail -n 3 "$log" >&2
        return 1
    fi
}

# unpack lays packages, and whatever of their dependencies the machine lacks, out in .deps/peers.
unpack() {
    have dpkg || fail "missing: dpkg, to unpack $1"
    # shellcheck disable=SC2086
    names=$(apt-get -qq -s install --no-install-recommends $1 2>"$log" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
    [ -n "$names" ] || fail "apt-get knows no $1: $(tail -n 1 "$log")"
    work=$(mktemp -d "$PWD/.deps/peers.XXXXXX")
    trap 'rm -rf "$work" "$log"' EXIT
    trap 'exit 1' HUP INT TERM
    # shellcheck disable=SC2086
    (cd "$work" && quietly download $names) || fail "apt-get cannot download $names"
    mkdir -p "$peers"
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$peers"
    done
}

main() {
    missing=$(lacking)
    [ -n "$missing" ] || return 0
    have apt-get || fail "missing: ${missing% } (and apt-get, to fetch what is missing)"
    mkdir -p .deps
    log=$(mktemp "$PWD/.deps/peers-log.XXXXXX")
    trap 'rm -f "$log"' EXIT
    if [ "$(id -u)" = 0 ]; then
        # shellcheck disable=SC2086 # a list of names
        scripts/apt.sh $missing
    else
        say "unpacking ${missing% } into .deps/peers"
        unpack "$missing"
    fi
    missing=$(lacking)
    [ -z "$missing" ] || fail "still missing after installing: ${missing% }"
}

main
