/*
 * System health: checks with states and thresholds [platform.md 11].  A check's answer is kept for a second, so that a
 * busy monitor costs nothing.  Thread: any.
 */
#ifndef CS_APP_HEALTH_H
#define CS_APP_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

struct app;
struct health;
struct exchange;

enum health_state { HEALTH_OK, HEALTH_DEGRADED, HEALTH_BAD };
extern const char *const health_state_names[]; /* healthy, degraded, unhealthy */

struct health *health_open(struct app *app);
void health_close(struct health *health);

/* Handlers of /health and /ready; their owner is the app. */
void health_handle_system(struct exchange *x);
void health_handle_live(struct exchange *x);
void health_handle_ready(struct exchange *x);

#endif
