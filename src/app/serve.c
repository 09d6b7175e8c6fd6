#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "app/chores.h"
#include "app/commands.h"
#include "app/memory.h"
#include "app/notify.h"
#include "app/reload.h"
#include "app/unsafe.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "http/front.h"
#include "people/people.h"
#include "seal/audit.h"
#include "store/store.h"
#include "version.h"

/* `serve` and `init`. */

enum { SECRET_FILE_MAX = 1024 };

/* --- the first admin [P-2.1] --- */

/* The first line of a file, without its end; or a credential of systemd, cred:NAME [P-3.2]. */
static bool read_secret(const char *path, struct buf *secret, struct err *err)
{
	if (strncmp(path, "cred:", 5) == 0) {
		const char *line = NULL;
		struct arena arena;
		arena_init(&arena, ARENA_REQUEST_CAP);
		bool read = app_secret_read(path, &arena, &line, err);
		buf_adds(secret, read ? line : "");
		arena_fini(&arena);
		return read;
	}
	if (!cli_read(path, SECRET_FILE_MAX, secret, err))
		return false;
	char *end = secret->bytes != NULL ? strpbrk(secret->bytes, "\r\n") : NULL;
	if (end != NULL)
		*end = '\0';
	return true;
}

static bool make_admin(struct app *app, const char *email, const char *password, struct err *err)
{
	bool any = false, made = false, given = email != NULL && password != NULL;
	if (!people_any_admin(app->people, &any, err))
		return false;
	if (!any && !given)
		log_warn("there is no admin yet: nobody can make people or change settings",
				 log_str("mend", "stop the server and run countersign init --admin-email E --admin-password-file F"));
	if (!given)
		return true;
	if (any) {
		log_info("the first admin exists already; the given one is ignored");
		return true;
	}
	if (people_first_admin(app->people, email, password, &made, err))
		return true;
	if (err->kind != ERR_EMAIL_TAKEN)
		return false;
	log_warn("there is no admin yet: somebody has registered with the given address", /* who must not keep it down */
			 log_str("mend", "give another address, or run countersign user add --role admin"));
	return true;
}

/* The password may come from a file, and in production from nowhere else [P-2.1, P-3.2]. */
static bool admin_of_environment(struct app *app, struct err *err)
{
	const char *email = getenv("COUNTERSIGN_ADMIN_EMAIL"), *file = getenv("COUNTERSIGN_ADMIN_PASSWORD_FILE");
	const char *password = getenv("COUNTERSIGN_ADMIN_PASSWORD");
	if (password != NULL && app->config.mode == MODE_PRODUCTION)
		return err_set(err, ERR_INVALID,
					   "COUNTERSIGN_ADMIN_PASSWORD is refused in production; use COUNTERSIGN_ADMIN_PASSWORD_FILE");
	struct buf secret;
	buf_init(&secret, SECRET_FILE_MAX);
	bool done = file == NULL || read_secret(file, &secret, err);
	done = done && make_admin(app, email, file != NULL ? buf_text(&secret) : password, err);
	buf_fini(&secret);
	return done;
}

/* In production an unsafe setting ends the start; all of them are named at once [P-3.3]. */
static bool may_serve(const struct cli *cli, const struct app *app)
{
	struct unsafe found[UNSAFE_MAX];
	size_t count = unsafe_settings(&app->config, found);
	bool refused = false;
	for (size_t i = 0; i < count; i++) {
		refused = refused || found[i].refused;
		if (found[i].refused)
			cli_fail(cli, CLI_INVALID, "production refuses: %s -> %s", found[i].what, found[i].mend);
		else
			log_warn("unsafe setting", log_str("what", found[i].what), log_str("mend", found[i].mend));
	}
	return !refused;
}

/* --- life --- */

struct start_note {
	struct app *app;
	enum audit_action action;
};

static bool apply_start(struct db *db, void *self, struct err *err)
{
	struct start_note *note = self;
	char schema[16];
	snprintf(schema, sizeof schema, "%d", store_schema_version(note->app->store));
	const struct audit_pair meta[] = {{AUDIT_META_version, APP_VERSION}, {AUDIT_META_schema_version, schema}};
	const struct audit_event event = {.action = note->action,
									  .actor = "local",
									  .target_id = store_id(note->app->store),
									  .meta = meta,
									  .meta_count = note->action == AUDIT_SERVER_START ? 2 : 1};
	return audit_append(&note->app->audit, db, &event, err);
}

static bool note_life(struct app *app, enum audit_action action, struct err *err)
{
	struct start_note note = {.app = app, .action = action};
	return store_write(app->store, apply_start, &note, err);
}

