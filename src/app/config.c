#include "app/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/files.h"
#include "app/files_slots.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "core/spell.h"
#include "http/forwarded.h"
#include "link/clamd.h"
#include "link/mail.h"
#include "seal/pack.h"

static const char *const modes[] = {"development", "production", NULL};
static const char *const registrations[] = {"open", "invite", "closed", NULL};
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"logfmt", "json", NULL};

#define KEY(member) NAMED(#member)

#define TRADE_RATE(name_, preset, text_) \
	F_INT(config, trade.rate_##name_##_per_min, KEY(trade.rate_##name_##_per_min), RANGE(1, 100000000), \
		  DEFAULT(preset), DOC(text_))

static const struct field config_fields[] = {
	F_ENUM(config, mode, modes, DEFAULT(MODE_DEVELOPMENT), DOC("production refuses to start on unsafe settings")),
	F_STR(config, data, DEFAULT_TEXT("var/data"), DOC("Data folder")),
	F_STRS(config, listen, COUNT(1, 16), DOC("Addresses to serve on, host:port; default 127.0.0.1:8080")),
	F_STR(config, public_url, DOC("URL under which users reach this server; default from listen")),
	F_INT(config, http.loops, KEY(http.loops), RANGE(1, 64), DOC("Event loops; default: cores, at most 4")),
	F_INT(config, http.workers, KEY(http.workers), RANGE(1, 256), DOC("Worker threads; default: cores, at least 2")),
	F_INT(config, http.max_connections, KEY(http.max_connections), RANGE(16, 100000), DEFAULT(4096),
		  DOC("Open connections")),
	F_INT(config, http.max_connections_per_ip, KEY(http.max_connections_per_ip), RANGE(16, 100000), DEFAULT(1024),
		  DOC("Open connections of one address")),
	F_INT(config, http.max_header_bytes, KEY(http.max_header_bytes), RANGE(4096, 262144), DEFAULT(32768), UNIT("bytes"),
		  DOC("Header section of a request")),
	F_INT(config, http.max_headers, KEY(http.max_headers), RANGE(10, 1000), DEFAULT(100),
		  DOC("Lines of a header section")),
	F_INT(config, http.max_target_bytes, KEY(http.max_target_bytes), RANGE(256, 65536), DEFAULT(8192), UNIT("bytes"),
		  DOC("Request target")),
	F_INT(config, http.max_body_bytes, KEY(http.max_body_bytes), RANGE(1024, 1073741824), DEFAULT(1048576),
		  UNIT("bytes"), DOC("Request body; a route may set less or more")),
	F_INT(config, http.header_timeout_s, KEY(http.header_timeout_s), RANGE(1, 300), DEFAULT(10), UNIT("s"),
		  DOC("For the whole header section")),
	F_INT(config, http.body_timeout_s, KEY(http.body_timeout_s), RANGE(1, 300), DEFAULT(30), UNIT("s"),
		  DOC("For the body, plus one second per 64 KiB")),
	F_INT(config, http.keepalive_s, KEY(http.keepalive_s), RANGE(1, 3600), DEFAULT(75), UNIT("s"),
		  DOC("An idle connection stays open")),
	F_INT(config, http.deadline_s, KEY(http.deadline_s), RANGE(1, 3600), DEFAULT(30), UNIT("s"),
		  DOC("For the answer to one request")),
	F_INT(config, http.drain_s, KEY(http.drain_s), RANGE(0, 600), DEFAULT(30), UNIT("s"),
		  DOC("For requests under way when the server stops")),
	F_BOOL(config, http.behind_proxy, KEY(http.behind_proxy), DEFAULT(0), DOC("A proxy in front ends TLS")),
	F_BOOL(config, http.check_answers, KEY(http.check_answers), DEFAULT(0),
		   DOC("Hold each answer against the API's document, and answer 500 where it does not fit: for tests")),
	F_STRS(config, http.trusted_proxies, KEY(http.trusted_proxies), COUNT(0, 100),
		   DOC("Proxies whose X-Forwarded-For counts: addresses or ranges, 10.0.0.0/8")),
	F_STRS(config, http.metrics_allow, KEY(http.metrics_allow), COUNT(0, 100),
		   DOC("Who may read /metrics: addresses or ranges; default: this machine")),
	F_STR(config, http.tls_cert, KEY(http.tls_cert),
		  DOC("Certificate chain in PEM; with http.tls_key all ports speak TLS")),
	F_STR(config, http.tls_key, KEY(http.tls_key), DOC("Its key in PEM; both are read again on SIGHUP")),
	F_INT(config, people.bcrypt_cost, KEY(people.bcrypt_cost), RANGE(10, 15), DEFAULT(12),
		  DOC("log2 of the rounds of a password hash")),
	F_INT(config, people.bcrypt_threads, KEY(people.bcrypt_threads), RANGE(1, 64),
		  DOC("Threads that hash passwords; default: cores")),
	F_INT(config, people.bcrypt_queue, KEY(people.bcrypt_queue), RANGE(1, 4096), DEFAULT(64),
		  DOC("Logins that may wait for a thread")),
	F_ENUM(config, people.registration, registrations, KEY(people.registration), DEFAULT(0),
		   DOC("Who may register: anybody, whoever is invited, nobody")),
	F_BOOL(config, people.require_verified_email, KEY(people.require_verified_email), DEFAULT(0),
		   DOC("A new address has to be confirmed before the first login")),
	F_INT(config, people.lock_failures, KEY(people.lock_failures), RANGE(3, 100), DEFAULT(5),
		  DOC("Failed logins of one address that lock it")),
	F_INT(config, people.lock_s, KEY(people.lock_s), RANGE(1, 86400), DEFAULT(1800), UNIT("s"),
		  DOC("How long an address stays locked")),
	F_INT(config, people.max_sessions, KEY(people.max_sessions), RANGE(1, 1000), DEFAULT(20),
		  DOC("Sessions of one person; past it the oldest ends")),
	F_INT(config, people.refresh_ttl_s, KEY(people.refresh_ttl_s), RANGE(60, 31536000), DEFAULT(604800), UNIT("s"),
		  DOC("A session that is not refreshed ends")),
	F_INT(config, people.session_max_s, KEY(people.session_max_s), RANGE(60, 31536000), DEFAULT(2592000), UNIT("s"),
		  DOC("A session ends, however often it is refreshed")),
	F_INT(config, people.reset_ttl_s, KEY(people.reset_ttl_s), RANGE(60, 604800), DEFAULT(1800), UNIT("s"),
		  DOC("Life of a link to a new password")),
	F_INT(config, people.verify_ttl_s, KEY(people.verify_ttl_s), RANGE(60, 604800), DEFAULT(86400), UNIT("s"),
		  DOC("Life of a link that confirms an address")),
	F_INT(config, people.access_ttl_s, KEY(people.access_ttl_s), RANGE(1, 3600), DEFAULT(900), UNIT("s"),
		  DOC("Life of an access token")),
	F_INT(config, people.password_min, KEY(people.password_min), RANGE(8, 64), DEFAULT(8), UNIT("characters"),
		  DOC("Shortest password")),
	F_BOOL(config, seal.store_all, KEY(seal.store_all), DEFAULT(0), DOC("Store the seal of every calculation")),
	F_INT(config, audit.checkpoint_s, KEY(audit.checkpoint_s), RANGE(10, 86400), DEFAULT(3600), UNIT("s"),
		  DOC("Between two signed checkpoints of the audit chain")),
	F_INT(config, audit.retention_days, KEY(audit.retention_days), RANGE(365, 36500), DEFAULT(2557), UNIT("days"),
		  DOC("Rows of the audit chain stay in the store; then they go to DATA/archive")),
	F_STR(config, audit.checkpoint_dir, KEY(audit.checkpoint_dir),
		  DOC("Folder for copies of checkpoints; put it on another machine")),
	F_INT(config, store.batch_max, KEY(store.batch_max), RANGE(1, 4096), DEFAULT(256), DOC("Writes in one commit")),
	F_INT(config, store.queue_max, KEY(store.queue_max), RANGE(16, 65536), DEFAULT(4096), DOC("Writes that may wait")),
	F_INT(config, store.min_free_bytes, KEY(store.min_free_bytes), RANGE(0, 1e15), DEFAULT(104857600), UNIT("bytes"),
		  DOC("Read-only below so much free disk")),
	F_STR(config, blob.url, KEY(blob.url), DEFAULT_TEXT("file:"),
		  DOC("Where blobs are: file: for the data folder; s3:// is not there yet")),
	F_INT(config, blob.max_bytes, KEY(blob.max_bytes), RANGE(1024, FILE_BYTES_MAX), DEFAULT(FILE_BYTES_MAX),
		  UNIT("bytes"), DOC("Size of a file")),
	F_INT(config, blob.uploads, KEY(blob.uploads), RANGE(1, UPLOADS_MAX), DEFAULT(4), DOC("Uploads at once")),
	F_INT(config, blob.presign_ttl_s, KEY(blob.presign_ttl_s), RANGE(1, 86400), DEFAULT(3600), UNIT("s"),
		  DOC("Life of a signed URL")),
	F_INT(config, sse.max_streams, KEY(sse.max_streams), RANGE(1, 100000), DEFAULT(1000),
		  DOC("Streams of events at once")),
	F_INT(config, sse.buffer_bytes, KEY(sse.buffer_bytes), RANGE(4096, 16777216), DEFAULT(262144), UNIT("bytes"),
		  DOC("What may wait for one reader of events; past it the reader is cut")),
	F_STR(config, smtp.url, KEY(smtp.url),
		  DOC("Server of mail: smtp://HOST:PORT or smtps://…, a user before an @; default: mails are files in "
			  "DATA/mail")),
	F_STR(config, smtp.from, KEY(smtp.from), DOC("Address of the sender; goes with smtp.url")),
	F_STR(config, smtp.password_file, KEY(smtp.password_file), DOC("Password of that user, in a file or cred:NAME")),
	F_STR(config, scan.url, KEY(scan.url),
		  DOC("Virus scanner: unix:PATH or tcp:HOST:PORT of clamd; default: none, files count as clean")),
	F_STRS(config, cors.allow, KEY(cors.allow), COUNT(0, 100),
		   DOC("Origins whose pages may read answers, exactly as browsers send them")),
	F_INT(config, idempotency.ttl_s, KEY(idempotency.ttl_s), RANGE(60, 604800), DEFAULT(86400), UNIT("s"),
		  DOC("How long an answer is kept for its Idempotency-Key")),
	F_BOOL(config, rate.enabled, KEY(rate.enabled), DEFAULT(1), DOC("Limit requests a minute")),
	F_INT(config, rate.read_per_min, KEY(rate.read_per_min), RANGE(1, 100000000), DEFAULT(6000),
		  DOC("Reads of one caller a minute")),
	F_INT(config, rate.write_per_min, KEY(rate.write_per_min), RANGE(1, 100000000), DEFAULT(3000),
		  DOC("Writes of one caller a minute")),
	F_INT(config, rate.compute_per_min, KEY(rate.compute_per_min), RANGE(1, 100000000), DEFAULT(3000),
		  DOC("Calculations of one caller a minute")),
	F_INT(config, rate.auth_per_min, KEY(rate.auth_per_min), RANGE(1, 100000000), DEFAULT(30),
		  DOC("Logins and the like of one address a minute")),
	F_INT(config, rate.upload_per_min, KEY(rate.upload_per_min), RANGE(1, 100000000), DEFAULT(120),
		  DOC("Uploads of one caller a minute")),
	F_BOOL(config, sign.require_stamp, KEY(sign.require_stamp), DEFAULT(1),
		   DOC("A project is submitted only with its newest design stamped")),
	F_BOOL(config, sign.public_quote, KEY(sign.public_quote), DEFAULT(0), DOC("Anyone may ask for a price range")),
	F_STR(config, sign.pm_url, KEY(sign.pm_url),
		  DOC("Where submissions go by POST; default: none, numbers CS-000001 ... are given here")),
	F_STR(config, sign.pm_token_file, KEY(sign.pm_token_file), DOC("Bearer token for it, in a file or cred:NAME")),
	F_INT(config, sign.pm_open_s, KEY(sign.pm_open_s), RANGE(1, 3600), DEFAULT(60), UNIT("s"),
		  DOC("How long it is left alone after three failures in a row")),
	F_INT(config, sign.retry_first_ms, KEY(sign.retry_first_ms), RANGE(10, 60000), DEFAULT(1000), UNIT("ms"),
		  DOC("Wait before work of a project is tried again, doubled each time up to a minute")),
	F_STR(config, sign.geocoder_url, KEY(sign.geocoder_url),
		  DEFAULT_TEXT("https://maps.googleapis.com/maps/api/geocode/json"), DOC("Geocoder of Google's form")),
	F_STR(config, sign.geocoder_key_file, KEY(sign.geocoder_key_file),
		  DOC("Key for it, in a file or cred:NAME; without one it is not asked")),
	F_STR(config, sign.hazard_url, KEY(sign.hazard_url),
		  DOC("Provider of wind, snow, frost and elevation, asked with `live` only")),
	F_STR(config, sign.search_url, KEY(sign.search_url),
		  DOC("OpenSearch that finds projects, as https://host:9200; default: none, the store searches")),
	F_STR(config, sign.search_login_file, KEY(sign.search_login_file),
		  DOC("user:password for it, in a file or cred:NAME")),
	F_STR(
		config, trade.profile_file, KEY(trade.profile_file), LENGTH(1, 4000),
		DOC("A JSON object of limits as PUT /api/v1/risk/profile takes them, which hold for every tenant: the tighter "
			"wins, and what it leaves out limits nobody")),
	TRADE_RATE(producer, 3000, "Signals of one producer a minute"),
	TRADE_RATE(refused, 1200, "Wrong signatures from one address a minute"),
	TRADE_RATE(approval, 600, "Approvals of one person a minute"),
	TRADE_RATE(device, 600, "Requests of one terminal a minute; exits are exempt"),
	TRADE_RATE(chart, 240, "Charts of one caller a minute"),
	TRADE_RATE(share, 60, "Shared and public pages of one address a minute"),
	F_INT(config, flow.expr.helpers, KEY(flow.expr.helpers), .also = "expr.helpers", RANGE(1, 64), DEFAULT(2),
		  DOC("Processes that evaluate the expressions of workflows")),
	F_INT(config, flow.expr.cpu_ms, KEY(flow.expr.cpu_ms), .also = "expr.cpu_ms", RANGE(10, 60000), DEFAULT(200),
		  UNIT("ms"), DOC("Processor time of one evaluation; its wall time is five times that")),
	F_INT(config, flow.expr.memory_bytes, KEY(flow.expr.memory_bytes), .also = "expr.memory_bytes",
		  RANGE(16777216, 4294967296), DEFAULT(67108864), UNIT("bytes"), DOC("Memory of one evaluation")),
	F_BOOL(config, flow.allow_shell, KEY(flow.allow_shell), .also = "allow_shell", DEFAULT(0),
		   DOC("Workflows may run commands of a shell on this machine")),
	F_STRS(config, flow.allow_scripts, KEY(flow.allow_scripts), .also = "allow_scripts", COUNT(0, 8),
		   DOC("Languages whose scripts may run: js (by node), python (by python3); those of sh follow allow_shell")),
	F_BOOL(config, flow.allow_stdio, KEY(flow.allow_stdio), .also = "allow_stdio", DEFAULT(0),
		   DOC("Definitions may name MCP servers that are started as processes")),
	F_STRS(config, flow.allow_net, KEY(flow.allow_net), .also = "allow_net", COUNT(0, 64),
		   DOC("Hosts, as a URL writes them, that calls may reach on private addresses; *: all")),
	F_STRS(config, flow.http_map, KEY(flow.http_map), COUNT(0, 32),
		   DOC("HOST=IP:PORT: ask this address in place of HOST, by plain http (notifications: in development)")),
	F_STR(config, flow.secrets_file, KEY(flow.secrets_file), LENGTH(1, 4000),
		  DOC("A JSON object of the secrets that definitions may name in use.secrets")),
	F_STR(config, flow.error_base, KEY(flow.error_base), .also = "error_base", LENGTH(1, 500),
		  DOC("What the types of errors begin with, in place of the standard's")),
	F_INT(config, flow.slots, KEY(flow.slots), .also = "slots", RANGE(0, 1024), DEFAULT(0),
		  DOC("Threads that take turns of runs; 0: four for each core")),
	F_INT(config, flow.calls, KEY(flow.calls), RANGE(1, 4096), DEFAULT(256),
		  DOC("Calls of runs that may be under way at once")),
	F_INT(config, flow.retry_max, KEY(flow.retry_max), .also = "retry_max", RANGE(0, 1000000), DEFAULT(1000),
		  DOC("Retries of a task that says no limit")),
	F_INT(config, flow.retry_max_delay_s, KEY(flow.retry_max_delay_s), .also = "retry_max_delay_s", RANGE(1, 31536000),
		  DEFAULT(3600), UNIT("s"), DOC("The longest delay before a retry")),
	F_INT(config, flow.retention_days, KEY(flow.retention_days), .also = "retention_days", RANGE(0, 36500), DEFAULT(30),
		  UNIT("days"), DOC("Runs stay so long once they are over, where their workflow says nothing else")),
	F_INT(config, flow.checkpoint_s, KEY(flow.checkpoint_s), .also = "checkpoint_s", RANGE(1, 31536000), DEFAULT(300),
		  UNIT("s"), DOC("Activity of a run between the checkpoints that are taken of it")),
	F_INT(config, flow.vector_cache_bytes, KEY(flow.vector_cache_bytes), .also = "vector_cache_bytes",
		  RANGE(1048576, 1099511627776), DEFAULT(268435456), UNIT("bytes"),
		  DOC("Vectors of memories kept in memory between searches")),
	F_STR(config, flow.llm.base_url, KEY(flow.llm.base_url), .also = "llm.base_url",
		  DOC("OpenAI-compatible endpoint that `call: llm` asks, http://HOST/v1; without one it is not there")),
	F_STR(config, flow.llm.key_file, KEY(flow.llm.key_file), .also = "llm.key_file",
		  DOC("Bearer token for it, in a file or cred:NAME")),
	F_STR(config, flow.llm.model, KEY(flow.llm.model), .also = "llm.model",
		  DOC("Model that the server itself asks for plans; default: none, each request names one")),
	F_STRS(config, flow.llm.routes, KEY(flow.llm.routes), COUNT(0, 100),
		   DOC("Models asked elsewhere, PREFIX=URL each; the longest prefix of a model's name counts")),
	F_STR(config, flow.embedding.base_url, KEY(flow.embedding.base_url), .also = "embedding.base_url",
		  DOC("Endpoint of embeddings, for answers to questions of like meaning; default: none")),
	F_STR(config, flow.embedding.model, KEY(flow.embedding.model), DEFAULT_TEXT("text-embedding-3-small"),
		  DOC("Model that it is asked for")),
	F_ENUM(config, log.level, levels, KEY(log.level), DEFAULT(2), DOC("Least severity that is logged")),
	F_ENUM(config, log.format, formats, KEY(log.format), DEFAULT(0), DOC("Form of a log line")),
	F_STR(config, packs.folder, KEY(packs.folder), DOC("Folder of further packs; default DATA/packs")),
};

