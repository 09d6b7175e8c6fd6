#include "app/device_commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/ask.h"
#include "app/fact.h"
#include "core/env.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "link/client.h"
#include "sim/terminal.h"
#include "trade/domain/signature.h"

enum { BODY_MAX = 1 << 20, SCRIPT_MAX = 65536, STEPS = 20, PAUSE_MS = 100, TIMEOUT_MS = 15000, ANSWER_MAX = 1 << 20 };

#define DEVICES_PATH "/api/v1/devices"

const struct cli_option device_add_options[] = {
	{"account", "ID", "Trading account; without: the primary one", false},
	{"secret-file", "F", "Write the secret there, mode 0600, and do not show it", false},
	{NULL, NULL, NULL, false},
};
#define WHO \
	{"device", "ID", "The terminal's id", false}, \
	{ \
		"secret-file", "F", "File whose first line is its secret", false \
	}
const struct cli_option device_sign_options[] = {
	WHO,
	{"method", "M", "GET, or POST with a body", false},
	{"path", "TARGET", "Request target with its query (/api/v1/client/poll)", false},
	{"body", "F", "File with the raw body, - for standard input", false},
	{"nonce", "TEXT", "Without: one that was never used", false},
	{NULL, NULL, NULL, false},
};
const struct cli_option device_simulate_options[] = {
	{"server", "URL", "Base of the server: http://127.0.0.1:8080", false},
	WHO,
	{"script", "F", "Faults, one a line; without: none", false},
	{"seed", "N", "Of the prices (1)", false},
	{"steps", "N", "Snapshots and polls (20)", false},
	{"pause", "MS", "Between two steps (100)", false},
	{NULL, NULL, NULL, false},
};

/* --- add, list, revoke --- */

static bool keep_secret(const char *path, const char *secret, struct err *err)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0)
		return err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	bool written = write(file, secret, strlen(secret)) == (ssize_t)strlen(secret) && write(file, "\n", 1) == 1;
	written = close(file) == 0 && written;
	return written || err_set(err, ERR_IO, "cannot write %s whole", path);
}

/* The answer for programs, without the secret, which is in the file. */
static int print_kept(const struct json *result, const char *path)
{
	struct buf out;
	struct jw jw;
	buf_init(&out, 0);
	jw_init(&jw, &out);
	jw_object(&jw);
	jw_key(&jw, "result");
	jw_object(&jw);
	jw_member_str(&jw, "id", json_text(result, "id"));
	jw_member_str(&jw, "name", json_text(result, "name"));
	jw_member_str(&jw, "secret_file", path);
	jw_object_end(&jw);
	jw_object_end(&jw);
	puts(buf_text(&out));
	buf_fini(&out);
	return CLI_DONE;
}

static int show_added(struct ask *job)
{
	const char *path = cli_option(job->cli, "secret-file");
	const struct json *result = ask_result(job);
	struct err err;
	if (!ask_good(job) || result == NULL)
		return ask_refused(job);
	if (path != NULL && !keep_secret(path, json_text(result, "secret"), &err))
		return cli_fail(job->cli, CLI_FAILED, "%s", err.message);
	if (job->cli->json)
		return path != NULL ? print_kept(result, path) : ask_print(job);
	printf("id      %s\nname    %s\n", json_text(result, "id"), json_text(result, "name"));
	printf(path != NULL ? "file    %s\n" : "secret  %s\n", path != NULL ? path : json_text(result, "secret"));
	if (!job->cli->quiet && path == NULL)
		fputs("countersign: the secret is not shown again\n", stderr);
	return CLI_DONE;
}

int command_device_add(const struct cli *cli)
{
	struct ask job;
	if (!ask_begin(&job, cli))
		return ask_end(&job, CLI_INVALID);
	struct jw *body = ask_body(&job);
	jw_member_str(body, "name", cli->args[0]);
	if (cli_option(cli, "account") != NULL)
		jw_member_str(body, "trading_account_id", cli_option(cli, "account"));
	int code = ask_send(&job, "POST", DEVICES_PATH "/register");
	return ask_end(&job, code == CLI_DONE ? show_added(&job) : code);
}

