/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* What the files of `capture` share. */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include "cli.h"
#include "xlagg/capture.h"

#define CAPTURE_COMMENT_MAX 256 /* octets of a comment and its NUL */

/* Says what became of a frame. `lagg`, `port`: names; `port` "": none. */
void capture_comment(const struct xlagg_captured *record, const char *lagg, const char *port,
		     char ret[CAPTURE_COMMENT_MAX]);
/* Copies a frame of `len` octets with the tag that was kept beside it to `ret`, which has room for it. */
void capture_put_tag(const struct xlagg_captured *record, uint32_t len, uint8_t *ret);
/* Whether the lagg sent the frame, or was to send it. */
bool capture_outbound(const struct xlagg_captured *record);

#endif
