#include "app/reload.h"

#include <stdlib.h>

#include "app/app.h"
#include "app/cli.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "crypt/tls.h"
#include "store/store.h"

/* A request may be reading a list of origins while another takes its place, so none goes before the server does. */
struct reloads {
	struct reloads *before;
	struct arena arena;
	struct config config;
	struct cors cors;
};

void reloads_free(struct reloads *reloads)
{
	while (reloads != NULL) {
		struct reloads *before = reloads->before;
		arena_fini(&reloads->arena);
		free(reloads);
		reloads = before;
	}
}

static void use(struct app *app, struct reloads *r)
{
	struct rate_class classes[RATE_CLASSES_MAX];
	const struct log_options log = {
		.env = app->env, .level = (enum log_level)r->config.log.level, .format = (enum log_format)r->config.log.format};
	size_t count = app_rate_classes(&r->config, classes);
	r->cors = (struct cors){r->config.cors.allow.items, r->config.cors.allow.count};
	log_setup(&log);
	rates_change(app->rates, classes, count, r->config.rate.enabled);
	app->service.config.cors = &r->cors;
	r->before = app->reloads;
	app->reloads = r;
}

static bool read_anew(struct app *app, const struct cli *cli)
{
	struct reloads *r = calloc(1, sizeof *r);
	must(r != NULL);
	arena_init(&r->arena, ARENA_REQUEST_CAP);
	if (!config_of_cli(cli, &r->arena, &r->config, NULL)) {
		log_error("the configuration is not valid; the old one stays in use");
		reloads_free(r);
		return false;
	}
	use(app, r);
	log_info("the configuration was read again");
	return true;
}

static bool read_tls(struct app *app)
{
	struct err err;
	if (app->tls == NULL)
		return true;
	if (!tls_reload(app->tls, &err)) {
		log_error("the files of TLS are not good; the old ones stay", log_str("why", err.message));
		return false;
	}
	log_info("the files of TLS were read again");
	app_warn_of_end(app);
	return true;
}

struct reloading {
	struct app *app;
	bool done;
};

static bool apply_row(struct db *db, void *self, struct err *err)
{
	const struct reloading *r = self;
	const struct audit_pair meta[] = {{AUDIT_META_code, r->done ? "reloaded" : "kept"}};
	const struct audit_event event = {.action = AUDIT_CONFIG_RELOAD,
									  .status = r->done ? AUDIT_SUCCESS : AUDIT_FAILURE,
									  .actor = "local",
									  .target_id = store_id(r->app->store),
									  .meta = meta,
									  .meta_count = 1};
	return audit_append(&r->app->audit, db, &event, err);
}

bool app_reload(struct app *app, const struct cli *cli)
{
	struct reloading r = {.app = app, .done = read_anew(app, cli)};
	struct err err;
	r.done = read_tls(app) && r.done;
	if (!store_write(app->store, apply_row, &r, &err))
		log_error("a reload of the configuration could not be recorded", log_str("why", err.message));
	return r.done;
}
