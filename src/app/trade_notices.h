/*
 * How trade's notifications leave this server: mails by the app's own way, POSTs by the guarded client of link/ (no
 * private address; in development this machine is allowed), each host behind a breaker of its own [P-10.4].  Thread:
 * trade's own, which may wait.
 */
#ifndef CS_APP_TRADE_NOTICES_H
#define CS_APP_TRADE_NOTICES_H

#include "trade/trade_api.h"

struct app;

/* What trade_api_serve() is given; what it names lives as long as the app. */
struct trade_serving trade_serving_of(struct app *app);

#endif
