/*
 * What tests of whoever asks a model share: the routes of agents, and a model without a network.  No part of the
 * server.
 */
#ifndef CS_FLOW_MODEL_FIXTURE_H
#define CS_FLOW_MODEL_FIXTURE_H

#include "flow/agents_fixture.h"
#include "link/outgoing.h"

/* A model without a network: answers[k] to the k-th question, then the last one for ever. */
struct model {
	struct agents_fixture *f; /* first */
	struct outgoing outgoing;
	struct llm *llm;
	const char *answers[4];
	int statuses[4]; /* 0: 200 */
	int asked;
	char body[32768]; /* the last question */
	double reserved;  /* of the account's budget while it was asked */
	const char *budget_id;
};

/* cmocka's setup and teardown of one test.  The model is gpt-5-mini where nobody names another. */
int model_new(void **state);
int model_free(void **state);

#endif
