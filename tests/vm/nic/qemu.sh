#!/bin/bash
# qemu.sh
# Prints QEMU's command line for test_nic.sh: two NICs of each model for each of two hosts, connected one to one. A NIC's name is
# MODEL-HOSTLINK (e1000e-a1); nics.sh has its place on the bus.
set -eu
cd "$(dirname "$0")"
. ./nics.sh
hub=0
for model in "${MODELS[@]}"; do
	for link in 1 2; do
		hub=$((hub + 1))
		for host in a b; do
			nic=$model-$host$link
			printf -- '-netdev hubport,id=net-%s,hubid=%d ' "$nic" $hub
			[ "$nic" != "$PLUGGABLE" ] || printf -- '-device pcie-root-port,id=plug,chassis=1,addr=0x%x ' "$SLOT"
			printf -- '-device %s ' "$(device_words "$nic")"
		done
	done
done
