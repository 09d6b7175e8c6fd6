#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/ask.h"
#include "app/commands.h"
#include "app/fact.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "seal/op.h"
#include "seal/seals.h"
#include "store/blob.h"
#include "store/store.h"

/* `replay`: by the running server, or in the store when there is none [platform.md 2]. */

static int code_of(const char *outcome)
{
	if (outcome != NULL && strcmp(outcome, "identical") == 0)
		return CLI_DONE;
	return outcome != NULL && strcmp(outcome, "different") == 0 ? CLI_WRONG : CLI_ABSTAINED;
}

/* A result of replay_write, as a table or as it is. */
static int print_replay(const struct cli *cli, const char *sha, const char *json, size_t size)
{
	struct arena arena;
	const struct json *tree;
	int code = CLI_FAILED;
	arena_init(&arena, ARENA_REQUEST_CAP);
	if (json_parse(&arena, json, size, &json_body_limits, &tree, NULL)) {
		const bool envelope = json_get(tree, "result") != NULL; /* of the server */
		const struct json *result = envelope ? json_get(tree, "result") : tree;
		const struct json *differences = json_get(result, "differences");
		const char *outcome = json_text(result, "outcome"), *reason = json_text(result, "reason");
		code = code_of(outcome);
		if (cli->json && envelope)
			printf("%.*s\n", (int)size, json);
		else if (cli->json)
			code = fact_print(tree, code);
		else
			printf("%.16s %s%s%s\n", sha, outcome != NULL ? outcome : "?", reason != NULL ? ": " : "",
				   reason != NULL ? reason : "");
		for (uint32_t i = 0; !cli->json && differences != NULL && i < differences->count; i++) {
			struct buf line;
			struct jw jw;
			buf_init(&line, 0);
			jw_init(&jw, &line);
			jw_json(&jw, &differences->items[i]);
			printf("  %s\n", buf_text(&line));
			buf_fini(&line);
		}
	}
	arena_fini(&arena);
	return code;
}

static int replay_here(struct app *app, const struct cli *cli, const struct seal *seal, struct arena *arena)
{
	struct replay *replay = arena_new(arena, struct replay);
	const struct op_context context = app_op_context(app);
	struct err err = {.kind = ERR_LIMIT};
	if (replay == NULL || !seal_replay(seal, app->ops.ops, app->ops.count, &context, arena, replay, &err))
		return cli_fail(cli, CLI_FAILED, "%s", err.message);
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	replay_write(&jw, replay);
	jw_object_end(&jw);
	int code = print_replay(cli, seal->seal_sha256, buf_text(&text), text.size);
	buf_fini(&text);
	return code;
}

/* The worst of two outcomes: wrong beats not replayable beats identical. */
static int worse(int a, int b)
{
	static const int order[] = {[CLI_DONE] = 0,   [CLI_ABSTAINED] = 1, [CLI_WRONG] = 2,
								[CLI_FAILED] = 3, [CLI_INVALID] = 3,   [CLI_UNREACHABLE] = 3};
	return order[a] >= order[b] ? a : b;
}

/* Every seal of the store made at `since_us` or later, oldest first. */
static int replay_all(struct app *app, const struct cli *cli, int64_t since_us)
{
	struct db *db = store_read(app->store);
	struct db_rows rows;
	struct err err;
	struct arena arena;
	int code = CLI_DONE;
	arena_init(&arena, ARENA_REQUEST_CAP);
	if (!db_query(db, &rows, &err,
				  "SELECT account_id, seal_sha256 FROM seals WHERE created_at >= $1 ORDER BY created_at, seal_sha256",
				  V_INT(since_us)))
		code = cli_fail(cli, CLI_FAILED, "%s", err.message);
	while (code != CLI_FAILED && db_next(&rows)) {
		struct seal seal;
		bool found = false;
		struct db *other = store_read(app->store);
		arena_reset(&arena);
		bool read = seal_find(other, db_text(&rows, 0), db_text(&rows, 1), &arena, &seal, &found, &err) && found;
		store_read_end(app->store, other);
		code = worse(code, read ? replay_here(app, cli, &seal, &arena) : CLI_FAILED);
	}
	if (!db_end(&rows, &err))
		code = cli_fail(cli, CLI_FAILED, "%s", err.message);
	store_read_end(app->store, db);
	arena_fini(&arena);
	return code;
}

