/*
 * The virus scanner clamd, asked over its own socket: INSTREAM of clamd(8).
 *
 * Bytes go in pieces as a reader gives them; one verdict comes back.  A failure says whether asking again may help.
 * Thread: any, one call each; waits for at most the time given.
 */
#ifndef CS_LINK_CLAMD_H
#define CS_LINK_CLAMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum { CLAMD_DETAIL = 160 /* bytes kept of what it said */ };

enum clamd_verdict {
	CLAMD_CLEAN,
	CLAMD_INFECTED, /* detail: the name of what was found */
	CLAMD_REFUSED,  /* it looked not, and would not next time: detail says why */
};

struct clamd_answer {
	enum clamd_verdict verdict;
	char detail[CLAMD_DETAIL];
};

/* unix:PATH or tcp:HOST:PORT (a host in brackets may hold colons). */
bool clamd_address_valid(const char *address);

/* Where the bytes come from: up to `size` of them from `offset` on; *got 0 at their end. */
struct clamd_source {
	bool (*read)(void *self, int64_t offset, void *bytes, size_t size, size_t *got, struct err *err);
	void *self;
	const _Atomic bool *give_up; /* set by another thread: ERR_DRAINING soon; NULL: never */
};

/*
 * Scan.  False: ERR_UNAVAILABLE (nobody answers, or what it says cannot be read), ERR_DEADLINE past timeout_ms in all,
 * or the source's own failure.
 */
bool clamd_scan(const char *address, const struct clamd_source *source, int timeout_ms, struct clamd_answer *answer,
				struct err *err);

/* What clamd said, without its end: "stream: OK".  False: not what clamd says.  For clamd_scan and its tests. */
bool clamd_understand(const char *said, size_t size, struct clamd_answer *answer);

#endif
