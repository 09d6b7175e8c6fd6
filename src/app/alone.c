#include "app/alone.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "core/buf.h"
#include "core/log.h"
#include "core/must.h"
#include "http/loopback.h"

enum { HEADERS = 8, HEADER_MAX = 1024 };

struct alone {
	struct app app;
};

bool alone_open(const struct cli *cli, struct alone **alone, struct err *err)
{
	struct alone *a = calloc(1, sizeof *a);
	if (a == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!app_open(&a->app, cli, err)) {
		free(a);
		return false;
	}
	/* Messages of a command are its own; a line for each exchange is of no use on its standard error. */
	const struct log_options log = {
		.env = a->app.env, .level = LOG_LEVEL_WARN, .format = (enum log_format)a->app.config.log.format};
	log_setup(&log);
	a->app.alone = true;
	if (!app_assemble(&a->app, err)) {
		alone_close(a);
		return false;
	}
	*alone = a;
	return true;
}

void alone_close(struct alone *alone)
{
	if (alone == NULL)
		return;
	app_stop(&alone->app);
	app_close(&alone->app);
	free(alone);
}

/* Names and values apart, as the loopback takes them; the copies live in `text`. */
static void split(const struct alone_request *request, char text[HEADERS][HEADER_MAX],
				  const char *headers[2 * HEADERS + 3])
{
	size_t count = 0, at = 0;
	if (request->body != NULL) {
		headers[count++] = "Content-Type";
		headers[count++] = "application/json";
	}
	for (const char *const *header = request->headers; header != NULL && *header != NULL; header++, at++) {
		must(at < HEADERS && strlen(*header) < HEADER_MAX);
		strcpy(text[at], *header);
		char *colon = strstr(text[at], ": ");
		must(colon != NULL);
		*colon = '\0';
		headers[count++] = text[at];
		headers[count++] = colon + 2;
	}
	headers[count] = NULL;
}

int alone_ask(struct alone *alone, const struct alone_request *request, struct buf *answer)
{
	char text[HEADERS][HEADER_MAX];
	const char *headers[2 * HEADERS + 3];
	split(request, text, headers);
	struct loopback loopback = {.method = request->method,
								.target = request->target,
								.headers = headers,
								.body = request->body,
								.body_size = request->size,
								.local = true,
								.peer_uid = geteuid()};
	loopback_ask(&alone->app.service, &loopback);
	int status = loopback.status;
	buf_add(answer, loopback.answer, loopback.answer_size);
	loopback_fini(&loopback);
	return status;
}