const struct field_table config_table = FIELD_TABLE("configuration", config, config_fields);

enum { KEYS = sizeof config_fields / sizeof *config_fields, FILE_MAX = 1 << 20 };

/* Values by key, the strongest source so far. */
struct reading {
	struct arena *arena;
	struct buf *report;
	struct json values[KEYS];
	enum config_origin origins[KEYS];
	bool given[KEYS], failed;
	const char *file;
	const char *text; /* of the file, to name lines */
};

const char *config_variable(const char *key, char name[96])
{
	size_t at = (size_t)snprintf(name, 96, "COUNTERSIGN_");
	for (; *key != '\0' && at < 95; key++)
		name[at++] = *key == '.' ? '_' : (char)toupper((unsigned char)*key);
	name[at] = '\0';
	return name;
}

/* Where a word stands as a key, in a block or between braces; NULL: nowhere. */
static const char *find_key(const char *text, const char *word, size_t size)
{
	for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
		bool begins = at == text || strchr(" \n{,\"'", at[-1]) != NULL;
		if (begins && at[size + strspn(at + size, " \"'")] == ':')
			return at;
	}
	return NULL;
}

/* The line of the file on which a key stands, each of its parts behind the one before it; 0 when unknown. */
static unsigned line_of(const char *text, const char *key)
{
	char part[96];
	const char *at = text != NULL ? find_key(text, key, strlen(key)) : NULL; /* "http.loops: 4" */
	if (at == NULL)
		for (at = text; at != NULL && *key != '\0'; key += *key == '.') {
			size_t size = strcspn(key, ".");
			snprintf(part, sizeof part, "%.*s", (int)size, key);
			at = find_key(at, part, strlen(part));
			key += size;
		}
	unsigned line = 1;
	for (const char *c = text; at != NULL && c < at; c++)
		line += *c == '\n';
	return at != NULL ? line : 0;
}

