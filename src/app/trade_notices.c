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
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/log.h"
#include "core/must.h"
#include "link/authority.h"
#include "link/circuits.h"
#include "link/outgoing.h"

enum {
	POST_TIMEOUT_MS = 10000,
	ANSWER_MAX = 65536,
	HOSTS = 1024,       /* about 3 MiB when there are so many */
	FAILURES = 5,       /* [P-10.4] */
	OPEN_US = 60000000, /* [P-10.4] */
};

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

/* [P-10.4] Well is whoever answers, and not that it cannot now. */
static bool is_well(bool asked, int status)
{
	return asked && status < 500 && status != 408 && status != 429;
}

/* What came of a POST that the host's circuit let through. */
static void tell(const struct app *app, const char *destination, int64_t began_us, const struct trade_post *post,
				 bool well, const struct err *err)
{
	int64_t now_us = env_mono_us(app->env);
	if (atomic_load(post->give_up) || (!well && (err->kind == ERR_FORBIDDEN || err->kind == ERR_INVALID)))
		circuits_give_back(app->notice_hosts, destination, began_us); /* not the host's doing */
	else if (circuits_tell(app->notice_hosts, destination, now_us, well, now_us - began_us))
		log_warn("a host of notifications is left alone for a while", log_str("destination", destination));
}

static bool post(void *self, const struct trade_post *post, struct trade_posted *posted, struct err *err)
{
	const struct leaving *leaving = self;
	const struct app *app = leaving->app;
	int64_t began_us = env_mono_us(app->env), wait_us;
	/* The host alone: a bot's token is in the path, and so are many a webhook's secret; a password is before it. */
	char host[AUTHORITY_MAX], destination[AUTHORITY_MAX + ID_TEXT];
	*posted = (struct trade_posted){.status = 0};
	if (!authority_of(post->url, host))
		return err_set(err, ERR_INVALID, "the address names no host");
	snprintf(destination, sizeof destination, "%s %s", post->account_id, host);
	if (!circuits_may(app->notice_hosts, destination, began_us, &wait_us)) {
		posted->alone_us = wait_us;
		return err_set(err, ERR_UNAVAILABLE, "%s is left alone for a while", host);
	}
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
	posted->status = answer.status;
	posted->retry_after_s = retry_after_s(&answer);
	if (answer.body.size < sizeof posted->body)
		memcpy(posted->body, buf_text(&answer.body), answer.body.size);
	outgoing_answer_fini(&answer);
	tell(app, destination, began_us, post, is_well(asked, posted->status), err);
	return asked;
}

struct trade_serving trade_serving_of(struct app *app)
{
	struct leaving *leaving = arena_new(&app->arena, struct leaving);
	must(leaving != NULL);
	leaving->app = app;
	uint64_t seed[2];
	env_random(app->env, seed, sizeof seed);
	app->notice_hosts = circuits_new(HOSTS, FAILURES, OPEN_US, seed);
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
