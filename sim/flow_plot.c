#include "sim/flow_plot.h"

#include "core/buf.h"
#include "core/must.h"
#include "core/rng.h"
#include "sim/flow_kids.h"

enum { DEPTH_MAX = 3, TASKS_MAX = 14 };

struct pen {
	struct rng *rng;
	struct buf *out;
	unsigned tasks; /* named so far */
	unsigned depth;
	unsigned beside; /* forks and parallel loops around: the order of what is exported there is anybody's */
	enum plot_kind kind;
};

static unsigned below(struct pen *pen, unsigned bound)
{
	return (unsigned)rng_below(pen->rng, bound);
}

static void write_list(struct pen *pen, unsigned count);

/* Whatever a body gives, the value that flows on has a number n. */
#define AS_NUMBERED "\"output\":{\"as\":{\"n\":%u,\"all\":\"${ . }\"}}"

static void write_set(struct pen *pen)
{
	buf_addf(pen->out, "\"set\":{\"n\":%u,\"before\":\"${ .n }\"}", below(pen, 50));
}

static void write_export(struct pen *pen)
{
	if (pen->beside > 0) {
		write_set(pen);
		return;
	}
	buf_addf(pen->out, "\"set\":{\"n\":%u,\"seen\":\"${ $context }\"},\"export\":{\"as\":{\"kept\":\"${ .n }\"}}",
			 below(pen, 50));
}

static void write_do(struct pen *pen)
{
	buf_adds(pen->out, "\"do\":");
	write_list(pen, 1 + below(pen, 3));
}

static void write_for(struct pen *pen)
{
	unsigned parallel = below(pen, 3);
	bool settle = parallel > 0 && below(pen, 2) == 0;
	buf_adds(pen->out, "\"for\":{\"each\":\"x\",\"in\":[1,2,3]},\"do\":");
	pen->beside += parallel > 0;
	write_list(pen, 1 + below(pen, 2));
	pen->beside -= parallel > 0;
	if (parallel > 0)
		buf_addf(pen->out, ",\"metadata\":{\"parallel\":{\"max\":%u%s}}", parallel, settle ? ",\"settle\":true" : "");
	buf_adds(pen->out, ",");
	buf_addf(pen->out, AS_NUMBERED, below(pen, 50));
}

static void write_fork(struct pen *pen)
{
	buf_adds(pen->out, "\"fork\":{\"branches\":");
	pen->beside++;
	write_list(pen, 2 + below(pen, 2));
	pen->beside--;
	buf_adds(pen->out, "},");
	buf_addf(pen->out, AS_NUMBERED, below(pen, 50));
}

static void write_call(struct pen *pen)
{
	buf_addf(pen->out,
			 "\"try\":[{\"ask%u\":{\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"http://sim/%u\","
			 "\"body\":{\"n\":\"${ .n }\"}}}}],\"catch\":{\"errors\":{\"with\":{\"type\":"
			 "\"https://serverlessworkflow.io/spec/1.0.0/errors/communication\"}},\"retry\":{\"delay\":"
			 "{\"seconds\":%u},\"limit\":{\"attempt\":{\"count\":200}}}}",
			 pen->tasks, pen->tasks, 1 + below(pen, 5));
	pen->tasks++;
}

/* A connection that broke has status 500: everything is caught. */
static void write_patient_call(struct pen *pen)
{
	buf_addf(pen->out,
			 "\"try\":[{\"ask%u\":{\"call\":\"http\",\"with\":{\"method\":\"put\",\"endpoint\":\"http://sim/%u\","
			 "\"body\":{\"n\":\"${ .n }\"}}}}],\"catch\":{\"retry\":{\"delay\":{\"seconds\":%u},\"backoff\":"
			 "{\"exponential\":{}},\"limit\":{\"attempt\":{\"count\":200}}}}",
			 pen->tasks, pen->tasks, 1 + below(pen, 3));
	pen->tasks++;
}

static void write_raise(struct pen *pen)
{
	buf_addf(pen->out,
			 "\"try\":[{\"cry%u\":{\"raise\":{\"error\":{\"type\":\"https://sim/e\",\"status\":%u,\"title\":\"t\"}}}}],"
			 "\"catch\":{\"as\":\"e\",\"do\":",
			 pen->tasks, 400 + below(pen, 100));
	pen->tasks++;
	write_list(pen, 1 + below(pen, 2));
	buf_adds(pen->out, "}");
}

/* Nobody catches its refusal but the operator. */
static void write_bare_call(struct pen *pen)
{
	buf_addf(pen->out,
			 "\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"http://sim/bare/%u\",\"body\":{\"n\":"
			 "\"${ .n }\"}}",
			 pen->tasks);
}

