#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/ask.h"
#include "app/fact.h"
#include "app/people_commands.h"
#include "core/jw.h"
#include "people/people.h"

/* `user …`: people, as an owner or admin manages them over HTTP [platform.md 2, 4]. */

#define USERS_PATH "/api/v1/users"

#define ROLE_OPTION \
	{ \
		"role", "R[,R]", "What they may do; may be repeated", true \
	}
const struct cli_option user_add_options[] = {
	ROLE_OPTION,
	{"account", "ID", "Another account than the first one", false},
	{"name", "N", "Full name", false},
	{"password-file", "F", "File whose first line is the password", false},
	{"invite", NULL, "Send a mail with which they set their own password", false},
	{NULL, NULL, NULL, false},
};
const struct cli_option user_role_options[] = {
	ROLE_OPTION,
	{NULL, NULL, NULL, false},
};
const struct cli_option user_reason_options[] = {
	{"reason", "TEXT", "Stands in the audit chain", false},
	{NULL, NULL, NULL, false},
};
const struct cli_option user_sessions_options[] = {{"end", NULL, "End all of them at once", false}, {0}};

const struct cli_option user_passwd_options[] = {
	{"password-file", "F", "File whose first line is the new password; without: a mail with a token is sent", false},
	{NULL, NULL, NULL, false},
};
const struct cli_option key_create_options[] = {
	{"scope", "S,…", "Permissions of the key; only those that its owner has", false},
	{"user", "E", "Whose key: e-mail address or id; without: the only admin's", false},
	{"expires", "90d", "90d, 12h, 45m or a moment; at most a year", false},
	{NULL, NULL, NULL, false},
};

/* --- finding --- */

struct search {
	const char *who;
	const struct json *row;
};

static bool is_it(void *self, const struct json *row)
{
	struct search *search = self;
	const char *id = json_text(row, "user_id"), *email = json_text(row, "email");
	if ((id != NULL && strcmp(id, search->who) == 0) || (email != NULL && strcasecmp(email, search->who) == 0))
		search->row = row;
	return search->row == NULL;
}

int people_find(struct ask *job, const char *who, const char **user_id, const struct json **row)
{
	struct search search = {.who = who};
	int code = ask_pages(job, USERS_PATH "?account_id=*", is_it, &search);
	if (code != CLI_DONE)
		return code;
	if (search.row == NULL)
		return cli_fail(job->cli, CLI_INVALID, "there is no user %s", who);
	*user_id = json_text(search.row, "user_id");
	if (row != NULL)
		*row = search.row;
	return CLI_DONE;
}

struct admins {
	const char *id;
	int count;
};

static bool count_admin(void *self, const struct json *row)
{
	struct admins *admins = self;
	const struct json *roles = json_get(row, "roles");
	const char *status = json_text(row, "status");
	for (uint32_t i = 0; roles != NULL && i < roles->count; i++)
		if (strcmp(roles->items[i].text, "admin") == 0 && status != NULL && strcmp(status, "active") == 0) {
			admins->id = json_text(row, "user_id");
			admins->count++;
		}
	return true;
}

int people_find_admin(struct ask *job, const char **user_id)
{
	struct admins admins = {.count = 0};
	int code = ask_pages(job, USERS_PATH "?account_id=*", count_admin, &admins);
	*user_id = admins.id;
	return code != CLI_DONE || admins.count == 1
			   ? code
			   : cli_fail(job->cli, CLI_INVALID, "there are %d admins; name one with --user", admins.count);
}

/* --- showing --- */

static void print_roles(const struct json *row)
{
	const struct json *roles = json_get(row, "roles");
	for (uint32_t i = 0; roles != NULL && i < roles->count; i++)
		printf("%s%s", i > 0 ? "," : "", roles->items[i].text);
}

static void print_row(const struct json *row)
{
	const char *email = json_text(row, "email");
	printf("%-36s  %-30s  %-9s  ", json_text(row, "user_id"), email != NULL ? email : "-", json_text(row, "status"));
	print_roles(row);
	puts("");
}

