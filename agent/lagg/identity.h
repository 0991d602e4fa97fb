/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Identity: what a lagg keeps over restarts and reboots (MAC, hash seed, number), and by what its ports' devices are
 * recognised. A running lagg has the former in its record (saved.kept), and the state folder has it for the next boot.
 */
#ifndef LAGG_IDENTITY_H
#define LAGG_IDENTITY_H

#include "lagg/lagg.h"

/* Loads what is kept of a lagg that is being created or adopted: from its record if it is there, else from the state
 * folder. Chooses a number if it has none: N for laggN if that is free. */
void identity_load(struct lagg *lagg);
/* Determines MAC (option mac) and hash seed for a lagg with the configuration `model`. What is kept is used. What is
 * not is chosen now and kept. `mac` holds the present MAC (zero: none yet), which stays if nothing determines another.
 */
int identity_choose(struct lagg *lagg, const struct xlagg_model *model, uint8_t mac[6], uint32_t *seed,
		    char sentence[XLAGG_SENTENCE_MAX]);
/* From now on mac auto means this MAC. */
void identity_keep_mac(struct lagg *lagg, const uint8_t mac[6]);
/* Writes what is kept to the state folder, unless that has it already. */
void identity_store(struct lagg *lagg);
/* Tries that again if it failed and the time for another try has come. */
void identity_retry(struct lagg *lagg, uint64_t now);
/* The lagg has another name: writes what is kept to the state folder under that name. */
void identity_moved(struct lagg *lagg);

/* Records by what the device of the port in this slot can be recognised. That stays in the record while the device is
 * absent. */
void identity_of_port(struct lagg *lagg, uint32_t slot, const struct device *device);
/* Forgets it, since the port is removed. */
void identity_forget_port(struct lagg *lagg, uint32_t slot);
/* Records which device option mac names ("from NAME"): none if it names none or there is no such device. */
void identity_find_mac_from(struct lagg *lagg);
/* Whether this is that device, and not another one that got its ifindex: by its own MAC. */
bool identity_is_mac_from(const struct lagg *lagg, const struct device *device);

#endif
