/*
 * A doubly linked list whose links live inside its members; it owns and allocates nothing.
 *
 *     struct job { int number; struct list_link link; };
 *     list_push(&jobs, &job->link);
 *     struct job *first = list_item(list_first(&jobs), struct job, link);
 *
 * A member is in one list per link at most and leaves it in constant time.  Thread: one at a time.
 */
#ifndef CS_CORE_LIST_H
#define CS_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/must.h"

struct list_link {
	struct list_link *next, *prev; /* both NULL while in no list, if the owner zeroed it */
};

/* A ring through `head`; an empty list points at itself.  Must not be copied or moved. */
struct list {
	struct list_link head;
};

static inline void list_init(struct list *list)
{
	list->head.next = list->head.prev = &list->head;
}

static inline bool list_empty(const struct list *list)
{
	return list->head.next == &list->head;
}

static inline bool list_linked(const struct list_link *link)
{
	return link->next != NULL;
}

/* Put a link that is in no list (must) after `place`. */
static inline void list_insert_after(struct list_link *place, struct list_link *link)
{
	must(!list_linked(link));
	link->prev = place;
	link->next = place->next;
	place->next->prev = link;
	place->next = link;
}

/* At the end, or at the beginning. */
static inline void list_push(struct list *list, struct list_link *link)
{
	list_insert_after(list->head.prev, link);
}

static inline void list_push_first(struct list *list, struct list_link *link)
{
	list_insert_after(&list->head, link);
}

/* Take a link out of its list; nothing happens when it is in none. */
static inline void list_remove(struct list_link *link)
{
	if (!list_linked(link))
		return;
	link->prev->next = link->next;
	link->next->prev = link->prev;
	link->next = link->prev = NULL;
}

/* The first or last link, NULL when the list is empty. */
static inline struct list_link *list_first(const struct list *list)
{
	return list_empty(list) ? NULL : list->head.next;
}

static inline struct list_link *list_last(const struct list *list)
{
	return list_empty(list) ? NULL : list->head.prev;
}

/* Take the first link out; NULL when the list is empty. */
static inline struct list_link *list_pop(struct list *list)
{
	struct list_link *link = list_first(list);
	if (link != NULL)
		list_remove(link);
	return link;
}

/* Move all members of `from` to the end of `to`, in order; `from` is empty afterwards.  Constant time. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->head.next->prev = to->head.prev;
	to->head.prev->next = from->head.next;
	from->head.prev->next = &to->head;
	to->head.prev = from->head.prev;
	list_init(from);
}

/* The struct around a link; NULL for NULL. */
#define list_item(link, type, member) ((type *)list_item_((link), offsetof(type, member)))

static inline void *list_item_(struct list_link *link, size_t offset)
{
	return link == NULL ? NULL : (char *)link - offset;
}

/* Visit every link; the one at hand may be removed (and freed) on the way. */
#define list_each(link, list) \
	for (struct list_link *link = (list)->head.next, *link##_next = link->next; link != &(list)->head; \
		 link = link##_next, link##_next = link->next)

#endif
