#include <string.h>

#include "app/app.h"
#include "app/ask.h"
#include "app/audit_archive.h"
#include "app/audit_export.h"
#include "app/commands.h"
#include "app/fact.h"
#include "app/here.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "seal/audit.h"
#include "store/store.h"

/*
 * `audit verify`, `audit export`, `audit checkpoint`.  When a server has the data folder they ask it over its
 * control socket; otherwise they open the store themselves [platform.md 2].
 */

enum { ANSWER_MAX = 1 << 30 };

/* --- audit verify --- */

static int print_report(const struct cli *cli, const struct audit_report *report)
{
	const int code = report->sound ? CLI_DONE : CLI_WRONG;
	struct fact fact;
	if (!cli->json) {
		printf("streams %lld rows %lld checkpoints %lld ", (long long)report->streams, (long long)report->rows,
			   (long long)report->checkpoints);
		if (report->sound)
			puts("OK");
		else
			printf("BAD stream %s seq %lld: %s\n", report->stream, (long long)report->seq, report->reason);
		return code;
	}
	struct jw *result = fact_begin(&fact);
	jw_member_int(result, "streams", report->streams);
	jw_member_int(result, "rows", report->rows);
	jw_member_int(result, "checkpoints", report->checkpoints);
	jw_member_bool(result, "ok", report->sound);
	if (!report->sound) {
		jw_member_str(result, "stream", report->stream);
		jw_member_int(result, "seq", report->seq);
		jw_member_str(result, "reason", report->reason);
	}
	return fact_end(&fact, code);
}

static int verify_text(const struct cli *cli, const struct buf *text)
{
	struct audit_report report;
	struct err err;
	if (!audit_export_verify(buf_text(text), text->size, &report, &err))
		return cli_fail(cli, CLI_INVALID, "%s", err.message);
	return print_report(cli, &report);
}

static bool take_report(const struct json *result, struct audit_report *report)
{
	const struct json *ok = json_get(result, "ok"), *seq = json_get(result, "seq");
	if (ok == NULL || ok->kind != JS_BOOL)
		return false;
	report->sound = ok->boolean;
	if (report->sound)
		return true;
	const char *stream = json_text(result, "stream"), *reason = json_text(result, "reason");
	snprintf(report->stream, sizeof report->stream, "%s", stream != NULL ? stream : "");
	report->seq = seq != NULL && seq->kind == JS_INT ? seq->integer : 0;
	report->reason = reason != NULL ? reason : "";
	return true;
}

/* A running server's export is verified here; of the personal values, which none has, the server itself is asked. */
static int verify_served(const struct cli *cli, const struct buf *text)
{
	struct audit_report report;
	struct ask job;
	struct err err;
	if (!audit_export_verify(buf_text(text), text->size, &report, &err))
		return cli_fail(cli, CLI_INVALID, "%s", err.message);
	if (!report.sound)
		return print_report(cli, &report);
	int code = ask_begin(&job, cli) ? CLI_DONE : CLI_INVALID;
	if (code != CLI_DONE)
		; /* told */
	else if (!ask_try(&job, "GET", "/api/v1/ops/audit/verify", NULL, 0, NULL, &err))
		code = cli_fail(cli, CLI_UNREACHABLE, "the server has gone: %s", err.message);
	else if (!ask_good(&job) || !take_report(ask_result(&job), &report))
		code = ask_refused(&job);
	else
		code = print_report(cli, &report);
	return ask_end(&job, code);
}

static int check_store(const struct cli *cli, struct audit_report *report)
{
	struct app app;
	struct err err;
	if (!app_open(&app, cli, &err))
		return cli_fail(cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	struct db *db = store_read(app.store);
	bool read = audit_verify(db, store_id(app.store), app_checkpoint_holds, &app, report, &err) &&
				audit_verify_personal(db, app.audit.key, report, &err);
	store_read_end(app.store, db);
	app_close(&app);
	return read ? CLI_DONE : cli_fail(cli, CLI_FAILED, "%s", err.message);
}

/* --- exports --- */

/* What --from, --to and --stream ask for. */
static bool read_filter(const struct cli *cli, struct audit_export_filter *filter)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	const char *from = cli_option(cli, "from"), *to = cli_option(cli, "to"), *stream = cli_option(cli, "stream");
	const struct stamp_fault *fault;
	*filter = audit_export_all;
	filter->stream = stream;
	if (from != NULL && !stamp_parse(from, strlen(from), &filter->from_us, &fault))
		return cli_fail(cli, CLI_INVALID, "--from %s", fault->message), false;
	if (to != NULL && !stamp_parse(to, strlen(to), &filter->to_us, &fault))
		return cli_fail(cli, CLI_INVALID, "--to %s", fault->message), false;
	if (stream != NULL && (stream[0] == '\0' || strlen(stream) > 60 || stream[strspn(stream, letters)] != '\0'))
		return cli_fail(cli, CLI_INVALID, "--stream: no stream is called that"), false;
	return true;
}

static void add_parameter(struct buf *target, const char *name, const char *value)
{
	buf_addf(target, "%c%s=%s", strchr(buf_text(target), '?') != NULL ? '&' : '?', name, value);
}

