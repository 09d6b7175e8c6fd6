#include "store/fault_image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/must.h"
#include "core/rng.h"

enum { SECTOR = 512 };

/* A write, or a truncation to `offset` when bytes is NULL. */
struct change {
	struct change *next;
	size_t offset, size;
	char *bytes;
};

struct fault_image {
	struct fault_image *next;
	char *path;
	bool there;
	char *bytes;
	size_t size, room;
	struct change *first, **end;
};

static void resize(struct fault_image *image, size_t size)
{
	if (size >= image->room) { /* doubled, as a file grows by sectors */
		image->room = size < image->room * 2 ? image->room * 2 : size + 1;
		image->bytes = realloc(image->bytes, image->room);
		must(image->bytes != NULL);
	}
	if (size > image->size)
		memset(image->bytes + image->size, 0, size - image->size);
	image->size = size;
}

static void place(struct fault_image *image, size_t offset, const char *bytes, size_t size)
{
	if (offset + size > image->size)
		resize(image, offset + size);
	memcpy(image->bytes + offset, bytes, size);
}

static void load(struct fault_image *image)
{
	struct stat st;
	int file = open(image->path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return;
	must(fstat(file, &st) == 0);
	resize(image, (size_t)st.st_size);
	must(read(file, image->bytes, image->size) == (ssize_t)image->size);
	image->there = true;
	close(file);
}

struct fault_image *fault_image_find(struct fault_image **list, const char *path)
{
	for (struct fault_image *image = *list; image != NULL; image = image->next)
		if (strcmp(image->path, path) == 0)
			return image;
	struct fault_image *image = calloc(1, sizeof *image);
	must(image != NULL);
	image->path = strdup(path);
	must(image->path != NULL);
	image->end = &image->first;
	load(image);
	image->next = *list;
	*list = image;
	return image;
}

static void append(struct fault_image *image, struct change change)
{
	struct change *copy = malloc(sizeof *copy);
	must(copy != NULL);
	*copy = change;
	*image->end = copy;
	image->end = &copy->next;
	image->there = true;
}

void fault_image_write(struct fault_image *image, const void *bytes, size_t size, size_t offset)
{
	struct change change = {.offset = offset, .size = size, .bytes = malloc(size + 1)};
	must(change.bytes != NULL);
	memcpy(change.bytes, bytes, size);
	append(image, change);
}

void fault_image_truncate(struct fault_image *image, size_t size)
{
	append(image, (struct change){.offset = size});
}

/* How much of a change there is: all of it, or by chance none or some of its sectors. */
static void take(struct fault_image *image, const struct change *change, struct rng *rng)
{
	uint64_t lot = rng != NULL ? rng_below(rng, 3) : 0;
	if (lot == 1)
		return;
	if (change->bytes == NULL) {
		resize(image, change->offset);
		return;
	}
	for (size_t at = 0; at < change->size; at += SECTOR) {
		size_t size = change->size - at < SECTOR ? change->size - at : SECTOR;
		if (lot == 0 || rng_below(rng, 2) == 0)
			place(image, change->offset + at, change->bytes + at, size);
	}
}

static void settle(struct fault_image *image, struct rng *rng)
{
	while (image->first != NULL) {
		struct change *change = image->first;
		take(image, change, rng);
		image->first = change->next;
		free(change->bytes);
		free(change);
	}
	image->end = &image->first;
}

void fault_image_sync(struct fault_image *image)
{
	settle(image, NULL);
}

void fault_image_delete(struct fault_image *image)
{
	settle(image, NULL);
	resize(image, 0);
	image->there = false;
}

static bool store_image(const struct fault_image *image)
{
	char index[4096];
	snprintf(index, sizeof index, "%.*s-shm", (int)(strlen(image->path) - 4), image->path);
	if (strcmp(image->path + strlen(image->path) - 4, "-wal") == 0)
		unlink(index); /* memory of processes, not a thing of the disk */
	if (!image->there)
		return true;
	int file = open(image->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool stored = file >= 0 && write(file, image->bytes, image->size) == (ssize_t)image->size;
	if (file >= 0)
		close(file);
	return stored;
}

bool fault_image_cut_all(struct fault_image *list, struct rng *rng)
{
	for (struct fault_image *image = list; image != NULL; image = image->next) {
		settle(image, rng);
		if (!store_image(image))
			return false;
	}
	return true;
}

void fault_image_free_all(struct fault_image **list)
{
	while (*list != NULL) {
		struct fault_image *image = *list;
		*list = image->next;
		settle(image, NULL);
		free(image->bytes);
		free(image->path);
		free(image);
	}
}
