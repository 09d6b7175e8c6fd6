/*
 * A server for the wire tests and the bench: the front with a handful of routes and nothing of the product behind it.
 * Prints its address on one line and serves until its standard input ends.  Arguments: NAME=NUMBER sets a member of the
 * configuration, any other is an address to listen on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "http/exchange.h"
#include "http/front.h"
#include "http/metrics.h"
#include "http/service.h"
#include "http/workers.h"

struct note {
	const char *text;
	int64_t times;
};

static const struct field note_fields[] = {
	F_STR(note, text, REQUIRED, LENGTH(1, 100), DOC("What to say")),
	F_INT(note, times, DEFAULT(1), RANGE(1, 1000), DOC("How often")),
};
static const struct field_table note_table = FIELD_TABLE("note", note, note_fields);

static void handle_ok(struct exchange *x)
{
	static const char text[] = "{\"status\":\"alive\"}";
	exchange_answer(x, 200, MEDIA_JSON, text, sizeof text - 1);
}

static void handle_echo(struct exchange *x)
{
	exchange_answer(x, 200, "application/octet-stream", buf_text(&x->body), x->body.size);
}

static void handle_note(struct exchange *x)
{
	struct note note;
	if (!exchange_decode(x, &note))
		return;
	struct buf body;
	buf_init(&body, 0);
	for (int64_t i = 0; i < note.times; i++)
		buf_adds(&body, note.text);
	exchange_answer_buf(x, 201, "text/plain; charset=utf-8", &body);
}

static void handle_slow(struct exchange *x)
{
	usleep((useconds_t)atoi(exchange_param(x, "ms")) * 1000);
	handle_ok(x);
}

static void handle_large(struct exchange *x)
{
	struct buf body;
	size_t size = (size_t)atoi(exchange_param(x, "bytes"));
	buf_init(&body, 0);
	char *bytes = buf_extend(&body, size);
	if (bytes != NULL)
		memset(bytes, 'x', size);
	exchange_answer_buf(x, 200, "application/octet-stream", &body);
}

static void handle_metrics(struct exchange *x)
{
	struct buf body;
	buf_init(&body, 0);
	metrics_render(x->owner, &body);
	exchange_answer_buf(x, 200, MEDIA_METRICS, &body);
}

static const char *const bytes_type[] = {"*/*", NULL};
static const char *const text_type[] = {"text/plain", NULL};

static const struct route routes[] = {
	ROUTE(GET, "/health", PUBLIC, EFFECT_READ, handle_ok, .operation = "health", .summary = "Alive", .run = RUN_INLINE,
		  .aliases = ALIASES({"/healthz", .slash = true}, {"/live"})),
	ROUTE(GET, "/worker", PUBLIC, EFFECT_READ, handle_ok, .operation = "worker", .summary = "Alive, by a worker"),
	ROUTE(POST, "/echo", PUBLIC, EFFECT_WRITE, handle_echo, .operation = "echo", .summary = "The body as it came",
		  .accepts = bytes_type, .produces = bytes_type, .body_max = 65536, .run = RUN_INLINE,
		  .aliases = ALIASES({"/api/v1/auth/login"})),
	ROUTE(PUT, "/echo", PUBLIC, EFFECT_WRITE, handle_echo, .operation = "echo.put", .summary = "The body as it came",
		  .accepts = bytes_type, .produces = bytes_type, .body_max = 65536),
	ROUTE(POST, "/notes", PUBLIC, EFFECT_WRITE, handle_note, .operation = "note", .summary = "A note",
		  .body = &note_table, .produces = text_type),
	ROUTE(GET, "/slow/{ms}", PUBLIC, EFFECT_READ, handle_slow, .operation = "slow", .summary = "After some time"),
	ROUTE(GET, "/large/{bytes}", PUBLIC, EFFECT_READ, handle_large, .operation = "large", .summary = "Many bytes",
		  .produces = bytes_type),
	ROUTE(POST, "/secret", "secret.write", EFFECT_WRITE, handle_ok, .operation = "secret", .summary = "Nobody may",
		  .run = RUN_INLINE),
	ROUTE(GET, "/metrics", PUBLIC, EFFECT_READ, handle_metrics, .operation = "metrics", .summary = "Figures",
		  .produces = text_type, .run = RUN_INLINE),
};

static bool setting(struct http_config *config, const char *argument, unsigned *threads, unsigned *room)
{
	const struct {
		const char *name;
		int *number;
		size_t *size;
		unsigned *count;
	} settings[] = {
		{"loops", .count = &config->loops},
		{"workers", .count = threads},
		{"queue", .count = room},
		{"max_connections", .size = &config->max_connections},
		{"max_per_ip", .size = &config->max_per_ip},
		{"header_timeout_ms", .number = &config->header_timeout_ms},
		{"body_timeout_ms", .number = &config->body_timeout_ms},
		{"keepalive_ms", .number = &config->keepalive_ms},
		{"deadline_ms", .number = &config->deadline_ms},
		{"slow_reader_ms", .number = &config->slow_reader_ms},
	};
	size_t length = strcspn(argument, "=");
	if (argument[length] == '\0')
		return false;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		if (strlen(settings[i].name) != length || strncmp(settings[i].name, argument, length) != 0)
			continue;
		int value = atoi(argument + length + 1);
		if (settings[i].number != NULL)
			*settings[i].number = value;
		if (settings[i].size != NULL)
			*settings[i].size = (size_t)value;
		if (settings[i].count != NULL)
			*settings[i].count = (unsigned)value;
		return true;
	}
	fprintf(stderr, "there is no setting %s\n", argument);
	exit(2);
}

static void require(bool done, const struct err *err)
{
	if (done)
		return;
	fprintf(stderr, "%s\n", err->message);
	exit(1);
}

static void serve(struct service *service, struct front *front)
{
	struct err err = {0};
	char byte;
	require(front_start(front, &err), &err);
	printf("%s\n", front_address(front, 0));
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	printf("%s\n", front_stop(front, 5000) ? "drained" : "cut");
	workers_close(service->workers);
	front_close(front);
}

int main(int argc, char **argv)
{
	struct id_maker ids;
	struct err err = {0};
	unsigned threads = 2, room = 256;
	struct service service = {.env = env_real(), .ids = &ids, .version = "test", .git_sha = "test"};
	struct router *router = router_new();
	struct metrics *metrics = metrics_new();
	struct front *front;
	id_maker_init(&ids, service.env);
	http_config_init(&service.config);
	router_add(router, routes, sizeof routes / sizeof *routes, metrics);
	service.router = router;
	service.metrics = http_metrics_new(metrics, router);
	const char *address = "127.0.0.1:0";
	for (int i = 1; i < argc; i++)
		if (!setting(&service.config, argv[i], &threads, &room))
			address = argv[i];
	require(workers_open(&service.workers, threads, room, &err), &err);
	require(front_open(&front, &service, &err), &err);
	require(front_listen(front, address, &err), &err);
	serve(&service, front);
	http_metrics_free(service.metrics);
	metrics_free(metrics);
	router_free(router);
	id_maker_fini(&ids);
	return 0;
}