static const char *nearest_key(const char *key)
{
	struct spell spell;
	spell_init(&spell, key);
	for (size_t i = 0; i < KEYS; i++)
		spell_offer(&spell, field_name(&config_fields[i]));
	return spell.nearest != NULL ? spell.nearest : "mode";
}

static void complain(struct reading *r, enum config_origin origin, const char *key, const char *why)
{
	char name[96];
	unsigned line = origin == ORIGIN_FILE ? line_of(r->text, key) : 0;
	if (line > 0)
		buf_addf(r->report, "%s:%u: %s %s\n", r->file, line, key, why);
	else if (origin == ORIGIN_FILE)
		buf_addf(r->report, "%s: %s %s\n", r->file, key, why);
	else
		buf_addf(r->report, "%s: %s %s\n", origin == ORIGIN_ENVIRONMENT ? config_variable(key, name) : "command line",
				 key, why);
	r->failed = true;
}

static void put(struct reading *r, const struct field *field, struct json value, enum config_origin origin)
{
	size_t i = (size_t)(field - config_fields);
	r->values[i] = value;
	r->origins[i] = origin;
	r->given[i] = true;
}

static void unknown_key(struct reading *r, const char *key)
{
	char why[160];
	snprintf(why, sizeof why, "is no key of the configuration; the nearest is %s", nearest_key(key));
	complain(r, ORIGIN_FILE, key, why);
}

