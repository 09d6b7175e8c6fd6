#include "app/trade_notices.h"

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

static bool post(void *self, const char *url, const char *const *headers, const void *body, size_t size, int *status,
				 struct err *err)
{
	const struct leaving *leaving = self;
	const struct outgoing_request request = {.method = "POST",
											 .url = url,
											 .headers = headers,
											 .body = body,
											 .body_size = size,
											 .timeout_ms = POST_TIMEOUT_MS,
											 .limit = ANSWER_MAX};
	struct outgoing_answer answer;
	outgoing_answer_init(&answer);
	bool asked = outgoing_ask(&leaving->outgoing, &request, &answer, err);
	*status = answer.status;
	outgoing_answer_fini(&answer);
	return asked;
}

struct trade_serving trade_serving_of(struct app *app)
{
	struct leaving *leaving = arena_new(&app->arena, struct leaving);
	must(leaving != NULL);
	leaving->app = app;
	if (app->config.mode == MODE_DEVELOPMENT) {
		leaving->outgoing.allowed[leaving->outgoing.allowed_count++] = "127.0.0.1";
		leaving->outgoing.allowed[leaving->outgoing.allowed_count++] = "localhost";
	}
	return (struct trade_serving){.idempotency = app->idempotency,
								  .rates = app->rates,
								  .public_url = app->config.public_url,
								  .address = app->config.public_url_made ? NULL : app->config.public_url,
								  .mail = send_mail,
								  .post = post,
								  .self = leaving};
}
