/*
 * The composition root: everything a running server hangs from, opened in order and closed in the opposite one.
 *
 * app_open gives what commands need off line (store, keys, packs, people); app_serve adds the HTTP side.
 * Thread: open and close on the main thread; the parts have their own rules.
 */
#ifndef CS_APP_APP_H
#define CS_APP_APP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/clock.h"
#include "app/config.h"
#include "app/files_slots.h"
#include "app/keys.h"
#include "app/ops.h"
#include "core/arena.h"
#include "core/id.h"
#include "crypt/key.h"
#include "http/rate.h"
#include "http/service.h"
#include "seal/audit.h"

struct agents_api;
struct blobs;
struct breakers;
struct datum;
struct chain_metrics;
struct cli;
struct countersign;
struct flow_api;
struct flow_llm;
struct spending;
struct events;
struct expr_pool;
struct flow_host;
struct front;
struct healing;
struct health;
struct idempotency;
struct dead_letters;
struct circuits;
struct mailer;
struct metrics;
struct outbox;
struct outgoing_pool;
struct packs;
struct people;
struct scanner;
struct sign_api;
struct store;
struct tickets;
struct tls;
struct trade_api;

#define AUDIT_STREAM "main" /* one stream per writer; this process has one */

struct app {
	struct arena arena; /* of the configuration and of routes made at start */
	struct config config;
	struct clock clock;
	const struct env *env; /* the clock's */
	struct id_maker ids;
	struct app_ops ops;
	struct packs *packs;
	struct expr_pool *exprs;
	struct app_keys keys;
	struct store *store;
	struct blobs *blobs;
	struct blobs *quarantine; /* what a scanner found something in */
	struct blobs *files;      /* of uploads, apart from all others (app/files.h) */
	struct blobs *charts;     /* of pictures, a cache (trade/kept_charts.h) */
	struct audit audit;
	struct outbox *outbox;
	struct countersign *countersign;
	struct people *people;
	struct mailer *mailer;
	struct circuits *notice_hosts;     /* that trade's notifications go to, by account and host */
	struct dead_letters *dead_letters; /* while serving */
	struct sign_api *sign;
	struct trade_api *trade;
	const struct risk_profile *platform_profile; /* in the arena; NULL: none */
	struct flow_llm *models; /* in the arena; NULL before flow_setup */
	struct spending *spending;
	struct breakers *breakers;         /* of what runs ask */
	struct outgoing_pool *connections; /* of what runs and models ask; while serving */
	struct datum *flow_secrets;        /* of runs; or NULL */
	struct flow_api *flow;             /* while serving */
	struct agents_api *agents;
	struct healing *healing; /* while serving */
	int64_t started_us;      /* monotonic */
	char started_at[32];
	bool alone; /* for one command: no work in the background (alone.h) */
	_Atomic bool draining;
	_Atomic uint64_t replays[3];               /* by enum replay_outcome, over HTTP */
	_Atomic uint64_t *abstained;               /* by operation of `ops`, over HTTP; in the arena */
	_Atomic bool copying, rotating, archiving; /* a backup, a change of keys, an archive is under way */

	/* while serving */
	struct router *router;
	struct metrics *metrics;
	struct http_metrics *http_metrics;
	struct chain_metrics *chain_metrics;
	struct idempotency *idempotency;
	struct rates *rates;
	struct proxies metrics_readers; /* http.metrics_allow */
	struct cors cors;               /* as it was at start */
	struct reloads *reloads;        /* what SIGHUP brought since */
	struct workers *workers;
	struct tls *tls; /* NULL: plain HTTP */
	struct service service;
	struct front *front;
	struct health *health;
	struct events *events;
	struct tickets *tickets;
	struct upload_slots uploads; /* under way */
	struct scanner *scanner;     /* NULL: files are not scanned */
};

/* Open what is below HTTP.  The data folder is made when absent.  False: nothing is open. */
bool app_open(struct app *app, const struct cli *cli, struct err *err);
void app_close(struct app *app);

/* Routes, workers and limits without a socket: what http/loopback.h asks.  app_stop ends it too. */
bool app_assemble(struct app *app, struct err *err);

/* Routes, workers, front: begin to serve.  app_stop ends it: drains and closes. */
bool app_serve(struct app *app, struct err *err);
void app_stop(struct app *app);

/* The limits that this configuration sets; at most RATE_CLASSES_MAX.  Gives their number. */
enum { RATE_CLASSES_MAX = 16 };
size_t app_rate_classes(const struct config *config, struct rate_class classes[RATE_CLASSES_MAX]);

/* The certificate ends soon?  Then the log says so [P-8.13]. */
void app_warn_of_end(const struct app *app);

/* A checkpoint that was written: what was signed, and the signature in hex. */
struct checkpoint_made {
	int64_t seq, at_us;
	char hash[CHAIN_HASH];
	char statement[1024];
	char signature[2 * KEY_SIGNATURE_SIZE + 1];
};

/*
 * Write a signed checkpoint of the audit chain, in the store and in audit.checkpoint_dir [P-7.4].  `made` may be NULL.
 */
bool app_checkpoint(struct app *app, struct checkpoint_made *made, struct err *err);

/* The one line of the file that a key …_file names, or of a credential of systemd (cred:NAME); the arena's [P-3.2]. */
bool app_secret(struct app *app, const char *name, const char **secret, struct err *err);
bool app_secret_read(const char *name, struct arena *arena, const char **secret, struct err *err);

/* Does this signature of a checkpoint hold under our key?  For audit_verify; `self` is the app. */
bool app_checkpoint_holds(void *self, const char *key_id, const char *statement, const char *signature);

/* What op_run needs, with the time and ids of the caller's choice. */
struct op_context;
struct op_context app_op_context(const struct app *app);

#endif
