#include "app/flow_commands.h"

#include <stdio.h>
#include <string.h>

#include "app/ask.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"

/*
 * The running server of the data folder is asked over its control socket, any other by --server, with an API key that
 * a file holds: what stands on a command line can be read by everybody on the machine.
 */

enum {
	SERVER_MAX = 800,
	TARGET = 4000,
	ID_MAX = 64,
	PAGE = 500,
	LIST_PAGE = 100,
	CURSOR_MAX = 512,
	EXIT_FAULTED = 1,
	EXIT_STOPPED = 3
};

#define SERVER_OPTIONS \
	{"server", "URL", "Another server than the one that holds the data folder", false}, \
	{ \
		"key-file", "F", "File with an API key for it, or an access token", false \
	}

const struct cli_option flow_read_options[] = {SERVER_OPTIONS, {NULL, NULL, NULL, false}};
const struct cli_option flow_list_options[] = {
	SERVER_OPTIONS,
	{"status", "STATUS", "Only those: pending, running, waiting, suspended, completed, faulted or cancelled", false},
	{"workflow", "NS/NAME", "Only those of one workflow", false},
	{"label", "KEY:VALUE", "Only those with the label", false},
	{NULL, NULL, NULL, false},
};
const struct cli_option flow_order_options[] = {
	SERVER_OPTIONS,
	{"reason", "TEXT", "Why; it stands in the audit chain", false},
	{NULL, NULL, NULL, false},
};

const struct cli_option flow_fork_options[] = {
	SERVER_OPTIONS,
	{"from-step", "PATH", "The step to begin with, as the run's steps show it", false},
	{"from-seq", "N", "Or the last row of the journal that is taken over", false},
	{"input", "JSON", "Another input: of that step, or without a place of the run", false},
	{"version", "VERSION", "Another version of the workflow", false},
	{"reason", "TEXT", "Why; it stands in the audit chain", false},
	{NULL, NULL, NULL, false},
};
const struct cli_option flow_replay_options[] = {
	SERVER_OPTIONS,
	{"mode", "MODE", "verify (the default), full, from_step or failed_only", false},
	{"from-step", "PATH", "The step to begin with, of from_step", false},
	{"reason", "TEXT", "Why; it stands in the audit chain", false},
	{NULL, NULL, NULL, false},
};

struct remote {
	struct ask ask;
	struct buf key;
	char authorization[2100];
	const char *headers[2];
};

static int begin(struct remote *r, const struct cli *cli)
{
	const char *server = cli_option(cli, "server"), *file = cli_option(cli, "key-file");
	struct err err;
	*r = (struct remote){.headers = {NULL}};
	buf_init(&r->key, 0);
	if (!ask_begin(&r->ask, cli))
		return CLI_INVALID;
	if (server == NULL && file != NULL)
		return cli_fail(cli, CLI_INVALID, "--key-file goes with --server");
	if (file == NULL)
		return CLI_DONE;
	if (!ask_secret(file, &r->key, &err))
		return cli_fail(cli, CLI_INVALID, "%s", err.message);
	snprintf(r->authorization, sizeof r->authorization, "Authorization: Bearer %.2000s", buf_text(&r->key));
	r->headers[0] = r->authorization;
	return CLI_DONE;
}

static int end(struct remote *r, int code)
{
	buf_fini(&r->key);
	return ask_end(&r->ask, code);
}

/* Ask for a path below /api/v1/flow/runs. */
static int ask_runs(struct remote *r, const char *method, const char *below, const char *body)
{
	const struct cli *cli = r->ask.cli;
	const char *server = cli_option(cli, "server");
	char target[TARGET];
	size_t size = server != NULL ? strlen(server) : 0;
	while (size > 0 && server[size - 1] == '/')
		size--;
	if (size > SERVER_MAX)
		return cli_fail(cli, CLI_INVALID, "--server: that is too long for an address");
	snprintf(target, sizeof target, "%.*s/api/v1/flow/runs%s", (int)size, size > 0 ? server : "", below);
	int code = ask_with(&r->ask, method, target, body, body != NULL ? strlen(body) : 0, r->headers);
	if (code != CLI_DONE || ask_good(&r->ask))
		return code;
	code = ask_refused(&r->ask);
	if (r->ask.status == 401 && r->headers[0] == NULL)
		fputs("Give the file of an API key: --key-file F.\n", stderr);
	return code;
}

