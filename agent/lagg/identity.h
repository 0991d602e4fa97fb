/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What a lagg keeps as long as it exists, over restarts and reboots: MAC, hash seed and number. A running lagg has it
 * in its record (saved.kept); the state folder has it for the next boot.
 */
#ifndef LAGG_IDENTITY_H
#define LAGG_IDENTITY_H

#include "lagg/lagg.h"

/*
 * What is kept of a lagg that is made, or adopted: from its record where that has it, else from the state folder.
 * Chooses its number, N of laggN where that is free.
 */
void identity_load(struct lagg *lagg);
/*
 * Finds the MAC by option mac, and the hash seed, for a lagg that is or becomes `model`: what is kept, else chosen now
 * and kept. `mac` holds the present MAC (zero: none yet), which stays unless something says otherwise.
 */
int identity_choose(struct lagg *lagg, const struct xlagg_model *model, uint8_t mac[6], uint32_t *seed,
		    char sentence[XLAGG_SENTENCE_MAX]);
/* From now on option mac "auto" means this MAC. */
void identity_keep_mac(struct lagg *lagg, const uint8_t mac[6]);
/* Writes what is kept to the state folder, if that has something else. */
void identity_store(struct lagg *lagg);
/* The lagg is called otherwise: what the state folder keeps of it goes under that name. */
void identity_moved(struct lagg *lagg);

/* The device in this slot, or, while it is absent, in the record alone, has this MAC of its own. */
void identity_of_port(struct lagg *lagg, uint32_t slot, const struct device *device);
/* The port leaves. */
void identity_forget_port(struct lagg *lagg, uint32_t slot);
/* Takes note of the device that option mac names; none, if it does not name one or that is not there. */
void identity_find_mac_from(struct lagg *lagg);
/* Whether two sightings can be of one device: that is refuted only by two permanent MACs that differ. */
bool identity_may_be(const struct xlagg_device_id *id, const struct device *device);
/* Whether the device is known by its permanent MAC to be that one. */
bool identity_proves(const struct xlagg_device_id *id, const struct device *device);

#endif
