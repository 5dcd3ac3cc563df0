/* SPDX-License-Identifier: BSD-2-Clause */
/* Intrusive circular doubly linked list.  A node that is in no list points at itself. */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next, *prev;
};

#define CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/*@
  requires \valid(head);
  assigns *head;
  ensures head->next == head && head->prev == head;
*/
static inline void list_init(struct link *head)
{
    head->next = head;
    head->prev = head;
}

/*@
  requires \valid_read(head);
  assigns \nothing;
  ensures \result <==> head->next == head;
*/
static inline bool list_empty(const struct link *head)
{
    return head->next == head;
}

/* Inserts `node` before `at`: with the head as `at`, at the end of the list. */
/*@
  requires \valid(at) && \valid(at->prev) && \valid(node);
  requires \separated(node, at) && \separated(node, at->prev) && at->prev->next == at;
  requires at == at->prev || \separated(at, at->prev);
  assigns *node, at->prev, at->prev->next;
  ensures node->next == at && node->prev == \old(at->prev);
  ensures at->prev == node && \old(at->prev)->next == node;
*/
static inline void list_insert(struct link *at, struct link *node)
{
    node->next = at;
    node->prev = at->prev;
    at->prev->next = node;
    at->prev = node;
}

/* Moves all nodes of `from`, at least one, to the end of the list of `head`. */
static inline void list_splice(struct link *head, struct link *from)
{
    from->next->prev = head->prev;
    head->prev->next = from->next;
    from->prev->next = head;
    head->prev = from->prev;
    list_init(from);
}

/* Harmless on a node that is in no list. */
/*@
  requires \valid(node) && \valid(node->next) && \valid(node->prev);
  requires node->next->prev == node && node->prev->next == node;
  requires node == node->next || \separated(node, node->next);
  requires node == node->prev || \separated(node, node->prev);
  requires node->next == node->prev || \separated(node->next, node->prev);
  assigns *node, node->next->prev, node->prev->next;
  ensures node->next == node && node->prev == node;
  ensures \old(node->next) != node ==> \old(node->next)->prev == \old(node->prev);
  ensures \old(node->prev) != node ==> \old(node->prev)->next == \old(node->next);
*/
static inline void list_remove(struct link *node)
{
    node->next->prev = node->prev;
    node->prev->next = node->next;
    list_init(node);
}

#endif
