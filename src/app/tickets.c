#include "app/tickets.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "crypt/digest.h"

#define LIFE_US (TICKET_S * INT64_C(1000000))

struct ticket {
	unsigned char digest[SHA256_SIZE];
	int64_t until_us; /* monotonic; 0: the place is free */
	struct principal principal;
};

struct tickets {
	const struct env *env;
	pthread_mutex_t lock;
	struct ticket places[TICKETS_MAX];
};

struct tickets *tickets_new(const struct env *env)
{
	struct tickets *tickets = calloc(1, sizeof *tickets);
	must(tickets != NULL && pthread_mutex_init(&tickets->lock, NULL) == 0);
	tickets->env = env;
	return tickets;
}

void tickets_free(struct tickets *tickets)
{
	if (tickets == NULL)
		return;
	pthread_mutex_destroy(&tickets->lock);
	wipe(tickets, sizeof *tickets);
	free(tickets);
}

/* With the lock: one that nobody has, or the user's own oldest when that user has enough. */
static struct ticket *find_place(struct tickets *tickets, const char *user_id, int64_t now_us)
{
	struct ticket *free = NULL, *oldest = NULL;
	size_t own = 0;
	for (size_t i = 0; i < TICKETS_MAX; i++) {
		struct ticket *ticket = &tickets->places[i];
		if (ticket->until_us <= now_us) {
			free = ticket;
		} else if (strcmp(ticket->principal.user_id, user_id) == 0) {
			own++;
			oldest = oldest == NULL || ticket->until_us < oldest->until_us ? ticket : oldest;
		}
	}
	return own < TICKETS_OF_ONE ? free : oldest;
}

bool ticket_make(struct tickets *tickets, const struct principal *principal, char text[SECRET_TEXT], struct err *err)
{
	int64_t now_us = env_mono_us(tickets->env);
	size_t size = secret_make(tickets->env, "cst_", text);
	pthread_mutex_lock(&tickets->lock);
	struct ticket *ticket = find_place(tickets, principal->user_id, now_us);
	if (ticket != NULL) {
		*ticket = (struct ticket){.until_us = now_us + LIFE_US, .principal = *principal};
		sha256(text, size, ticket->digest);
	}
	pthread_mutex_unlock(&tickets->lock);
	return ticket != NULL || err_set(err, ERR_OVERLOADED, "Too many tickets wait to be used.");
}

bool ticket_use(struct tickets *tickets, const char *text, struct principal *principal, struct err *err)
{
	unsigned char digest[SHA256_SIZE];
	int64_t now_us = env_mono_us(tickets->env);
	bool found = false;
	sha256(text, strlen(text), digest);
	pthread_mutex_lock(&tickets->lock);
	for (size_t i = 0; i < TICKETS_MAX && !found; i++) {
		struct ticket *ticket = &tickets->places[i];
		found = ticket->until_us > now_us && same_bytes(ticket->digest, digest, SHA256_SIZE);
		if (!found)
			continue;
		*principal = ticket->principal;
		wipe(ticket, sizeof *ticket);
	}
	pthread_mutex_unlock(&tickets->lock);
	return found || err_set(err, ERR_TOKEN_INVALID, "The ticket is unknown, used or too old.");
}
