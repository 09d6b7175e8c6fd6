/*
 * A disk that fails on demand: a SQLite VFS over the usual one that counts calls, makes chosen ones fail, and can lose
 * what was not synced, as when the power goes.  For tests, the simulation and benchmarks; no part of the server.
 *
 * Use: make one, give its name to store_options.vfs, open stores, set a fault, close them, free it.
 * Threads: any.  The faults work on the database, its log and journal; the log's index (-shm) is not a thing of the
 * disk and is dropped when the power goes.
 */
#ifndef CS_STORE_FAULT_VFS_H
#define CS_STORE_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

struct fault_vfs;

enum fault_call { FAULT_WRITE, FAULT_SYNC, FAULT_TRUNCATE, FAULT_OPEN, FAULT_DELETE, FAULT_CALLS };

enum { FAULT_ANY_CALL = -1 };

/* What a chosen call does. */
enum fault_kind {
	FAULT_NONE,
	FAULT_EIO,   /* fails with EIO; nothing was written */
	FAULT_FULL,  /* a write fails with ENOSPC, half of it written; other calls do not fail */
	FAULT_QUOTA, /* the same with EDQUOT, as the unix layer of SQLite reports it: IOERR */
	FAULT_POWER, /* fails with EIO, as does every call after it; see fault_vfs_cut */
	FAULT_KILL,  /* the process ends by SIGKILL before the call */
};

struct fault_plan {
	enum fault_kind kind;
	int call;      /* an enum fault_call, or FAULT_ANY_CALL */
	int64_t nth;   /* the first of such calls that fails, from 1, counted from fault_vfs_plan on */
	bool for_good; /* all later ones too, until another plan */
};

/* A disk named `name`.  `remember`: keep what is durable of each file, for fault_vfs_cut; costs a copy of all writes.
 */
struct fault_vfs *fault_vfs_new(const char *name, bool remember);

/* All files are closed. */
void fault_vfs_free(struct fault_vfs *vfs);

/* From now on let this go wrong; counts begin at 0. */
void fault_vfs_plan(struct fault_vfs *vfs, struct fault_plan plan);

/* Calls since the last plan; with FAULT_ANY_CALL all of them.  Did the plan's fault happen? */
int64_t fault_vfs_count(struct fault_vfs *vfs, int call);
bool fault_vfs_struck(struct fault_vfs *vfs);

/*
 * The power was gone: give each file the content that a disk may hold then.  What was synced is there; of the writes
 * and truncations since, each is there, missing, or (sector by sector) partly there, as the seed says.  All files are
 * closed.  Clears the plan.  False when a file could not be written.
 */
bool fault_vfs_cut(struct fault_vfs *vfs, uint64_t seed);

#endif