/* Ask for a part of the run that is named first on the line. */
static int ask_run(struct remote *r, const char *method, const char *part, const char *body)
{
	const struct cli *cli = r->ask.cli;
	const char *id = cli->args[0];
	char below[ID_MAX + 128];
	if (strlen(id) > ID_MAX || strspn(id, "0123456789abcdefABCDEF-") != strlen(id))
		return cli_fail(cli, CLI_INVALID, "%.64s is no id of a run", id);
	snprintf(below, sizeof below, "/%s%s", id, part);
	return ask_runs(r, method, below, body);
}

/* --- what is printed --- */

static void print_member(const struct json *json, const char *name)
{
	struct buf line;
	struct jw jw;
	const struct json *value = json_get(json, name);
	if (value == NULL || value->kind == JS_NULL)
		return;
	buf_init(&line, 0);
	jw_init(&jw, &line);
	jw_json(&jw, value);
	printf("%-14s  %s\n", name, value->kind == JS_STRING ? value->text : buf_text(&line));
	buf_fini(&line);
}

/* As `flow run` ends: 0 completed or under way, 1 faulted, 3 cancelled or suspended. */
static int exit_of(const struct json *run)
{
	const char *status = json_text(run, "status");
	if (status == NULL)
		return CLI_FAILED;
	if (strcmp(status, "faulted") == 0)
		return EXIT_FAULTED;
	return strcmp(status, "cancelled") == 0 || strcmp(status, "suspended") == 0 ? EXIT_STOPPED : CLI_DONE;
}

static int show_run(const struct remote *r)
{
	static const char *const members[] = {"run_id",      "namespace",      "name",       "version",
										  "status",      "reason",         "started_at", "ended_at",
										  "steps_total", "attempts_total", "output",     "error"};
	const struct json *run = ask_result(&r->ask);
	if (r->ask.cli->json)
		ask_print(&r->ask);
	for (size_t i = 0; !r->ask.cli->json && i < sizeof members / sizeof *members; i++)
		print_member(run, members[i]);
	return exit_of(run);
}

/* The request that lets it go on. */
static void print_unblock(const struct json *entry)
{
	const struct json *unblock = json_get(entry, "unblock");
	if (unblock == NULL || unblock->kind != JS_OBJECT)
		return;
	printf("  unblock: %s %s ", json_text(unblock, "method"), json_text(unblock, "path"));
	if (json_get(unblock, "body") != NULL)
		ask_print_line(json_get(unblock, "body"));
	else
		puts("");
}

static void print_waiting(const struct json *entry)
{
	const char *step = json_text(entry, "step"), *until = json_text(entry, "until"),
			   *detail = json_text(entry, "detail");
	printf("%s  %s  since %s%s%s\n", json_text(entry, "kind"), step != NULL ? step : "the run",
		   json_text(entry, "since"), until != NULL ? " until " : "", until != NULL ? until : "");
	if (detail != NULL)
		printf("  %s\n", detail);
	print_unblock(entry);
}

/* --- the commands --- */

int command_flow_status(const struct cli *cli)
{
	struct remote r;
	int code = begin(&r, cli);
	if (code == CLI_DONE)
		code = ask_run(&r, "GET", "", NULL);
	return end(&r, code == CLI_DONE ? show_run(&r) : code);
}

