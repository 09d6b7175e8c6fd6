#include "people/denials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/log.h"
#include "http/exchange.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "store/store.h"

/* A copy of what the row tells: the exchange is answered, and gone, before it is written. */
struct denial {
	struct store_op op;
	struct people *people;
	struct principal principal;
	struct audit_event event;
	struct audit_pair meta[2];
	char ip[INET6_ADDRSTRLEN], request_id[160], user_agent[512];
};

static bool apply_denial(struct db *db, void *self, struct err *err)
{
	const struct denial *denial = self;
	return audit_append(denial->people->options.audit, db, &denial->event, err);
}

static void end_denial(void *self, bool applied, const struct err *err)
{
	if (!applied)
		log_error("a refusal could not be recorded", log_str("why", err->message));
	free(self);
}

static const char *keep(char *room, size_t size, const char *text)
{
	if (text != NULL)
		snprintf(room, size, "%s", text);
	return text != NULL ? room : NULL;
}

void denial_note(struct people *people, const struct exchange *x, const struct route *route)
{
	struct denial *d = calloc(1, sizeof *d);
	struct err err;
	if (d == NULL)
		return;
	d->people = people;
	d->principal = *principal_of(x);
	d->event = principal_event(x, AUDIT_DENIED, AUDIT_REFUSED);
	d->event.account_id = d->principal.account_id[0] != '\0' ? d->principal.account_id : NULL;
	d->event.actor = d->principal.kind == PRINCIPAL_LOCAL ? "local" : d->principal.user_id;
	d->event.target_id = route->operation;
	d->event.ip = keep(d->ip, sizeof d->ip, d->event.ip);
	d->event.user_agent = keep(d->user_agent, sizeof d->user_agent, d->event.user_agent);
	d->event.request_id = keep(d->request_id, sizeof d->request_id, d->event.request_id);
	d->event.person_key = principal_erasure_key(&d->principal);
	d->meta[0] = (struct audit_pair){AUDIT_META_route, route->path};
	d->meta[1] = (struct audit_pair){AUDIT_META_code, err_code(ERR_FORBIDDEN)};
	d->event.meta = d->meta;
	d->event.meta_count = 2;
	d->op = (struct store_op){.apply = apply_denial, .done = end_denial, .self = d};
	if (!store_submit(people->options.store, &d->op, &err)) {
		log_error("a refusal could not be recorded", log_str("why", err.message));
		free(d);
	}
}
