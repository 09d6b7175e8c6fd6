/* Rows of requests and countersignatures; private to countersign.c and countersign_rows.c. */
#ifndef CS_SEAL_COUNTERSIGN_ROWS_H
#define CS_SEAL_COUNTERSIGN_ROWS_H

#include "seal/countersign.h"

bool countersign_row_insert(struct db *db, const struct countersign_request *request, struct err *err);

/* Only from the status that was read: two movers of one row are a bug, which ERR_CONFLICT tells. */
bool countersign_row_move(struct db *db, const struct countersign_request *request, enum countersign_status to,
						  struct err *err);

bool countersign_row_decided(struct db *db, const char *request_id, const char *user_id, bool *decided,
							 struct err *err);
bool countersign_row_sign(struct db *db, const struct countersignature *row, struct err *err);
bool countersign_row_revoke(struct db *db, const struct countersignature *row, struct err *err);
bool countersign_row_by_effect(struct db *db, const char *effect_key, struct arena *arena,
							   struct countersign_request *request, bool *found, struct err *err);

#endif
