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

enum { TARGET = 1200, PAGE = 500, EXIT_FAULTED = 1, EXIT_STOPPED = 3 };

#define SERVER_OPTIONS \
	{"server", "URL", "Another server than the one that holds the data folder", false}, \
	{ \
		"key-file", "F", "File with an API key for it", false \
	}

const struct cli_option flow_read_options[] = {SERVER_OPTIONS, {NULL, NULL, NULL, false}};
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
	char authorization[600];
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
	if ((server == NULL) != (file == NULL))
		return cli_fail(cli, CLI_INVALID, "--server and --key-file go together");
	if (file == NULL)
		return CLI_DONE;
	if (!ask_secret(file, &r->key, &err))
		return cli_fail(cli, CLI_INVALID, "%s", err.message);
	snprintf(r->authorization, sizeof r->authorization, "X-API-Key: %.500s", buf_text(&r->key));
	r->headers[0] = r->authorization;
	return CLI_DONE;
}

static int end(struct remote *r, int code)
{
	buf_fini(&r->key);
	return ask_end(&r->ask, code);
}

/* Ask for a part of the run that is named first on the line. */
static int ask_run(struct remote *r, const char *method, const char *part, const char *body)
{
	const struct cli *cli = r->ask.cli;
	const char *server = cli_option(cli, "server"), *id = cli->args[0];
	char target[TARGET];
	if (strlen(id) > 64 || strspn(id, "0123456789abcdefABCDEF-") != strlen(id))
		return cli_fail(cli, CLI_INVALID, "%.64s is no id of a run", id);
	snprintf(target, sizeof target, "%.800s/api/v1/flow/runs/%s%s", server != NULL ? server : "", id, part);
	int code = ask_with(&r->ask, method, target, body, body != NULL ? strlen(body) : 0, r->headers);
	return code != CLI_DONE || ask_good(&r->ask) ? code : ask_refused(&r->ask);
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
		ask_print_line(run);
	for (size_t i = 0; !r->ask.cli->json && i < sizeof members / sizeof *members; i++)
		print_member(run, members[i]);
	return exit_of(run);
}

static void print_waiting(const struct json *entry)
{
	const struct json *unblock = json_get(entry, "unblock");
	const char *step = json_text(entry, "step"), *until = json_text(entry, "until"),
			   *detail = json_text(entry, "detail");
	printf("%s  %s  since %s%s%s\n", json_text(entry, "kind"), step != NULL ? step : "the run",
		   json_text(entry, "since"), until != NULL ? " until " : "", until != NULL ? until : "");
	if (detail != NULL)
		printf("  %s\n", detail);
	if (unblock == NULL || unblock->kind != JS_OBJECT)
		return;
	printf("  unblock: %s %s ", json_text(unblock, "method"), json_text(unblock, "path"));
	if (json_get(unblock, "body") != NULL)
		ask_print_line(json_get(unblock, "body"));
	else
		puts("");
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
	if (r->ask.cli->json) {
		ask_print_line(result);
		return CLI_DONE;
	}
	printf("%s is %s\n", json_text(result, "run_id"), json_text(result, "status"));
	for (uint32_t i = 0; waiting != NULL && i < waiting->count; i++)
		print_waiting(&waiting->items[i]);
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
	if (r->ask.cli->json)
		ask_print_line(replay);
	else {
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
