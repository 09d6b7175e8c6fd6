#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/ask.h"
#include "app/audit_archive.h"
#include "app/audit_export.h"
#include "app/commands.h"
#include "app/here.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "people/people.h"
#include "seal/audit.h"
#include "seal/op.h"
#include "seal/seals.h"
#include "store/blob.h"
#include "store/store.h"

/*
 * `audit verify`, `audit export`, `audit checkpoint`, `replay`.  When a server has the data folder they ask it over its
 * control socket; otherwise they open the store themselves [platform.md 2].
 */

enum { ANSWER_MAX = 1 << 30 };

/* --- audit verify --- */

static int print_report(const struct cli *cli, const struct audit_report *report)
{
	if (cli->json)
		printf("{\"streams\":%lld,\"rows\":%lld,\"checkpoints\":%lld,\"ok\":%s", (long long)report->streams,
			   (long long)report->rows, (long long)report->checkpoints, report->sound ? "true" : "false");
	else
		printf("streams %lld rows %lld checkpoints %lld ", (long long)report->streams, (long long)report->rows,
			   (long long)report->checkpoints);
	if (report->sound)
		puts(cli->json ? "}" : "OK");
	else if (cli->json)
		printf(",\"stream\":\"%s\",\"seq\":%lld,\"reason\":\"%s\"}\n", report->stream, (long long)report->seq,
			   report->reason);
	else
		printf("BAD stream %s seq %lld: %s\n", report->stream, (long long)report->seq, report->reason);
	return report->sound ? CLI_DONE : CLI_WRONG;
}

static int verify_text(const struct cli *cli, const struct buf *text)
{
	struct audit_report report;
	struct err err;
	if (!audit_export_verify(buf_text(text), text->size, &report, &err))
		return cli_fail(cli, CLI_INVALID, "%s", err.message);
	return print_report(cli, &report);
}

