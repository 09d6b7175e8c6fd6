/*
 * Sign as this server runs it: its options from the configuration and from what the server has open.
 */
#ifndef CS_APP_SIGN_SETUP_H
#define CS_APP_SIGN_SETUP_H

#include <stdbool.h>

struct app;
struct err;

/* Open app->sign.  ERR_IO: a file with a key cannot be read. */
bool sign_setup(struct app *app, struct err *err);

#endif
