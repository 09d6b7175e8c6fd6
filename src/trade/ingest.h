/*
 * A signal on its way in, once it is known who sent it [trade.md 2.2, steps 6 to 12]: its rate, its Idempotency-Key,
 * what it says, whether it was there before, what risk says of it, and the rows.  Which door it came by, and the proof
 * of who sent it, is the caller's: ingest_api.c (signatures), hook_api.c (a token in the path).
 * Private to src/trade.  Threads: on a worker, then in an op.
 */
#ifndef CS_TRADE_INGEST_H
#define CS_TRADE_INGEST_H

#include "core/field.h"
#include "core/id.h"
#include "crypt/digest.h"
#include "trade/deed.h"
#include "trade/judge.h"
#include "trade/producers.h"
#include "trade/signals.h"

struct ingest {
	struct deed deed; /* first */

	/* of the door */
	struct producer producer;
	int kind;                    /* enum producer_kind: how it was proved this time */
	bool old_secret;             /* by the one before the last rotation */
	char spent[SHA256_HEX_SIZE]; /* of the signature, which is good once; "": there was none */
	int64_t signed_us;           /* when, as it says itself; 0: it does not cover that */

	/* of ingest.c */
	struct signal signal;
	struct faults faults;
	struct signal_row row;
	struct judgement judgement;
	bool stored;     /* the op has kept the signal */
	uint64_t judged; /* the number of api->judged for which it holds; 0: it is not made yet */
	char signal_id[ID_TEXT], twin[ID_TEXT], content_sha256[SHA256_HEX_SIZE];
};

/* Steps 6 and 7; x->principal is the producer from here on.  False: answered. */
bool ingest_admit(struct ingest *in);

/* Steps 8 to 12 and the answer. */
void ingest_take(struct ingest *in);

#endif
