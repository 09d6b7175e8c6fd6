/*
 * What the tests of compiled definitions share: one arena and one list of problems for each test, and words to compile
 * a definition of which only the part behind `document` is told.  No part of the server.
 */
#ifndef CS_FLOW_DOMAIN_IR_FIXTURE_H
#define CS_FLOW_DOMAIN_IR_FIXTURE_H

#include "core/arena.h"
#include "flow/domain/ir.h"

#define IR_DOCUMENT "document: {dsl: 1.0.3, namespace: test, name: t, version: 1.0.0}\n"

extern struct arena ir_arena;
extern struct ir_problems ir_found; /* of the last one compiled */
extern struct ir_policy ir_rules;   /* shell is allowed; a test may change it */

/* cmocka's setup and teardown of one test. */
int ir_set_up(void **state);
int ir_tear_down(void **state);

/* Compile a whole text; NULL: there are problems, ir_all_problems() has them as "pointer code; pointer code". */
const struct ir *ir_text(const char *text);
const char *ir_all_problems(void);

/* Compile IR_DOCUMENT and `rest`, which must be sound, or have just these problems. */
const struct ir *ir_sound(const char *rest);
void ir_refused(const char *rest, const char *expected);

/* Task `i` of the workflow's own list. */
const struct ir_task *ir_nth_task(const struct ir *ir, uint32_t i);

#endif