static void print_row(const struct json *row)
{
	const struct json *online = json_get(row, "online");
	const char *state = online != NULL && online->boolean ? "online" : "away";
	if (json_text(row, "revoked_at") != NULL)
		state = "revoked";
	printf("%-36s  %-20s  %s\n", json_text(row, "id"), json_text(row, "name"), state);
}

int command_device_list(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? ask_list(&job, DEVICES_PATH, print_row) : CLI_INVALID);
}

struct search {
	const char *name, *id;
	int found;
};

/* By id, or by the name of one that is not revoked. */
static bool is_it(void *self, const struct json *row)
{
	struct search *search = self;
	const char *id = json_text(row, "id"), *name = json_text(row, "name");
	if (id == NULL || name == NULL)
		return true;
	if (strcmp(id, search->name) == 0 || (json_text(row, "revoked_at") == NULL && strcmp(name, search->name) == 0)) {
		search->id = id;
		search->found++;
	}
	return true;
}

int command_device_revoke(const struct cli *cli)
{
	struct ask job;
	struct search search = {.name = cli->args[0]};
	char path[128];
	if (!ask_begin(&job, cli))
		return ask_end(&job, CLI_INVALID);
	int code = ask_pages(&job, DEVICES_PATH, is_it, &search);
	if (code == CLI_DONE && search.found != 1)
		code = cli_fail(cli, CLI_INVALID,
						search.found == 0 ? "there is no terminal %s"
										  : "there are several terminals %s; name one by its id (device list)",
						cli->args[0]);
	if (code != CLI_DONE)
		return ask_end(&job, code);
	snprintf(path, sizeof path, DEVICES_PATH "/%.64s/revoke", search.id);
	code = ask(&job, "POST", path, NULL);
	if (code == CLI_DONE && !ask_good(&job))
		code = ask_refused(&job);
	else if (code == CLI_DONE && cli->json)
		code = fact_print(ask_result(&job), code);
	else if (code == CLI_DONE)
		printf("%s revoked\n", search.id);
	return ask_end(&job, code);
}

/* --- sign --- */

struct who {
	const char *device;
	struct buf secret;
};

static bool read_who(const struct cli *cli, struct who *who, struct err *err)
{
	const char *file = cli_option(cli, "secret-file");
	who->device = cli_option(cli, "device");
	if (who->device == NULL || file == NULL)
		return err_set(err, ERR_INVALID, "name the terminal: --device ID --secret-file FILE");
	return ask_secret(file, &who->secret, err);
}

static int tell(const struct cli *cli, const struct err *err)
{
	enum cli_exit code = err->kind == ERR_INVALID       ? CLI_INVALID
						 : err->kind == ERR_UNAVAILABLE ? CLI_UNREACHABLE
														: CLI_FAILED;
	return cli_fail(cli, code, "%s", err->message);
}

static bool print_signed(const struct cli *cli, const struct who *who, const struct buf *body, struct err *err)
{
	const char *method = cli_option(cli, "method"), *path = cli_option(cli, "path"), *nonce = cli_option(cli, "nonce");
	char now[STAMP_TEXT], fresh[40], signature[SIGNATURE_TEXT];
	struct arena arena;
	int64_t now_us = env_wall_us(env_real());
	stamp_format(now, now_us);
	snprintf(fresh, sizeof fresh, "%lld-%ld", (long long)now_us, (long)getpid());
	nonce = nonce != NULL ? nonce : fresh;
	if (method == NULL)
		method = cli_option(cli, "body") != NULL ? "POST" : "GET";
	arena_init(&arena, ARENA_REQUEST_CAP);
	const struct canonical canonical = signature_device(&arena, method, path != NULL ? path : "/api/v1/client/poll",
														buf_text(body), body->size, who->device, nonce, now);
	if (canonical.text != NULL)
		signature_make(buf_text(&who->secret), who->secret.size, canonical, signature);
	bool made = canonical.text != NULL;
	arena_fini(&arena);
	if (!made)
		return err_set(err, ERR_LIMIT, "the body is too large");
	printf("X-Device-Id: %s\nX-Nonce: %s\nX-Timestamp: %s\nX-Signature: %s\n", who->device, nonce, now, signature);
	return true;
}

