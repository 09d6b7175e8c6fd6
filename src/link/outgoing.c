#include "link/outgoing.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "link/asking.h"
#include "link/curl.h"
#include "link/outgoing_pool.h"
#include "link/ready.h"

static bool perform(struct asking *asking, struct outgoing_pool *pool, struct err *err)
{
	CURL *curl = pool == NULL ? curl_easy_init() : outgoing_pool_take(pool, asking->trusted);
	if (curl == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a request");
	asking_set_up(asking, curl);
	CURLcode code = curl_easy_perform(curl);
	bool good = asking_end(asking, curl, code, err);
	if (pool == NULL)
		curl_easy_cleanup(curl);
	else
		outgoing_pool_give(pool, curl, asking->trusted, good);
	return good;
}

bool outgoing_ask(const struct outgoing *outgoing, const struct outgoing_request *request,
				  struct outgoing_answer *answer, struct err *err)
{
	if (outgoing->ask != NULL)
		return outgoing->ask(outgoing->ask_self, request, answer, err);
	struct outgoing_pool *pool = request->digest_user == NULL ? outgoing->pool : NULL;
	struct asking asking;
	if (!curl_ready(err))
		return false;
	bool good = asking_init(&asking, outgoing, request, answer, err) && perform(&asking, pool, err);
	asking_fini(&asking);
	return good;
}

void outgoing_answer_init(struct outgoing_answer *answer)
{
	*answer = (struct outgoing_answer){.status = 0};
	buf_init(&answer->headers, 256 << 10);
	buf_init(&answer->body, 0);
}

void outgoing_answer_fini(struct outgoing_answer *answer)
{
	buf_fini(&answer->headers);
	buf_fini(&answer->body);
}

struct outgoing_answer *outgoing_answer_take(struct outgoing_answer *answer)
{
	struct outgoing_answer *taken = malloc(sizeof *taken);
	must(taken != NULL);
	*taken = *answer;
	outgoing_answer_init(answer);
	return taken;
}

void outgoing_answer_free(struct outgoing_answer *answer)
{
	if (answer == NULL)
		return;
	outgoing_answer_fini(answer);
	free(answer);
}

bool outgoing_map(struct outgoing *outgoing, char *text, struct err *err)
{
	char *equals = strchr(text, '=');
	if (equals == NULL || equals == text || strrchr(equals, ':') == NULL || outgoing->maps_count == OUTGOING_MAPS_MAX)
		return err_set(err, ERR_INVALID, "“%s” is not of the form HOST=ADDRESS:PORT.", text);
	*equals = '\0';
	outgoing->maps[outgoing->maps_count++] = (struct outgoing_map){.host = text, .address = equals + 1};
	return true;
}