static int show(const struct ask *job, const struct json *row)
{
	const char *email = json_text(row, "email"), *name = json_text(row, "full_name"),
			   *last = json_text(row, "last_login_at");
	if (job->cli->json)
		return fact_print(row, CLI_DONE);
	printf("id          %s\naccount     %s\nemail       %s\nname        %s\nstatus      %s\nroles       ",
		   json_text(row, "user_id"), json_text(row, "account_id"), email != NULL ? email : "-",
		   name != NULL ? name : "-", json_text(row, "status"));
	print_roles(row);
	printf("\nlast login  %s\n", last != NULL ? last : "never");
	return CLI_DONE;
}

static int show_answer(struct ask *job, int code)
{
	if (code != CLI_DONE)
		return code;
	return ask_good(job) && ask_result(job) != NULL ? show(job, ask_result(job)) : ask_refused(job);
}

/* --- the commands --- */

void people_write_names(struct jw *body, const char *names)
{
	for (const char *at = names; *at != '\0';) {
		size_t size = strcspn(at, ",");
		jw_strn(body, at, size);
		at += size + (at[size] == ',');
	}
}

/* The second argument where a command has one, and every --role: each a list by commas. */
static void write_roles(struct jw *body, const struct cli *cli)
{
	jw_key(body, "roles");
	jw_array(body);
	if (cli->count > 1)
		people_write_names(body, cli->args[1]);
	for (int i = 0; i < cli->options_count; i++)
		if (strcmp(cli->options[i].name, "role") == 0)
			people_write_names(body, cli->options[i].value);
	jw_array_end(body);
}

static void write_if(struct jw *body, const char *name, const char *value)
{
	if (value != NULL)
		jw_member_str(body, name, value);
}

static int add(struct ask *job, const char *password)
{
	const struct cli *cli = job->cli;
	struct jw *body = ask_body(job);
	jw_member_str(body, "email", cli->args[0]);
	write_roles(body, cli);
	write_if(body, "full_name", cli_option(cli, "name"));
	write_if(body, "account_id", cli_option(cli, "account"));
	write_if(body, "password", password);
	if (password == NULL)
		jw_member_bool(body, "invite", true);
	return show_answer(job, ask_send(job, "POST", USERS_PATH));
}

/* With the first line of --password-file, or NULL without that option. */
static int with_password(struct ask *job, int (*then)(struct ask *job, const char *password))
{
	const char *file = cli_option(job->cli, "password-file");
	struct buf secret;
	struct err err;
	if (file == NULL)
		return then(job, NULL);
	buf_init(&secret, 0);
	int code = ask_secret(file, &secret, &err) ? then(job, buf_text(&secret))
											   : cli_fail(job->cli, CLI_FAILED, "%s", err.message);
	buf_fini(&secret);
	return code;
}

int command_user_add(const struct cli *cli)
{
	struct ask job;
	if (cli_option(cli, "role") == NULL)
		return cli_fail(cli, CLI_INVALID, "say what they may: --role ROLE[,ROLE]");
	if ((cli_option(cli, "password-file") == NULL) == (cli_option(cli, "invite") == NULL))
		return cli_fail(cli, CLI_INVALID, "give --password-file F or --invite");
	return ask_end(&job, ask_begin(&job, cli) ? with_password(&job, add) : CLI_INVALID);
}

int command_user_list(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? ask_list(&job, USERS_PATH "?account_id=*", print_row) : CLI_INVALID);
}

/* One person, found by the first argument, and what is done with them. */
static int with_user(const struct cli *cli, int (*then)(struct ask *job, const char *user_id))
{
	struct ask job;
	const char *user_id;
	if (!ask_begin(&job, cli))
		return ask_end(&job, CLI_INVALID);
	int code = people_find(&job, cli->args[0], &user_id, NULL);
	return ask_end(&job, code == CLI_DONE ? then(&job, user_id) : code);
}

static int get(struct ask *job, const char *user_id)
{
	char path[128];
	snprintf(path, sizeof path, USERS_PATH "/%.64s", user_id);
	return show_answer(job, ask(job, "GET", path, NULL));
}

int command_user_show(const struct cli *cli)
{
	return with_user(cli, get);
}

