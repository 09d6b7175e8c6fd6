/*
 * The planner `llm` of decompositions [flow.md 8]: a model is asked for nodes and dependencies, or for a library of
 * methods and operators, and what it answers is held to the rules for what people bring: the same field tables, the
 * same problems of plans, the same search.  An answer with problems is given back to it with their names,
 * PLANNER_ANSWERS times in all.
 *
 * What was asked and what came is kept word for word: planner_llm_read() makes the same nodes of the same answer, so
 * that anybody can check the plan without asking again.  Private to src/flow.
 * Thread: any that may wait.  Memory is the arena's.
 */
#ifndef CS_FLOW_PLANNER_LLM_H
#define CS_FLOW_PLANNER_LLM_H

#include "flow/consult.h"
#include "flow/planner.h"

enum {
	PLANNER_ANSWERS = 3,
	PLANNER_WAIT_MS = 120000, /* for one answer */
	PLANNER_TOKENS = 4096,    /* of an answer, where nobody says more */
};

/* One question and what came of it, as it is kept. */
struct planner_asked {
	const char *node_id;                            /* that was to be taken apart; NULL: the goal */
	const char *model, *prompt, *answer, *problems; /* prompt, problems ([{pointer, code, message}]): JSON texts */
	int64_t attempt, cost_micros;
	bool cached;
};

struct planner_llm {
	/* library aside, which is not looked at; strategy and how many children it expects are told to the model */
	struct planner_request plan;
	const char *description, *strategy;
	int64_t expected;
	const struct consultant *consultant;
	const char *model;
	int64_t max_tokens;
	struct spender spender;
	bool (*given_up)(void *self); /* may be NULL */
	void *self;

	/* what came of it */
	struct planner_asked asked[PLANNER_ANSWERS];
	size_t asked_count;
	struct budget_refusal refusal;
	const char *answer_sha256; /* of the text that the plan was made of */
	const char *library;       /* JSON text, where the model gave one */
};

/*
 * Ask and read.  False with faults: none of the answers was sound (/goal no_plan, and the problems of the last one,
 * below /answer); without: as consult() says.
 */
bool planner_llm_run(struct arena *arena, struct planner_llm *llm, struct planner_result *result, struct faults *faults,
					 struct err *err);

/*
 * Read the text of an answer: what stands between its first { and its last }.  False with faults, below /answer;
 * without: ERR_LIMIT, ERR_UNAVAILABLE (no helper).  *library: as in struct planner_llm.
 */
bool planner_llm_read(struct arena *arena, const struct planner_request *request, const char *text,
					  struct planner_result *result, const char **library, struct faults *faults, struct err *err);

#endif
