/*
 * Mails to a server of mail: queued in the store, sent by a thread of its own, tried again, and dead when nobody takes
 * them [platform.md 13: never in a request's path].  Where no server of mail is configured, "sending" is to write a
 * file in DATA/mail.
 *
 * A mail is tried MAILER_TRIES times over some hours, so that a server that is down or tells strangers to come back
 * later (greylisting) loses none; what the server refuses for good is dead at once.  A crash between sending and noting
 * it sends twice, under one Message-ID.  Dead ones are kept MAILER_KEEP_DAYS, and are a row of the audit chain.
 *
 * Threads: mailer_put, mailer_go and mailer_send any; the rest at start and stop.
 */
#ifndef CS_APP_MAILER_H
#define CS_APP_MAILER_H

#include <stdbool.h>
#include <stdint.h>

#include "link/mail.h"

struct audit;
struct env;
struct err;
struct id_maker;
struct mail;
struct mailer;
struct store;

enum { MAILER_TRIES = 15, MAILER_KEEP_DAYS = 30 };

struct mailer_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	const unsigned char *master_key; /* 32 bytes: what is queued is sealed under it */
	struct mail_server server;       /* its texts live as long; url NULL: none, mails are files */
	const char *folder;              /* DATA, for those */
	/* How one is sent; NULL: mail_send() of link/.  For tests. */
	bool (*send)(const struct mail_server *server, const char *to, const char *message, size_t size, struct err *err);
};

struct mailer *mailer_new(const struct mailer_options *options);
void mailer_free(struct mailer *mailer); /* after store_close(); NULL is fine */

/* The thread that sends. */
void mailer_start(struct mailer *mailer);
void mailer_stop(struct mailer *mailer); /* waits for the mail under way; NULL or not started is fine */

/*
 * Queue one in an op: it goes out if the op commits, and only then [P-10.1].  `mail_id` is the caller's (ID_TEXT),
 * account_id says who manages its dead letter.  After the commit call mailer_go().
 */
struct db;
bool mailer_put(struct mailer *mailer, struct db *db, const char *mail_id, const char *account_id,
				const struct mail *mail, struct err *err);

/*
 * It is committed.  With a server: the thread is woken.  Without: the file is there when this returns, and what is
 * queued is taken away in an op of its own; whoever crashes in between leaves it to the thread, which writes the same
 * file.  Does not wait for the store.  Thread: any.
 */
void mailer_go(struct mailer *mailer, const char *mail_id, const struct mail *mail);

/* Something is due now. */
void mailer_wake(struct mailer *mailer);

/* Those that nobody took, as a part of the dead letters (mail_letters.c, which asks for the options). */
struct dead_letters;
void mailer_dead_letters(struct mailer *mailer, struct dead_letters *letters);
const struct mailer_options *mailer_options_of(const struct mailer *mailer);

/* Is a server of mail configured? */
bool mailer_has_server(const struct mailer *mailer);

/* Send one now, for who tries again by itself.  Failures of mail_send(); ERR_UNAVAILABLE while the breaker is open. */
bool mailer_send(struct mailer *mailer, const struct mail *mail, struct err *err);

/* Send what is due now, in this thread; returns how many were tried.  The thread's work, for tests. */
int mailer_work(struct mailer *mailer);

struct mailer_figures {
	int64_t queued, dead;
	bool open;                 /* the breaker: the server is left alone for a while */
	uint64_t opened, given_up; /* times since the start */
};
bool mailer_figures(struct mailer *mailer, struct mailer_figures *figures, struct err *err);

/*
 * Is the server of mail there [P-11.1]?  Asked by NOOP every MAILER_PING_S seconds, not at the first call; in between,
 * what was found.  One thread.  False: the breaker is open, or the last answer was none.
 */
enum { MAILER_PING_S = 30 };
bool mailer_alive(struct mailer *mailer, struct err *err);

/* Microseconds before the next try after `tries` >= 1 of them: min(1 s · 2^(tries-1), 1 h), half of it by `chance` of
 * 0 to 65535 [P-10.3]. */
int64_t mailer_delay_us(int64_t tries, uint16_t chance);

#endif
