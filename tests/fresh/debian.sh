#!/bin/bash
# debian.sh RELEASE [PACKAGE,...]
# Prints the folder of a bare Debian (debootstrap's minbase) with those packages: bookworm, trixie ... As root.
# The mirror and how it is reached are taken from this machine's apt. The folder stays in a cache (XLAGG_CACHE, default
# /var/cache/xlagg) and serves everybody who asks for the same: work in a copy or an overlay of it, never in itself.
# Exit status 77, with the reason, where no mirror is reached.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/lib.sh"
release=${1:?usage: debian.sh RELEASE [PACKAGE,...]}
packages=$(tr , '\n' <<<"${2:-}" | sed '/^$/d' | sort -u)

say() { echo "debian.sh: $*" >&2; }
die() { say "$@"; exit 1; }
no_mirror() { say "$@"; exit 77; }

# What this machine's apt knows of Debian, as "SUFFIX URI" for each of the suites that belong to a release.
suites() {
	apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(CODENAME)|$(REPO_URI)' 'Created-By: Packages' |
		awk -F'|' -v release="$release" '
			$1 == "Debian" && $2 == "main" && match($3, /^[a-z]+/) {
				suffix = substr($3, RLENGTH + 1)
				if (suffix !~ /^(-updates|-security)?$/ || (suffix != "" && release == "sid"))
					next
				if (!(suffix in uri) || substr($3, 1, RLENGTH) == release)
					uri[suffix] = $4
			}
			END { for (suffix in uri) print release suffix, uri[suffix] }' | sort
}
# The same as lines of a sources.list, the mirror itself first. A list of mirrors in a file stands for its first line.
sources() {
	local suite uri
	suites | while read -r suite uri; do
		uri=${uri%/}
		case $uri in mirror+file:*) uri=$(awk 'NF { print $1; exit }' "${uri#mirror+file:}") ;; esac
		echo "deb ${uri%/} $suite main"
	done
}
# How this machine's apt fetches: proxies, time-outs, checks.
settings() {
	apt-config dump --no-empty | grep '^Acquire::' | grep -viE '^Acquire::(cdrom|Changelogs|CompressionTypes|IndexTargets)|Auto-?Detect' || :
}
use_proxy_of_apt() {
	local scheme proxy
	for scheme in http https; do
		proxy=
		eval "$(apt-config shell proxy "Acquire::$scheme::Proxy")"
		case $proxy in '' | DIRECT) ;; *) export "${scheme}_proxy=$proxy" ;; esac
	done
}
reached() {
	case $1 in
	file:*) [ -e "${1#file:}" ] || [ -e "${1#file://}" ] ;;
	*) wget -q --tries=2 --timeout=20 -O /dev/null "$1" ;;
	esac
}

install_debootstrap() {
	local apt=(apt-get -qq -o DPkg::Lock::Timeout=300)
	! command -v debootstrap >/dev/null || return 0
	"${apt[@]}" update >&2 || no_mirror "apt-get update fails (above is why), and debootstrap is not installed"
	"${apt[@]}" install -y --no-install-recommends debootstrap debian-archive-keyring >/dev/null ||
		no_mirror "debootstrap cannot be installed: above is why"
}

# bare FOLDER
bare() {
	local mirror
	install_debootstrap
	[ -e "/usr/share/debootstrap/scripts/$release" ] || die "debootstrap knows no release $release"
	use_proxy_of_apt
	mirror=$(awk -v release="$release" '$3 == release { print $2 }' <<<"$sources")
	reached "$mirror/dists/$release/InRelease" || no_mirror "$release is not reached at $mirror"
	# Namespaces of its own, so that no mount and no process outlives it. Two at once would spoil each other's packages.
	# shellcheck disable=SC2154 # cache is the caller's
	flock "$cache/packages" unshare --mount --pid --fork --kill-child --mount-proc debootstrap --variant=minbase \
		--cache-dir="$cache/packages" "$release" "$1" "$mirror" >"$1.log" 2>&1 ||
		{ tail -n 20 "$1.log" >&2; die "debootstrap failed: above is why"; }
	rm -rf "$1"/var/cache/apt/archives/*.deb
	echo "$sources" >"$1/etc/apt/sources.list"
	echo "$settings" >"$1/etc/apt/apt.conf.d/90machine"
	# what is in such a root can be made again
	echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/no-sync"
}
# with_packages FOLDER: no service starts while they are installed.
with_packages() {
	local bare
	bare=$("$here/debian.sh" "$release") || exit
	cp -a --reflink=auto "$bare/." "$1"
	lend_packages "$1"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"
	# shellcheck disable=SC2086
	{ "$here/enter.sh" "$1" apt-get -qq update &&
		"$here/enter.sh" "$1" apt-get -qq -y --no-install-recommends install $packages; } >"$1.log" 2>&1 ||
		{ tail -n 20 "$1.log" >&2; die "these cannot be installed in $release:" $packages; }
	rm "$1/usr/sbin/policy-rc.d"
	keep_packages "$1"
}

[ "$(id -u)" = 0 ] || die "a Debian can be made by root only"
settings=$(settings)
sources=$(sources)
[ -n "$sources" ] || { apt-get -qq update >&2 || :; sources=$(sources); }
[ -n "$sources" ] || no_mirror "apt knows no mirror of Debian"
key=$(printf '%s\n' "$(dpkg --print-architecture)" "$packages" "$sources" "$settings" | sha256sum)
root=$cache/debian/$release-${key:0:12}

mkdir -p "$cache"/{debian,packages}
exec {lock}>"$root.lock"
flock "$lock"
if ! [ -d "$root" ]; then
	new=$root.new
	trap 'rm -rf --one-file-system "$new" "$new.log"' EXIT
	rm -rf --one-file-system "$new"
	mkdir -m 755 "$new"
	if [ -n "$packages" ]; then with_packages "$new"; else bare "$new"; fi
	mv -T "$new" "$root"
fi
echo "$root"
