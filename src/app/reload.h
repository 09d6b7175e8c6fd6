/*
 * SIGHUP: what a serving server reads anew without stopping: the log's level and form, the limits of requests, the
 * origins of CORS, and the files of TLS [P-3.1].  All other keys wait for a restart.
 *
 * One after the other, each whole or not at all: a configuration that is not valid changes nothing, bad files of TLS
 * leave the old ones in use, and the log says which.  What was done is in the audit chain (config.reload).
 * Thread: the main one; requests go on meanwhile.
 */
#ifndef CS_APP_RELOAD_H
#define CS_APP_RELOAD_H

#include <stdbool.h>

struct app;
struct cli;
struct reloads;

/* True: all of it is in use now. */
bool app_reload(struct app *app, const struct cli *cli);

/* What requests may still have looked at: all that earlier reloads brought.  NULL is fine. */
void reloads_free(struct reloads *reloads);

#endif
