#include "http/peers.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/must.h"

struct peer_row {
	struct peer_key key;
	size_t count;
	struct peer_row *next;
};

void peers_init(struct peers *peers)
{
	*peers = (struct peers){0};
	must(pthread_mutex_init(&peers->lock, NULL) == 0);
}

void peers_fini(struct peers *peers)
{
	for (size_t i = 0; i < PEERS_BUCKETS; i++)
		for (struct peer_row *row = peers->buckets[i], *next; row != NULL; row = next) {
			next = row->next;
			free(row);
		}
	must(pthread_mutex_destroy(&peers->lock) == 0);
}

struct peer_key peers_key(const struct sockaddr *address)
{
	struct peer_key key = {0, 0};
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof in);
		key.low = 1ull << 32 | in.sin_addr.s_addr;
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, address, sizeof in);
		memcpy(&key.high, in.sin6_addr.s6_addr, sizeof key.high);
		key.low = 1ull << 33;
	}
	return key;
}

bool peers_same(struct peer_key a, struct peer_key b)
{
	return a.high == b.high && a.low == b.low;
}

static struct peer_row **place_of(struct peers *peers, struct peer_key key)
{
	uint64_t hash = (key.high ^ key.low * 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
	struct peer_row **at = &peers->buckets[(hash >> 32) % PEERS_BUCKETS];
	while (*at != NULL && !peers_same((*at)->key, key))
		at = &(*at)->next;
	return at;
}

size_t peers_add(struct peers *peers, struct peer_key key)
{
	pthread_mutex_lock(&peers->lock);
	struct peer_row **at = place_of(peers, key);
	if (*at == NULL) {
		*at = calloc(1, sizeof **at);
		must(*at != NULL);
		(*at)->key = key;
	}
	size_t count = ++(*at)->count;
	pthread_mutex_unlock(&peers->lock);
	return count;
}

size_t peers_drop(struct peers *peers, struct peer_key key)
{
	pthread_mutex_lock(&peers->lock);
	struct peer_row **at = place_of(peers, key), *row = *at;
	must(row != NULL && row->count > 0);
	size_t count = --row->count;
	if (count == 0) {
		*at = row->next;
		free(row);
	}
	pthread_mutex_unlock(&peers->lock);
	return count;
}
