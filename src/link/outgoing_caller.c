#include "link/outgoing_caller.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/env.h"
#include "core/err.h"
#include "core/list.h"
#include "core/must.h"
#include "link/asking.h"
#include "link/curl.h"
#include "link/ready.h"

enum {
	HANDLES_MAX = 64,      /* that nobody uses */
	CONNECTIONS_MAX = 256, /* of each kind */
	IDLE_S = 1,            /* older ones are not used again: see outgoing_pool.h */
	REST_US = 2000000,     /* with nothing under way until all connections are closed */
	LOOK_US = 200000,      /* between two looks for those that were given up */
	EVENTS = 64,
};
#define BELL UINT64_MAX /* in place of a socket and its side */

struct calling {
	struct list_link link; /* of those that have come, or are under way */
	struct outgoing_request request;
	struct outgoing_answer answer;
	struct asking asking;
	CURL *curl;
	void (*told)(void *self, bool asked, struct outgoing_answer *answer, const struct err *err);
	void *self;
};

/* Requests that may go anywhere and those that may not share no connections [P-10.5]. */
struct side {
	struct outgoing_caller *caller;
	CURLM *multi;   /* NULL: none is needed at the moment */
	int64_t due_us; /* monotonic: libcurl wants to look; INT64_MAX: it does not */
};

struct outgoing_caller {
	const struct outgoing *outgoing;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, up to the bell */
	struct list coming;
	bool asleep, closing;
	int bell, poll;

	/* the thread's own */
	struct side sides[2]; /* [1]: may go anywhere */
	struct list under_way;
	int64_t look_us, rest_us; /* monotonic: the next look; with nothing under way, the end of all connections */
	CURL *handles[HANDLES_MAX];
	size_t handles_count;
};

static int64_t now_us(void)
{
	return env_mono_us(env_real());
}