static int verify_store(const struct cli *cli)
{
	struct app app;
	struct err err;
	struct audit_report report;
	if (!app_open(&app, cli, &err))
		return cli_fail(cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	struct db *db = store_read(app.store);
	bool read = audit_verify(db, store_id(app.store), app_checkpoint_holds, &app, &report, &err) &&
				audit_verify_personal(db, app.audit.key, &report, &err);
	store_read_end(app.store, db);
	app_close(&app);
	return read ? print_report(cli, &report) : cli_fail(cli, CLI_FAILED, "%s", err.message);
}

/* The text of an export: from the running server, or from the store when there is none. */
static int fetch_export(const struct cli *cli, struct buf *text, bool *served)
{
	struct ask job;
	struct err err;
	int code = CLI_DONE;
	*served = true;
	if (!ask_begin(&job, cli))
		code = CLI_INVALID;
	else if (!ask_store_there(&job.config))
		code = cli_fail(cli, CLI_FAILED, "there is no store in %s", job.config.data);
	else if (!ask_try(&job, "GET", "/api/v1/audit/export", NULL, 0, NULL, &err))
		*served = false;
	else if (job.status != 200)
		code = ask_refused(&job);
	else
		buf_add(text, buf_text(&job.answer), job.answer.size);
	return ask_end(&job, code);
}

static int export_store(const struct cli *cli, struct buf *text)
{
	struct app app;
	struct err err;
	if (!app_open(&app, cli, &err))
		return cli_fail(cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	struct db *db = store_read(app.store);
	bool written = audit_export(db, store_id(app.store), NULL, app.keys.rings[KEY_OF_CHECKPOINTS], text, &err);
	store_read_end(app.store, db);
	app_close(&app);
	return written ? CLI_DONE : cli_fail(cli, CLI_FAILED, "%s", err.message);
}

/* The archives' rows come first, then the export's, as one chain [P-7.7]. */
static int join_archives(const struct cli *cli, struct buf *text)
{
	const char *folder = cli_option(cli, "archives");
	struct err err;
	if (folder == NULL || audit_archives_join(folder, text, &err))
		return CLI_DONE;
	return cli_fail(cli, err.kind == ERR_INVALID ? CLI_WRONG : CLI_FAILED, "%s", err.message);
}

int command_audit_verify(const struct cli *cli)
{
	struct buf text;
	struct err err;
	bool served = true;
	int code = CLI_DONE;
	buf_init(&text, 0);
	if (cli->count > 0)
		code =
			cli_read(cli->args[0], ANSWER_MAX, &text, &err) ? CLI_DONE : cli_fail(cli, CLI_FAILED, "%s", err.message);
	else
		code = fetch_export(cli, &text, &served);
	bool archives = cli_option(cli, "archives") != NULL;
	if (code == CLI_DONE && !served && archives)
		code = export_store(cli, &text);
	if (code == CLI_DONE && archives)
		code = join_archives(cli, &text);
	if (code == CLI_DONE)
		code = served || archives ? verify_text(cli, &text) : verify_store(cli);
	buf_fini(&text);
	return code;
}

/* --- audit archive --- */

static int print_archives(const struct ask *job, const struct json *items)
{
	for (uint32_t i = 0; items != NULL && i < items->count; i++)
		if (job->cli->json)
			ask_print_line(&items->items[i]);
		else
			printf("%s  %.0f rows\n", json_text(&items->items[i], "file"),
				   json_number(json_get(&items->items[i], "rows")));
	if (!job->cli->json && (items == NULL || items->count == 0))
		puts("no row is past audit.retention_days");
	return CLI_DONE;
}

static bool archive_all(struct app *app, void *self, struct jw *jw, struct err *err)
{
	const struct audit_event event = {.action = AUDIT_ARCHIVE, .actor = "local", .role = "admin"};
	(void)self;
	return audit_archive_all(app, event, jw, err);
}

static int archive_here(struct ask *job)
{
	const struct json *result = NULL;
	int code = here(job, archive_all, NULL, &result);
	return code == CLI_DONE ? print_archives(job, json_get(result, "items")) : code;
}

static int archive(struct ask *job)
{
	struct err err;
	if (!ask_try(job, "POST", "/api/v1/ops/audit/archive", NULL, 0, NULL, &err))
		return archive_here(job);
	return ask_good(job) ? print_archives(job, ask_items(job)) : ask_refused(job);
}

int command_audit_archive(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? archive(&job) : CLI_INVALID);
}

int command_audit_export(const struct cli *cli)
{
	struct buf text;
	bool served;
	buf_init(&text, 0);
	int code = fetch_export(cli, &text, &served);
	if (code == CLI_DONE && !served)
		code = export_store(cli, &text);
	if (code == CLI_DONE && !cli_write(stdout, buf_text(&text), text.size))
		code = cli_fail(cli, CLI_FAILED, "cannot write to standard output");
	buf_fini(&text);
	return code;
}

/* --- audit checkpoint --- */

/* --json: {statement, signature}, as the file in audit.checkpoint_dir has it. */
static int print_checkpoint(const struct cli *cli, const char *statement, const char *signature)
{
	struct arena arena;
	const struct json *json;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool read = json_parse(&arena, statement, strlen(statement), &json_body_limits, &json, NULL);
	const struct json *seq = read ? json_get(json, "seq") : NULL;
	int code = seq != NULL && seq->kind == JS_INT ? CLI_DONE : cli_fail(cli, CLI_FAILED, "no checkpoint was given");
	if (code == CLI_DONE && cli->json)
		printf("{\"signature\":\"%s\",\"statement\":%s}\n", signature, statement);
	else if (code == CLI_DONE)
		printf("stream %s seq %lld hash %s\n", json_text(json, "stream"), (long long)seq->integer,
			   json_text(json, "hash"));
	arena_fini(&arena);
	return code;
}

static int checkpoint_here(const struct cli *cli)
{
	struct app app;
	struct err err;
	struct checkpoint_made made;
	if (!app_open(&app, cli, &err))
		return cli_fail(cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	bool written = app_checkpoint(&app, &made, &err);
	app_close(&app);
	return written ? print_checkpoint(cli, made.statement, made.signature)
				   : cli_fail(cli, CLI_FAILED, "%s", err.message);
}

static int print_answer(const struct ask *job)
{
	struct buf statement;
	struct jw jw;
	const char *signature = json_text(ask_result(job), "signature");
	if (!ask_good(job) || signature == NULL)
		return ask_refused(job);
	buf_init(&statement, 0);
	jw_init(&jw, &statement);
	jw_json(&jw, json_get(ask_result(job), "statement"));
	int code = print_checkpoint(job->cli, buf_text(&statement), signature);
	buf_fini(&statement);
	return code;
}

int command_audit_checkpoint(const struct cli *cli)
{
	struct ask job;
	struct err err;
	if (!ask_begin(&job, cli))
		return ask_end(&job, CLI_INVALID);
	int code;
	if (!ask_store_there(&job.config))
		code = cli_fail(cli, CLI_FAILED, "there is no store in %s", job.config.data);
	else if (ask_try(&job, "POST", "/api/v1/ops/checkpoints", NULL, 0, NULL, &err))
		code = print_answer(&job);
	else
		code = checkpoint_here(cli);
	return ask_end(&job, code);
}

/* --- replay --- */

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
		const struct json *result = json_get(tree, "result") != NULL ? json_get(tree, "result") : tree;
		const struct json *differences = json_get(result, "differences");
		const char *outcome = json_text(result, "outcome"), *reason = json_text(result, "reason");
		code = code_of(outcome);
		if (cli->json)
			printf("%.*s\n", (int)size, json);
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
	static const int order[] = {[CLI_DONE] = 0, [CLI_ABSTAINED] = 1, [CLI_WRONG] = 2, [CLI_FAILED] = 3};
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
	char account_id[ID_TEXT];
	struct arena arena;
	struct seal seal;
	struct err err;
	bool found = false;
	arena_init(&arena, ARENA_REQUEST_CAP);
	struct db *db = store_read(app->store);
	bool read = people_main_account(app->people, account_id, &err) &&
				seal_find(db, account_id, sha, &arena, &seal, &found, &err);
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
	int code = all ? CLI_DONE : replay_by_server(cli, cli->args[0], &served);
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
