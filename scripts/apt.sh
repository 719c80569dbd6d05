#!/bin/sh
# Installs packages by apt, as root, and keeps their services from starting: tests start their own servers on ports of their
# own, and nginx or Redis would take the usual ones. Prints what apt says only where it fails.
#
#	scripts/apt.sh package...
set -eu
policy=/usr/sbin/policy-rc.d

say() { printf 'apt: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# quietly runs apt-get and shows what it said only where it failed.
quietly() {
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qq "$@" >"$log" 2>&1 || { tail -n 5 "$log" >&2; return 1; }
}

# restore puts the machine's own policy back, also after a run that was killed half-way.
restore() {
    if [ -e "$policy.stillroom" ]; then
        mv -f "$policy.stillroom" "$policy"
    elif grep -qs 'written by scripts/apt.sh' "$policy"; then
        rm -f "$policy"
    fi
}

command -v apt-get >/dev/null 2>&1 || fail "missing: $* (and apt-get, to install them)"
[ "$(id -u)" = 0 ] || fail "missing: $*; install them once: sudo apt-get install --no-install-recommends $*"

# Of two at once the second would take the first one's policy for the machine's.
exec 9>/tmp/stillroom-apt.lock
! command -v flock >/dev/null 2>&1 || flock -w 600 9 || fail "another scripts/apt.sh does not end"

log=$(mktemp)
trap 'restore; rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM
say "installing $*"
restore
[ ! -e "$policy" ] || cp -pP "$policy" "$policy.stillroom"
printf '#!/bin/sh\n# written by scripts/apt.sh: no service starts\nexit 101\n' >"$policy.new"
chmod 755 "$policy.new"
mv -f "$policy.new" "$policy"
quietly update || say "apt-get update failed; going on with the lists that are there"
quietly install -y --no-install-recommends "$@" || fail "apt-get cannot install $*"
