#include "app/document.h"

#include <string.h>

#include "core/jw.h"
#include "http/openapi.h"
#include "http/router.h"
#include "people/roles.h"
#include "version.h"

static const char description[] = "Machine-made decisions, accountable: computed, sealed, countersigned, carried out "
								  "once, recorded. Every JSON answer "
								  "is an envelope whose `result` is what the operation answers; every refusal is a "
								  "problem document (RFC 9457): go by "
								  "its `code`, which has a page at /docs/errors/CODE.";

static const struct {
	const char *tag, *about;
} tags[] = {
	{"system", "The server itself: health, version, metrics, keys, this document"},
	{"docs", "The reference pages"},
	{"core", "Canonical JSON and its hash"},
	{"auth", "Login, sessions, second factors, one's own password and address"},
	{"users", "People of an account"},
	{"keys", "API keys"},
	{"seals", "Sealed results: look them up, recompute them"},
	{"packs", "Versioned constants that results are computed with"},
	{"countersign", "Requests that people decide, and an account's policies for them"},
	{"countersignatures", "Decisions of people, and their receipts"},
	{"receipts", "Receipts, verified for anybody"},
	{"audit", "The audit chain: look, export, checkpoints"},
	{"ops", "What an operator does: backup, checkpoint, keys, clock, archive"},
	{"events", "What happens, as it happens"},
	{"files", "Uploads, scans, downloads"},
	{"deadletters", "Background work that was given up"},
	{"sign", "Engineering of sign structures"},
	{"quote", "A price range for a sign"},
	{"projects", "Sign projects, from payload to submission"},
	{"tasks", "Background tasks"},
	{"trade", "Pure functions of trading, settings, the public page"},
	{"producers", "Strategy engines that send signals"},
	{"signals", "Signals: in, judged, decided, delivered, told"},
	{"approvals", "People's decisions on signals"},
	{"trading", "Trading on the whole: status, pause, kill"},
	{"risk", "The profile that signals are judged by"},
	{"guards", "Limits that stop trading by themselves"},
	{"consents", "Texts that approvers agree to"},
	{"blocklist", "Times and instruments that are not traded"},
	{"devices", "Terminals"},
	{"client", "What terminals call: orders out, fills and snapshots in"},
	{"accounts", "Trading accounts, live and on paper"},
	{"positions", "Open and closed positions"},
	{"reconciliation", "What the terminal shows beside what the record says"},
	{"charts", "Charts as pictures"},
	{"analytics", "Figures of what was traded"},
	{"exports", "Figures as files, and links that share them"},
	{"strategies", "Strategies kept for backtests"},
	{"notifications", "By which channels a person is told of what"},
	{"public", "The performance page that needs no login"},
	{"flow", "Workflows: definitions, runs, schedules, events, work, breakers"},
	{"cache", "Kept answers of models"},
	{"decompositions", "Goals taken apart and planned"},
	{"cost", "Budgets, reservations, what was spent"},
	{"memory", "What agents remember"},
	{"agents", "Health of agents"},
	{"incidents", "What went wrong with agents"},
	{"healings", "What self-healing did"},
};

const char *document_about(const char *tag)
{
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (strcmp(tags[i].tag, tag) == 0)
			return tags[i].about;
	return NULL;
}

static const char *about(void *self, const char *tag)
{
	(void)self;
	return document_about(tag);
}

/* Signed routes take no token: their permissions are those of the two that are no person [platform.md 5]. */
static const char *scheme(void *self, const struct route *route)
{
	(void)self;
	if (strcmp(route->permission, "trade.ingest") == 0)
		return "producer";
	return strcmp(route->permission, "trade.device") == 0 ? "device" : NULL;
}

static void write_roles(void *self, struct jw *jw, const char *permission)
{
	(void)self;
	permission_roles(jw, permission);
}

void document_write(struct buf *text, const struct router *router, const char *server)
{
	struct jw jw;
	jw_init(&jw, text);
	const struct openapi document = {
		.title = "Countersign",
		.version = APP_VERSION,
		.description = description,
		.server = server,
		.roles = write_roles,
		.scheme = scheme,
		.about = about,
	};
	openapi_write(&jw, router, &document);
}
