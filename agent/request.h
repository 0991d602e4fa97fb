/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Messages of clients. */
#ifndef AGENT_REQUEST_H
#define AGENT_REQUEST_H

#include "server.h"

/* Reads it, checks it, does what it asks for and answers. False: the connection is to be closed. */
bool request_handle(struct client *client, const void *message, size_t len);
/* Refuses a message that cannot be decoded: at once, or, within a transaction, with the answer to its commit. */
bool request_refuse(struct client *client, const struct nlmsghdr *request, int r, const char *sentence);

/* Reports to a client, without a request of its own, that what it was sent until now has ended, and why. */
void request_end(struct client *client, int r, const char *sentence);

#endif
