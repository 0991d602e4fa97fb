/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The lagg's own device and its lower end. */
#ifndef LAGG_DEVICE_H
#define LAGG_DEVICE_H

#include "lagg/lagg.h"

/* The MTU that the lagg shall have: the option's, the present one, or that of the first port. */
uint32_t device_mtu(const struct lagg *lagg, const struct xlagg_model *model);
/* Makes the device: netkit where the kernel has it and it is wanted, else a veth pair. */
int device_make(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX]);
/* Removes the device and its lower end. 0 also where they are gone. */
int device_remove(struct lagg *lagg);
/* Whether the device that has the number of the lagg's own is another one: it is not the other end of the lagg's lower
 * end. */
bool device_is_another(const struct lagg *lagg, const struct device *device);
/* Whether the device that has the number of a lagg's lower end is that: it bears the mark of one, has the MAC in `id`,
 * or the program that is pinned in `folder` runs there. */
bool device_is_lower(const struct device *device, const struct xlagg_device_id *id, const char *folder);
/* Writes down what the lower end is known by. */
void device_know_lower(struct lagg *lagg, const struct device *lower);
/* Whether the device is of a kind of which laggs' own devices are. */
bool device_is_of_ours(const struct device *device);
/* Gives the lower end the name and the mark that go with the lagg's name. -EEXIST: another device has that name; the
 * mark is set all the same. */
int device_name_lower(struct lagg *lagg);
/* Gives the lower end a name that is in nobody's way. */
int device_name_lower_aside(struct lagg *lagg);
/* Whether devices with MACs of their own are above the lagg's device, in whatever namespace; -errno. */
int device_has_macs_above(const struct lagg *lagg);
/* Whether VLAN devices are above the lagg's device. */
bool device_has_vlans(const struct lagg *lagg);
/* Sets the offloads that the xdp profile needs (with tc: nothing), also after others changed them. */
void device_assert_features(struct lagg *lagg);
/* Switches them on again for the tc profile. */
void device_release_features(struct lagg *lagg);
/* Compares the lower end, and what xlagg needs of the lagg's device, with what is found, and puts back what differs. 0,
 * or the first error: what failed has to be done again. */
int device_keep(struct lagg *lagg);
/* Adds and removes xlagg's own addresses until they are those of `to`. */
int device_set_addresses(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX]);

#endif
