/*
 * Telling webhooks of runs: lifecycle events and events that runs emit, from the outbox [flow.md 3.4; P-10.6].
 *
 * Each sink is told in the order of the outbox, one event at a time, at least once: where it stands is written after it
 * said 2xx.  A failure is tried again after 5 s to 12 h, ten times within a day, and nothing overtakes it; then, and at
 * once after 410, the sink is disabled.  Enabled again it goes on where it stood, as far as the outbox goes back.
 * Requests pass the guard of link/outgoing.h; redirects are failures.
 *
 * One thread tells all sinks, one after the other; an answer may take 10 s.  While there are none it does nothing.
 */
#ifndef CS_FLOW_SINKS_H
#define CS_FLOW_SINKS_H

#include <stddef.h>

#include "flow/domain/webhook.h"
#include "flow/sinks_repo.h"

struct env;
struct outbox;
struct outgoing;
struct sinks;
struct store;

#define SINK_EVENTS "events" /* the topic of what runs emit; its data are the CloudEvent itself */
enum { SINKS_MAX = 20 /* of an account */ };
#define SINK_FORMER_US (INT64_C(24) * 3600 * 1000000) /* how long a secret counts beside its successor */

struct sinks_options {
	struct store *store;
	const struct env *env;
	struct outbox *outbox;
	const struct outgoing *outgoing;
	const unsigned char *master_key; /* 32 bytes, not kept */
};

/* NULL is never returned.  The outbox is hooked for good: sinks_close() after the store is closed. */
struct sinks *sinks_open(const struct sinks_options *options);
void sinks_stop(struct sinks *sinks);  /* NULL is fine; nothing is sent from now on */
void sinks_close(struct sinks *sinks); /* NULL is fine; stopped */

/* Some were made, ended or changed: after the commit. */
void sinks_changed(struct sinks *sinks);

/* A new secret, sealed in the arena, and as its receiver is given it.  False: the arena is full. */
bool sinks_make_secret(const struct sinks *sinks, const char *sink_id, struct arena *arena, struct sink_secret *secret,
					   char text[WEBHOOK_SECRET]);

#endif
