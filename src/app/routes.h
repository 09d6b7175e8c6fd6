/*
 * Every route of the server brought together, and the hooks each exchange passes.
 */
#ifndef CS_APP_ROUTES_H
#define CS_APP_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

struct app;
struct err;
struct exchange;
struct route;

/* Register all tables with app->router, and the app's own metrics. */
void routes_add(struct app *app);

/* Hooks of the front; `self` is the app. */
bool routes_authorise(void *self, struct exchange *x, const struct route *route, struct err *err);
void routes_astray(void *self, struct exchange *x);
bool routes_admit(void *self, struct exchange *x, const struct route *route, struct err *err);

/* One access line per exchange [P-11.3]. */
void routes_log(const struct exchange *x, int status, int64_t duration_us);

/* The tables of the app itself, registered by routes_add with the app as their owner. */
void ops_api_add(struct app *app);
void system_api_add(struct app *app);
void app_metrics_add(struct app *app);
void seals_api_add(struct app *app);
void packs_api_add(struct app *app);
void audit_api_add(struct app *app);
void audit_rows_api_add(struct app *app);
void countersign_api_add(struct app *app);
void countersignatures_api_add(struct app *app);
void policies_api_add(struct app *app);
void receipts_api_add(struct app *app);
void files_api_add(struct app *app);
void project_files_api_add(struct app *app);
void events_api_add(struct app *app);

/* Does the exchange show a ticket in place of credentials, on the one route that takes it?  Then who is it? */
bool events_by_ticket(const struct exchange *x, const struct route *route);
bool events_authorise(struct app *app, struct exchange *x, const struct route *route, struct err *err);
void backup_api_add(struct app *app);
void server_keys_api_add(struct app *app);
void clock_api_add(struct app *app);
void audit_archive_api_add(struct app *app);
void docs_api_add(struct app *app);

#endif
