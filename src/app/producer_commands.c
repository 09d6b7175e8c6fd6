#include "app/producer_commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/ask.h"
#include "app/fact.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "trade/domain/signature.h"

/*
 * A server holds the store, so these ask it over its control socket.  What `producer add` is told once it also writes
 * to DATA/clients, readable by nobody else, so that `sign` and `send` on the same machine have a key; take the file
 * away to the engine's machine, or delete it.
 */

enum { BODY_MAX = 1 << 20, PATH = 4300, CLIENT_MAX = 4096 };

#define SIGNALS_PATH "/api/v1/signals"
#define PRODUCERS_PATH "/api/v1/producers"

const struct cli_option producer_add_options[] = {
	{"kind", "hmac|standard_webhook", "How it proves itself (hmac)", false},
	{NULL, NULL, NULL, false},
};
const struct cli_option producer_rotate_options[] = {
	{"overlap", "SECONDS", "How long the old secret stays good (86400)", false},
	{NULL, NULL, NULL, false},
};
#define AS_OPTION \
	{ \
		"as", "ID", "Which producer; without: the one added or rotated last", false \
	}
const struct cli_option producer_sign_options[] = {
	AS_OPTION,
	{"body", "F", "File with the raw body, - for standard input", false},
	{"path", "TARGET", "Request target with its query (" SIGNALS_PATH ")", false},
	{NULL, NULL, NULL, false},
};
const struct cli_option producer_send_options[] = {
	AS_OPTION,
	{"url", "URL", "Base of another server; without: this one's control socket", false},
	{NULL, NULL, NULL, false},
};

/* --- credentials --- */

static bool write_private(const char *path, const char *text, size_t size, struct err *err)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0)
		return err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	bool written = write(file, text, size) == (ssize_t)size;
	written = close(file) == 0 && written;
	return written || err_set(err, ERR_IO, "cannot write %s whole", path);
}

/* Keep id and secret in DATA/clients, under the id and as the last one. */
static bool keep(struct ask *job, const struct json *result, char path[PATH], struct err *err)
{
	char folder[PATH], last[PATH + 32];
	struct buf text;
	struct jw jw;
	snprintf(folder, sizeof folder, "%s/clients", job->config.data);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return err_set(err, ERR_IO, "cannot make %s: %s", folder, strerror(errno));
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "id", json_text(result, "id"));
	jw_member_str(&jw, "name", json_text(result, "name"));
	jw_member_str(&jw, "secret", json_text(result, "secret"));
	jw_object_end(&jw);
	buf_addc(&text, '\n');
	snprintf(path, PATH, "%.4200s/%.64s.json", folder, json_text(result, "id"));
	snprintf(last, sizeof last, "%s/producer.json", folder);
	bool kept =
		write_private(path, buf_text(&text), text.size, err) && write_private(last, buf_text(&text), text.size, err);
	buf_fini(&text);
	return kept;
}

static bool read_client(struct ask *job, const char **id, const char **secret, struct err *err)
{
	const char *as = cli_option(job->cli, "as");
	const struct json *json;
	char path[PATH + 64];
	struct buf text;
	if (as != NULL && strspn(as, "0123456789abcdef-") != strlen(as))
		return err_set(err, ERR_INVALID, "--as takes the producer's id; `countersign producer list` shows it");
	snprintf(path, sizeof path, "%s/clients/%s.json", job->config.data, as != NULL ? as : "producer");
	buf_init(&text, 0);
	bool read = cli_read(path, CLIENT_MAX, &text, err) &&
				json_parse(&job->arena, buf_text(&text), text.size, &json_body_limits, &json, err);
	buf_fini(&text);
	if (!read)
		return false;
	*id = json_text(json, "id");
	*secret = json_text(json, "secret");
	return (*id != NULL && *secret != NULL) || err_set(err, ERR_INVALID, "%s has no id and secret", path);
}

static int show_secret(struct ask *job)
{
	const struct json *result = json_get(job->tree, "result");
	char path[PATH];
	struct err err;
	if (!ask_good(job) || result == NULL)
		return ask_refused(job);
	if (!keep(job, result, path, &err))
		return cli_fail(job->cli, CLI_FAILED, "%s", err.message);
	if (job->cli->json)
		return ask_print(job);
	printf("id      %s\nname    %s\nkind    %s\nsecret  %s\nfile    %s\n", json_text(result, "id"),
		   json_text(result, "name"), json_text(result, "kind"), json_text(result, "secret"), path);
	if (!job->cli->quiet)
		fputs("countersign: the secret is not shown again\n", stderr);
	return CLI_DONE;
}

/* --- the commands --- */

int command_producer_add(const struct cli *cli)
{
	struct ask job;
	const char *kind = cli_option(cli, "kind");
	if (!ask_begin(&job, cli))
		return ask_end(&job, CLI_INVALID);
	struct jw *body = ask_body(&job);
	jw_member_str(body, "name", cli->args[0]);
	jw_member_str(body, "kind", kind != NULL ? kind : "hmac");
	int code = ask_send(&job, "POST", PRODUCERS_PATH);
	return ask_end(&job, code == CLI_DONE ? show_secret(&job) : code);
}

static void print_row(const struct json *row)
{
	const struct json *enabled = json_get(row, "enabled");
	printf("%-36s  %-20s  %-16s  %s\n", json_text(row, "id"), json_text(row, "name"), json_text(row, "kind"),
		   enabled != NULL && enabled->boolean ? "enabled" : "off");
}

int command_producer_list(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? ask_list(&job, PRODUCERS_PATH, print_row) : CLI_INVALID);
}

struct search {
	const char *name, *id;
	int found;
};