/* POST …/VERB with the reason, if one was given; the verb is the command's second word. */
static int change_status(struct ask *job, const char *user_id)
{
	char path[128];
	snprintf(path, sizeof path, USERS_PATH "/%.64s/%s", user_id, strchr(job->cli->command->name, ' ') + 1);
	write_if(ask_body(job), "reason", cli_option(job->cli, "reason"));
	return show_answer(job, ask_send(job, "POST", path));
}

int command_user_lock(const struct cli *cli)
{
	return with_user(cli, change_status);
}

int command_user_unlock(const struct cli *cli)
{
	return with_user(cli, change_status);
}

int command_user_suspend(const struct cli *cli)
{
	return with_user(cli, change_status);
}

int command_user_activate(const struct cli *cli)
{
	return with_user(cli, change_status);
}

int command_user_deactivate(const struct cli *cli)
{
	return with_user(cli, change_status);
}

/* Change the row as it was found. */
static int patch(struct ask *job, const struct json *row)
{
	const struct json *version = json_get(row, "version");
	char path[128], etag[ETAG_TEXT], match[ETAG_TEXT + 16];
	snprintf(path, sizeof path, USERS_PATH "/%.64s", json_text(row, "user_id"));
	people_user_etag(json_text(row, "user_id"), version != NULL ? version->integer : 0, etag);
	snprintf(match, sizeof match, "If-Match: %s", etag);
	const char *const headers[] = {match, NULL};
	jw_object_end(&job->jw);
	return show_answer(job, ask_with(job, "PATCH", path, buf_text(&job->body), job->body.size, headers));
}

static int set_roles(struct ask *job)
{
	const char *user_id;
	const struct json *row;
	int code = people_find(job, job->cli->args[0], &user_id, &row);
	if (code != CLI_DONE)
		return code;
	write_roles(ask_body(job), job->cli);
	return patch(job, row);
}

int command_user_role(const struct cli *cli)
{
	struct ask job;
	if ((cli->count > 1) == (cli_option(cli, "role") != NULL))
		return cli_fail(cli, CLI_INVALID, "say what they may, as a second argument or by --role");
	return ask_end(&job, ask_begin(&job, cli) ? set_roles(&job) : CLI_INVALID);
}

static int set_password(struct ask *job, const char *password)
{
	const char *user_id;
	const struct json *row;
	int code = people_find(job, job->cli->args[0], &user_id, &row);
	if (code != CLI_DONE)
		return code;
	struct jw *body = ask_body(job);
	if (password != NULL) {
		jw_member_str(body, "password", password);
		return patch(job, row);
	}
	jw_member_str(body, "email", json_text(row, "email"));
	code = ask_send(job, "POST", "/api/v1/auth/password/forgot");
	if (code == CLI_DONE && !ask_good(job))
		return ask_refused(job);
	if (code == CLI_DONE && job->cli->json)
		return fact_print(NULL, code);
	if (code == CLI_DONE)
		printf("a reset token was sent to %s\n", json_text(row, "email"));
	return code;
}

int command_user_passwd(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? with_password(&job, set_password) : CLI_INVALID);
}

static int end_sessions(struct ask *job, const char *user_id)
{
	char path[128];
	snprintf(path, sizeof path, USERS_PATH "/%.64s/sessions", user_id);
	int code = ask(job, "DELETE", path, NULL);
	if (code == CLI_DONE && !ask_good(job))
		return ask_refused(job);
	if (code == CLI_DONE && job->cli->json)
		return fact_print(NULL, code);
	if (code == CLI_DONE)
		printf("%s has no session any more\n", job->cli->args[0]);
	return code;
}

static void print_session(const struct json *row)
{
	const char *device = json_text(row, "device_name"), *ip = json_text(row, "ip");
	printf("%s  %s  %s  %-16s  %s\n", json_text(row, "session_id"), json_text(row, "created_at"),
		   json_text(row, "last_seen_at"), ip != NULL ? ip : "-", device != NULL ? device : "-");
}

static int list_sessions(struct ask *job, const char *user_id)
{
	char path[128];
	snprintf(path, sizeof path, USERS_PATH "/%.64s/sessions", user_id);
	return ask_list(job, path, print_session);
}

int command_user_sessions(const struct cli *cli)
{
	return with_user(cli, cli_option(cli, "end") != NULL ? end_sessions : list_sessions);
}
