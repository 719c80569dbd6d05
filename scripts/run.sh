#!/bin/sh
# Serves samples/ with the given binary and prints three links once the server answers.
#
# The server takes this script's place (exec), so whoever stops the script stops the server: Ctrl-C and SIGTERM reach it
# directly and once, and it drains. The announcer runs beside it and watches it.
set -eu
bin=$1
cd "$(dirname "$0")/.."

export STILLROOM_BIND="${STILLROOM_BIND:-127.0.0.1:8080}"
export STILLROOM_LOCAL_FILESYSTEM_ROOT="${STILLROOM_LOCAL_FILESYSTEM_ROOT:-samples}"
server=$$

# Tried for a minute: a first start may have to wait for a busy machine.
announce() {
    tries=0
    until [ "$tries" -ge 300 ]; do
        tries=$((tries + 1))
        sleep 0.2
        # Gone: it has said why. Asked on both sides of the health check, because a server that was there before may
        # hold the address and answer in its place.
        kill -0 "$server" 2>/dev/null || return 0
        "$bin" health >/dev/null 2>&1 || continue
        kill -0 "$server" 2>/dev/null || return 0
        links
        return 0
    done
    echo "stillroom: $STILLROOM_BIND does not answer /health" >&2
}

# `stillroom sign` makes the paths, so that they also work where keys are set.
links() {
    case $STILLROOM_BIND in
    :*) at=127.0.0.1$STILLROOM_BIND ;;
    *) at=$STILLROOM_BIND ;;
    esac
    printf '\nStillroom is serving samples/. Try:\n\n'
    for path in \
        '/rs:fill:960:600/g:fp:0.5:0.6/plain/local:///still-life.jpg@webp' \
        '/rs:fit:480:480/bg:f3e9dc/plain/local:///pear.png@jpg' \
        '/rs:fit:320:320/plain/local:///mark.svg@png'; do
        printf '  http://%s%s\n' "$at" "$("$bin" sign "$path" 2>/dev/null)"
    done
    printf '\nCtrl-C ends it.\n\n'
}

# Detached twice, so that the announcer is no child of the server.
(announce &)
exec "$bin" serve
