/*
 * Countersignatures for the tests of products: an outbox and a key for receipts beside the test's own store.  No part
 * of the server.
 */
#ifndef CS_SEAL_COUNTERSIGN_FIXTURE_H
#define CS_SEAL_COUNTERSIGN_FIXTURE_H

#include "seal/countersign.h"

struct store;

struct countersign_fixture {
	struct countersign_options options;
	struct key *key;
	struct outbox *outbox;
	struct countersign *countersign;
};

void countersign_fixture_open(struct countersign_fixture *f, struct store *store, const struct env *env,
							  struct id_maker *ids, const struct audit *audit);

/* Forget the products that listened: they are opened anew. */
void countersign_fixture_renew(struct countersign_fixture *f);

/* After store_close(). */
void countersign_fixture_close(struct countersign_fixture *f);

#endif
