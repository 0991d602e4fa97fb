/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* xlagg-agentx: shows the laggs to snmpd, as an AgentX subagent (RFC 2741) in a process of its own. */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>

#include "agentx/source.h"
#include "agentx/tables.h"

#define NAME "xlagg-agentx"
#define RECONNECT_S 5 /* how often an snmpd that is away is tried, and one that is there is asked whether it is */
#define LINE_MAX_LEN 512

static bool ends;

static void on_signal(int fd, void *context)
{
	(void)fd, (void)context;
	ends = true;
}

/* Has SIGINT and SIGTERM read from a descriptor by the loop. */
static int take_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd >= 0)
		register_readfd(fd, on_signal, NULL);
	return fd;
}

/* Prints what net-snmp and we log. While snmpd is away, the same is said again and again: once is enough. */
static int on_log(int major, int minor, void *message, void *context)
{
	const struct snmp_log_message *log = message;
	static char last[LINE_MAX_LEN];

	(void)major, (void)minor, (void)context;
	if (strncmp(log->msg, last, sizeof(last) - 1) != 0)
		fprintf(stderr, NAME ": %s%s", log->msg, strchr(log->msg, '\n') ? "" : "\n");
	snprintf(last, sizeof(last), "%s", log->msg);
	return 0;
}

static void on_alarm(unsigned int alarm, void *context)
{
	(void)alarm, (void)context;
	source_tick();
}

/* Whatever is configured for snmpd is not for us: everything is set here, and nothing is written. */
static void configure(const char *master)
{
	setenv("MIBS", "", 1); /* no MIB is needed to answer, and reading them takes a while */
	snmp_disable_log();
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_ALARM_DONT_USE_SIG, 1);
	if (master)
		netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, master);
	netsnmp_enable_subagent();
}

static int run(const char *master)
{
	int fd;

	configure(master);
	if (init_agent(NAME) != 0 || tables_register(source_freshen, source_last_changed) < 0) {
		fputs(NAME ": net-snmp's library does not start: out of memory\n", stderr);
		return CLI_REFUSED;
	}
	/* Only now: init_agent sets its own default. */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, RECONNECT_S);
	init_snmp(NAME);
	fd = take_signals();
	if (fd < 0) {
		fputs(NAME ": no descriptor is left for signals\n", stderr);
		return CLI_REFUSED;
	}
	source_tick();
	snmp_alarm_register(1, SA_REPEAT, on_alarm, NULL);
	while (!ends)
		agent_check_and_process(1);
	snmp_shutdown(NAME);
	source_close();
	return CLI_DONE;
}

static int usage(void)
{
	fputs("usage: " NAME " [-n NETNS] [--socket PATH] [-x ADDRESS] [-V]\n", stderr);
	return CLI_USAGE;
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {{"netns", required_argument, NULL, 'n'},
						{"socket", required_argument, NULL, 's'},
						{"version", no_argument, NULL, 'V'},
						{0}};
	const char *netns = NULL, *socket = NULL, *master = NULL;

	for (int option; (option = getopt_long(argc, argv, "n:x:V", options, NULL)) != -1;) {
		if (option == 'V') {
			puts(NAME " " XLAGG_VERSION);
			return CLI_DONE;
		}
		if (option == '?')
			return usage();
		*(option == 'n' ? &netns : option == 's' ? &socket : &master) = optarg;
	}
	if (optind < argc)
		return usage();
	source_open(netns, socket);
	return run(master);
}
