#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "app/app.h"
#include "app/ask.h"
#include "app/commands.h"
#include "app/document.h"
#include "app/fact.h"
#include "app/here.h"
#include "app/routes.h"
#include "app/unsafe.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/jw.h"
#include "http/metrics.h"
#include "http/router.h"
#include "link/ready.h"
#include "people/roles.h"
#include "seal/pack.h"
#include "store/store.h"
#include "version.h"

/* `doctor`: is this installation sound?  `openapi`: what does it serve?  Neither needs a running server. */

struct examination {
	const struct cli *cli;
	int faults;
};

enum finding { FOUND_OK, FOUND_WARNING, FOUND_FAULT };

static void print_json(enum finding finding, const char *what, const char *detail, const char *mend)
{
	static const char *const names[] = {"ok", "warning", "fault"};
	struct buf line;
	struct jw jw;
	buf_init(&line, 0);
	jw_init(&jw, &line);
	jw_object(&jw);
	jw_member_str(&jw, "check", what);
	jw_member_str(&jw, "status", names[finding]);
	jw_member_str(&jw, "detail", detail);
	jw_member_str(&jw, "mend", finding != FOUND_OK ? mend : NULL);
	jw_object_end(&jw);
	puts(buf_text(&line));
	buf_fini(&line);
}

static void tell(struct examination *e, enum finding finding, const char *what, const char *detail, const char *mend)
{
	static const char *const names[] = {"ok", "warn", "BAD"};
	bool good = finding == FOUND_OK;
	e->faults += finding == FOUND_FAULT;
	if (e->cli->json)
		print_json(finding, what, detail, mend);
	else
		printf("%-4s %-10s %s%s%s\n", names[finding], what, detail, good ? "" : " -> ", good ? "" : mend);
}

static void say(struct examination *e, bool sound, const char *what, const char *detail, const char *mend)
{
	tell(e, sound ? FOUND_OK : FOUND_FAULT, what, detail, mend);
}

static void examine_folder(struct examination *e, const struct config *config)
{
	struct stat st;
	char detail[160];
	if (stat(config->data, &st) != 0) {
		say(e, true, "folder", "not made yet; `serve` makes it", "");
		return;
	}
	snprintf(detail, sizeof detail, "%.100s, mode %03o", config->data, (unsigned)st.st_mode & 0777);
	say(e, (st.st_mode & 077) == 0, "folder", detail, "chmod 700 it: others may read the store");
}

/* What `serve --mode production` would refuse, or warn of. */
static void examine_settings(struct examination *e, const struct config *config)
{
	struct unsafe found[UNSAFE_MAX];
	size_t count = unsafe_settings(config, found);
	for (size_t i = 0; i < count; i++)
		tell(e, found[i].refused ? FOUND_FAULT : FOUND_WARNING, "production", found[i].what, found[i].mend);
	if (count == 0)
		say(e, true, "settings", config->mode == MODE_PRODUCTION ? "fit for production" : "mode development", "");
}

static void examine_disk(struct examination *e, const struct config *config)
{
	struct statvfs fs;
	char detail[80];
	if (statvfs(config->data, &fs) != 0)
		return;
	int64_t free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
	snprintf(detail, sizeof detail, "%lld MiB free", (long long)(free_bytes >> 20));
	say(e, free_bytes >= config->store.min_free_bytes, "disk", detail,
		"make room, or lower store.min_free_bytes: the server only reads now");
}

/* Loaded when it is wanted (link/curl.h), so that the program starts without it. */
static void examine_libcurl(struct examination *e)
{
	struct err err;
	bool there = curl_ready(&err);
	say(e, there, "libcurl", there ? "loads" : err.message,
		"install it: without it `serve` does not start, and no command asks a server; workflows, webhooks, mails and "
		"models are asked through it");
}

static void examine_packs(struct examination *e, const struct config *config)
{
	struct app_ops ops;
	struct packs *packs = NULL;
	struct err err;
	char detail[80] = "";
	app_ops_init(&ops);
	bool sound = app_packs_open(&ops, config->packs.folder, &packs, &err);
	size_t count = 0;
	while (sound && packs_at(packs, count) != NULL)
		count++;
	snprintf(detail, sizeof detail, "%zu packs, all self-checks hold", count);
	say(e, sound, "packs", sound ? detail : err.message, "restore the file, or remove it");
	packs_free(packs);
}