/* {http: {loops: 4}} says http.loops. */
static void take_tree(struct reading *r, const struct json *tree, const char *prefix)
{
	for (uint32_t i = 0; i < tree->count; i++) {
		const struct json *value = &tree->members[i].value;
		const char *key =
			*prefix != '\0' ? arena_printf(r->arena, "%s.%s", prefix, tree->members[i].name) : tree->members[i].name;
		const struct field *field = key != NULL ? field_find(&config_table, key) : NULL;
		if (field != NULL)
			put(r, field, *value, ORIGIN_FILE);
		else if (key != NULL && value->kind == JS_OBJECT)
			take_tree(r, value, key);
		else if (key != NULL)
			unknown_key(r, key);
	}
}

static bool read_file(struct reading *r, const char *path)
{
	struct buf buf;
	buf_init(&buf, 0);
	struct err err = {.kind = ERR_NONE};
	const struct json *tree = NULL;
	bool read = cli_read(path, FILE_MAX, &buf, &err);
	r->file = path;
	r->text = read ? arena_dupn(r->arena, buf_text(&buf), buf.size) : NULL;
	read = read && yaml_parse(r->arena, buf_text(&buf), buf.size, &tree, &err);
	buf_fini(&buf);
	if (!read) {
		buf_addf(r->report, "%s: %s\n", path, err.message);
		r->failed = true;
	} else if (tree->kind == JS_OBJECT) {
		take_tree(r, tree, "");
	} else if (tree->kind != JS_NULL) {
		buf_addf(r->report, "%s: must be a mapping of keys\n", path);
		r->failed = true;
	}
	return read;
}

