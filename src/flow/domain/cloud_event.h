/*
 * CloudEvents 1.0 as they come by HTTP: one in the body (structured), many (batch), or one whose attributes are headers
 * (binary) [flow.md 3.4].  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_CLOUD_EVENT_H
#define CS_FLOW_DOMAIN_CLOUD_EVENT_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct faults;
struct json;

/*
 * Is it an event: specversion 1.0, id, source and type; time as RFC 3339; data or data_base64?  What is wrong goes to
 * `faults` with `pointer` before each member's name.
 * REF: CloudEvents 1.0.2, sections 3 and 4
 */
void cloud_event_check(const struct json *event, const char *pointer, struct arena *arena, struct faults *faults);

/*
 * An event whose attributes came as headers and whose data are the body, as the text of a structured one.  JSON becomes
 * JSON, text and XML text, anything else base64.  Feed the attributes first.
 * REF: CloudEvents 1.0.2 HTTP binding, section 3.1
 */
struct cloud_event_parts {
	struct {
		const char *name, *value; /* lower case, without ce-; as in the header, percent-encoded */
	} attributes[64];
	size_t count;
	const char *content_type; /* or NULL */
	const char *body;         /* NUL-terminated */
	size_t body_size;
};
/* False: the body is said to be JSON and is none. */
bool cloud_event_join(const struct cloud_event_parts *parts, struct buf *text);

#endif