static int replay_one(struct app *app, const struct cli *cli, const char *sha)
{
	struct arena arena;
	struct seal seal;
	struct err err;
	bool found = false;
	arena_init(&arena, ARENA_REQUEST_CAP);
	struct db *db = store_read(app->store);
	bool read = seal_find_any(db, sha, &arena, &seal, &found, &err);
	store_read_end(app->store, db);
	int code = !read   ? cli_fail(cli, CLI_FAILED, "%s", err.message)
			   : found ? replay_here(app, cli, &seal, &arena)
					   : cli_fail(cli, CLI_INVALID, "there is no seal %s", sha);
	arena_fini(&arena);
	return code;
}

static int replay_by_server(const struct cli *cli, const char *sha, bool *served)
{
	struct ask job;
	struct err err;
	char path[200];
	int code = CLI_INVALID;
	snprintf(path, sizeof path, "/api/v1/seals/%s/replay", sha);
	*served = true;
	if (ask_begin(&job, cli)) {
		*served = ask_try(&job, "POST", path, "{}", 2, NULL, &err);
		if (*served && job.status == 200)
			code = print_replay(cli, sha, buf_text(&job.answer), job.answer.size);
		else if (*served)
			code = cli_fail(cli, job.status == 404 ? CLI_INVALID : CLI_FAILED, "%s",
							job.status == 404 ? "there is no such seal" : "the server refused");
	}
	return ask_end(&job, code);
}

struct replaying {
	const struct cli *cli;
	char since[STAMP_TEXT]; /* times of one form compare as texts */
	int code;
};

static bool replay_item(void *self, const struct json *item)
{
	struct replaying *r = self;
	const char *sha = json_text(item, "seal_sha256"), *at = json_text(item, "created_at");
	bool served = true;
	if (sha == NULL || at == NULL || strcmp(at, r->since) < 0) /* newest first: what follows is older still */
		return false;
	r->code = worse(r->code, replay_by_server(r->cli, sha, &served));
	return r->code != CLI_FAILED && served;
}

/* A running server has the store: it recomputes, seal by seal, those of every account. */
static int replay_all_by_server(const struct cli *cli, int64_t since_us, bool *served)
{
	struct ask job;
	struct err err;
	struct replaying r = {.cli = cli, .code = CLI_DONE};
	stamp_format(r.since, since_us);
	if (!ask_begin(&job, cli))
		return ask_end(&job, CLI_INVALID);
	*served = ask_try(&job, "GET", "/live", NULL, 0, NULL, &err);
	int code = *served ? ask_pages(&job, "/api/v1/seals?account_id=*", replay_item, &r) : CLI_DONE;
	return ask_end(&job, code == CLI_DONE ? r.code : code);
}

/* A store to replay, held by a server or by nobody: CLI_DONE, or the exit code after the reason was told. */
static int needs_store(const struct cli *cli)
{
	struct ask job;
	int code = ask_begin(&job, cli) ? ask_needs_store(&job) : CLI_INVALID;
	return ask_end(&job, code);
}

int command_replay(const struct cli *cli)
{
	const char *since = cli_option(cli, "since");
	const struct stamp_fault *fault;
	bool all = cli_option(cli, "all") != NULL || since != NULL, served = false;
	int64_t since_us = 0;
	if (all == (cli->count > 0))
		return cli_fail(cli, CLI_INVALID, "name one seal, or give --all or --since");
	if (since != NULL && !stamp_parse(since, strlen(since), &since_us, &fault))
		return cli_fail(cli, CLI_INVALID, "--since %s", fault->message);
	if (!all && !blob_name_valid(cli->args[0]))
		return cli_fail(cli, CLI_INVALID, "a seal is named by 64 lower-case hex digits");
	int code = needs_store(cli);
	if (code != CLI_DONE)
		return code;
	code = all ? replay_all_by_server(cli, since_us, &served) : replay_by_server(cli, cli->args[0], &served);
	if (served)
		return code;
	struct app app;
	struct err err;
	if (!app_open(&app, cli, &err))
		return cli_fail(cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	code = all ? replay_all(&app, cli, since_us) : replay_one(&app, cli, cli->args[0]);
	app_close(&app);
	return code;
}