static struct json text_value(const char *text)
{
	return (struct json){.kind = JS_STRING, .text = text, .size = strlen(text)};
}

/* Text from a variable or flag, as the key's kind wants it; what does not fit stays text and is refused later. */
static struct json typed(struct reading *r, const struct field *field, const char *text)
{
	char *end;
	errno = 0;
	if (field->many) {
		struct json list = {.kind = JS_ARRAY};
		char *copy = arena_dup(r->arena, text), *save = NULL;
		list.items = arena_array(r->arena, strlen(text) + 1, sizeof *list.items);
		for (char *item = copy != NULL ? strtok_r(copy, ", ", &save) : NULL; item != NULL && list.items != NULL;
			 item = strtok_r(NULL, ", ", &save))
			list.items[list.count++] = text_value(item);
		return list;
	}
	if (field->kind == FIELD_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
		return (struct json){.kind = JS_BOOL, .boolean = text[0] == 't'};
	if (field->kind == FIELD_INT) {
		long long integer = strtoll(text, &end, 10);
		if (*text != '\0' && *end == '\0' && errno == 0)
			return (struct json){.kind = JS_INT, .integer = integer};
	}
	return text_value(text);
}

/* Variables that are no keys of the table but have a meaning of their own. */
static bool is_other_variable(const char *name, size_t size)
{
	static const char *const others[] = {"COUNTERSIGN_CONFIG", "COUNTERSIGN_ADMIN_EMAIL", "COUNTERSIGN_ADMIN_PASSWORD",
										 "COUNTERSIGN_ADMIN_PASSWORD_FILE"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strlen(others[i]) == size && strncmp(others[i], name, size) == 0)
			return true;
	return false;
}

static void warn_of_variable(struct reading *r, const char *variable, size_t size)
{
	char given[SPELL_MAX + 1], names[KEYS][96];
	struct spell spell;
	snprintf(given, sizeof given, "%.*s", (int)size, variable);
	spell_init(&spell, given);
	for (size_t i = 0; i < KEYS; i++)
		spell_offer(&spell, config_variable(field_name(&config_fields[i]), names[i]));
	const char *meant = spell_meant(&spell);
	buf_addf(r->report, "warning: %.*s names no key of the configuration%s%s%s\n", (int)size, variable,
			 meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "", meant != NULL ? "?" : "");
}

static void take_variable(struct reading *r, const char *variable)
{
	const char *equals = strchr(variable, '=');
	size_t size = equals != NULL ? (size_t)(equals - variable) : 0;
	if (strncmp(variable, "COUNTERSIGN_", 12) != 0 || is_other_variable(variable, size))
		return;
	char name[96];
	for (size_t i = 0; i < KEYS; i++) {
		config_variable(field_name(&config_fields[i]), name);
		if (strlen(name) == size && strncmp(name, variable, size) == 0) {
			put(r, &config_fields[i], typed(r, &config_fields[i], equals + 1), ORIGIN_ENVIRONMENT);
			return;
		}
	}
	warn_of_variable(r, variable, size);
}

static void take_flags(struct reading *r, const char *const *flags)
{
	for (; flags != NULL && flags[0] != NULL; flags += 2) {
		const struct field *field = field_find(&config_table, flags[0]);
		must(field != NULL);
		put(r, field, typed(r, field, flags[1]), ORIGIN_FLAG);
	}
}

static bool decode(struct reading *r, struct config *config)
{
	struct json_member members[KEYS];
	struct json body = {.kind = JS_OBJECT, .members = members};
	for (size_t i = 0; i < KEYS; i++) {
		const char *name = field_name(&config_fields[i]);
		if (r->given[i])
			members[body.count++] =
				(struct json_member){.name = name, .name_size = strlen(name), .value = r->values[i]};
	}
	struct faults faults;
	faults_init(&faults, r->arena);
	field_decode(&config_table, &body, config, r->arena, "", &faults);
	for (const struct fault *fault = faults.first; fault != NULL; fault = fault->next) {
		size_t size = strcspn(fault->pointer + 1, "/");
		const char *key = arena_dupn(r->arena, fault->pointer + 1, size);
		const struct field *field = key != NULL ? field_find(&config_table, key) : NULL;
		complain(r, field != NULL ? r->origins[field - config_fields] : ORIGIN_FILE, key, fault->message);
	}
	return faults.count == 0;
}

static void complain_of(struct reading *r, const char *key, const char *why)
{
	complain(r, r->origins[field_find(&config_table, key) - config_fields], key, why);
}

static void check_smtp(struct reading *r, const struct config *config)
{
	typeof(config->smtp) *c = &config->smtp;
	if ((c->url == NULL) != (c->from == NULL))
		complain_of(r, c->url != NULL ? "smtp.url" : "smtp.from",
					"needs the other one: smtp.url and smtp.from go together");
	if (c->url != NULL && !mail_url_valid(c->url))
		complain_of(r, "smtp.url", "is smtp://HOST:PORT or smtps://HOST:PORT");
	else if (c->url != NULL && mail_url_tells(c->url))
		complain_of(r, "smtp.url", "must not hold a password: it goes into the file of smtp.password_file");
	if (c->from != NULL && !mail_address_valid(c->from))
		complain_of(r, "smtp.from", "is an e-mail address");
}

static void check_nets(struct reading *r, const char *key, const char *const *items, size_t count)
{
	struct net net;
	for (size_t i = 0; i < count; i++)
		if (!net_parse(items[i], &net)) {
			complain_of(r, key, "is a list of addresses and ranges like 10.0.0.0/8");
			return;
		}
}

/* What the table cannot say. */
static void check_values(struct reading *r, const struct config *config)
{
	if ((config->http.tls_cert == NULL) != (config->http.tls_key == NULL)) {
		const char *there = config->http.tls_cert != NULL ? "http.tls_cert" : "http.tls_key";
		complain(r, r->origins[field_find(&config_table, there) - config_fields], there,
				 "needs the other one: http.tls_cert and http.tls_key go together");
	}
	check_smtp(r, config);
	if (config->scan.url != NULL && !clamd_address_valid(config->scan.url))
		complain_of(r, "scan.url", "is unix:PATH or tcp:HOST:PORT");
	if (strcmp(config->blob.url, "file:") != 0)
		complain_of(r, "blob.url", "is file: (s3:// is not there yet)");
	check_nets(r, "http.trusted_proxies", config->http.trusted_proxies.items, config->http.trusted_proxies.count);
	check_nets(r, "http.metrics_allow", config->http.metrics_allow.items, config->http.metrics_allow.count);
}

/* Defaults that depend on the machine or on other keys. */
static void derive(struct config *config, struct arena *arena)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (config->http.loops == FIELD_NO_INT)
		config->http.loops = cores < 4 ? cores : 4;
	if (config->http.workers == FIELD_NO_INT)
		config->http.workers = cores > 2 ? cores : 2;
	if (config->people.bcrypt_threads == FIELD_NO_INT)
		config->people.bcrypt_threads = cores;
	if (config->listen.count == 0) {
		config->listen.items = arena_array(arena, 1, sizeof *config->listen.items);
		must(config->listen.items != NULL);
		config->listen.items[0] = "127.0.0.1:8080";
		config->listen.count = 1;
	}
	config->public_url_made = config->public_url == NULL;
	if (config->public_url_made)
		config->public_url =
			arena_printf(arena, "%s://%s", config->http.tls_cert != NULL ? "https" : "http", config->listen.items[0]);
	if (config->packs.folder == NULL)
		config->packs.folder = arena_printf(arena, "%s/packs", config->data);
}

