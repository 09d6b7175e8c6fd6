/*
 * What tells one definition from another: the `definition_sha256` of a workflow and of a run [flow.md 2.8].
 *
 * Of text (YAML) the SHA-256 of its bytes.  Of JSON that of the same object with its members in the order of RFC 8785
 * and without white space, so that neither counts; integers keep their 64 bits.  It is a function of the text alone.
 * Not the key that texts are kept by: that is the hash of the bytes, whatever they are.
 * Threads: any.  Cost: linear; JSON is parsed.
 */
#ifndef CS_FLOW_CONTENT_HASH_H
#define CS_FLOW_CONTENT_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "crypt/digest.h"

struct json;

void content_hash(const char *text, size_t size, char sha256[SHA256_HEX_SIZE]);

/* The same of JSON that was parsed.  False: no memory. */
bool content_hash_tree(const struct json *json, char sha256[SHA256_HEX_SIZE]);

#endif
