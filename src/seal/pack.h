/*
 * Packs: versioned files of constants, each named by the SHA-256 of its bytes.
 *
 * A pack is a YAML mapping {name, version, effective_from, source, …}.  The shipped ones are part of the binary; an
 * installation adds more from a folder.  A pack whose name has a *kind* is decoded into its C form once, and its
 * self-check runs, before anyone can use it; a damaged one stops the start and names itself.
 * The set is built at start and const afterwards: any thread may read it.
 */
#ifndef CS_SEAL_PACK_H
#define CS_SEAL_PACK_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct json;

enum { PACK_SHA_MAX = 65 };

struct pack {
	const char *name;           /* "wind_figure" */
	const char *version;        /* "v1" */
	const char *effective_from; /* "2024-01-01", or NULL */
	const char *source;         /* where the figures are from */
	char sha256[PACK_SHA_MAX];  /* lower-case hex of the bytes */
	const char *bytes;
	size_t size;
	const struct json *tree;
	const void *data; /* the C form of its kind, NULL when no kind has its name */
};

/* How packs of one name become C values.  decode also checks: false stops the load with the fault in err. */
struct pack_kind {
	const char *name;
	bool (*decode)(const struct json *tree, struct arena *arena, const void **data, struct err *err);
};

struct packs;

/* An empty set that decodes by `kinds` (kept by reference). */
struct packs *packs_new(const struct pack_kind *const *kinds, size_t count);
void packs_free(struct packs *packs);

/*
 * Add one file.  `bytes` must outlive the set unless `copy`.  ERR_INVALID: not YAML, a member missing, or its
 * self-check failed; ERR_CONFLICT: the name and version exist with other bytes (equal bytes are no error).
 */
bool packs_add(struct packs *packs, const char *bytes, size_t size, bool copy, struct err *err);

/* Add every *.yaml of a folder, in the order of their names.  A folder that is not there is empty. */
bool packs_add_folder(struct packs *packs, const char *path, struct err *err);

/* The packs in order of name, then version; NULL past the end. */
const struct pack *packs_at(const struct packs *packs, size_t index);

/*
 * One pack: by name and version, or with version NULL the newest one (on_date "YYYY-MM-DD" given: the newest in force
 * that day).  NULL when there is none.
 */
const struct pack *packs_find(const struct packs *packs, const char *name, const char *version, const char *on_date);

/* "v1, v2": the versions of a name, for messages. */
const char *packs_versions(const struct packs *packs, const char *name, struct arena *arena);

/* YAML (1.2 core schema; anchors, aliases, tags, duplicate keys refused) as a JSON tree.  For packs and configuration.
 */
bool yaml_parse(struct arena *arena, const char *bytes, size_t size, const struct json **json, struct err *err);

/* What a text is refused for, and where; lines and columns count from 1, 0 where the text as a whole is meant. */
struct yaml_fault {
	const char *code; /* yaml_syntax, yaml_alias (anchors too), yaml_tag, duplicate_key or limit [flow.md 2.2] */
	size_t line, column;
	const char *message; /* static */
};

enum { YAML_DEPTH_MAX = 64 }; /* levels of nesting */

/* The same, for texts whose authors are told the code and the place.  False sets *fault. */
bool yaml_read(struct arena *arena, const char *bytes, size_t size, const struct json **json, struct yaml_fault *fault);

/*
 * Where things stand in a text that was read: places[i].line becomes the line, from 1, of what places[i].pointer (a
 * JSON Pointer) names, or of the nearest thing around it where that is not there; 0: not known.  Linear in the text.
 */
struct yaml_place {
	const char *pointer;
	size_t line;
};
void yaml_lines(const char *bytes, size_t size, struct yaml_place *places, size_t count);

#endif
