/* What the HTTP files of src/sign share; nobody else includes it. */
#ifndef CS_SIGN_INTERNAL_H
#define CS_SIGN_INTERNAL_H

#include <pthread.h>

#include "http/router.h"
#include "link/circuit.h"
#include "sign/sign_api.h"

struct fonts;

enum { WORK_KINDS = 4 };

struct sign_api {
	struct sign_api_options options;
	pthread_mutex_t lock; /* one document is drawn at a time: fonts are one thread's */
	struct fonts *fonts;
	struct circuit geocoder, hazard, pm, search;
	/* of search.c and search_fill.c */
	_Atomic int search_state;    /* enum search_state */
	char search_after[64];       /* the last project that a filling has put */
	pthread_mutex_t search_lock; /* of who looks for the index, and fills it */
	pthread_cond_t search_stops;
	pthread_t filler;
	bool filling, fill_over;
	_Atomic bool pm_probed; /* after an outage it is asked by one at a time */
	/* of work.c */
	struct flow_api *flow;
	_Atomic uint64_t failed[WORK_KINDS];
};

/* After a commit that started tasks: they begin now. */
void sign_begin(const struct sign_api *api);

/* The usual way to the PM system: by POST to options->pm_url; `self` is the options. */
bool sign_pm(void *self, const char *project_id, const char *body, struct buf *answer, struct err *err);

/* The usual fetch: over the network. */
bool sign_fetch(void *self, const char *url, struct buf *body, struct err *err);

extern const struct route project_routes[], project_change_routes[], project_event_routes[], payload_routes[],
	estimate_routes[], site_routes[], report_routes[], submission_routes[], stamp_routes[];
extern const struct route quote_routes[1], quote_public_routes[1], batch_routes[1];
extern const size_t project_routes_count, project_change_routes_count, project_event_routes_count, payload_routes_count,
	estimate_routes_count, site_routes_count, report_routes_count, submission_routes_count, stamp_routes_count;

#endif
