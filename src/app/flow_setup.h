/* The workflow engine in the server: opened when it begins to serve. */
#ifndef CS_APP_FLOW_SETUP_H
#define CS_APP_FLOW_SETUP_H

#include <stdbool.h>

struct app;
struct err;

bool flow_setup(struct app *app, struct err *err);
void flow_end(struct app *app); /* before the store closes; what was not opened is fine */

#endif
