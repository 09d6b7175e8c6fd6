/*
 * A SQLite VFS that gathers the writes of a write-ahead log: the engine writes each frame as a header of 24 bytes and a
 * page, two calls of the system each, and a commit is some dozens of frames, one behind the other.  Here they wait in a
 * buffer and go out together.  Private to src/store; for the one connection that writes.
 *
 * Other connections read the log through files of their own, as soon as the engine has told them of a commit.  So only
 * frames that end no commit wait; with the frame that does, all is written before the engine's call returns, and so
 * also before the fsync.  A write that does not go on where the last one ended is never kept waiting.
 *
 * A write that fails is told to the call that caused it; what waits goes on waiting and is written before anything
 * else, so nothing is lost that the engine believes written.
 *
 * Threads: that of the connection.
 */
#ifndef CS_STORE_GATHER_VFS_H
#define CS_STORE_GATHER_VFS_H

struct gather_vfs;

/* Over the file layer of this name (NULL: the usual one), registered under a name of its own.  NULL: `base` is none. */
struct gather_vfs *gather_vfs_new(const char *base);

const char *gather_vfs_name(const struct gather_vfs *vfs);

/* Every connection through it is closed.  NULL is fine. */
void gather_vfs_free(struct gather_vfs *vfs);

#endif
