#!/bin/sh
# Makes libvips available to the build and writes how into .deps/env.mk (for make: include it and
# export everything) and .deps/env.sh (for a shell: `. .deps/env.sh`). Does nothing when all is done.
#
#   LIBVIPS=prebuilt   a pinned build from npm, checked against the digests below; needs no root
#   LIBVIPS=system     what pkg-config finds; installed by apt when it is missing and we are root
#   LIBVIPS unset      prebuilt where npm is and there is a package for the machine, else system
#   JEMALLOC=no        do not link jemalloc, which otherwise is used where the machine has it
set -eu

version=8.18.7
release=1.3.4
# The sha512 of each package: what npm calls its integrity, in hexadecimal.
digest_dev=b35548abaa7cde95868b5864ed52dd7d1888e8352894662a6e908dbb8cdd1086ca8e56dd47dcc716922263ac10b676e7e6349fbbdf84fcf482dbab6438d7abd9
digest_x64=189fff4925db9f04837acd36ba60779c324b15c433c3c6b5f15f1fca1aabead579d79b4e10c7489a38f18f502869f311cf9e85dcf1e07ed9e3d5010a494d7393
digest_arm64=6377605ffea513642141bf86c72d166717e0f4c126fc90636a66694b622494fef1210a0a378873026eca70c546b5a543b779de13d38a042eef01fa2703f2ebd4

root=$(cd "$(dirname "$0")/.." && pwd)
deps=$root/.deps
prefix=$deps/libvips-$version-prebuilt

say() { printf 'libvips: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
may_apt() { have apt-get && [ "$(id -u)" = 0 ]; }

# arch prints the package's name for this machine; nothing where there is none.
arch() {
	if [ "$(uname -s)" != Linux ] || ldd --version 2>&1 | grep -qi musl; then
		return 0
	fi
	case $(uname -m) in
	x86_64) echo x64 ;;
	aarch64) echo arm64 ;;
	esac
}

# stamp says what .deps was made from; the first line of env.mk repeats it.
stamp() {
	own=$(cksum <"$root/scripts/libvips.sh")
	echo "# scripts/libvips.sh ${own% *}, LIBVIPS=${LIBVIPS:-}, JEMALLOC=${JEMALLOC:-}, in $root"
}

# done_already holds when env.mk has our stamp and what it relies on is still as it was.
done_already() {
	[ -f "$deps/env.mk" ] && [ -f "$deps/env.sh" ] || return 1
	{ read -r first && read -r allocator && read -r made; } <"$deps/env.mk" || return 1
	[ "$first" = "$(stamp)" ] || return 1
	allocator=${allocator#\# allocator }
	[ "$allocator" = libc ] || [ -e "$allocator" ] || return 1
	case $made in
	*=prebuilt-$version) [ -e "$prefix/lib/libvips.so" ] ;;
	*) [ "$made" = "LIBVIPS_FLAVOUR=system-$(pkg-config --modversion vips 2>/dev/null)" ] ;;
	esac
}

# fetch unpacks one checked package: name, digest, then the paths wanted from it.
fetch() {
	name=$1 digest=$2
	shift 2
	file=$(cd "$work" && npm pack --silent "@img/$name@$release" 2>"$work/log") ||
		fail "npm cannot fetch @img/$name@$release: $(tail -n 1 "$work/log")"
	file=$work/${file##*/}
	printf '%s  %s\n' "$digest" "$file" | sha512sum --check --status ||
		fail "@img/$name@$release is not the package this script was written for (sha512 differs)"
	tar -xzf "$file" -C "$work/tree" --strip-components=1 "$@"
}

# install_prebuilt leaves the pinned build in $prefix; it appears there whole or not at all.
install_prebuilt() {
	[ -e "$prefix/lib/libvips.so" ] && return 0
	say "fetching libvips $version for linux-$1"
	work=$(mktemp -d "$deps/fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	mkdir "$work/tree"
	eval "digest=\$digest_$1"
	fetch "sharp-libvips-linux-$1" "$digest" package/lib package/versions.json
	fetch sharp-libvips-dev "$digest_dev" package/include/vips package/include/glib-2.0
	ln -s "libvips-cpp.so.$version" "$work/tree/lib/libvips.so"
	mkdir "$work/tree/bin"
	write_pkg_config >"$work/tree/bin/pkg-config"
	chmod +x "$work/tree/bin/pkg-config"
	# Another run may have been faster: then its tree stays.
	mv -T "$work/tree" "$prefix" 2>/dev/null || [ -e "$prefix/lib/libvips.so" ] || fail "cannot write $prefix"
}

# write_pkg_config prints a stand-in for pkg-config that knows this one library: the real one may be
# missing, and a bare machine need not install it.
write_pkg_config() {
	cat <<'END'
#!/bin/sh
# Tells go build where the libvips beside this file is; written by scripts/libvips.sh.
here=$(cd "$(dirname "$0")/.." && pwd)
case " $* " in
*' --modversion '*) sed -n 's/.*"vips": *"\([^"]*\)".*/\1/p' "$(dirname "$0")/../versions.json" ;;
*' --cflags '*) echo "-I$here/include -I$here/include/glib-2.0 -I$here/lib/glib-2.0/include" ;;
*' --libs '*) echo "-L$here/lib -lvips -Wl,-rpath,$here/lib" ;;
*) echo "want --cflags, --libs or --modversion, got: $*" >&2; exit 1 ;;
esac
END
}

