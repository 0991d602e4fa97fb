/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * capture: writes what a lagg sends and receives as pcapng. The agent has programs put every frame and what became of
 * it into a ring, whose descriptor it passes; this process maps it, applies the filter and writes. When its connection
 * to the agent ends, so does the capture.
 */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "pcapng.h"
#include "ring.h"
#include "view.h"
#include "xlagg/walk.h"

#define LOOK_MS 50	      /* the kernel wakes us only when much waits in the ring */
#define FILTER_REACH 512      /* octets of a frame that a filter sees, whatever the snaplen */
#define FILTER_MAX 16384      /* octets of a filter */
#define INTERFACES_MAX 256    /* interfaces that a file describes */
#define OUTPUT_BUFFER 1048576 /* octets */
#define RELEASE_AFTER 64      /* records after which the kernel gets their room back */
#define TAG_LEN 4
#define NS_PER_S 1000000000ull

struct interface {
	uint32_t ifindex;
	char name[XLAGG_NAME_MAX];
	uint64_t accepted; /* frames that passed the filter */
};

struct capture {
	struct cli *cli;
	const char *name; /* of the lagg */
	const char *path; /* of the file; NULL or "-": stdout */
	uint64_t count;	  /* frames after which it ends, 0: none */
	uint32_t snaplen; /* octets of each frame that are written, 0: all of them */
	char *filter;	  /* in tcpdump's language; NULL: none */
	struct bpf_program program;
	struct view view;
	const char *port[XLAGG_MAX_PORTS]; /* names of the ports that were named */
	uint32_t ports;
	FILE *out;
	bool made_file; /* it was not there before */
	struct ring ring;
	int ring_fd;
	const volatile struct xlagg_capture *state;
	struct interface interface[INTERFACES_MAX]; /* the first one is the lagg */
	uint32_t interfaces;
	uint8_t slot_interface[XLAGG_MAX_PORTS + 1]; /* of the slot's last record; 0: none so far */
	uint64_t accepted, unmatched;		     /* frames */
	uint64_t start_ns;			     /* CLOCK_REALTIME */
	uint64_t offset_ns;			     /* CLOCK_REALTIME less CLOCK_MONOTONIC */
	uint8_t tagged[XLAGG_CAPTURE_SNAPLEN + TAG_LEN];
};

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* --- words of the command --- */

static bool to_stdout(const struct capture *capture)
{
	return !capture->path || strcmp(capture->path, "-") == 0;
}

/* Reads a number of a command line. False: it is none, or above `most`. */
static bool read_number(const char *word, uint64_t most, uint64_t *ret)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(word, &end, 10);
	if (errno || *end || word[0] < '0' || word[0] > '9' || value > most)
		return false;
	*ret = value;
	return true;
}

/* Reads the options. Returns the index of the first word behind them, or a negative exit status. */
static int read_options(struct capture *capture, int argc, char *argv[])
{
	struct cli *cli = capture->cli;
	uint64_t number = 0;
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt(argc, argv, "+:w:c:s:")) != -1) {
		if (option == 'w')
			capture->path = optarg;
		else if (option == 'c' && read_number(optarg, UINT64_MAX, &capture->count) && capture->count)
			continue;
		else if (option == 's' && read_number(optarg, UINT32_MAX, &number))
			capture->snaplen = number < XLAGG_CAPTURE_SNAPLEN ? (uint32_t)number : 0;
		else if (option == ':')
			return -cli_usage(cli, "-%c needs a value: see `xlagg help capture`", optopt);
		else if (option == '?')
			return -cli_usage(cli, "-%c is no option of capture: see `xlagg help capture`", optopt);
		else
			return -cli_usage(cli, "-%c takes a number%s, not \"%s\"", option,
					  option == 'c' ? " from 1 on" : "", optarg);
	}
	return optind;
}

/* Takes "port DEV" as often as DEV is a port of the lagg: tcpdump's language has a word "port", too. Returns how many
 * words that were. */
static int read_ports(struct capture *capture, int argc, char *argv[])
{
	int i = 0;

	while (i + 1 < argc && strcmp(argv[i], "port") == 0 && capture->ports < XLAGG_MAX_PORTS) {
		const struct view_lagg *lagg = &capture->view.lagg[0];
		int port = view_find_port(capture->cli, lagg, argv[i + 1]);

		if (port < 0)
			break;
		capture->port[capture->ports++] = lagg->model.port[port].name;
		i += 2;
	}
	return i;
}

