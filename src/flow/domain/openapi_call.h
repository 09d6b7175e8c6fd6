/*
 * `call: openapi` as values: from an operation of a document and the given parameters to the arguments of `call: http`
 * [flow.md 2.1].  OpenAPI 3.x and Swagger 2.0.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_OPENAPI_CALL_H
#define CS_FLOW_DOMAIN_OPENAPI_CALL_H

#include <stdbool.h>

struct datum;
struct json;
struct trouble;

/* The address of the document that `with` names; NULL sets *trouble. */
const char *openapi_call_document(const struct json *with, struct trouble *trouble);

/*
 * {method, endpoint, query, headers, body?, output, redirect}, as http_call_request() takes it.  `document_uri` is
 * where relative servers begin.  NULL sets *trouble: no such operation (configuration), a required parameter that is
 * missing (validation).
 */
struct datum *openapi_call_with(const struct json *with, const struct json *document, const char *document_uri,
								struct trouble *trouble);

#endif
