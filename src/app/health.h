/*
 * System health: what is watched, with states and thresholds [platform.md 11].  /health and /ready are put together
 * from the last looks (app/watch.h) and never wait; the text of /health is written once for all who ask until the next
 * look.  Thread: any.
 */
#ifndef CS_APP_HEALTH_H
#define CS_APP_HEALTH_H

#include <stddef.h>

#include "app/watch.h"

struct app;
struct exchange;
struct health;

/* The parts of this app that are watched: what is not configured is not among them.  `self` of their looks is the app.
 */
size_t health_parts(const struct app *app, struct watch_row rows[WATCHES_MAX]);

/* Start watching, after all parts are there.  Close before the first of them. */
struct health *health_open(struct app *app);
void health_close(struct health *health);

/* Handlers of /health, /live and /ready; their owner is the app.  Fit for a loop. */
void health_handle_system(struct exchange *x);
void health_handle_live(struct exchange *x);
void health_handle_ready(struct exchange *x);

/* What they answer, for the document. */
extern const struct field_table health_system_table, health_live_table, health_ready_table;

#endif
