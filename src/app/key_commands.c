#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/ask.h"
#include "app/fact.h"
#include "app/here.h"
#include "app/master_key.h"
#include "app/people_commands.h"
#include "app/server_keys.h"
#include "core/env.h"
#include "core/stamp.h"

/* `key create|list|revoke`: API keys of people; `keys rotate`: the server's own keys [platform.md 2]. */

#define KEYS_PATH "/api/v1/keys"

/* --- API keys --- */

/* "90d", "12h", "45m" or "30s" from now, or a moment as it is.  False: it is neither. */
static bool read_expiry(const char *text, char at[STAMP_TEXT + 32])
{
	static const struct {
		char unit;
		int64_t s;
	} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	char *end;
	long long count = strtoll(text, &end, 10);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (end != text && end[0] == units[i].unit && end[1] == '\0' && count > 0 && count <= 366 * 86400) {
			stamp_format(at, env_wall_us(env_real()) + count * units[i].s * STAMP_US_PER_S);
			return true;
		}
	int size = snprintf(at, STAMP_TEXT + 32, "%s", text);
	return strchr(text, 'T') != NULL && size < STAMP_TEXT + 32;
}

static void write_scopes(struct jw *body, const char *scopes)
{
	jw_key(body, "scopes");
	jw_array(body);
	people_write_names(body, scopes);
	jw_array_end(body);
}

/* Whose key: the one named, else the only active admin. */
static int find_owner(struct ask *job, const char **user_id)
{
	const char *email = cli_option(job->cli, "user");
	return email != NULL ? people_find(job, email, user_id, NULL) : people_find_admin(job, user_id);
}

static int show_key(const struct ask *job)
{
	const struct json *result = ask_result(job);
	if (!ask_good(job) || result == NULL)
		return ask_refused(job);
	if (job->cli->json)
		return ask_print(job);
	printf("id       %s\nkey      %s\nexpires  %s\n", json_text(result, "key_id"), json_text(result, "key"),
		   json_text(result, "expires_at"));
	cli_fail(job->cli, CLI_DONE, "the key is not shown again");
	return CLI_DONE;
}

static int create(struct ask *job)
{
	const char *scopes = cli_option(job->cli, "scope"), *expires = cli_option(job->cli, "expires"), *user_id;
	char at[STAMP_TEXT + 32];
	if (scopes == NULL)
		return cli_fail(job->cli, CLI_INVALID, "say what it may: --scope PERMISSION[,PERMISSION]");
	if (expires != NULL && !read_expiry(expires, at))
		return cli_fail(job->cli, CLI_INVALID, "--expires takes 90d, 12h, 45m or a moment like 2027-01-01T00:00:00Z");
	int code = find_owner(job, &user_id);
	if (code != CLI_DONE)
		return code;
	struct jw *body = ask_body(job);
	jw_member_str(body, "name", job->cli->args[0]);
	write_scopes(body, scopes);
	if (expires != NULL)
		jw_member_str(body, "expires_at", at);
	jw_member_str(body, "user_id", user_id);
	code = ask_send(job, "POST", KEYS_PATH);
	return code == CLI_DONE ? show_key(job) : code;
}

int command_key_create(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? create(&job) : CLI_INVALID);
}

static void print_key(const struct json *row)
{
	printf("%-36s  %-8s  %-24s  %s\n", json_text(row, "key_id"), json_text(row, "prefix"), json_text(row, "name"),
		   json_text(row, "expires_at"));
}

int command_key_list(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? ask_list(&job, KEYS_PATH, print_key) : CLI_INVALID);
}

struct search {
	const char *name, *id;
	int found;
};

static bool is_it(void *self, const struct json *row)
{
	struct search *search = self;
	const char *names[] = {json_text(row, "key_id"), json_text(row, "prefix"), json_text(row, "name")};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i] != NULL && strcmp(names[i], search->name) == 0) {
			search->id = names[0];
			search->found++;
			break;
		}
	return true;
}

static int revoke(struct ask *job)
{
	struct search search = {.name = job->cli->args[0]};
	char path[128];
	int code = ask_pages(job, KEYS_PATH, is_it, &search);
	if (code != CLI_DONE)
		return code;
	if (search.found != 1)
		return cli_fail(job->cli, CLI_INVALID,
						search.found == 0 ? "there is no key %s" : "there are several keys %s; name it by its id",
						search.name);
	snprintf(path, sizeof path, KEYS_PATH "/%.64s", search.id);
	code = ask(job, "DELETE", path, NULL);
	if (code == CLI_DONE && !ask_good(job))
		return ask_refused(job);
	if (code == CLI_DONE && job->cli->json)
		return fact_print(NULL, code);
	if (code == CLI_DONE)
		printf("%s revoked\n", search.id);
	return code;
}

int command_key_revoke(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? revoke(&job) : CLI_INVALID);
}

/* --- the server's keys --- */

static int print_rotation(const struct ask *job, const struct json *result)
{
	const char *until = json_text(result, "retired_until");
	if (job->cli->json)
		return fact_print(result, CLI_DONE);
	printf("%s signs with %s\n%s verifies %s%s\n", json_text(result, "name"), json_text(result, "key_id"),
		   json_text(result, "retired_key_id"), until != NULL ? "until " : "for ever", until != NULL ? until : "");
	return CLI_DONE;
}

static bool rotate_one(struct app *app, void *self, struct jw *jw, struct err *err)
{
	const struct audit_event event = {.action = AUDIT_KEYS_ROTATE, .actor = "local", .role = "admin"};
	const enum app_key *which = self;
	return server_keys_rotate(app, *which, event, jw, err);
}

static int rotate_here(struct ask *job, enum app_key which)
{
	const struct json *result = NULL;
	int code = here(job, rotate_one, &which, &result);
	return code == CLI_DONE ? print_rotation(job, result) : code;
}

static bool exchange_master(struct app *app, void *self, struct jw *jw, struct err *err)
{
	struct audit_event event = {.action = AUDIT_KEYS_ROTATE, .actor = "local", .role = "admin"};
	struct master_change change;
	(void)self;
	if (!master_key_rotate(app, &event, &change, err))
		return false;
	jw_member_str(jw, "name", "master");
	jw_member_str(jw, "key_id", change.id);
	jw_member_int(jw, "secrets", change.secrets);
	return true;
}

/* Every thread of a server holds keys that are derived from it, so none may run. */
static int rotate_master(struct ask *job)
{
	const struct json *result = NULL;
	int code = here(job, exchange_master, NULL, &result);
	if (code != CLI_DONE)
		return code;
	if (job->cli->json)
		return fact_print(result, CLI_DONE);
	printf("master is %s now; %.0f secrets were sealed anew\n", json_text(result, "key_id"),
		   json_number(json_get(result, "secrets")));
	return CLI_DONE;
}

static int rotate(struct ask *job)
{
	const char *name = job->cli->args[0];
	if (strcmp(name, "master") == 0)
		return rotate_master(job);
	enum app_key which = app_key_named(name);
	char path[128];
	struct err err;
	if (which == APP_KEYS)
		return cli_fail(job->cli, CLI_INVALID, "%s is none of access, receipt, checkpoint, master", name);
	snprintf(path, sizeof path, "/api/v1/ops/keys/%s/rotate", name);
	if (!ask_try(job, "POST", path, NULL, 0, NULL, &err))
		return rotate_here(job, which);
	return ask_good(job) ? print_rotation(job, ask_result(job)) : ask_refused(job);
}

int command_keys_rotate(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? rotate(&job) : CLI_INVALID);
}
