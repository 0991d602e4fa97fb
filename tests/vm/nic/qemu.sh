#!/bin/bash
# qemu.sh
# QEMU's command line for test_nic.sh: of each model two NICs for each of two hosts, joined port to port. A NIC is called
# MODEL-HOSTLINK (e1000e-a1); its place on the bus is in nics.sh.
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
