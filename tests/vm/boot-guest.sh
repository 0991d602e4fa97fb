#!/bin/bash
# boot-guest.sh
# The part of boot.sh that runs in the guest, in each of its boots. In its folder, which is the machine's outside:
#   settings, script, number   of the test, and of this boot; read here
#   again                      written when the guest goes down to boot once more
#   status                     written when it is done
set -eu
cd "$(dirname "$0")"
udevadm settle --timeout=300
exec >/dev/virtio-ports/out 2>&1 </dev/null

status=0
# shellcheck disable=SC2016
BOOT=$(cat number) bash -c '
	set -euo pipefail
	export NAME=boot_$BOOT P=guest RUN=/run BPFFS=/sys/fs/bpf
	. ./settings
	. "$LIB"
	monitor() { echo "$*" >/dev/virtio-ports/monitor; }
	cut_power() {
		: >/run/boot/again
		echo b >/proc/sysrq-trigger
	}
	. /run/boot/script
	"boot_$BOOT" "$@"
	! declare -F "boot_$((BOOT + 1))" >/dev/null || : >/run/boot/again
' || status=$?

if [ -e again ]; then
	systemctl --no-block reboot
else
	echo $status >status
	systemctl poweroff -ff >/dev/null 2>&1
fi
