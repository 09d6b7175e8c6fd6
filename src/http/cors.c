#include "http/cors.h"

#include <string.h>

#include "http/exchange.h"

static const char exposed[] = "ETag, Link, Location, Retry-After, RateLimit, X-Request-Id, Idempotency-Replayed";
static const char accepted[] = "Authorization, Content-Type, Countersign-Seal, Idempotency-Key, If-Match, "
							   "If-None-Match, Last-Event-ID, traceparent, X-API-Key, X-Request-Id";

static bool listed(const struct cors *cors, const char *origin)
{
	for (size_t i = 0; cors != NULL && origin != NULL && i < cors->count; i++)
		if (strcmp(cors->origins[i], origin) == 0)
			return true;
	return false;
}

void cors_headers(const struct cors *cors, struct exchange *x)
{
	const char *origin = exchange_header(x, "origin");
	if (cors == NULL || cors->count == 0)
		return;
	exchange_set(x, "Vary", "Origin");
	if (!listed(cors, origin))
		return;
	exchange_set(x, "Access-Control-Allow-Origin", origin);
	exchange_set(x, "Access-Control-Allow-Credentials", "true");
	exchange_set(x, "Access-Control-Expose-Headers", exposed);
}

void cors_preflight(const struct cors *cors, struct exchange *x, const char *methods)
{
	if (!listed(cors, exchange_header(x, "origin")) || exchange_header(x, "access-control-request-method") == NULL)
		return;
	exchange_set(x, "Access-Control-Allow-Methods", methods);
	exchange_set(x, "Access-Control-Allow-Headers", accepted);
	exchange_set(x, "Access-Control-Max-Age", "600");
}
