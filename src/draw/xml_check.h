/*
 * Is a text a well-formed XML document?  For tests: elements, attributes, text and the five entities; no DTD.
 */
#ifndef CS_DRAW_XML_CHECK_H
#define CS_DRAW_XML_CHECK_H

#include <stdbool.h>

/* False with the byte at fault in *at. */
bool xml_check(const char *text, long *at);

#endif
