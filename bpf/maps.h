/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Every map of a lagg. Values are in xlagg/abi.h; a map is pinned under its own name in the lagg's folder. */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H
