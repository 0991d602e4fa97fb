/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* The lagg's own device (lagg0) and its lower end. */
#ifndef LAGG_DEVICE_H
#define LAGG_DEVICE_H

#include "lagg/lagg.h"

/* Returns the MTU that the lagg is to have: that of option mtu, else the present one, else that of the first port. */
uint32_t device_mtu(const struct lagg *lagg, const struct xlagg_model *model);
/* Creates the device with its lower end: netkit where the kernel has it and the options allow it, else a veth pair. */
int device_make(struct lagg *lagg, const struct xlagg_model *model, char sentence[XLAGG_SENTENCE_MAX]);
/* Puts the lower end into a group of devices, with which netlink_del_group() removes it and the lagg's device. */
int device_join(struct lagg *lagg, uint32_t group);
/* Removes the device and its lower end. Returns 0 also if they are gone already. */
int device_remove(struct lagg *lagg);
/* Whether another device now has the ifindex of the lagg's own: it is not the other end of the lagg's lower end. */
bool device_is_another(const struct lagg *lagg, const struct device *device);
/* Whether the device that has the ifindex of a lagg's lower end really is that one: it bears the mark of a lower end,
 * has the MAC in `id`, or the program that is pinned in `folder` is attached to it. */
bool device_is_lower(const struct device *device, const struct xlagg_device_id *id, const char *folder);
/* Records by what the lower end can be recognised. */
void device_know_lower(struct lagg *lagg, const struct device *lower);
/* Whether the device is of a kind that laggs' own devices can be. */
bool device_is_of_ours(const struct device *device);
/* Gives the lower end the name and the mark that follow from the lagg's name. -EEXIST: another device has that name;
 * the mark is set nevertheless. */
int device_name_lower(struct lagg *lagg);
/* Gives the lower end the name that follows from its ifindex, which no other lagg needs. */
int device_name_lower_aside(struct lagg *lagg);
/* Returns 1 if devices with MACs of their own are on top of the lagg's device in any namespace, 0 if not, or -errno. */
int device_has_macs_above(const struct lagg *lagg);
/* Whether there are VLAN devices on top of the lagg's device. */
bool device_has_vlans(const struct lagg *lagg);
/* Sets the offloads that the xdp profile needs, again if someone changed them. Does nothing with the tc profile. */
void device_assert_features(struct lagg *lagg);
/* Switches these offloads on again, for the tc profile. */
void device_release_features(struct lagg *lagg);
/* Checks the lower end and what xlagg needs of the lagg's device, and puts back what others changed. Returns 0, or the
 * first error: then it has to be called again. */
int device_keep(struct lagg *lagg);
/* Returns which setting of the lower end someone changes again and again, or NULL. */
const char *device_fought_over(const struct lagg *lagg, uint64_t now);
/* Adds and removes addresses until those that xlagg manages are those of `to`. */
int device_set_addresses(struct lagg *lagg, const struct xlagg_model *to, char sentence[XLAGG_SENTENCE_MAX]);
/* Removes addresses that a change which was not finished may have added. */
void device_drop_addresses(struct lagg *lagg, const char (*address)[XLAGG_ADDRESS_MAX], uint32_t count);

#endif
