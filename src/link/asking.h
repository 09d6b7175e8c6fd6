/*
 * One HTTP request as libcurl has it: where it goes, its options, what came of it.  Private to src/link: outgoing.c
 * waits for an answer, outgoing_caller.c does not.  Thread: one at a time.
 */
#ifndef CS_LINK_ASKING_H
#define CS_LINK_ASKING_H

#include "link/curl.h"
#include "link/outgoing.h"

struct asking {
	const struct outgoing_request *request;
	struct outgoing_answer *answer; /* initialised; both outlive it */
	bool trusted;                   /* mapped or allowed: any address will do */
	char *url;                      /* as it is connected to */
	char *host;                     /* "Host: …" when the address is another */
	struct curl_slist *headers;
	int sendings;
};

/* Where it goes.  False: ERR_INVALID; asking_fini() all the same. */
bool asking_init(struct asking *asking, const struct outgoing *outgoing, const struct outgoing_request *request,
				 struct outgoing_answer *answer, struct err *err);
void asking_fini(struct asking *asking);

/* Every option of the request; the handle had none but those of its connections. */
void asking_set_up(struct asking *asking, CURL *curl);

/* The handle is done with it: fill the answer; what outgoing_ask() says. */
bool asking_end(struct asking *asking, CURL *curl, CURLcode code, struct err *err);

#endif
