#include <string.h>

#include "app/app.h"
#include "app/document.h"
#include "app/routes.h"
#include "core/buf.h"
#include "core/err.h"
#include "http/exchange.h"
#include "http/reference.h"
#include "http/router.h"
#include "version.h"

/* GET /docs: the reference pages, made of the server's own rows; the page of each problem's `type` [platform.md 16]. */

#define HTML "text/html; charset=utf-8"

static void answer_page(struct exchange *x, struct buf *html)
{
	exchange_set(x, "Content-Security-Policy", REFERENCE_POLICY);
	exchange_set(x, "Cache-Control", "no-cache");
	exchange_answer_buf(x, 200, HTML, html);
}

static void handle_index(struct exchange *x)
{
	const struct app *app = x->owner;
	struct buf html;
	buf_init(&html, 0);
	reference_index(&html, app->router, APP_VERSION, document_about);
	answer_page(x, &html);
	buf_fini(&html);
}

static void handle_errors(struct exchange *x)
{
	struct buf html;
	buf_init(&html, 0);
	reference_errors(&html);
	answer_page(x, &html);
	buf_fini(&html);
}

static void answer_found(struct exchange *x, bool found, struct buf *html)
{
	if (found)
		answer_page(x, html);
	else
		exchange_failf(x, ERR_NOT_FOUND, "There is no such page; " REFERENCE_PATH " lists those that are there.");
}

static void handle_operation(struct exchange *x)
{
	const struct app *app = x->owner;
	struct buf html;
	buf_init(&html, 0);
	answer_found(x, reference_operation(&html, app->router, exchange_param(x, "operation")), &html);
	buf_fini(&html);
}

static void handle_error(struct exchange *x)
{
	const struct app *app = x->owner;
	struct buf html;
	buf_init(&html, 0);
	answer_found(x, reference_error(&html, app->router, exchange_param(x, "code")), &html);
	buf_fini(&html);
}

static void handle_style(struct exchange *x)
{
	exchange_set(x, "Cache-Control", "public, max-age=300");
	exchange_answer(x, 200, "text/css; charset=utf-8", reference_style, strlen(reference_style));
}

static const char *const html_type[] = {"text/html", NULL};
static const char *const css_type[] = {"text/css", NULL};

static const struct route routes[] = {
	ROUTE(GET, REFERENCE_PATH, PUBLIC, EFFECT_READ, handle_index, .slash = true, .operation = "docs.index",
		  .summary = "Reference of every operation", .bare = true, .produces = html_type),
	ROUTE(GET, REFERENCE_PATH "/operations/{operation}", PUBLIC, EFFECT_READ, handle_operation, .slash = true,
		  .operation = "docs.operation", .summary = "Reference of one operation", .bare = true, .produces = html_type),
	ROUTE(GET, REFERENCE_PATH "/errors", PUBLIC, EFFECT_READ, handle_errors, .slash = true, .operation = "docs.errors",
		  .summary = "Every code of a problem", .bare = true, .produces = html_type),
	ROUTE(GET, REFERENCE_PATH "/errors/{code}", PUBLIC, EFFECT_READ, handle_error, .slash = true,
		  .operation = "docs.error", .summary = "What a problem's code means, and what to do about it", .bare = true,
		  .produces = html_type),
	ROUTE(GET, REFERENCE_PATH "/style.css", PUBLIC, EFFECT_READ, handle_style, .operation = "docs.style",
		  .summary = "How the reference pages look", .bare = true, .produces = css_type),
};

void docs_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
