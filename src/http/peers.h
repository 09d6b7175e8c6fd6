/*
 * How many connections each address has open.  IPv6 counts by /64, as that is what one subscriber has.
 * Thread: any.  Cost: a lock and a look, once when a connection opens and once when it ends.
 */
#ifndef CS_HTTP_PEERS_H
#define CS_HTTP_PEERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { PEERS_BUCKETS = 1024 };

/* An address as a key; all zero for Unix sockets, which are not counted. */
struct peer_key {
	uint64_t high, low;
};

struct peer_row;

struct peers {
	pthread_mutex_t lock;
	struct peer_row *buckets[PEERS_BUCKETS];
};

void peers_init(struct peers *peers);
void peers_fini(struct peers *peers);

struct peer_key peers_key(const struct sockaddr *address);
bool peers_same(struct peer_key a, struct peer_key b);

/* One more, or one fewer (there must be one). Returns how many there are now. */
size_t peers_add(struct peers *peers, struct peer_key key);
size_t peers_drop(struct peers *peers, struct peer_key key);

#endif
