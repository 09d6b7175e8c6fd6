#include "flow/tally.h"

#include "flow/domain/row.h"

const char *const tally_turn_names[] = {"committed", "idle", "failed", NULL};
const char *const tally_step_names[] = {"completed", "skipped", "faulted", "cancelled", NULL};
const int64_t tally_batch_bounds[TALLY_BUCKETS - 1] = {1, 2, 4, 8, 16, 32, 64, 128, 256};

static void add(_Atomic int64_t *counter, int64_t count)
{
	if (count > 0)
		atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
}

/* When a timer fires after its time: a held step that is let go early has none. */
static void take_timer(struct tally *tally, const struct row *row, int64_t due_us)
{
	if (!row->timeout && due_us > 0 && due_us <= row->at_us)
		metrics_observe(&tally->timer_lag, row->at_us - due_us);
}

void tally_row(struct tally *tally, struct tally_turn *turn, const struct row *row, int64_t due_us)
{
	turn->rows++;
	switch (row->kind) {
	case ROW_COMPLETED:
		turn->steps[TALLY_COMPLETED]++;
		break;
	case ROW_SKIPPED:
		turn->steps[TALLY_SKIPPED]++;
		break;
	case ROW_FAULTED:
		turn->steps[TALLY_FAULTED]++;
		break;
	case ROW_CANCELLED:
		turn->steps[TALLY_CANCELLED]++;
		break;
	case ROW_CAUGHT:
		turn->retries += row->n > 0; /* its number; of one that is handled otherwise 0 */
		break;
	case ROW_TIMER:
		take_timer(tally, row, due_us);
		break;
	default:
		break;
	}
}

static void add_batch(struct tally *tally, int64_t rows)
{
	size_t bucket = 0;
	while (bucket < TALLY_BUCKETS - 1 && rows > tally_batch_bounds[bucket])
		bucket++;
	add(&tally->batches[bucket], 1);
	add(&tally->rows, rows);
}

void tally_end(struct tally *tally, struct tally_turn *turn, enum tally_turns end)
{
	add(&tally->turns[end], 1);
	if (end == TALLY_COMMITTED) {
		add_batch(tally, turn->rows);
		add(&tally->retries, turn->retries);
		for (int i = 0; i < TALLY_STEPS; i++)
			add(&tally->steps[i], turn->steps[i]);
	}
	*turn = (struct tally_turn){0};
}
