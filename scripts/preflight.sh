#!/bin/sh
# Says in one line what this machine lacks for building Stillroom; says nothing when it lacks nothing.
set -eu
cd "$(dirname "$0")/.."

missing=

want() {
    missing="${missing:+$missing; }$1"
}

go=${GO:-go}
floor=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' go.mod)
if command -v "$go" >/dev/null 2>&1; then
    # Asked here, inside the module, because an older Go may fetch the one that go.mod names (GOTOOLCHAIN=auto).
    have=$("$go" env GOVERSION 2>/dev/null | sed -n 's/^go\([0-9]*\.[0-9]*\).*/\1/p')
    oldest=$(printf '%s\n%s\n' "$floor" "${have:-0.0}" | sort -t . -k 1,1n -k 2,2n | head -n 1)
    [ "$oldest" = "$floor" ] || want "Go $floor or newer (found ${have:-an older one})"
    # CC may carry flags ("ccache gcc"), so its first word is what must exist.
    cc=$("$go" env CC 2>/dev/null || echo cc)
    command -v "${cc%% *}" >/dev/null 2>&1 || want "a C compiler (\$CC is \"$cc\")"
else
    want "Go $floor or newer (https://go.dev/dl/)"
    command -v cc >/dev/null 2>&1 || want "a C compiler"
fi

# libvips.sh fetches libvips with npm, installs it with apt, or takes what pkg-config finds.
if ! command -v npm >/dev/null 2>&1 && ! command -v apt-get >/dev/null 2>&1 &&
    ! pkg-config --exists vips 2>/dev/null; then
    want "npm or apt to fetch libvips with, or an installed libvips (LIBVIPS=system)"
fi

if [ -n "$missing" ]; then
    echo "stillroom: cannot build here, missing: $missing" >&2
    exit 1
fi
