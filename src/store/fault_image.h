/*
 * What a disk holds of a file when the power goes: its bytes at the last sync, and the changes since.  Part of the
 * failing disk (fault_vfs.h).  One thread at a time.
 */
#ifndef CS_STORE_FAULT_IMAGE_H
#define CS_STORE_FAULT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

struct fault_image;
struct rng;

/* The image of a path, made from the file as it is now when there was none; it lives with the list. */
struct fault_image *fault_image_find(struct fault_image **list, const char *path);

void fault_image_write(struct fault_image *image, const void *bytes, size_t size, size_t offset);
void fault_image_truncate(struct fault_image *image, size_t size);

/* All changes so far are durable. */
void fault_image_sync(struct fault_image *image);

/* The file is gone, durably. */
void fault_image_delete(struct fault_image *image);

/* Give every file what is durable and a chance part of the changes since; these are durable then. */
bool fault_image_cut_all(struct fault_image *list, struct rng *rng);

void fault_image_free_all(struct fault_image **list);

#endif