# install_system makes pkg-config answer for vips, by apt if need be.
install_system() {
	have pkg-config && pkg-config --exists vips && return 0
	may_apt || fail "missing: libvips and its headers (libvips-dev, 8.14 or newer) and pkg-config; or npm, for the pinned build"
	say "installing libvips-dev and pkg-config by apt"
	apt_install libvips-dev pkg-config || fail "apt-get cannot install libvips-dev and pkg-config"
}

apt_install() {
	apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
		{ apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
}

# jemalloc prints the path of the machine's jemalloc; nothing where there is none. Against glibc's
# allocator it keeps less than a fifth of the memory after a load of renditions has passed.
jemalloc() {
	[ "${JEMALLOC:-}" != no ] || return 0
	find_jemalloc && return 0
	if may_apt && have timeout; then
		timeout 60 apt-get install -y -qq --no-install-recommends libjemalloc2 >/dev/null 2>&1 || return 0
		find_jemalloc || return 0
	fi
}

find_jemalloc() {
	for file in "/usr/lib/$(uname -m)-linux-gnu/libjemalloc.so.2" /usr/lib64/libjemalloc.so.2 /usr/lib/libjemalloc.so.2; do
		[ -e "$file" ] && echo "$file" && return 0
	done
	return 1
}

# write_env writes both files. No value holds a space, so that each line is the same to make and shell.
# The define is there for go's build cache, which does not see that pkg-config's answer changed.
write_env() {
	allocator=$(jemalloc)
	place=$(echo "$root" | cksum)
	define=$(echo "$1" | tr 'a-z.-' 'A-Z__')
	{
		stamp
		echo "# allocator ${allocator:-libc}"
		echo "LIBVIPS_FLAVOUR=$1"
		echo "CGO_CPPFLAGS=-DSTILLROOM_LIBVIPS_$define=${place% *}"
		[ -z "$allocator" ] || echo "CGO_LDFLAGS=-l:${allocator##*/}"
		[ -z "${2:-}" ] || echo "PKG_CONFIG=$2"
	} >"$deps/env.$$"
	sed "s/^\([A-Z_]*\)=\(.*\)/export \1='\2'/" "$deps/env.$$" >"$deps/env.sh.$$"
	mv "$deps/env.sh.$$" "$deps/env.sh"
	mv "$deps/env.$$" "$deps/env.mk"
}

main() {
	! done_already || return 0
	case $root in *[[:space:]]*) fail "the path $root holds a space, which make and cgo cannot take" ;; esac
	mkdir -p "$deps"
	machine=$(arch)
	flavour=${LIBVIPS:-prebuilt}
	case $flavour in prebuilt | system) ;; *) fail "LIBVIPS: want prebuilt or system, got \"$flavour\"" ;; esac
	if [ "$flavour" = prebuilt ] && { ! have npm || [ -z "$machine" ]; } && [ ! -e "$prefix/lib/libvips.so" ]; then
		missing="npm is missing"
		[ -n "$machine" ] || missing="there is no pinned build for $(uname -s) $(uname -m)"
		[ -z "${LIBVIPS:-}" ] || fail "$missing"
		say "$missing: using the system's libvips"
		flavour=system
	fi
	if [ "$flavour" = prebuilt ]; then
		install_prebuilt "$machine"
		ln -sfn "${prefix##*/}" "$deps/libvips"
		write_env "prebuilt-$version" "$prefix/bin/pkg-config"
	else
		install_system
		rm -f "$deps/libvips"
		write_env "system-$(pkg-config --modversion vips)"
	fi
}

main
