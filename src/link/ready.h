/* Whether what asks others is there. */
#ifndef CS_LINK_READY_H
#define CS_LINK_READY_H

#include <stdbool.h>

struct err;

/* Load libcurl (link/curl.h).  ERR_UNAVAILABLE: it is not on this machine, or not one that will do. */
bool curl_ready(struct err *err);

#endif