int command_device_sign(const struct cli *cli)
{
	const char *file = cli_option(cli, "body");
	struct who who = {0};
	struct buf body;
	struct err err;
	buf_init(&body, 0);
	buf_init(&who.secret, 0);
	bool done = read_who(cli, &who, &err) && (file == NULL || cli_read(file, BODY_MAX, &body, &err)) &&
				print_signed(cli, &who, &body, &err);
	buf_fini(&body);
	buf_fini(&who.secret);
	return done ? CLI_DONE : tell(cli, &err);
}

/* --- simulate --- */

struct line {
	const char *server;
	long pause_ms;
	struct arena arena; /* of one answer */
	struct buf answer;
};

static bool ask_line(void *self, const char *method, const char *target, const char *body, size_t size,
					 const char *const *headers, struct terminal_answer *answer, struct err *err)
{
	struct line *line = self;
	arena_reset(&line->arena);
	buf_reset(&line->answer);
	const struct client_request request = {.method = method,
										   .url = arena_printf(&line->arena, "%s%s", line->server, target),
										   .headers = headers,
										   .body = body,
										   .body_size = size,
										   .timeout_ms = TIMEOUT_MS,
										   .limit = ANSWER_MAX};
	if (!client_ask(&request, &answer->status, &line->answer, err))
		return false;
	if (line->answer.size > 0)
		json_parse(&line->arena, buf_text(&line->answer), line->answer.size, &json_body_limits, &answer->tree, NULL);
	return true;
}

static int64_t true_now(void *self)
{
	(void)self;
	return env_wall_us(env_real());
}

static void rest(void *self)
{
	const struct line *line = self;
	const struct timespec pause = {.tv_sec = line->pause_ms / 1000, .tv_nsec = line->pause_ms % 1000 * 1000000};
	nanosleep(&pause, NULL);
}

static bool whole_number(const struct cli *cli, const char *name, int64_t usual, int64_t most, int64_t *number,
						 struct err *err)
{
	const char *text = cli_option(cli, name);
	char *end;
	*number = usual;
	if (text == NULL)
		return true;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return (*text != '\0' && *end == '\0' && errno == 0 && *number >= 0 && *number <= most) ||
		   err_set(err, ERR_INVALID, "--%s takes a number from 0 to %lld", name, (long long)most);
}

static bool read_script(const struct cli *cli, struct faults_script *faults, struct err *err)
{
	const char *path = cli_option(cli, "script");
	struct buf text;
	*faults = (struct faults_script){0};
	if (path == NULL)
		return true;
	buf_init(&text, 0);
	bool read = cli_read(path, SCRIPT_MAX, &text, err);
	char *copy = read ? strdup(buf_text(&text)) : NULL;
	read = read && (copy != NULL || err_set(err, ERR_LIMIT, "no memory")) && faults_script_read(copy, faults, err);
	free(copy);
	buf_fini(&text);
	return read;
}

static bool play(const struct cli *cli, struct line *line, struct who *who, struct buf *report, struct err *err)
{
	struct terminal_options options = {.ask = ask_line, .now_us = true_now, .rest = rest, .self = line};
	int64_t seed, pause;
	line->server = cli_option(cli, "server");
	if (line->server == NULL)
		return err_set(err, ERR_INVALID, "name the server: --server URL");
	if (!read_who(cli, who, err) || !read_script(cli, &options.faults, err) ||
		!whole_number(cli, "seed", 1, INT64_MAX, &seed, err) ||
		!whole_number(cli, "steps", STEPS, 1000000, &options.steps, err) ||
		!whole_number(cli, "pause", PAUSE_MS, 3600000, &pause, err))
		return false;
	options.device = who->device;
	options.secret = buf_text(&who->secret);
	options.seed = (uint64_t)seed;
	line->pause_ms = (long)pause;
	return terminal_play(&options, report, err);
}

int command_device_simulate(const struct cli *cli)
{
	struct line line = {0};
	struct who who = {0};
	struct buf report;
	struct err err;
	arena_init(&line.arena, ARENA_REQUEST_CAP);
	buf_init(&line.answer, 0);
	buf_init(&who.secret, 0);
	buf_init(&report, 0);
	bool played = play(cli, &line, &who, &report, &err);
	if (played)
		puts(buf_text(&report));
	buf_fini(&report);
	buf_fini(&who.secret);
	buf_fini(&line.answer);
	arena_fini(&line.arena);
	return played ? CLI_DONE : tell(cli, &err);
}