static void write_bare_raise(struct pen *pen)
{
	buf_addf(pen->out, "\"raise\":{\"error\":{\"type\":\"https://sim/bare\",\"status\":%u,\"title\":\"t\"}}",
			 400 + below(pen, 100));
}

static void write_wait(struct pen *pen)
{
	buf_addf(pen->out, "\"wait\":{\"seconds\":%u}", 1 + below(pen, 100));
}

/* A wait that is cut short, and caught: by its own time, or by that of each attempt. */
static void write_timeout(struct pen *pen)
{
	unsigned seconds = 1 + below(pen, 20);
	buf_addf(pen->out, "\"try\":[{\"sleep%u\":{\"wait\":{\"days\":2}", pen->tasks++);
	if (below(pen, 2) == 0)
		buf_addf(pen->out, ",\"timeout\":{\"after\":{\"seconds\":%u}}}}],\"catch\":{", seconds);
	else
		buf_addf(
			pen->out,
			"}}],\"catch\":{\"retry\":{\"delay\":{\"seconds\":1},\"limit\":{\"attempt\":{\"count\":%u,\"duration\":{"
			"\"seconds\":%u}}}},\"do\":[{\"late%u\":{\"set\":\"${ . }\"}}],",
			below(pen, 3), seconds, pen->tasks++);
	buf_adds(pen->out, "\"errors\":{\"with\":{\"status\":408}}}");
}

static void write_switch(struct pen *pen)
{
	buf_addf(pen->out,
			 "\"switch\":[{\"low\":{\"when\":\".n < %u\",\"then\":\"%s\"}},{\"else\":{\"then\":\"continue\"}}]",
			 below(pen, 50), below(pen, 3) == 0 ? "exit" : "continue");
}

static void write_echo(struct pen *pen)
{
	buf_addf(pen->out,
			 "\"call\":\"sim.echo\",\"with\":{\"n\":\"${ .n }\",\"own\":%u},\"output\":{\"as\":\"${ .result }\"}",
			 below(pen, 50));
}

static void write_condition(struct pen *pen)
{
	buf_addf(pen->out, "\"if\":\"${ .n > %u }\",\"set\":{\"n\":%u}", below(pen, 50), below(pen, 50));
}

static void write_emit(struct pen *pen)
{
	buf_addf(pen->out,
			 "\"emit\":{\"event\":{\"with\":{\"source\":\"https://sim\",\"type\":\"sim.made\",\"id\":\"e%u\",\"time\":"
			 "\"2026-01-01T00:00:00Z\",\"data\":{\"n\":\"${ .n }\"}}}},",
			 below(pen, 1000));
	buf_addf(pen->out, AS_NUMBERED, below(pen, 50));
}

/* One branch listens for what the other one emits a second later.  Rounds beside it may hear one another's. */
static void write_listen(struct pen *pen)
{
	unsigned type = below(pen, 1u << 30), name = pen->tasks;
	pen->tasks += 2;
	buf_addf(
		pen->out,
		"\"fork\":{\"branches\":[{\"hear%u\":{\"listen\":{\"to\":{\"any\":[{\"with\":{\"type\":\"sim.%u\"}},{\"with\":"
		"{\"type\":\"/nobody/\"}}]}}}},{\"tell%u\":{\"do\":[{\"pause\":{\"wait\":{\"seconds\":1}}},{\"say\":{\"emit\":"
		"{\"event\":{\"with\":{\"source\":\"https://sim\",\"type\":\"sim.%u\",\"data\":{\"n\":1}}}}}}]}}]},",
		name, type, name + 1, type);
	buf_addf(pen->out, "\"output\":{\"as\":{\"n\":%u,\"heard\":\"${ .[0] | length }\"}}", below(pen, 50));
}

/* What stands before and after all tasks of one type; a call there has keys of its own. */
static void write_extensions(struct pen *pen)
{
	static const char *const extended[] = {"set", "wait", "call", "for", "switch", "all"};
	buf_addf(pen->out, "\"use\":{\"extensions\":[{\"around\":{\"extend\":\"%s\",\"before\":[{\"first\":{",
			 extended[below(pen, sizeof extended / sizeof *extended)]);
	(below(pen, 2) == 0 ? write_set : write_call)(pen);
	buf_adds(pen->out, "}}],\"after\":[{\"last\":{");
	(below(pen, 2) == 0 ? write_wait : write_set)(pen);
	buf_adds(pen->out, "}}]}}]},");
}