static void write_target(const struct audit_export_filter *filter, struct buf *target)
{
	char time[STAMP_TEXT];
	buf_adds(target, "/api/v1/audit/export");
	if (filter->from_us > 0) {
		stamp_format(time, filter->from_us);
		add_parameter(target, "from", time);
	}
	if (filter->to_us < INT64_MAX) {
		stamp_format(time, filter->to_us);
		add_parameter(target, "to", time);
	}
	if (filter->stream != NULL)
		add_parameter(target, "stream", filter->stream);
}

/* The text of an export: from the running server, or from the store when there is none. */
static int fetch_export(const struct cli *cli, const struct audit_export_filter *filter, struct buf *text, bool *served)
{
	struct ask job;
	struct err err;
	struct buf target;
	int code = ask_begin(&job, cli) ? ask_needs_store(&job) : CLI_INVALID;
	*served = true;
	buf_init(&target, 0);
	write_target(filter, &target);
	if (code != CLI_DONE)
		; /* told */
	else if (!ask_try(&job, "GET", buf_text(&target), NULL, 0, NULL, &err))
		*served = false;
	else if (job.status != 200)
		code = ask_refused(&job);
	else
		buf_add(text, buf_text(&job.answer), job.answer.size);
	buf_fini(&target);
	return ask_end(&job, code);
}

static int export_store(const struct cli *cli, const struct audit_export_filter *filter, struct buf *text)
{
	struct app app;
	struct err err;
	if (!app_open(&app, cli, &err))
		return cli_fail(cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	struct db *db = store_read(app.store);
	bool written = audit_export(db, store_id(app.store), filter, app.keys.rings[KEY_OF_CHECKPOINTS], text, &err);
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

static int join_checkpoint(const struct cli *cli, const char *path, struct buf *text)
{
	struct buf file;
	struct err err;
	buf_init(&file, 0);
	int code = CLI_DONE;
	if (!cli_read(path, ANSWER_MAX, &file, &err))
		code = cli_fail(cli, CLI_FAILED, "%s", err.message);
	else if (!audit_export_join_checkpoints(buf_text(&file), file.size, text, &err))
		code = cli_fail(cli, CLI_INVALID, "%s: %s", path, err.message);
	buf_fini(&file);
	return code;
}

/* Each --checkpoint is one more checkpoint of the export, which the store's own may not know any more [P-7.4]. */
static int join_checkpoints(const struct cli *cli, struct buf *text)
{
	int code = CLI_DONE;
	for (int i = 0; i < cli->options_count && code == CLI_DONE; i++)
		if (strcmp(cli->options[i].name, "checkpoint") == 0)
			code = join_checkpoint(cli, cli->options[i].value, text);
	return code;
}

/* A store that no server holds is verified itself, with the personal values that no export has. */
static int verify_here(const struct cli *cli, bool more, struct buf *text)
{
	struct audit_report report;
	int code = check_store(cli, &report);
	if (code != CLI_DONE || !more || !report.sound)
		return code == CLI_DONE ? print_report(cli, &report) : code;
	code = export_store(cli, &audit_export_all, text);
	code = code == CLI_DONE ? join_archives(cli, text) : code;
	code = code == CLI_DONE ? join_checkpoints(cli, text) : code;
	return code == CLI_DONE ? verify_text(cli, text) : code;
}

int command_audit_verify(const struct cli *cli)
{
	struct buf text;
	struct err err;
	bool served = true, more = cli_option(cli, "archives") != NULL || cli_option(cli, "checkpoint") != NULL;
	int code = CLI_DONE;
	buf_init(&text, 0);
	if (cli->count > 0)
		code =
			cli_read(cli->args[0], ANSWER_MAX, &text, &err) ? CLI_DONE : cli_fail(cli, CLI_FAILED, "%s", err.message);
	else
		code = fetch_export(cli, &audit_export_all, &text, &served);
	if (code == CLI_DONE && !served) {
		code = verify_here(cli, more, &text);
	} else if (code == CLI_DONE) {
		code = join_archives(cli, &text);
		code = code == CLI_DONE ? join_checkpoints(cli, &text) : code;
		if (code == CLI_DONE)
			code = cli->count > 0 ? verify_text(cli, &text) : verify_served(cli, &text);
	}
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
	struct audit_export_filter filter;
	struct buf text;
	bool served;
	if (!read_filter(cli, &filter))
		return CLI_INVALID;
	buf_init(&text, 0);
	int code = fetch_export(cli, &filter, &text, &served);
	if (code == CLI_DONE && !served)
		code = export_store(cli, &filter, &text);
	if (code == CLI_DONE && !cli_write(stdout, buf_text(&text), text.size))
		code = cli_fail(cli, CLI_FAILED, "cannot write to standard output");
	buf_fini(&text);
	return code;
}

/* --- audit checkpoint --- */

static int print_signed(const char *statement, const char *signature)
{
	struct fact fact;
	struct jw *result = fact_begin(&fact);
	jw_member_str(result, "signature", signature);
	jw_key(result, "statement");
	jw_raw(result, statement, strlen(statement));
	return fact_end(&fact, CLI_DONE);
}

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
		code = print_signed(statement, signature);
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
	int code = ask_begin(&job, cli) ? ask_needs_store(&job) : CLI_INVALID;
	if (code != CLI_DONE)
		; /* told */
	else if (ask_try(&job, "POST", "/api/v1/ops/checkpoints", NULL, 0, NULL, &err))
		code = print_answer(&job);
	else
		code = checkpoint_here(cli);
	return ask_end(&job, code);
}