/* --- what libcurl asks for --- */

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *self, void *known)
{
	struct side *side = self;
	struct outgoing_caller *c = side->caller;
	struct epoll_event event = {.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) |
										  ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u),
								.data.u64 = (uint64_t)fd << 1 | (uint64_t)(side - c->sides)};
	(void)curl;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(c->poll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (epoll_ctl(c->poll, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0)
		curl_multi_assign(side->multi, fd, side);
	return 0; /* one that cannot be watched (no memory) ends by its time-out */
}

static int on_timer(CURLM *multi, long ms, void *self)
{
	struct side *side = self;
	(void)multi;
	side->due_us = ms < 0 ? INT64_MAX : ms == 0 ? 0 : now_us() + ms * 1000;
	return 0;
}

static CURLM *multi_of(struct side *side)
{
	if (side->multi != NULL)
		return side->multi;
	side->multi = curl_multi_init();
	side->due_us = INT64_MAX;
	must(side->multi != NULL);
	curl_multi_setopt(side->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(side->multi, CURLMOPT_SOCKETDATA, side);
	curl_multi_setopt(side->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(side->multi, CURLMOPT_TIMERDATA, side);
	curl_multi_setopt(side->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
	curl_multi_setopt(side->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING); /* one that breaks ends one request */
	return side->multi;
}

/* --- one request --- */

static void finish(struct calling *calling, bool asked, const struct err *err)
{
	calling->told(calling->self, asked, &calling->answer, err);
	asking_fini(&calling->asking);
	outgoing_answer_fini(&calling->answer);
	free(calling);
}

static void begin(struct outgoing_caller *c, struct calling *calling)
{
	struct asking *asking = &calling->asking;
	struct err err;
	if (!curl_ready(&err) || !asking_init(asking, c->outgoing, &calling->request, &calling->answer, &err)) {
		finish(calling, false, &err);
		return;
	}
	calling->curl = c->handles_count > 0 ? c->handles[--c->handles_count] : curl_easy_init();
	must(calling->curl != NULL);
	asking_set_up(asking, calling->curl);
	curl_easy_setopt(calling->curl, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
	curl_easy_setopt(calling->curl, CURLOPT_PRIVATE, calling);
	list_push(&c->under_way, &calling->link);
	must(curl_multi_add_handle(multi_of(&c->sides[asking->trusted]), calling->curl) == CURLM_OK);
}

static void end(struct outgoing_caller *c, struct calling *calling, CURLcode code)
{
	struct err err;
	bool asked = asking_end(&calling->asking, calling->curl, code, &err);
	curl_multi_remove_handle(c->sides[calling->asking.trusted].multi, calling->curl);
	curl_easy_reset(calling->curl); /* what was set points at things of the request */
	if (c->handles_count < HANDLES_MAX)
		c->handles[c->handles_count++] = calling->curl;
	else
		curl_easy_cleanup(calling->curl);
	list_remove(&calling->link);
	finish(calling, asked, &err);
}

/* --- the thread --- */

/* Who has come since; NULL: nobody, and the bell wakes the next wait. */
static struct calling *take_coming(struct outgoing_caller *c)
{
	pthread_mutex_lock(&c->lock);
	struct calling *calling = list_item(list_pop(&c->coming), struct calling, link);
	c->asleep = calling == NULL;
	pthread_mutex_unlock(&c->lock);
	return calling;
}

static bool is_over(struct outgoing_caller *c)
{
	pthread_mutex_lock(&c->lock);
	bool over = c->closing && list_empty(&c->coming) && list_empty(&c->under_way);
	pthread_mutex_unlock(&c->lock);
	return over;
}

static void ring_timer(struct side *side)
{
	int left;
	if (side->multi == NULL || side->due_us > now_us())
		return;
	side->due_us = INT64_MAX; /* unless it says otherwise */
	curl_multi_socket_action(side->multi, CURL_SOCKET_TIMEOUT, 0, &left);
}

static void end_done(struct outgoing_caller *c, struct side *side)
{
	int left;
	for (CURLMsg *one; side->multi != NULL && (one = curl_multi_info_read(side->multi, &left)) != NULL;) {
		char *calling;
		CURLcode code = one->data.result; /* gone with the handle */
		curl_easy_getinfo(one->easy_handle, CURLINFO_PRIVATE, &calling);
		end(c, (struct calling *)(void *)calling, code);
	}
}

static void end_given_up(struct outgoing_caller *c)
{
	if (now_us() < c->look_us)
		return;
	list_each(link, &c->under_way)
	{
		struct calling *calling = list_item(link, struct calling, link);
		const struct outgoing_request *request = &calling->request;
		if (request->given_up != NULL && request->given_up(request->self))
			end(c, calling, CURLE_ABORTED_BY_CALLBACK);
	}
	c->look_us = now_us() + LOOK_US;
}

/* Nothing is under way: connections that are too old for the next request need not stay. */
static void rest(struct outgoing_caller *c)
{
	for (int i = 0; i < 2; i++) {
		if (c->sides[i].multi != NULL)
			curl_multi_cleanup(c->sides[i].multi);
		c->sides[i].multi = NULL;
	}
	while (c->handles_count > 0)
		curl_easy_cleanup(c->handles[--c->handles_count]);
}

static int time_left_ms(struct outgoing_caller *c)
{
	bool idle = list_empty(&c->under_way);
	if (idle && c->sides[0].multi == NULL && c->sides[1].multi == NULL)
		return -1;
	int64_t due_us = idle ? c->rest_us : c->look_us, left_us;
	for (int i = 0; i < 2; i++)
		due_us = c->sides[i].multi != NULL && c->sides[i].due_us < due_us ? c->sides[i].due_us : due_us;
	left_us = due_us - now_us();
	return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000);
}

static void take_event(struct outgoing_caller *c, const struct epoll_event *event)
{
	int what = ((event->events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
			   ((event->events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
			   ((event->events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
	int left;
	struct side *side = &c->sides[event->data.u64 & 1];
	if (event->data.u64 != BELL && side->multi != NULL)
		curl_multi_socket_action(side->multi, (curl_socket_t)(event->data.u64 >> 1), what, &left);
}

static void wait_for_events(struct outgoing_caller *c)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(c->poll, events, EVENTS, time_left_ms(c));
	for (int i = 0; i < count; i++)
		take_event(c, &events[i]);
	if (!list_empty(&c->under_way))
		c->rest_us = now_us() + REST_US;
	else if (now_us() >= c->rest_us)
		rest(c);
}

static void *run(void *self)
{
	struct outgoing_caller *c = self;
	pthread_setname_np(pthread_self(), "calls");
	for (;;) {
		for (struct calling *calling; (calling = take_coming(c)) != NULL;)
			begin(c, calling);
		for (int i = 0; i < 2; i++) {
			ring_timer(&c->sides[i]);
			end_done(c, &c->sides[i]);
		}
		end_given_up(c);
		if (is_over(c))
			break;
		wait_for_events(c);
	}
	rest(c);
	return NULL;
}

/* --- from any thread --- */

static void free_caller(struct outgoing_caller *c)
{
	if (c->bell >= 0)
		close(c->bell);
	if (c->poll >= 0)
		close(c->poll);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void ring(struct outgoing_caller *c)
{
	const uint64_t one = 1;
	must(write(c->bell, &one, sizeof one) == sizeof one);
}

void outgoing_caller_ask(struct outgoing_caller *c, const struct outgoing_request *request,
						 void (*told)(void *self, bool asked, struct outgoing_answer *answer, const struct err *err),
						 void *self)
{
	struct calling *calling = calloc(1, sizeof *calling);
	must(calling != NULL && request->digest_user == NULL);
	calling->request = *request;
	calling->told = told;
	calling->self = self;
	outgoing_answer_init(&calling->answer);
	pthread_mutex_lock(&c->lock);
	list_push(&c->coming, &calling->link);
	bool asleep = c->asleep;
	c->asleep = false;
	pthread_mutex_unlock(&c->lock);
	if (asleep)
		ring(c);
}

bool outgoing_caller_open(const struct outgoing *outgoing, struct outgoing_caller **caller, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = BELL}; /* so that it need not be read */
	struct outgoing_caller *c = calloc(1, sizeof *c);
	must(c != NULL && pthread_mutex_init(&c->lock, NULL) == 0);
	c->outgoing = outgoing;
	list_init(&c->coming);
	list_init(&c->under_way);
	for (int i = 0; i < 2; i++)
		c->sides[i] = (struct side){.caller = c, .due_us = INT64_MAX};
	c->bell = eventfd(0, EFD_CLOEXEC);
	c->poll = epoll_create1(EPOLL_CLOEXEC);
	if (c->bell >= 0 && c->poll >= 0 && epoll_ctl(c->poll, EPOLL_CTL_ADD, c->bell, &event) == 0 &&
		pthread_create(&c->thread, NULL, run, c) == 0) {
		*caller = c;
		return true;
	}
	free_caller(c);
	return err_set(err, ERR_IO, "There is no thread for calls.");
}

void outgoing_caller_close(struct outgoing_caller *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_mutex_unlock(&c->lock);
	ring(c);
	pthread_join(c->thread, NULL);
	free_caller(c);
}