static int show_why(const struct remote *r)
{
	const struct json *result = ask_result(&r->ask), *waiting = json_get(result, "waiting");
	if (r->ask.cli->json)
		return ask_print(&r->ask);
	printf("%s is %s\n", json_text(result, "run_id"), json_text(result, "status"));
	for (uint32_t i = 0; waiting != NULL && i < waiting->count; i++)
		print_waiting(&waiting->items[i]);
	print_member(result, "error");
	print_unblock(result);
	return CLI_DONE;
}

int command_flow_why(const struct cli *cli)
{
	struct remote r;
	int code = begin(&r, cli);
	if (code == CLI_DONE)
		code = ask_run(&r, "GET", "/why", NULL);
	return end(&r, code == CLI_DONE ? show_why(&r) : code);
}

/* A row of the journal is a line, with and without --json. */
static int64_t print_rows(const struct json *result)
{
	const struct json *rows = json_get(result, "rows"), *next = json_get(result, "next_after");
	for (uint32_t i = 0; rows != NULL && i < rows->count; i++)
		ask_print_line(&rows->items[i]);
	bool more = rows != NULL && rows->count > 0 && next != NULL && next->kind == JS_INT;
	return more ? next->integer : 0;
}

int command_flow_journal(const struct cli *cli)
{
	struct remote r;
	int code = begin(&r, cli);
	int64_t after = 0;
	do {
		char part[64];
		snprintf(part, sizeof part, "/journal?limit=%d&after=%lld", PAGE, (long long)after);
		if (code == CLI_DONE)
			code = ask_run(&r, "GET", part, NULL);
		after = code == CLI_DONE ? print_rows(ask_result(&r.ask)) : 0;
	} while (after > 0);
	return end(&r, code);
}

/* --- the list --- */

static void print_run(const struct cli *cli, const struct json *run)
{
	const char *name = json_text(run, "name");
	if (cli->json)
		ask_print_line(run);
	else
		printf("%s  %-9s  %s  %s/%s %s\n", json_text(run, "run_id"), json_text(run, "status"),
			   json_text(run, "created_at"), json_text(run, "namespace"), name != NULL ? name : "",
			   json_text(run, "version"));
}

static void add_escaped(struct buf *to, const char *text)
{
	for (; *text != '\0'; text++) {
		bool plain = (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') ||
					 (*text >= 'a' && *text <= 'z') || strchr("-._~", *text) != NULL;
		if (plain)
			buf_addc(to, *text);
		else
			buf_addf(to, "%%%02X", (unsigned)(unsigned char)*text);
	}
}

/* The options that the server filters by, as they stand in its query. */
static void add_filters(struct buf *below, const struct cli *cli)
{
	static const char *const filters[] = {"status", "workflow", "label"};
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		const char *value = cli_option(cli, filters[i]);
		if (value == NULL)
			continue;
		buf_addf(below, "&%s=", filters[i]);
		add_escaped(below, value);
	}
}

static int list_page(struct remote *r, const char *cursor, char next[CURSOR_MAX])
{
	struct buf below;
	buf_init(&below, 0);
	buf_addf(&below, "?limit=%d", LIST_PAGE);
	add_filters(&below, r->ask.cli);
	if (*cursor != '\0')
		buf_addf(&below, "&cursor=%s", cursor);
	int code = below.size < TARGET - SERVER_MAX - 64 ? ask_runs(r, "GET", buf_text(&below), NULL)
													 : cli_fail(r->ask.cli, CLI_INVALID, "a filter is too long");
	buf_fini(&below);
	const struct json *items = code == CLI_DONE ? ask_items(&r->ask) : NULL;
	for (uint32_t i = 0; items != NULL && i < items->count; i++)
		print_run(r->ask.cli, &items->items[i]);
	const char *more = code == CLI_DONE ? json_text(ask_result(&r->ask), "next_cursor") : NULL;
	snprintf(next, CURSOR_MAX, "%s", more != NULL && strlen(more) < CURSOR_MAX ? more : "");
	return code;
}