/* Joins the words of the filter. Returns an exit status. */
static int read_filter(struct capture *capture, int argc, char *argv[])
{
	size_t size = 1;
	char *text;

	for (int i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	if (argc == 0)
		return CLI_DONE;
	if (size > FILTER_MAX)
		return cli_usage(capture->cli, "a filter has at most %d characters", FILTER_MAX);
	text = capture->filter = calloc(1, size);
	for (int i = 0; text && i < argc; i++)
		text += sprintf(text, "%s%s", i ? " " : "", argv[i]);
	return text ? CLI_DONE : cli_refuse(capture->cli, "out of memory");
}

/* Compiles the filter. Returns an exit status. */
static int compile(struct capture *capture)
{
	pcap_t *pcap;
	int r;

	if (!capture->filter)
		return CLI_DONE;
	pcap = pcap_open_dead(DLT_EN10MB, XLAGG_CAPTURE_SNAPLEN);
	if (!pcap)
		return cli_refuse(capture->cli, "out of memory");
	r = pcap_compile(pcap, &capture->program, capture->filter, 1, PCAP_NETMASK_UNKNOWN);
	if (r != 0)
		r = cli_usage(capture->cli,
			      "the filter \"%s\" is not valid: %s; pcap-filter(7) has the language, and %s's ports are "
			      "in `xlagg port show %s`",
			      capture->filter, pcap_geterr(pcap), capture->name, capture->name);
	pcap_close(pcap);
	return r;
}

/* Reads all words, and what the agent says of the lagg. Returns an exit status. */
static int prepare(struct capture *capture, int argc, char *argv[])
{
	int r, used = read_options(capture, argc, argv);

	if (used < 0)
		return -used;
	if (to_stdout(capture) && isatty(STDOUT_FILENO))
		return cli_usage(capture->cli, "this would write pcapng to the terminal: give -w FILE, or pipe it: "
					       "| tshark -r -");
	if (view_get(capture->cli, capture->name, &capture->view) < 0)
		return cli_failed(capture->cli);
	if (link_enter(capture->cli) < 0)
		return cli_failed(capture->cli);
	used += read_ports(capture, argc - used, argv + used);
	r = read_filter(capture, argc - used, argv + used);
	return r ? r : compile(capture);
}

/* --- the ring --- */

static int take_maps(const struct nlmsghdr *nlh, void *context)
{
	struct capture *capture = context;
	struct cli *cli = capture->cli;
	struct walk walk = walk_attrs(nlh, 0);
	const struct nlattr *attr;
	uint32_t size = 0;
	void *state;
	int r;

	while ((attr = walk_next_attr(&walk)))
		if (mnl_attr_get_type(attr) == XLAGG_A_RING && mnl_attr_get_payload_len(attr) == sizeof(size))
			size = mnl_attr_get_u32(attr);
	if (nlh->nlmsg_type != XLAGG_MSG_CAPTURE || cli->passed_fds != 2)
		return -EBADMSG;
	r = ring_open(cli->passed[0], size, &capture->ring);
	if (r < 0)
		return r;
	state = mmap(NULL, sizeof(struct xlagg_capture), PROT_READ, MAP_SHARED, cli->passed[1], 0);
	if (state == MAP_FAILED)
		return -errno;
	capture->state = state;
	close(cli->passed[1]);
	capture->ring_fd = cli->passed[0];
	cli->passed_fds = 0;
	return 0;
}

/* Has the agent begin the capture. Returns 0 or -errno, with cli->sentence. */
static int ask(struct capture *capture)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[64 + 64 * XLAGG_MAX_PORTS];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	uint32_t snaplen = capture->snaplen;

	if (snaplen && capture->filter && snaplen < FILTER_REACH)
		snaplen = FILTER_REACH;
	nlh->nlmsg_type = XLAGG_CMD_CAPTURE;
	mnl_attr_put_strz(nlh, XLAGG_A_NAME, capture->name);
	mnl_attr_put_u32(nlh, XLAGG_A_SNAPLEN, snaplen);
	for (uint32_t i = 0; i < capture->ports; i++)
		mnl_attr_put_strz(nlh, XLAGG_A_PORT_NAME, capture->port[i]);
	return cli_ask(capture->cli, nlh, take_maps, capture);
}

/* --- the file --- */

/* Adds an interface. Returns its number; 0, the lagg's, when there is no room for one more. */
static uint32_t add_interface(struct capture *capture, uint32_t ifindex, const char *name)
{
	char description[16 + XLAGG_NAME_MAX];
	struct interface *interface = &capture->interface[capture->interfaces];

	if (capture->interfaces == INTERFACES_MAX)
		return 0;
	snprintf(description, sizeof(description), "%s %.15s", capture->interfaces ? "port of" : "lagg", capture->name);
	*interface = (struct interface){.ifindex = ifindex};
	snprintf(interface->name, sizeof(interface->name), "%.15s", name);
	pcapng_interface(capture->out, interface->name, description, capture->filter, capture->snaplen);
	return capture->interfaces++;
}

