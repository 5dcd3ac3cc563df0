/* SPDX-License-Identifier: BSD-2-Clause */
/* Sorted sets of address ranges. */
#include "ranges.h"

/*@
  requires \valid(set) && at <= set->count <= RANGES_MAX;
  assigns *set;
  ensures set->count == (\old(set->count) < RANGES_MAX ? \old(set->count) + 1 : RANGES_MAX);
*/
static void insert(struct ranges *set, uint32_t at, struct range range)
{
    if (set->count == RANGES_MAX) {
        set->overflow = true;
        return;
    }
    /*@
      loop invariant at <= i <= set->count;
      loop assigns i, set->range[0 .. RANGES_MAX - 1];
      loop variant i;
    */
    for (uint32_t i = set->count; i > at; i--)
        set->range[i] = set->range[i - 1];
    set->range[at] = range;
    set->count++;
}

/*@
  requires \valid(set) && at < set->count <= RANGES_MAX;
  assigns *set;
  ensures set->count == \old(set->count) - 1;
*/
static void erase(struct ranges *set, uint32_t at)
{
    set->count--;
    /*@
      loop invariant at <= i <= set->count;
      loop assigns i, set->range[0 .. RANGES_MAX - 1];
      loop variant set->count - i;
    */
    for (uint32_t i = at; i < set->count; i++)
        set->range[i] = set->range[i + 1];
}

/*@
  requires \valid(set) && set->count <= RANGES_MAX;
  assigns *set;
  ensures set->count <= RANGES_MAX && set->count <= \old(set->count) + 1;
*/
void ranges_add(struct ranges *set, uint64_t base, uint64_t end)
{
    if (base >= end)
        return;
    uint32_t at = 0;
    /*@
      loop invariant at <= set->count;
      loop assigns at;
      loop variant set->count - at;
    */
    while (at < set->count && set->range[at].end < base)
        at++;
    /* Everything from here on that overlaps or touches the new range becomes part of it. */
    /*@
      loop invariant at <= set->count <= \at(set->count, Pre);
      loop assigns base, end, *set;
      loop variant set->count;
    */
    while (at < set->count && set->range[at].base <= end) {
        if (set->range[at].base < base)
            base = set->range[at].base;
        if (set->range[at].end > end)
            end = set->range[at].end;
        erase(set, at);
    }
    insert(set, at, (struct range){base, end});
}

/*@
  requires \valid(set) && set->count <= RANGES_MAX;
  assigns *set;
  ensures set->count <= RANGES_MAX;
*/
void ranges_remove(struct ranges *set, uint64_t base, uint64_t end)
{
    uint32_t at = 0;
    /*@
      loop invariant set->count <= RANGES_MAX && at <= RANGES_MAX + 2;
      loop assigns at, *set;
      loop variant set->count - at;
    */
    while (base < end && at < set->count) {
        struct range old = set->range[at];
        if (old.end <= base || old.base >= end) {
            at++;
            continue;
        }
        erase(set, at);
        if (old.base < base)
            insert(set, at++, (struct range){old.base, base});
        if (old.end > end)
            insert(set, at++, (struct range){end, old.end});
    }
}

/*@
  requires \valid_read(set) && set->count <= RANGES_MAX;
  assigns \nothing;
  ensures \result <==> base < end && (\exists integer i; 0 <= i < set->count &&
    set->range[i].base <= base && end <= set->range[i].end);
*/
bool ranges_cover(const struct ranges *set, uint64_t base, uint64_t end)
{
    /*@
      loop invariant i <= set->count;
      loop invariant \forall integer k; 0 <= k < i ==>
        set->range[k].base > base || end > set->range[k].end;
      loop assigns i;
      loop variant set->count - i;
    */
    for (uint32_t i = 0; i < set->count; i++)
        if (set->range[i].base <= base && end <= set->range[i].end)
            return base < end;
    return false;
}

/*@
  requires \valid(set) && set->count <= RANGES_MAX;
  assigns *set;
  ensures set->count <= RANGES_MAX;
*/
uint64_t ranges_take(struct ranges *set, uint64_t bytes, uint64_t align)
{
    /*@
      loop invariant i <= set->count;
      loop assigns i;
      loop variant set->count - i;
    */
    for (uint32_t i = 0; i < set->count; i++) {
        uint64_t base = (set->range[i].base + align - 1) & ~(align - 1);
        if (base >= set->range[i].base && base < set->range[i].end &&
            set->range[i].end - base >= bytes) {
            ranges_remove(set, base, base + bytes);
            return base;
        }
    }
    return 0;
}