int command_flow_list(const struct cli *cli)
{
	struct remote r;
	char cursor[CURSOR_MAX] = "", next[CURSOR_MAX];
	int code = begin(&r, cli);
	while (code == CLI_DONE) {
		code = list_page(&r, cursor, next);
		if (*next == '\0')
			break;
		strcpy(cursor, next);
	}
	return end(&r, code);
}

/* --- orders --- */

static int order(const struct cli *cli, const char *part)
{
	struct remote r;
	const char *reason = cli_option(cli, "reason");
	int code = begin(&r, cli);
	if (code == CLI_DONE) {
		struct jw *body = ask_body(&r.ask);
		if (reason != NULL)
			jw_member_str(body, "reason", reason);
		jw_object_end(body);
		code = ask_run(&r, "POST", part, buf_text(&r.ask.body));
	}
	if (code == CLI_DONE)
		show_run(&r);
	return end(&r, code);
}

int command_flow_cancel(const struct cli *cli)
{
	return order(cli, "/cancel");
}

int command_flow_pause(const struct cli *cli)
{
	return order(cli, "/pause");
}

int command_flow_resume(const struct cli *cli)
{
	return order(cli, "/resume");
}

int command_flow_retry(const struct cli *cli)
{
	return order(cli, "/retry");
}

static void add_option(struct jw *body, const struct cli *cli, const char *option, const char *member)
{
	const char *value = cli_option(cli, option);
	if (value != NULL)
		jw_member_str(body, member, value);
}

/* Whole JSON, as it stands on the line; what is none is refused by the server. */
static void add_json_option(struct jw *body, const struct cli *cli, const char *option, const char *member)
{
	const char *value = cli_option(cli, option);
	if (value == NULL)
		return;
	jw_key(body, member);
	jw_raw(body, value, strlen(value));
}

int command_flow_fork(const struct cli *cli)
{
	struct remote r;
	int code = begin(&r, cli);
	if (code == CLI_DONE) {
		struct jw *body = ask_body(&r.ask);
		add_option(body, cli, "from-step", "from_step");
		add_json_option(body, cli, "from-seq", "from_seq");
		add_json_option(body, cli, "input", "input");
		add_option(body, cli, "version", "version");
		add_option(body, cli, "reason", "reason");
		jw_object_end(body);
		code = ask_run(&r, "POST", "/fork", buf_text(&r.ask.body));
	}
	if (code == CLI_DONE)
		show_run(&r);
	return end(&r, code);
}

/* 1: a step came out otherwise. */
static int show_replay(const struct remote *r)
{
	static const char *const members[] = {"match_percentage", "total_steps", "matching_steps"};
	const struct json *replay = ask_result(&r->ask), *report = json_get(replay, "report");
	const struct json *divergent = report == NULL ? NULL : json_get(report, "divergent_steps");
	if (r->ask.cli->json) {
		ask_print(&r->ask);
	} else {
		print_member(replay, "replay_id");
		print_member(replay, "status");
		print_member(replay, "new_run_id");
		for (size_t i = 0; report != NULL && i < sizeof members / sizeof *members; i++)
			print_member(report, members[i]);
		for (uint32_t i = 0; divergent != NULL && i < divergent->count; i++)
			ask_print_line(&divergent->items[i]);
	}
	return divergent != NULL && divergent->count > 0 ? EXIT_FAULTED : CLI_DONE;
}

int command_flow_replay(const struct cli *cli)
{
	struct remote r;
	int code = begin(&r, cli);
	if (code == CLI_DONE) {
		struct jw *body = ask_body(&r.ask);
		add_option(body, cli, "mode", "mode");
		add_option(body, cli, "from-step", "from_step");
		add_option(body, cli, "reason", "reason");
		jw_object_end(body);
		code = ask_run(&r, "POST", "/replay", buf_text(&r.ask.body));
	}
	return end(&r, code == CLI_DONE ? show_replay(&r) : code);
}
