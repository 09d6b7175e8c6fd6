/*
 * HTTP requests that nobody waits for: one thread has all of them under way, and says what came of each.
 *
 * They go as outgoing_ask() sends them: the same addresses are refused, the same time-outs hold, nothing is sent twice,
 * and connections are used again under the same rules (outgoing_pool.h).  Digest authentication is left to that one,
 * and so is a network that somebody plays (`ask`).
 *
 * Thread: any.  Limits: who asks bounds how many are under way.
 */
#ifndef CS_LINK_OUTGOING_CALLER_H
#define CS_LINK_OUTGOING_CALLER_H

#include <stdbool.h>

struct err;
struct outgoing;
struct outgoing_answer;
struct outgoing_caller;
struct outgoing_request;

/* `outgoing` must outlive it.  False: ERR_IO.  Its thread loads libcurl when somebody asks. */
bool outgoing_caller_open(const struct outgoing *outgoing, struct outgoing_caller **caller, struct err *err);

/* Nobody asks any more, and all that is under way is given up by who asked: told() of each is called before this
 * returns.  NULL is fine. */
void outgoing_caller_close(struct outgoing_caller *caller);

/*
 * Ask.  `request` is copied; what it points at must live until told(self, asked, answer, err) is called, once, on the
 * caller's thread: as outgoing_ask() returns, with its answer, which may be taken and else is gone afterwards; err is
 * set when not asked.  All others wait meanwhile: it looks into no answer.  `given_up` is asked a few times a second.
 */
void outgoing_caller_ask(struct outgoing_caller *caller, const struct outgoing_request *request,
						 void (*told)(void *self, bool asked, struct outgoing_answer *answer, const struct err *err),
						 void *self);

#endif
