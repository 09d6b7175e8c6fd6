/*
 * Pure operations: one row each, and from the row its HTTP route, `countersign call NAME`, its OpenAPI entry, its
 * reference page, replay, and what a workflow calls by the same name.
 *
 * op_run is the one door: decode by the input table, decide, round, hash, write the envelope.  The same body gives the
 * same content_sha256 and inputs_sha256 on every machine.  Thread: any; nothing is shared but const tables and packs.
 */
#ifndef CS_SEAL_OP_H
#define CS_SEAL_OP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/json.h"
#include "seal/envelope.h"

struct arena;
struct buf;
struct calc;
struct expr_pool;
struct field_table;
struct packs;

/* Another address of an operation. */
struct op_alias {
	const char *method; /* "POST"; "GET": the query string's members are the body */
	const char *path;   /* as it is, and under /api/v1 */
	const char *preset; /* a JSON object laid over the body by op_preset; NULL: none */
};

struct op {
	const char *name;    /* "sign.wind" */
	const char *path;    /* "/api/v1/sign/wind" */
	const char *summary; /* at most 120 characters */
	const char *doc;
	const struct op_alias *aliases; /* ends with a NULL path; NULL for none */
	const struct field_table *input, *output;
	/*
	 * Name the faults that the table cannot know (members that contradict or need each other), so that all faults of a
	 * body come at once; may be NULL.  Called before run, also where decoding found faults: a member of the wrong kind
	 * is then absent, one outside its range stands as given.  A fault at a member that has one already is dropped.
	 */
	void (*check)(struct calc *calc, const void *input);
	/*
	 * Fill in defaults that hang on other members (a length that is the height unless given), so that trace.inputs and
	 * the hash of the inputs tell them; may be NULL.  Called between check and run, for a body without fault.  What it
	 * fills must decode again without a fault, and leave the answer as it was.
	 */
	void (*complete)(void *input, struct arena *arena);
	/*
	 * Decide.  `input` and `output` are structs of the tables; output starts as absences.  False: faults or err of the
	 * calculation say why.  True: output is the result, or the calculation abstained.
	 */
	bool (*run)(struct calc *calc, const void *input, void *output);
	/* May add to the result what follows from the hash of the inputs (a token by which to find it); may be NULL. */
	void (*finish)(void *output, struct arena *arena, const char *inputs_sha256);
	const char *example;              /* a body that answers 200 */
	const struct json_limits *limits; /* NULL: json_body_limits */
	size_t body_max;                  /* bytes; 0: OP_BODY_MAX */
	size_t memory_max;                /* bytes one run may take; 0: ARENA_REQUEST_CAP */
	bool unsealed;                    /* its body holds secrets: no answer is ever stored as a seal */
	bool quick;                       /* under 100 us for any body it may get: may run on an event loop */
};

enum { OP_BODY_MAX = 256 * 1024 };

/* What an operation reads, and what its answer says besides its content. */
struct op_context {
	const struct packs *packs;
	struct expr_pool *exprs; /* for operations that evaluate expressions; NULL: they answer ERR_UNAVAILABLE */
	struct envelope_context envelope;
	const struct json *pins; /* versions by pack name, for operations whose body cannot name them; NULL: in force */
};

/* One answer, sealed but not stored.  Texts are the arena's. */
struct op_answer {
	bool abstained;
	double confidence;
	const char *envelope; /* JSON text */
	size_t envelope_size;
	const char *inputs, *result, *packs; /* RFC 8785 text: what a seal stores; result is "null" when abstained */
	char content_sha256[65], inputs_sha256[65], seal_sha256[65];
	const char *attached_type; /* media type of the bytes that come with the answer (a picture), or NULL */
	const void *attached;
	size_t attached_size;
};

/*
 * Run one operation on a body.  False: `faults` (at least one: the answer is ERR_INVALID with these) or *err say why.
 * Cost: the operation's own, and about 15 us for decoding, two encodings and three digests of a few hundred bytes.
 */
bool op_run(const struct op *op, const struct op_context *context, const struct json *body, struct arena *arena,
			struct op_answer *answer, struct faults *faults, struct err *err);

/*
 * Name the faults of the member `packs` as op_run would: for handlers that tell all faults of a body before they do
 * anything that an operation's answer hangs on.  `packs` NULL: any name will do; `pins` NULL: there are none.
 */
void op_check_pins(const struct packs *packs, const struct json *pins, struct arena *arena, struct faults *faults);

/*
 * The body as this address means it: the preset of the alias whose path this is (as it is or under /api/v1, one slash
 * at the end aside) laid over it, object by object, the preset's members winning.  The body itself where there is none,
 * or where it is no object.  NULL when the arena is full.  So `sign.baseplate` by /signage/baseplate/design is the same
 * question, with the same hashes, as with plate.search true.
 */
const struct json *op_preset(const struct op *op, const char *path, const struct json *body, struct arena *arena);

/* The row of that name in `count` tables' rows, or NULL. */
const struct op *op_find(const struct op *const *ops, size_t count, const char *name);

#endif