bool config_read(const struct config_source *source, struct arena *arena, struct config *config,
				 enum config_origin *origins, struct buf *report)
{
	static const char *const system_file = "/etc/countersign/countersign.yaml";
	struct reading *r = arena_new(arena, struct reading);
	must(r != NULL);
	r->arena = arena;
	r->report = report;
	if (source->file != NULL)
		read_file(r, source->file);
	else if (access(system_file, F_OK) == 0)
		read_file(r, system_file);
	for (const char *const *variable = source->environment; *variable != NULL; variable++)
		take_variable(r, *variable);
	take_flags(r, source->flags);
	if (decode(r, config))
		check_values(r, config);
	if (r->failed)
		return false;
	derive(config, arena);
	if (origins != NULL)
		memcpy(origins, r->origins, sizeof r->origins);
	return true;
}

/* The values of an option that repeats, as a list is written. */
static void join_option(const struct cli *cli, const char *name, struct buf *list)
{
	buf_init(list, 0);
	for (int i = 0; i < cli->options_count; i++)
		if (strcmp(cli->options[i].name, name) == 0)
			buf_addf(list, "%s%s", list->size > 0 ? "," : "", cli->options[i].value);
}

bool config_of_cli(const struct cli *cli, struct arena *arena, struct config *config, enum config_origin *origins)
{
	extern char **environ;
	const char *flags[2 * CLI_OPTIONS_MAX + 1];
	int count = 0;
	struct buf listen, maps;
	join_option(cli, "listen", &listen);
	join_option(cli, "http-map", &maps);
	const char *const pairs[][2] = {{"data", cli->data},
									{"mode", cli_option(cli, "mode")},
									{"listen", listen.size > 0 ? buf_text(&listen) : NULL},
									{"flow.http_map", maps.size > 0 ? buf_text(&maps) : NULL}};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (pairs[i][1] == NULL)
			continue;
		flags[count++] = pairs[i][0];
		flags[count++] = pairs[i][1];
	}
	flags[count] = NULL;
	const char *file = cli->config != NULL ? cli->config : getenv("COUNTERSIGN_CONFIG");
	const struct config_source source = {.file = file, .flags = flags, .environment = (const char *const *)environ};
	struct buf report;
	buf_init(&report, 0);
	bool read = config_read(&source, arena, config, origins, &report);
	if (report.size > 0 && !cli->quiet)
		fputs(buf_text(&report), stderr);
	buf_fini(&report);
	buf_fini(&listen);
	buf_fini(&maps);
	return read;
}