static void write_checkpoint(struct app *app)
{
	struct err err;
	if (!app_checkpoint(app, NULL, &err))
		log_error("a checkpoint of the audit chain could not be written", log_str("why", err.message));
}

/* SIGTERM and SIGINT end the server, SIGHUP reads the configuration anew; meanwhile the hourly checkpoint is written
 * and the watchdog fed. */
static void wait_for_end(struct app *app, const struct cli *cli, const sigset_t *signals)
{
	const int64_t checkpoint_us = app->config.audit.checkpoint_s * 1000000, watchdog_us = notify_watchdog_us();
	const int64_t chores_us = CHORES_PERIOD_S * INT64_C(1000000);
	const int64_t period_us = watchdog_us > 0 && watchdog_us < chores_us ? watchdog_us : chores_us;
	const struct timespec period = {.tv_sec = period_us / 1000000, .tv_nsec = period_us % 1000000 * 1000};
	int64_t written_us = env_mono_us(app->env), next_sweep_us = 0;
	for (;;) {
		int signal = sigtimedwait(signals, NULL, &period);
		if (signal == SIGTERM || signal == SIGINT)
			return;
		if (signal == SIGHUP)
			app_reload(app, cli);
		notify_send("WATCHDOG=1");
		app_clock_look(app);
		chores_run(app, &next_sweep_us);
		if (env_mono_us(app->env) - written_us < checkpoint_us)
			continue;
		write_checkpoint(app);
		written_us = env_mono_us(app->env);
	}
}

static void say_where(const struct cli *cli, const struct app *app)
{
	double ms = (double)(env_mono_us(app->env) - app->started_us) / 1000;
	for (size_t i = 0; i < front_count(app->front); i++)
		if (strncmp(front_address(app->front, i), "unix:", 5) != 0) {
			if (!cli->quiet)
				fprintf(stderr, "countersign: serving on %s://%s\n", app->tls != NULL ? "https" : "http",
						front_address(app->front, i));
			log_info("ready", log_str("address", front_address(app->front, i)), log_num("start_ms", ms));
		}
}

static int serve(struct app *app, const struct cli *cli, const sigset_t *signals)
{
	struct err err;
	if (!may_serve(cli, app))
		return CLI_INVALID;
	if (!admin_of_environment(app, &err))
		return cli_fail(cli, err.kind == ERR_INVALID ? CLI_INVALID : CLI_FAILED, "%s", err.message);
	if (!note_life(app, AUDIT_SERVER_START, &err) || !app_checkpoint(app, NULL, &err))
		return cli_fail(cli, CLI_FAILED, "%s", err.message);
	bool served = app_serve(app, &err);
	if (served) {
		say_where(cli, app);
		notify_send("READY=1");
		wait_for_end(app, cli, signals);
		log_info("stopping");
		notify_send("STOPPING=1");
		sigset_t second = *signals; /* a second signal stops at once [P-12.5] */
		sigdelset(&second, SIGHUP);
		pthread_sigmask(SIG_UNBLOCK, &second, NULL);
	}
	app_stop(app);
	if (served && !note_life(app, AUDIT_SERVER_STOP, &err))
		log_error("the stop could not be recorded", log_str("why", err.message));
	write_checkpoint(app);
	return served ? CLI_DONE : cli_fail(cli, CLI_FAILED, "%s", err.message);
}

int command_serve(const struct cli *cli)
{
	sigset_t signals;
	struct app app;
	struct err err;
	memory_keep_little();
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before any thread is made, so that all of them inherit it */
	signal(SIGPIPE, SIG_IGN);
	if (!app_open(&app, cli, &err))
		return cli_fail(cli,
						err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE
						: err.kind == ERR_INVALID  ? CLI_INVALID
												   : CLI_FAILED,
						"%s", err.message);
	int code = serve(&app, cli, &signals);
	app_close(&app);
	return code;
}

int command_init(const struct cli *cli)
{
	struct app app;
	struct err err = {.kind = ERR_NONE};
	struct buf secret;
	const char *email = cli_option(cli, "admin-email"), *file = cli_option(cli, "admin-password-file");
	if ((email == NULL) != (file == NULL))
		return cli_fail(cli, CLI_INVALID, "--admin-email and --admin-password-file go together");
	if (!app_open(&app, cli, &err))
		return cli_fail(cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	buf_init(&secret, SECRET_FILE_MAX);
	bool done = file != NULL ? read_secret(file, &secret, &err) && make_admin(&app, email, buf_text(&secret), &err)
							 : admin_of_environment(&app, &err);
	buf_fini(&secret);
	if (done)
		printf("%s\n", app.config.data);
	app_close(&app);
	return done ? CLI_DONE : cli_fail(cli, err.kind == ERR_INVALID ? CLI_INVALID : CLI_FAILED, "%s", err.message);
}