/* The store itself, unless a server has it: then that server's own health is what counts. */
static void examine_store(struct examination *e, const struct config *config)
{
	struct app app;
	struct err err;
	struct audit_report report;
	char detail[200];
	if (!ask_store_there(config)) {
		say(e, true, "store", "not made yet; `serve` or `init` makes it", "");
		return;
	}
	if (!app_open(&app, e->cli, &err)) {
		bool served = err.kind == ERR_STORE_BUSY;
		say(e, served, "store", served ? "in use by a running server; ask GET /health" : err.message,
			"see the message; the data folder was not changed");
		return;
	}
	struct db *db = store_read(app.store);
	bool read = audit_verify(db, store_id(app.store), app_checkpoint_holds, &app, &report, &err) &&
				audit_verify_personal(db, app.audit.key, &report, &err);
	store_read_end(app.store, db);
	snprintf(detail, sizeof detail, "schema %d", store_schema_version(app.store));
	say(e, true, "store", detail, "");
	if (read)
		snprintf(detail, sizeof detail, "%lld rows, %lld checkpoints%s%s", (long long)report.rows,
				 (long long)report.checkpoints, report.sound ? "" : ": ", report.sound ? "" : report.reason);
	say(e, read && report.sound, "audit", read ? detail : err.message,
		"keep this folder as evidence and restore a backup that verifies");
	app_close(&app);
}

/* --- --accept-clock [P-12.4] --- */

static int say_clock(const struct ask *job, const struct json *result)
{
	const struct json *lowered = json_get(result, "lowered_ms");
	if (job->cli->json)
		return fact_print(result, CLI_DONE);
	if (lowered == NULL || json_number(lowered) == 0)
		printf("time is not held by more than 5 minutes; nothing was changed\n");
	else
		printf("time was lowered by %.3f s; it stands at %s until the clock has come there\n",
			   json_number(lowered) / 1000, json_text(result, "time"));
	return CLI_DONE;
}

static bool accept_time(struct app *app, void *self, struct jw *jw, struct err *err)
{
	(void)self;
	return app_clock_accept(app, "local", NULL, jw, err);
}

static int accept_clock_here(struct ask *job)
{
	const struct json *result = NULL;
	int code = here(job, accept_time, NULL, &result);
	return code == CLI_DONE ? say_clock(job, result) : code;
}

static int accept_clock(struct ask *job)
{
	struct err err;
	if (!ask_try(job, "POST", "/api/v1/ops/clock/accept", NULL, 0, NULL, &err))
		return accept_clock_here(job);
	return ask_good(job) ? say_clock(job, ask_result(job)) : ask_refused(job);
}

static int command_accept_clock(const struct cli *cli)
{
	struct ask job;
	return ask_end(&job, ask_begin(&job, cli) ? accept_clock(&job) : CLI_INVALID);
}

int command_doctor(const struct cli *cli)
{
	struct examination e = {.cli = cli};
	if (cli_option(cli, "accept-clock") != NULL)
		return command_accept_clock(cli);
	struct arena arena;
	struct config config;
	arena_init(&arena, ARENA_REQUEST_CAP);
	examine_libcurl(&e);
	bool configured = config_of_cli(cli, &arena, &config, NULL);
	say(&e, configured, "config", configured ? "valid" : "see the messages above", "mend the named keys");
	if (configured) {
		examine_folder(&e, &config);
		examine_settings(&e, &config);
		examine_disk(&e, &config);
		examine_packs(&e, &config);
		examine_store(&e, &config);
	}
	arena_fini(&arena);
	return e.faults == 0 ? CLI_DONE : CLI_WRONG;
}

int command_openapi(const struct cli *cli)
{
	struct app app = {.env = NULL};
	struct buf text;
	arena_init(&app.arena, ARENA_REQUEST_CAP);
	app_ops_init(&app.ops);
	app.router = router_new();
	app.metrics = metrics_new();
	routes_add(&app);
	buf_init(&text, 0);
	document_write(&text, app.router, NULL);
	buf_addc(&text, '\n');
	int code = cli_write(stdout, buf_text(&text), text.size)
				   ? CLI_DONE
				   : cli_fail(cli, CLI_FAILED, "cannot write to standard output");
	buf_fini(&text);
	metrics_free(app.metrics);
	router_free(app.router);
	arena_fini(&app.arena);
	return code;
}
