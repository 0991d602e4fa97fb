# shellcheck shell=bash disable=SC2034
# Sourced by the scripts that make and use a bare Debian. What they make and keep is in $cache; root only.
cache=${XLAGG_CACHE:-/var/cache/xlagg}

# Packages are fetched once: apt finds them in the root's archive, as hard links, and new ones are taken over from there.
lend_packages() { find "$cache/packages" -name '*.deb' -exec ln -t "$1/var/cache/apt/archives" {} +; }
keep_packages() {
	find "$1/var/cache/apt/archives" -maxdepth 1 -name '*.deb' -exec mv -n -t "$cache/packages" {} +
	rm -f "$1"/var/cache/apt/archives/*.deb
}
