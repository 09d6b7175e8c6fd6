#include "app/trade_notices.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/app.h"
#include "app/mail.h"
#include "app/mailer.h"
#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"
#include "link/outgoing.h"

enum { POST_TIMEOUT_MS = 10000, ANSWER_MAX = 65536 };

struct leaving {
	struct app *app;
	struct outgoing outgoing;
};

static bool send_mail(void *self, const char *to, const char *subject, const char *text, struct err *err)
{
	const struct leaving *leaving = self;
	const struct mail mail = {.to = to, .subject = subject, .text = text};
	return mailer_send(leaving->app->mailer, &mail, err);
}

/* The host alone: a bot's token is in the path, and so are many a webhook's secret; a password is before it. */
static void host_of(const char *url, char *host, size_t size)
{
	const char *from = strstr(url, "://");
	from = from != NULL ? from + 3 : url;
	size_t length = strcspn(from, "/?#");
	for (size_t i = length; i > 0; i--)
		if (from[i - 1] == '@') {
			from += i;
			length -= i;
			break;
		}
	snprintf(host, size, "%.*s", (int)length, from);
}

static bool given_up(void *self)
{
	const struct trade_post *post = self;
	return atomic_load(post->give_up);
}

/* RFC 9110 10.2.3: its seconds.  A date in their place counts as nothing said. */
static int64_t retry_after_s(const struct outgoing_answer *answer)
{
	static const char name[] = "Retry-After:";
	long long seconds = 0;
	for (const char *line = buf_text(&answer->headers); *line != '\0';) {
		if (strncasecmp(line, name, sizeof name - 1) == 0 && sscanf(line + sizeof name - 1, " %9lld", &seconds) != 1)
			seconds = 0;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return seconds > 0 ? seconds : 0;
}

static bool post(void *self, const struct trade_post *post, struct trade_posted *posted, struct err *err)
{
	const struct leaving *leaving = self;
	char host[256];
	host_of(post->url, host, sizeof host);
	const struct outgoing_request request = {.method = "POST",
											 .url = post->url,
											 .name = host,
											 .headers = post->headers,
											 .body = post->body,
											 .body_size = post->size,
											 .timeout_ms = POST_TIMEOUT_MS,
											 .limit = ANSWER_MAX,
											 .given_up = given_up,
											 .self = (void *)(uintptr_t)post};
	struct outgoing_answer answer;
	outgoing_answer_init(&answer);
	bool asked = outgoing_ask(&leaving->outgoing, &request, &answer, err);
	*posted = (struct trade_posted){.status = answer.status, .retry_after_s = retry_after_s(&answer)};
	if (answer.body.size < sizeof posted->body)
		memcpy(posted->body, buf_text(&answer.body), answer.body.size);
	outgoing_answer_fini(&answer);
	return asked;
}

struct trade_serving trade_serving_of(struct app *app)
{
	struct leaving *leaving = arena_new(&app->arena, struct leaving);
	must(leaving != NULL);
	leaving->app = app;
	if (app->config.mode == MODE_DEVELOPMENT) { /* elsewhere no bot's token goes by plain http */
		leaving->outgoing.allowed[leaving->outgoing.allowed_count++] = "127.0.0.1";
		leaving->outgoing.allowed[leaving->outgoing.allowed_count++] = "localhost";
		for (size_t i = 0; i < app->config.flow.http_map.count; i++) { /* what is wrong in it flow says */
			struct err err;
			outgoing_map(&leaving->outgoing, arena_dup(&app->arena, app->config.flow.http_map.items[i]), &err);
		}
	}
	return (struct trade_serving){.idempotency = app->idempotency,
								  .rates = app->rates,
								  .public_url = app->config.public_url,
								  .address = app->config.public_url_made ? NULL : app->config.public_url,
								  .mail = send_mail,
								  .post = post,
								  .self = leaving};
}