static bool is_it(void *self, const struct json *row)
{
	struct search *search = self;
	const char *id = json_text(row, "id"), *name = json_text(row, "name");
	if (id != NULL && (strcmp(id, search->name) == 0 || (name != NULL && strcmp(name, search->name) == 0))) {
		search->id = id;
		search->found++;
	}
	return true;
}

/* The id of the one producer of that name or id: of several nobody knows which one is meant to lose its secret. */
static int find_id(struct ask *job, const char *name, const char **id)
{
	struct search search = {.name = name};
	int code = ask_pages(job, PRODUCERS_PATH, is_it, &search);
	*id = search.id;
	if (code != CLI_DONE || search.found == 1)
		return code;
	return cli_fail(job->cli, CLI_INVALID,
					search.found == 0 ? "there is no producer %s"
									  : "there are several producers %s; name one by its id (producer list)",
					name);
}

int command_producer_rotate(const struct cli *cli)
{
	struct ask job;
	const char *overlap = cli_option(cli, "overlap"), *id;
	char path[128], body[64];
	if (!ask_begin(&job, cli))
		return ask_end(&job, CLI_INVALID);
	int code = find_id(&job, cli->args[0], &id);
	if (code != CLI_DONE)
		return ask_end(&job, code);
	snprintf(path, sizeof path, "/api/v1/producers/%.64s/rotate", id);
	snprintf(body, sizeof body, "{\"overlap_seconds\":%.20s}", overlap != NULL ? overlap : "86400");
	code = ask(&job, "POST", path, body);
	return ask_end(&job, code == CLI_DONE ? show_secret(&job) : code);
}

int command_producer_revoke(const struct cli *cli)
{
	struct ask job;
	const char *id;
	char path[128];
	if (!ask_begin(&job, cli))
		return ask_end(&job, CLI_INVALID);
	int code = find_id(&job, cli->args[0], &id);
	if (code != CLI_DONE)
		return ask_end(&job, code);
	snprintf(path, sizeof path, "/api/v1/producers/%.64s", id);
	code = ask(&job, "DELETE", path, NULL);
	if (code == CLI_DONE && !ask_good(&job))
		code = ask_refused(&job);
	else if (code == CLI_DONE && cli->json)
		code = fact_print(ask_result(&job), code);
	else if (code == CLI_DONE)
		printf("%s revoked\n", id);
	return ask_end(&job, code);
}

/* The three headers of one signed request; texts are the arena's. */
static bool sign(struct ask *job, const char *target, const struct buf *body, const char *headers[4], struct err *err)
{
	const char *id = NULL, *secret = NULL;
	char now[STAMP_TEXT], signature[SIGNATURE_TEXT];
	if (!read_client(job, &id, &secret, err))
		return false;
	stamp_format(now, env_wall_us(env_real()));
	const struct canonical canonical =
		signature_producer(&job->arena, "POST", target, now, id, buf_text(body), body->size);
	if (canonical.text == NULL)
		return err_set(err, ERR_LIMIT, "the body is too large");
	signature_make(secret, strlen(secret), canonical, signature);
	headers[0] = arena_printf(&job->arena, "X-Producer-Id: %s", id);
	headers[1] = arena_printf(&job->arena, "X-Timestamp: %s", now);
	headers[2] = arena_printf(&job->arena, "X-Signature: %s", signature);
	headers[3] = NULL;
	return headers[2] != NULL;
}

/* Read, sign, and hand on to `then`. */
static int with_signature(const struct cli *cli, const char *file, const char *target,
						  int (*then)(struct ask *job, const struct buf *body, const char *const *headers))
{
	struct ask job;
	struct buf body;
	struct err err;
	const char *headers[4];
	if (!ask_begin(&job, cli))
		return ask_end(&job, CLI_INVALID);
	buf_init(&body, 0);
	int code;
	if (!cli_read(file, BODY_MAX, &body, &err) || !sign(&job, target, &body, headers, &err))
		code = cli_fail(cli, err.kind == ERR_INVALID ? CLI_INVALID : CLI_FAILED, "%s", err.message);
	else
		code = then(&job, &body, headers);
	buf_fini(&body);
	return ask_end(&job, code);
}

static int print_headers(struct ask *job, const struct buf *body, const char *const *headers)
{
	(void)job, (void)body;
	for (; *headers != NULL; headers++)
		puts(*headers);
	return CLI_DONE;
}

int command_producer_sign(const struct cli *cli)
{
	const char *file = cli_option(cli, "body"), *target = cli_option(cli, "path");
	if (file == NULL)
		return cli_fail(cli, CLI_INVALID, "name the body: --body FILE, or --body - for standard input");
	return with_signature(cli, file, target != NULL ? target : SIGNALS_PATH, print_headers);
}

static int print_signal(const struct ask *job)
{
	const struct json *result = json_get(job->tree, "result"), *risk = json_get(result, "risk");
	if (job->cli->json || result == NULL)
		return ask_print(job);
	printf("id      %s\nsignal  %s %s\nstatus  %s\nrisk    %s\nseal    %s\n", json_text(result, "id"),
		   json_text(result, "side"), json_text(result, "instrument"), json_text(result, "status"),
		   json_text(risk, "decision"), json_text(result, "seal_sha256"));
	return CLI_DONE;
}

static int post(struct ask *job, const struct buf *body, const char *const *headers)
{
	const char *base = cli_option(job->cli, "url");
	char url[1024];
	snprintf(url, sizeof url, "%s" SIGNALS_PATH, base != NULL ? base : "");
	int code = ask_with(job, "POST", url, buf_text(body), body->size, headers);
	if (code != CLI_DONE)
		return code;
	return ask_good(job) ? print_signal(job) : ask_refused(job);
}

int command_producer_send(const struct cli *cli)
{
	return with_signature(cli, cli->args[0], SIGNALS_PATH, post);
}