static uint32_t interface_of(struct capture *capture, uint32_t ifindex)
{
	char name[IF_NAMESIZE];

	if (!ifindex)
		return 0;
	for (uint32_t i = 1; i < capture->interfaces; i++)
		if (capture->interface[i].ifindex == ifindex)
			return i;
	/* It became a port after the capture began. */
	if (!if_indextoname(ifindex, name))
		snprintf(name, sizeof(name), "dev%u", ifindex);
	return add_interface(capture, ifindex, name);
}

/* Opens the file. What is in it stays until the agent has agreed. Returns an exit status. */
static int open_file(struct capture *capture)
{
	int fd;

	if (to_stdout(capture)) {
		capture->out = stdout;
		return CLI_DONE;
	}
	fd = open(capture->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	capture->made_file = fd >= 0;
	if (fd < 0)
		fd = open(capture->path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return cli_refuse(capture->cli, "cannot write %s: %s", capture->path, strerror(errno));
	capture->out = fdopen(fd, "w");
	if (capture->out)
		return CLI_DONE;
	close(fd);
	return cli_refuse(capture->cli, "out of memory");
}

/* Removes the file that was made for nothing. */
static void forget_file(const struct capture *capture)
{
	if (capture->made_file)
		unlink(capture->path);
}

/* Begins the file: describes the interfaces. */
static void begin_file(struct capture *capture)
{
	const struct view_lagg *lagg = &capture->view.lagg[0];

	if (!to_stdout(capture) && ftruncate(fileno(capture->out), 0) != 0 && errno != EINVAL) /* a FIFO has no end */
		cli_warn(capture->cli, "cannot empty %s: %s", capture->path, strerror(errno));
	setvbuf(capture->out, NULL, _IOFBF, OUTPUT_BUFFER);
	pcapng_start(capture->out, "xlagg " XLAGG_VERSION);
	add_interface(capture, lagg->status.ifindex, capture->name);
	for (uint32_t i = 0; i < lagg->model.ports; i++)
		if (lagg->port[i].ifindex)
			add_interface(capture, lagg->port[i].ifindex, lagg->model.port[i].name);
}

static bool passes(const struct capture *capture, const uint8_t *frame, uint32_t captured, uint32_t len)
{
	const struct pcap_pkthdr header = {.caplen = captured, .len = len};

	return !capture->filter || pcap_offline_filter(&capture->program, &header, frame) != 0;
}

static void write_record(struct capture *capture, const struct xlagg_captured *record, uint32_t frame_len)
{
	const uint8_t *frame = record->frame;
	uint32_t captured = frame_len, len = record->len, interface = interface_of(capture, record->ifindex);
	char comment[CAPTURE_COMMENT_MAX];

	capture->slot_interface[record->slot < XLAGG_MAX_PORTS ? record->slot : XLAGG_MAX_PORTS] = (uint8_t)interface;
	if (record->tagged) {
		capture_put_tag(record, frame_len, capture->tagged);
		frame = capture->tagged;
		captured += TAG_LEN;
		len += TAG_LEN;
	}
	if (!passes(capture, frame, captured, len)) {
		capture->unmatched++;
		return;
	}
	capture->accepted++;
	capture->interface[interface].accepted++;
	capture_comment(record, capture->name, interface ? capture->interface[interface].name : "", comment);
	pcapng_packet(capture->out,
		      &(struct pcapng_packet){
			  .interface = interface,
			  .time_ns = record->time_ns + capture->offset_ns,
			  .data = frame,
			  .written = capture->snaplen && capture->snaplen < captured ? capture->snaplen : captured,
			  .len = len,
			  .outbound = capture_outbound(record),
			  .comment = comment,
		      });
}

static bool is_full(const struct capture *capture)
{
	return capture->count && capture->accepted >= capture->count;
}

/* Writes what waits in the ring. */
static void drain(struct capture *capture)
{
	const struct xlagg_captured *record;
	uint32_t len, records = 0;

	/* The clock may have been set meanwhile. */
	capture->offset_ns = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
	while (!is_full(capture) && !ferror(capture->out) && (record = ring_next(&capture->ring, &len))) {
		uint32_t room = len < sizeof(*record) ? 0 : len - (uint32_t)sizeof(*record);

		if (len >= sizeof(*record) && record->frame_len <= room && record->frame_len < XLAGG_CAPTURE_SNAPLEN)
			write_record(capture, record, record->frame_len);
		if (++records % RELEASE_AFTER == 0)
			ring_release(&capture->ring);
	}
	ring_release(&capture->ring);
	fflush(capture->out);
}

/* --- all of it --- */

/* Writes frames until it is to end. Returns 0, or -errno with cli->sentence when the agent ended it. */
static int run(struct capture *capture)
{
	const struct nlmsghdr *nlh;
	int r = 0;

	while (!stopped && r == 0 && !is_full(capture) && !ferror(capture->out)) {
		struct pollfd wait[] = {{.fd = capture->ring_fd, .events = POLLIN},
					{.fd = capture->cli->fd, .events = POLLIN}};

		poll(wait, 2, LOOK_MS);
		drain(capture);
		if (wait[1].revents)
			r = cli_receive(capture->cli, 0, &nlh);
		if (wait[1].revents && r == 0 && nlh->nlmsg_type == NLMSG_ERROR)
			r = cli_read_answer(capture->cli, nlh);
		if (r == -EAGAIN)
			r = 0;
	}
	return r;
}

/* Writes what each interface counted. Returns how many frames were lost. */
static uint64_t write_counts(struct capture *capture)
{
	struct pcapng_counts counts[INTERFACES_MAX] = {0};
	uint64_t lost = 0;

	for (uint32_t slot = 0; slot <= XLAGG_MAX_PORTS; slot++) {
		struct pcapng_counts *of = &counts[capture->slot_interface[slot]];
		uint64_t missed = capture->state->count[slot].lost;

		of->lost += missed;
		of->received += capture->state->count[slot].records + missed;
		lost += missed;
	}
	for (uint32_t i = 0; i < capture->interfaces; i++) {
		counts[i].start_ns = capture->start_ns;
		counts[i].end_ns = now_ns(CLOCK_REALTIME);
		counts[i].accepted = capture->interface[i].accepted;
		pcapng_statistics(capture->out, i, &counts[i]);
	}
	return lost;
}

/* Writes the end and says what was captured. Returns an exit status. */
static int finish(struct capture *capture, int r)
{
	uint64_t lost = write_counts(capture);
	bool written = fflush(capture->out) == 0 && !ferror(capture->out);
	int errnum = errno;

	cli_warn(
	    capture->cli, "%s: %llu frames captured, %llu did not match the filter, %llu lost%s", capture->name,
	    (unsigned long long)capture->accepted, (unsigned long long)capture->unmatched, (unsigned long long)lost,
	    lost ? ": they came faster than they could be written; name ports, or write less of each with -s" : "");
	if (r < 0)
		return cli_refuse(capture->cli, "the capture of %s ended: %s", capture->name, capture->cli->sentence);
	if (!written && errnum != EPIPE) /* a reader that has seen enough is no failure */
		return cli_refuse(capture->cli, "cannot write %s: %s", capture->path ? capture->path : "to stdout",
				  strerror(errnum));
	return CLI_DONE;
}

static void end(struct capture *capture)
{
	cli_disconnect(capture->cli);
	ring_close(&capture->ring);
	if (capture->state)
		munmap((void *)capture->state, sizeof(*capture->state));
	if (capture->ring_fd >= 0)
		close(capture->ring_fd);
	if (capture->out && capture->out != stdout)
		fclose(capture->out);
	pcap_freecode(&capture->program);
	free(capture->filter);
	view_free(&capture->view);
	free(capture);
}

static void catch_signals(void)
{
	const struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int start(struct capture *capture)
{
	int r = open_file(capture);

	if (r)
		return r;
	catch_signals();
	if (ask(capture) < 0) {
		forget_file(capture);
		return cli_failed(capture->cli);
	}
	capture->start_ns = now_ns(CLOCK_REALTIME);
	begin_file(capture);
	return finish(capture, run(capture));
}

int cmd_capture(struct cli *cli, int argc, char *argv[])
{
	struct capture *capture;
	int r;

	if (argc < 1 || argv[0][0] == '-')
		return cli_usage(cli, "capture needs the NAME of a lagg first: see `xlagg help capture`");
	capture = calloc(1, sizeof(*capture));
	if (!capture)
		return cli_refuse(cli, "out of memory");
	capture->cli = cli;
	capture->name = argv[0];
	capture->ring_fd = -1;
	r = prepare(capture, argc, argv);
	if (!r)
		r = start(capture);
	end(capture);
	return r;
}
