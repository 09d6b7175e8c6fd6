#include "sim/flow_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/must.h"

static void each_file(const char *folder, void (*take)(const char *path, const char *name, const void *self),
					  const void *self)
{
	DIR *dir = opendir(folder);
	must(dir != NULL);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char path[512];
		if (entry->d_type != DT_REG)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		take(path, entry->d_name, self);
	}
	closedir(dir);
}

static void copy_file(const char *path, const char *name, const void *to)
{
	char target[512];
	static char block[1 << 16];
	snprintf(target, sizeof target, "%s/%s", (const char *)to, name);
	int in = open(path, O_RDONLY | O_CLOEXEC), out = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(in >= 0 && out >= 0);
	for (ssize_t size; (size = read(in, block, sizeof block)) > 0;)
		must(write(out, block, (size_t)size) == size);
	close(in);
	close(out);
}

static void unlink_file(const char *path, const char *name, const void *self)
{
	(void)name;
	(void)self;
	must(unlink(path) == 0);
}

void sim_copy(const char *from, const char *to)
{
	each_file(from, copy_file, to);
}

void sim_clear(const char *folder)
{
	each_file(folder, unlink_file, NULL);
}

void sim_folder_new(char folder[SIM_FOLDER])
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(folder, SIM_FOLDER, "%s/countersign-sim-XXXXXX", base);
	must(mkdtemp(folder) != NULL);
}

void sim_folder_free(const char *folder)
{
	sim_clear(folder);
	must(rmdir(folder) == 0);
}
