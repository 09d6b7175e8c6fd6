/*
 * What every operation of sign accepts [sign.md 2]: the edition of the load standard, pinned packs, preview, and the
 * level at which strengths are compared.
 */
#ifndef CS_SIGN_DOMAIN_COMMON_H
#define CS_SIGN_DOMAIN_COMMON_H

#include <stdbool.h>

#include "core/field.h"

struct arena;
struct err;
struct json;

enum sign_code { SIGN_ASCE7_10, SIGN_ASCE7_16, SIGN_ASCE7_22 };
enum sign_level { SIGN_ASD, SIGN_LRFD };

extern const char *const sign_code_names[];  /* "ASCE7-10", … */
extern const char *const sign_level_names[]; /* "asd", "lrfd" */

struct sign_common {
	int code;                 /* enum sign_code */
	const struct json *packs; /* {name: version}, or NULL; calc_pack obeys it */
	bool preview;
	int level; /* enum sign_level */
};

/*
 * Decode a pack's tree into its C form by a field table; members that are no fields are faults, as in a body.  False
 * with the first fault in err.
 */
bool sign_pack_decode(const struct field_table *table, const struct json *tree, void *into, struct arena *arena,
					  struct err *err);

/* The rows of a request struct `s` that has a member `struct sign_common common`. */
#define SIGN_COMMON_FIELDS(s, level_) \
	F_ENUM(s, common.code, sign_code_names, NAMED("code"), DEFAULT(SIGN_ASCE7_16), \
		   DOC("Edition of the load standard")), \
		F_JSON(s, common.packs, NAMED("packs"), DOC("Pack versions to use, by name: {\"exposure\": \"v1\"}")), \
		F_BOOL(s, common.preview, NAMED("preview"), DEFAULT(0), \
			   DOC("Let an unpublished or out-of-date pack pass with a warning")), \
		F_ENUM(s, common.level, sign_level_names, NAMED("level"), DEFAULT(level_), \
			   DOC("Level at which strengths are compared"))

#endif
