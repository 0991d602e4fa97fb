/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Progress of a command that takes long, drawn on stderr. */
#include "progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "view.h"

#define PATIENCE_NS 300000000ull /* a command that ends sooner needs no line */
#define LINE_MAX_OCTETS 256
#define DELETE_LINE "\r\033[K"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void cli_progress_init(struct cli_progress *progress)
{
	const char *term = getenv("TERM");

	*progress = (struct cli_progress){
	    .wanted = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
	};
}

void cli_progress_begin(struct cli_progress *progress)
{
	progress->since_ns = now_ns();
}

void cli_progress_line(const struct xlagg_progress *now, char *ret, size_t size)
{
	static const char *const does[XLAGG_STEP_MAX] = {
	    [XLAGG_STEP_MAKE] = "making ",
	    [XLAGG_STEP_CHANGE] = "changing ",
	    [XLAGG_STEP_STOP] = "putting back the ports of ",
	    [XLAGG_STEP_DEVICES] = "waiting for the kernel to remove devices",
	    [XLAGG_STEP_REMOVE] = "removing ",
	    [XLAGG_STEP_FLIGHT] = "waiting for frames in flight to ports that leave",
	};
	char name[CTL_QUOTED_MAX] = "";

	if (now->lagg[0])
		ctl_quote(now->lagg, name, sizeof(name));
	snprintf(ret, size, "%u of %u lagg%s%s%s%s", now->done, now->of, now->of == 1 ? "" : "s",
		 now->step < XLAGG_STEP_MAX ? ": " : "", now->step < XLAGG_STEP_MAX ? does[now->step] : "", name);
}

/* A line that is wider than the terminal could not be deleted. */
static size_t width(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

void cli_progress_draw(struct cli_progress *progress, const struct nlmsghdr *nlh)
{
	struct xlagg_progress now;
	char line[LINE_MAX_OCTETS];
	size_t fits = width();

	if (view_read_progress(nlh, &now) < 0 || now_ns() - progress->since_ns < PATIENCE_NS)
		return;
	cli_progress_line(&now, line, fits < sizeof(line) ? fits : sizeof(line));
	fprintf(stderr, DELETE_LINE "%s", line);
	fflush(stderr);
	progress->drawn = true;
}

void cli_progress_clear(struct cli_progress *progress)
{
	if (progress->drawn)
		fputs(DELETE_LINE, stderr);
	progress->drawn = false;
}
