#include "app/ask.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/alone.h"
#include "link/client.h"

enum {
	ANSWER_MAX = 1 << 30,
	SCOPE = 1 << 30,
	ASK_MS = 3600 * 1000, /* as long as the server gives its own commands */
	SECRET_MAX = 4096,
	PAGE = 500,
};

#define HERE "http://localhost"

bool ask_begin(struct ask *ask, const struct cli *cli)
{
	*ask = (struct ask){.cli = cli};
	arena_init(&ask->arena, SCOPE);
	buf_init(&ask->answer, 0);
	buf_init(&ask->body, 0);
	return config_of_cli(cli, &ask->arena, &ask->config, NULL);
}

int ask_end(struct ask *ask, int code)
{
	alone_close(ask->alone);
	buf_fini(&ask->body);
	buf_fini(&ask->answer);
	arena_fini(&ask->arena);
	return code;
}

/* Lists of the server's own commands may be long; who wrote them is trusted. */
static const struct json_limits answer_limits = {.depth = 64, .values = 10000000};

static void read_answer(struct ask *ask)
{
	ask->tree = NULL;
	if (ask->answer.size > 0)
		json_parse(&ask->arena, buf_text(&ask->answer), ask->answer.size, &answer_limits, &ask->tree, NULL);
}

bool ask_try(struct ask *ask, const char *method, const char *path, const char *body, size_t size,
			 const char *const *headers, struct err *err)
{
	char socket[ASK_SOCKET], url[ASK_TARGET + sizeof HERE];
	bool here = path[0] == '/';
	snprintf(socket, sizeof socket, "%s/control.sock", ask->config.data);
	snprintf(url, sizeof url, "%s%s", here ? HERE : "", path);
	buf_reset(&ask->answer);
	const struct client_request request = {.socket = here ? socket : NULL,
										   .method = method,
										   .url = url,
										   .headers = headers,
										   .body = body,
										   .body_size = size,
										   .timeout_ms = ASK_MS,
										   .limit = ANSWER_MAX};
	if (!client_ask(&request, &ask->status, &ask->answer, err))
		return false;
	read_answer(ask);
	return true;
}

/* The same request to this process. */
static int ask_alone(struct ask *ask, const struct alone_request *request)
{
	struct err err;
	if (ask->alone == NULL && !alone_open(ask->cli, &ask->alone, &err))
		return cli_fail(ask->cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	buf_reset(&ask->answer);
	ask->status = alone_ask(ask->alone, request, &ask->answer);
	read_answer(ask);
	return CLI_DONE;
}

int ask_with(struct ask *ask, const char *method, const char *path, const char *body, size_t size,
			 const char *const *headers)
{
	const struct alone_request request = {method, path, headers, body, size};
	struct err err;
	if (ask->alone != NULL)
		return ask_alone(ask, &request);
	if (ask_try(ask, method, path, body, size, headers, &err))
		return CLI_DONE;
	if (err.kind == ERR_UNAVAILABLE && path[0] == '/' && ask_store_there(&ask->config))
		return ask_alone(ask, &request);
	if (err.kind == ERR_UNAVAILABLE && path[0] == '/')
		return ask_needs_store(ask);
	return cli_fail(ask->cli, err.kind == ERR_UNAVAILABLE || err.kind == ERR_DEADLINE ? CLI_UNREACHABLE : CLI_FAILED,
					"no server answers: %s", err.message);
}

int ask(struct ask *ask, const char *method, const char *path, const char *body)
{
	return ask_with(ask, method, path, body, body != NULL ? strlen(body) : 0, NULL);
}

struct jw *ask_body(struct ask *ask)
{
	buf_reset(&ask->body);
	jw_init(&ask->jw, &ask->body);
	jw_object(&ask->jw);
	return &ask->jw;
}

int ask_send(struct ask *ask, const char *method, const char *path)
{
	jw_object_end(&ask->jw);
	if (!jw_ok(&ask->jw))
		return cli_fail(ask->cli, CLI_FAILED, "no memory for the request");
	return ask_with(ask, method, path, buf_text(&ask->body), ask->body.size, NULL);
}

bool ask_good(const struct ask *ask)
{
	return ask->status >= 200 && ask->status < 300;
}

const struct json *ask_result(const struct ask *ask)
{
	return json_get(ask->tree, "result");
}

const struct json *ask_items(const struct ask *ask)
{
	return json_get(ask_result(ask), "items");
}

int ask_refused(const struct ask *ask)
{
	const char *detail = json_text(ask->tree, "detail");
	cli_write(stdout, buf_text(&ask->answer), ask->answer.size);
	puts("");
	return cli_fail(ask->cli, ask->status >= 500 ? CLI_FAILED : CLI_INVALID, "the server answered %d: %s", ask->status,
					detail != NULL ? detail : "");
}

int ask_print(const struct ask *ask)
{
	return cli_write(stdout, buf_text(&ask->answer), ask->answer.size) && cli_write(stdout, "\n", 1) ? CLI_DONE
																									 : CLI_FAILED;
}

void ask_print_line(const struct json *json)
{
	struct buf line;
	struct jw jw;
	buf_init(&line, 0);
	jw_init(&jw, &line);
	jw_json(&jw, json);
	puts(buf_text(&line));
	buf_fini(&line);
}

int ask_pages(struct ask *a, const char *path, bool (*take)(void *self, const struct json *item), void *self)
{
	const char *cursor = NULL;
	do {
		char target[ASK_TARGET];
		snprintf(target, sizeof target, "%.400s%climit=%d%s%.500s", path, strchr(path, '?') != NULL ? '&' : '?', PAGE,
				 cursor != NULL ? "&cursor=" : "", cursor != NULL ? cursor : "");
		int code = ask(a, "GET", target, NULL);
		if (code != CLI_DONE)
			return code;
		const struct json *items = ask_items(a);
		if (!ask_good(a) || items == NULL || items->kind != JS_ARRAY)
			return ask_refused(a);
		for (uint32_t i = 0; i < items->count; i++)
			if (!take(self, &items->items[i]))
				return CLI_DONE;
		cursor = json_text(ask_result(a), "next_cursor");
	} while (cursor != NULL);
	return CLI_DONE;
}

struct printing {
	bool json;
	void (*row)(const struct json *item);
};

static bool print_item(void *self, const struct json *item)
{
	const struct printing *printing = self;
	if (printing->json)
		ask_print_line(item);
	else
		printing->row(item);
	return true;
}

int ask_list(struct ask *a, const char *path, void (*row)(const struct json *item))
{
	struct printing printing = {a->cli->json, row};
	return ask_pages(a, path, print_item, &printing);
}

bool ask_store_there(const struct config *config)
{
	struct stat st;
	char store[ASK_SOCKET];
	snprintf(store, sizeof store, "%s/store.db", config->data);
	return stat(store, &st) == 0;
}

int ask_needs_store(const struct ask *ask)
{
	if (ask_store_there(&ask->config))
		return CLI_DONE;
	return cli_fail(ask->cli, CLI_FAILED, "there is no store in %s", ask->config.data);
}

bool ask_secret(const char *path, struct buf *secret, struct err *err)
{
	if (!cli_read(path, SECRET_MAX, secret, err))
		return false;
	char *end = secret->bytes != NULL ? strpbrk(secret->bytes, "\r\n") : NULL;
	if (end != NULL) {
		*end = '\0';
		secret->size = (size_t)(end - secret->bytes);
	}
	return secret->size > 0 || err_set(err, ERR_INVALID, "the first line of %s is empty", path);
}
