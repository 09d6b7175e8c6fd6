/*
 * The parts of the OpenAPI document that are the same for all routes: envelope, problem, security schemes, headers.
 * Internal to http/openapi.c.  Thread: any.
 */
#ifndef CS_HTTP_OPENAPI_PARTS_H
#define CS_HTTP_OPENAPI_PARTS_H

struct jw;

/* Write the member `components` of the document. */
void openapi_components(struct jw *jw);

/* References to the headers, beside X-Signature, of routes that are signed by this scheme; NULL-terminated. */
const char *const *openapi_signed_headers(const char *scheme);

/* Write an envelope that holds `result` (JSON text), as an example that fits its schema. */
void openapi_envelope_example(struct jw *jw, const char *result, const char *route);

#endif
