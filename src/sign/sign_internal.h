/* What the HTTP files of src/sign share; nobody else includes it. */
#ifndef CS_SIGN_INTERNAL_H
#define CS_SIGN_INTERNAL_H

#include <pthread.h>

#include "http/router.h"
#include "sign/sign_api.h"

struct fonts;

struct sign_api {
	struct sign_api_options options;
	pthread_mutex_t lock; /* one document is drawn at a time: fonts are one thread's */
	struct fonts *fonts;
};

extern const struct route project_routes[], project_change_routes[], project_event_routes[], payload_routes[],
	estimate_routes[];
extern const size_t project_routes_count, project_change_routes_count, project_event_routes_count, payload_routes_count,
	estimate_routes_count;

#endif
