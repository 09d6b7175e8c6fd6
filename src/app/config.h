/*
 * Configuration: one table gives the parser, `config show`, the reference page and the man page [P-3.1].
 *
 * One YAML file, then environment variables, then flags: later wins.  An unknown key, a wrong type or a value out of
 * range is refused, all faults at once.  Read once at start; const afterwards.
 */
#ifndef CS_APP_CONFIG_H
#define CS_APP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/field.h"

struct arena;
struct buf;
struct cli;
struct err;

enum config_mode { MODE_DEVELOPMENT, MODE_PRODUCTION };

struct config {
	int mode;
	const char *data;
	struct {
		size_t count;
		const char **items;
	} listen;
	const char *public_url; /* from `listen` when not given */
	bool public_url_made;   /* it was not given */
	struct {
		int64_t loops, workers, max_connections, max_connections_per_ip;
		int64_t max_header_bytes, max_headers, max_target_bytes, max_body_bytes;
		int64_t header_timeout_s, body_timeout_s, keepalive_s, deadline_s, drain_s;
		bool behind_proxy, check_answers;
		const char *tls_cert, *tls_key;
		struct {
			size_t count;
			const char **items;
		} trusted_proxies, metrics_allow;
	} http;
	struct {
		int registration;
		bool require_verified_email;
		int64_t bcrypt_cost, bcrypt_threads, bcrypt_queue, password_min;
		int64_t lock_failures, lock_s, max_sessions;
		int64_t access_ttl_s, refresh_ttl_s, session_max_s, reset_ttl_s, verify_ttl_s;
	} people;
	struct {
		bool store_all;
	} seal;
	struct {
		int64_t checkpoint_s, retention_days;
		const char *checkpoint_dir;
	} audit;
	struct {
		int64_t batch_max, queue_max, min_free_bytes;
	} store;
	struct {
		const char *url;
		int64_t max_bytes, uploads, presign_ttl_s;
	} blob;
	struct {
		const char *url;
	} scan;
	struct {
		int64_t max_streams, buffer_bytes;
	} sse;
	struct {
		const char *url, *from, *password_file;
	} smtp;
	struct {
		struct {
			size_t count;
			const char **items;
		} allow;
	} cors;
	struct {
		int64_t ttl_s;
	} idempotency;
	struct {
		bool enabled;
		int64_t read_per_min, write_per_min, compute_per_min, auth_per_min, upload_per_min;
	} rate;
	struct {
		bool require_stamp, public_quote;
		const char *pm_url, *pm_token_file, *geocoder_url, *geocoder_key_file, *hazard_url, *search_url,
			*search_login_file;
		int64_t pm_open_s, retry_first_ms;
	} sign;
	struct {
		int64_t rate_producer_per_min, rate_refused_per_min, rate_approval_per_min, rate_device_per_min,
			rate_chart_per_min, rate_share_per_min;
		const char *profile_file;
	} trade;
	struct {
		struct {
			int64_t helpers, cpu_ms, memory_bytes;
		} expr;
		int64_t vector_cache_bytes, retention_days, checkpoint_s, slots, calls, retry_max, retry_max_delay_s;
		bool allow_shell, allow_stdio;
		const char *error_base, *secrets_file;
		struct {
			size_t count;
			const char **items;
		} allow_scripts, allow_net, http_map;
		struct {
			const char *base_url, *key_file, *model;
			struct {
				size_t count;
				const char **items;
			} routes;
		} llm;
		struct {
			const char *base_url, *model;
		} embedding;
	} flow;
	struct {
		int level, format;
	} log;
	struct {
		const char *folder;
	} packs;
};

extern const struct field_table config_table;

/* Where a value came from. */
enum config_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_FLAG };

struct config_source {
	const char *file;         /* --config, else COUNTERSIGN_CONFIG, else /etc/countersign/countersign.yaml if there */
	const char *const *flags; /* pairs key, value; ends with NULL; may be NULL */
	const char *const *environment; /* as `environ` */
};

/*
 * Read all sources.  False: `report` has one line per fault, with file and line, the key, what is allowed and the
 * nearest key for an unknown one.  Warnings (unknown COUNTERSIGN_ variables) are in `report` too when it returns true.
 * Texts are the arena's.  `origins` (config_table.count long) may be NULL.
 */
bool config_read(const struct config_source *source, struct arena *arena, struct config *config,
				 enum config_origin *origins, struct buf *report);

/* The variable of a key: COUNTERSIGN_HTTP_MAX_BODY_BYTES.  Returns `name`. */
const char *config_variable(const char *key, char name[96]);

/* Configuration of one command line: --config, --data and --listen.  Reports on stderr.  `origins` may be NULL. */
bool config_of_cli(const struct cli *cli, struct arena *arena, struct config *config, enum config_origin *origins);

#endif