/* The fault of one branch stops another one, which asks nobody: the attempts of what it asked would be anybody's. */
static void write_bare_branch(struct pen *pen)
{
	buf_addf(pen->out, "\"fork\":{\"branches\":[{\"bare%u\":{", pen->tasks);
	write_bare_call(pen);
	buf_addf(pen->out, "}},{\"beside%u\":{\"do\":[{\"s\":{", pen->tasks++);
	write_set(pen);
	buf_addf(pen->out, "}},{\"w\":{");
	write_wait(pen);
	buf_addf(pen->out, "}},{\"t\":{");
	write_set(pen);
	buf_addf(pen->out, "}}]}}]},");
	buf_addf(pen->out, AS_NUMBERED, below(pen, 50));
}

#define RUN_KID \
	"{\"run\":{\"workflow\":{\"namespace\":\"sim\",\"name\":\"kid%u\",\"version\":\"1.0.0\",\"input\":{\"n\":\"${ .n " \
	"}\"}}}}"
#define CATCH_499 "\"catch\":{\"errors\":{\"with\":{\"status\":499}}}"

static void write_kid(struct pen *pen)
{
	buf_addf(pen->out, "\"try\":[{\"run%u\":" RUN_KID "}]," CATCH_499, pen->tasks++, below(pen, KIDS));
}

/* A kid that goes on when its parent's branch is lost, if it has not ended by then. */
static void write_orphan(struct pen *pen)
{
	static const unsigned faultless[] = {0, 1, 3}; /* or which of two faults it is would be anybody's */
	buf_addf(pen->out,
			 "\"try\":[{\"lose%u\":{\"fork\":{\"branches\":[{\"run\":" RUN_KID "},{\"d\":{\"do\":[{\"w\":{\"wait\":"
			 "{\"seconds\":%u}}},{\"r\":{\"raise\":{\"error\":{\"type\":\"https://sim/"
			 "kid\",\"status\":499,\"title\":\"t\"}}}}]}}]"
			 "}}}]," CATCH_499,
			 pen->tasks++, faultless[below(pen, sizeof faultless / sizeof *faultless)], below(pen, 12));
}

typedef void write_body(struct pen *pen);
static write_body *const faulty[] = {write_bare_call, write_bare_call, write_bare_branch, write_bare_raise};
static write_body *const leaves[] = {write_set,          write_set,       write_export, write_call,
									 write_patient_call, write_wait,      write_switch, write_timeout,
									 write_echo,         write_condition, write_emit,   write_listen};
static write_body *const branches[] = {write_do, write_for, write_fork, write_raise};

enum {
	LEAVES = sizeof leaves / sizeof *leaves,
	BRANCHES = sizeof branches / sizeof *branches,
	FAULTY = sizeof faulty / sizeof *faulty
};

static void write_task(struct pen *pen)
{
	buf_addf(pen->out, "{\"t%u\":{", pen->tasks++);
	if (pen->kind == PLOT_TENDED && pen->beside == 0 && below(pen, 3) == 0) {
		faulty[below(pen, FAULTY)](pen);
		buf_adds(pen->out, "}}");
		return;
	}
	if (pen->kind == PLOT_PARENT && below(pen, 3) == 0) {
		(below(pen, 3) == 0 ? write_orphan : write_kid)(pen);
		buf_adds(pen->out, "}}");
		return;
	}
	bool leaf = pen->depth >= DEPTH_MAX || pen->tasks >= TASKS_MAX || below(pen, 3) > 0;
	pen->depth++;
	(leaf ? leaves[below(pen, LEAVES)] : branches[below(pen, BRANCHES)])(pen);
	pen->depth--;
	buf_adds(pen->out, "}}");
}

static void write_list(struct pen *pen, unsigned count)
{
	buf_addc(pen->out, '[');
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			buf_addc(pen->out, ',');
		write_task(pen);
	}
	buf_addc(pen->out, ']');
}

char *plot_make(struct rng *rng, enum plot_kind kind)
{
	struct buf out;
	struct pen pen = {.rng = rng, .out = &out, .kind = kind};
	buf_init(&out, 0);
	buf_adds(&out, "{\"document\":{\"dsl\":\"1.0.0\",\"namespace\":\"sim\",\"name\":\"plot\",\"version\":\"1.0.0\"},");
	if (below(&pen, 4) == 0 &&
		kind != PLOT_TENDED) /* what extensions ask beside a step at fault has anybody's attempts */
		write_extensions(&pen);
	buf_adds(&out, "\"do\":");
	write_list(&pen, 2 + below(&pen, 4));
	buf_adds(&out, "}");
	char *text = buf_take(&out, NULL);
	must(text != NULL);
	return text;
}
