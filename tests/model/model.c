/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls of docs/abi.md on an abstract state; see model.h.  Each function has the checks of the
 * manual in the manual's order, and then the effect. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model model;

/* What a step of a revocation answers for memory in the pool of a space, which has to end first. */
enum { WAITS = -1 };

static _Noreturn void model_full(const char *what)
{
    fprintf(stderr, "model: too many %s\n", what);
    abort();
}

/* ---- the tree: every capability knows its parent, its first child and its next sibling */

static struct cap *cap_new(void)
{
    for (unsigned i = 0; i < MODEL_CAPS; i++) {
        struct cap *cap = &model.cap[i];
        if (cap->kind != WHIT_NONE)
            continue;
        memset(cap, 0, sizeof(*cap));
        if (i >= model.caps)
            model.caps = i + 1;
        return cap;
    }
    model_full("capabilities");
}

/* The reference that says who comes at this place among its siblings: a parent's or a sibling's. */
static struct cap **sibling_link(struct cap *cap)
{
    struct cap **link = &cap->parent->child;
    while (*link != cap)
        link = &(*link)->next;
    return link;
}

static void place_clear(const struct cap *cap)
{
    switch (cap->where) {
    case IN_SLOT:
        cap->holder->table->slot[cap->index] = NULL;
        break;
    case IN_POOL:
        cap->holder->table->pool[cap->index] = NULL;
        break;
    case HELD:
        cap->holder->held[cap->index] = NULL;
        break;
    case OF_LINE:
        model.line[cap->index] = NULL;
        break;
    case OF_DYING:
        break;
    }
}

static void place_fill(struct cap *cap, enum model_where where, struct object *holder,
                       unsigned index)
{
    cap->where = where;
    cap->holder = holder;
    cap->index = index;
    switch (where) {
    case IN_SLOT:
        holder->table->slot[index] = cap;
        break;
    case IN_POOL:
        holder->table->pool[index] = cap;
        break;
    case HELD:
        holder->held[index] = cap;
        break;
    case OF_LINE:
        model.line[index] = cap;
        break;
    case OF_DYING:
        break;
    }
}

static void tree_remove(struct cap *cap)
{
    if (cap->parent)
        *sibling_link(cap) = cap->next;
}

/* A capability without children vanishes. */
static void cap_free(struct cap *cap)
{
    tree_remove(cap);
    place_clear(cap);
    cap->kind = WHIT_NONE;
}

/* A new child, the first among its siblings, with all that its parent is. */
static struct cap *child_new(struct cap *parent, enum model_where where, struct object *holder,
                             unsigned index)
{
    struct cap *child = cap_new();
    child->kind = parent->kind;
    child->base = parent->base;
    child->size = parent->size;
    child->rights = parent->rights;
    child->ceiling = parent->ceiling;
    child->device = parent->device;
    child->object = parent->object;
    child->parent = parent;
    child->next = parent->child;
    parent->child = child;
    place_fill(child, where, holder, index);
    return child;
}

struct cap *model_next(const struct cap *cap)
{
    if (cap->child)
        return cap->child;
    while (cap && !cap->next)
        cap = cap->parent;
    return cap ? cap->next : NULL;
}

static bool is_inert(const struct cap *cap)
{
    return cap->pinned || (cap->child && cap->child->given);
}

/* No child and no use. */
static bool is_free(const struct cap *cap)
{
    return !cap->child && !cap->mapped && !cap->pinned;
}

static int depth_check(const struct cap *parent)
{
    unsigned generations = 1;
    for (; parent->parent; parent = parent->parent)
        generations++;
    return generations > MODEL_GENERATIONS ? WHIT_E_DEPTH : WHIT_OK;
}

static int hold_check(const struct cap *cap)
{
    return is_inert(cap) ? WHIT_E_BUSY : depth_check(cap);
}

/* The rights of a child that is not given. */
static unsigned rights_passed(const struct cap *cap)
{
    return cap->kind == WHIT_MEMORY ? cap->rights & ~(unsigned)WHIT_R_MAKE : cap->rights;
}

struct cap *model_hold(struct cap *parent, struct object *holder, enum model_role role)
{
    struct cap *child = child_new(parent, HELD, holder, role);
    child->rights = rights_passed(parent);
    return child;
}

/* ---- patterns of the manual */

/* "Empty or out of range." */
static int filled(const struct object *self, uint64_t selector, struct cap **cap)
{
    *cap = selector < MODEL_SLOTS ? self->space->table->slot[selector] : NULL;
    return *cap ? WHIT_OK : WHIT_E_CAPABILITY;
}

/* "Find (KIND, RIGHTS)." */
static int find(const struct object *self, uint64_t selector, enum whit_kind kind, unsigned rights,
                struct cap **cap)
{
    int e = filled(self, selector, cap);
    if (!e && (*cap)->kind != kind)
        e = WHIT_E_CAPABILITY;
    if (!e && ((*cap)->dying || (rights & ~(*cap)->rights) != 0))
        e = WHIT_E_RIGHTS;
    return e;
}

/* "Space." */
static int space_find(const struct object *self, uint64_t selector, struct object **space)
{
    *space = self->space;
    if (selector == WHIT_SELF)
        return WHIT_OK;
    struct cap *cap;
    int e = find(self, selector, WHIT_SPACE, WHIT_R_CONTROL, &cap);
    if (!e)
        *space = cap->object;
    return e;
}

static int page_take(struct space_state *space)
{
    if (space->pages_used == space->pages)
        return WHIT_E_FUNDS;
    space->pages_used++;
    return WHIT_OK;
}

/* "Slot." */
static int slot_prepare(const struct object *space, uint64_t selector)
{
    struct space_state *table = space->table;
    if (selector == WHIT_SELF || selector >= WHIT_SLOTS)
        return WHIT_E_CAPABILITY;
    if (selector >= MODEL_SLOTS)
        model_full("slots");
    if (table->slot[selector])
        return WHIT_E_OCCUPIED;
    bool *page = &table->slot_page[selector / MODEL_SLOTS_A_PAGE];
    int e = *page ? WHIT_OK : page_take(table);
    if (!e)
        *page = true;
    return e;
}

/* ---- the end of objects: "When that is revoked or deleted, the reference ends" */

/* What a thread waited for is over. */
static void wait_end(struct object *thread, uint64_t bits, enum whit_error error)
{
    thread->waits = NULL;
    thread->told = thread->told_bits = true;
    thread->x0 = bits;
    thread->x10 = error;
}

/* Whom a thread serves gets DEAD; the thread works on for nobody. */
static void serve_end(struct object *thread)
{
    if (thread->serves != SERVES_CALLER)
        return;
    thread->caller->callee = NULL;
    thread->caller->told = true;
    thread->caller->told_bits = false;
    thread->caller->x10 = WHIT_E_DEAD;
    thread->caller = NULL;
    thread->serves = SERVES_VANISHED;
}

/* A call that a thread waits for is given up. */
static void call_end(struct object *thread)
{
    if (!thread->callee)
        return;
    thread->callee->caller = NULL;
    thread->callee->serves = SERVES_VANISHED;
    thread->callee = NULL;
}

static void budget_release(struct object *thread)
{
    if (thread->budget)
        thread->budget->drives = NULL;
    thread->budget = NULL;
}

static void target_clear(struct object *signal)
{
    if (signal->target == WHIT_TARGET_WAITER && signal->target_object->waits == signal)
        wait_end(signal->target_object, 0, WHIT_E_DEAD);
    signal->pending = false;
    if (signal->payer)
        signal->payer->drives = NULL;
    signal->payer = NULL;
    signal->target = WHIT_TARGET_NONE;
    signal->target_object = NULL;
}

/* `self`: the thread whose operation this is cannot go on without its space, or its registers. */
static void thread_stop(struct object *thread, const struct object *self)
{
    thread->stopped = true;
    if (thread == self)
        model.self_ended = true;
}

static void reference_end(const struct cap *held, const struct object *self)
{
    struct object *holder = held->holder;
    if (held->where == OF_LINE)
        return;
    switch ((enum model_role)held->index) {
    case ROLE_SPACE:
        thread_stop(holder, self);
        serve_end(holder);
        holder->space = NULL;
        break;
    case ROLE_BUDGET:
        budget_release(holder);
        break;
    case ROLE_FAULT:
        holder->fault = NULL;
        break;
    case ROLE_STATE:
        thread_stop(holder, self);
        break;
    case ROLE_HANDLER:
        holder->handler = NULL;
        break;
    case ROLE_TARGET:
    case ROLE_PAYER:
        target_clear(holder);
        break;
    case ROLES:
        break;
    }
}

/* An object other than a space ends; nothing is derived from it any more. */
static void object_end(struct object *object, const struct object *self)
{
    if (object->kind == WHIT_THREAD) {
        thread_stop(object, self);
        call_end(object);
        serve_end(object);
        budget_release(object);
    }
    if (object->kind == WHIT_SIGNAL)
        target_clear(object);
    for (unsigned role = 0; role < ROLES; role++)
        if (object->held[role])
            cap_free(object->held[role]);
    object->kind = WHIT_NONE;
}

/* The original capability of what was an object becomes memory again. */
static void become_memory(struct cap *original)
{
    original->kind = WHIT_MEMORY;
    original->rights = original->before;
    original->original = original->parent == NULL;
    original->dying = false;
    original->before = 0;
    original->object = NULL;
}

/* ---- revocation */

static void doom(struct cap *cap)
{
    cap->dying = true;
    cap->rights = 0;
}

/* The first capability without children below `top`, or itself.  All on the way lose their rights,
 * but not what is pinned. */
static struct cap *leaf_find(struct cap *top)
{
    while (top->child) {
        top = top->child;
        if (!top->pinned)
            doom(top);
    }
    return top;
}

static int space_doom(struct object *space)
{
    if (space->original->before == 0)
        return WHIT_E_BUSY;
    if (!space->table->dying) {
        space->table->dying = true;
        doom(space->original);
        model.dying[model.dying_count++] = space;
    }
    return WAITS;
}

/* One leaf that has lost its rights vanishes; or WAITS, BUSY, PINNED. */
static int leaf_end(struct cap *leaf, const struct object *self)
{
    if (leaf->pinned && !leaf->dying)
        return WHIT_E_PINNED;
    leaf->mapped = NULL;
    if (leaf->where == IN_POOL)
        return space_doom(leaf->holder);
    if (leaf->original && leaf->kind == WHIT_SPACE) {
        place_clear(leaf);
        place_fill(leaf, OF_DYING, leaf->object, 0);
        return space_doom(leaf->object);
    }
    if (leaf->where == HELD || leaf->where == OF_LINE)
        reference_end(leaf, self);
    else if (leaf->original)
        object_end(leaf->object, self);
    cap_free(leaf);
    return WHIT_OK;
}

/* A leaf that has to wait becomes the sibling before the capability that is deleted. */
static void lift(struct cap *leaf, struct cap *above)
{
    tree_remove(leaf);
    struct cap **link = sibling_link(above);
    leaf->parent = above->parent;
    leaf->next = above;
    *link = leaf;
}

/* A space deletes a capability in its table. */
static void slot_delete(struct cap *cap, const struct object *self)
{
    doom(cap);
    struct cap *leaf = leaf_find(cap);
    int result = leaf_end(leaf, self);
    if (result != WHIT_OK && leaf != cap)
        lift(leaf, cap);
}

static void space_end(struct object *space, const struct object *self)
{
    struct space_state *table = space->table;
    while (space->original->child)
        (void)leaf_end(leaf_find(space->original), self);
    for (unsigned i = 0; i < MODEL_SLOTS; i++)
        while (table->slot[i])
            slot_delete(table->slot[i], self);
    for (unsigned i = 0; i < model.caps; i++)
        if (model.cap[i].mapped == space)
            model.cap[i].mapped = NULL;
    while (table->pool_ranges > 0)
        cap_free(table->pool[--table->pool_ranges]);
    if (space->original->where == OF_DYING)
        cap_free(space->original);
    else
        become_memory(space->original);
    table->used = false;
    space->kind = WHIT_NONE;
}

static void spaces_end(const struct object *self)
{
    while (model.dying_count > 0) {
        struct object *first = model.dying[0];
        space_end(first, self);
        memmove(&model.dying[0], &model.dying[1], --model.dying_count * sizeof(first));
    }
}

/* All below `top` vanishes; `top` too, if it is in a space that ends. */
static int descendants_end(struct cap *top, const struct object *self)
{
    int result = WHIT_OK;
    while (top->kind != WHIT_NONE && top->child && (result == WHIT_OK || result == WAITS)) {
        result = leaf_end(leaf_find(top), self);
        if (result == WAITS)
            spaces_end(self);
    }
    spaces_end(self);
    model.vanished = top->kind == WHIT_NONE;
    return result == WAITS ? WHIT_OK : result;
}

/* ---- capabilities */

static int range_check(uint64_t whole, uint64_t offset, uint64_t *size)
{
    if (offset >= whole)
        return WHIT_E_SIZE;
    if (*size == 0)
        *size = whole - offset;
    return *size > whole - offset ? WHIT_E_SIZE : WHIT_OK;
}

/* The fifth step of DERIVE. */
static int derive_check(const struct cap *source, uint64_t offset, uint64_t *size)
{
    if (source->kind == WHIT_MEMORY && (offset % WHIT_UNIT != 0 || *size % WHIT_UNIT != 0))
        return WHIT_E_ALIGNMENT;
    if (source->kind == WHIT_MEMORY || source->kind == WHIT_IRQ)
        return range_check(source->size, offset, size);
    if (*size != 0)
        return WHIT_E_ARGUMENT;
    *size = source->size;
    if (source->kind != WHIT_CORE)
        return offset != 0 ? WHIT_E_ARGUMENT : WHIT_OK;
    bool allowed = offset <= 255 && (source->ceiling == 0 || offset <= source->ceiling);
    return allowed ? WHIT_OK : WHIT_E_ARGUMENT;
}

static int op_derive(struct object *self, const uint64_t *x)
{
    struct cap *source;
    struct object *space;
    uint64_t rights = x[3], size = x[5];
    int e = filled(self, x[0], &source);
    if (!e && (source->dying || (source->rights & WHIT_R_DERIVE) == 0))
        e = WHIT_E_RIGHTS;
    if (!e && is_inert(source))
        e = WHIT_E_BUSY;
    if (!e && source->kind == WHIT_MEMORY)
        rights &= ~(uint64_t)WHIT_R_MAKE;
    if (!e && (rights & ~(uint64_t)source->rights) != 0)
        e = WHIT_E_RIGHTS;
    if (!e)
        e = derive_check(source, x[4], &size);
    if (!e)
        e = space_find(self, x[1], &space);
    if (!e)
        e = slot_prepare(space, x[2]);
    if (!e)
        e = depth_check(source);
    if (e)
        return e;
    struct cap *child = child_new(source, IN_SLOT, space, (unsigned)x[2]);
    child->rights = (unsigned)rights;
    child->size = size;
    if (source->kind == WHIT_MEMORY || source->kind == WHIT_IRQ)
        child->base += x[4];
    else if (source->kind == WHIT_CORE && x[4] != 0)
        child->ceiling = x[4];
    return WHIT_OK;
}

static int op_give(struct object *self, const uint64_t *x)
{
    struct cap *memory;
    struct object *space;
    int e = find(self, x[0], WHIT_MEMORY, WHIT_R_DERIVE, &memory);
    if (!e && !is_free(memory))
        e = WHIT_E_BUSY;
    if (!e)
        e = space_find(self, x[1], &space);
    if (!e)
        e = slot_prepare(space, x[2]);
    if (!e)
        e = depth_check(memory);
    if (e)
        return e;
    struct cap *child = child_new(memory, IN_SLOT, space, (unsigned)x[2]);
    child->given = true;
    child->rights &= ~(unsigned)WHIT_R_PIN;
    return WHIT_OK;
}

static int move(struct object *self, uint64_t selector, struct object *space, uint64_t target)
{
    struct cap *cap;
    int e = filled(self, selector, &cap);
    if (!e && cap->dying)
        e = WHIT_E_RIGHTS;
    if (!e && space != self->space && cap->original)
        e = WHIT_E_ORIGINAL;
    if (!e && space != self->space && (cap->rights & WHIT_R_DERIVE) == 0)
        e = WHIT_E_RIGHTS;
    if (!e)
        e = slot_prepare(space, target);
    if (e)
        return e;
    place_clear(cap);
    place_fill(cap, IN_SLOT, space, (unsigned)target);
    return WHIT_OK;
}

static int op_transfer(struct object *self, const uint64_t *x)
{
    struct object *space;
    int e = space_find(self, x[1], &space);
    return e ? e : move(self, x[0], space, x[2]);
}

static int op_revoke(struct object *self, const uint64_t *x)
{
    struct cap *cap;
    int e = filled(self, x[0], &cap);
    return e ? e : descendants_end(cap, self);
}

static int op_delete(struct object *self, const uint64_t *x)
{
    struct cap *cap;
    int e = filled(self, x[0], &cap);
    if (!e && cap->original)
        e = WHIT_E_ORIGINAL;
    if (e)
        return e;
    doom(cap);
    e = descendants_end(cap, self);
    if (!e && cap->kind != WHIT_NONE)
        cap_free(cap);
    return e;
}

/* ---- memory */

static int op_split(struct object *self, const uint64_t *x)
{
    struct cap *memory;
    int e = find(self, x[0], WHIT_MEMORY, 0, &memory);
    if (!e)
        e = slot_prepare(self->space, x[1]);
    if (!e && !is_free(memory))
        e = WHIT_E_BUSY;
    if (!e && x[2] % WHIT_UNIT != 0)
        e = WHIT_E_ALIGNMENT;
    if (!e && (x[2] == 0 || x[2] >= memory->size))
        e = WHIT_E_SIZE;
    if (e)
        return e;
    struct cap *upper = cap_new();
    *upper = *memory;
    upper->base += x[2];
    upper->size -= x[2];
    memory->size = x[2];
    memory->next = upper;
    place_fill(upper, IN_SLOT, self->space, (unsigned)x[1]);
    return WHIT_OK;
}

static int op_join(struct object *self, const uint64_t *x)
{
    struct cap *memory, *upper;
    int e = find(self, x[0], WHIT_MEMORY, 0, &memory);
    if (!e)
        e = find(self, x[1], WHIT_MEMORY, 0, &upper);
    if (!e && (!is_free(memory) || !is_free(upper)))
        e = WHIT_E_BUSY;
    if (!e && (upper->base != memory->base + memory->size || upper->parent != memory->parent ||
               (memory->next != upper && upper->next != memory)))
        e = WHIT_E_ARGUMENT;
    if (!e && (upper->rights != memory->rights || upper->original != memory->original ||
               upper->given != memory->given || upper->device != memory->device))
        e = WHIT_E_RIGHTS;
    if (e)
        return e;
    memory->size += upper->size;
    if (memory->next == upper)
        memory->next = upper->next; /* roots have no parent who knows them */
    else
        tree_remove(upper);
    place_clear(upper);
    upper->kind = WHIT_NONE;
    return WHIT_OK;
}

static bool has_table(const struct space_state *space, unsigned level, uint64_t address)
{
    for (unsigned i = space->tables; i-- > 0;)
        if (space->table[i].level == level &&
            space->table[i].address >> (48 - 9 * level) == address >> (48 - 9 * level))
            return true;
    return false;
}

static int table_take(struct space_state *space, unsigned level, uint64_t address)
{
    if (has_table(space, level, address))
        return WHIT_OK;
    int e = page_take(space);
    if (e)
        return e;
    if (space->tables == MODEL_TABLES)
        model_full("tables");
    space->table[space->tables++] = (struct table){level, address};
    return WHIT_OK;
}

/* The largest block that begins at `done` of the mapping: "where address, base and size allow it",
 * and where no table of an earlier mapping stands. */
static unsigned block_level(const struct cap *memory)
{
    uint64_t address = memory->address + memory->done, left = memory->size - memory->done;
    unsigned level = (memory->access & WHIT_MAP_UNCACHED) != 0 ? 3 : 1;
    for (; level < 3; level++) {
        uint64_t bytes = UINT64_C(1) << (39 - 9 * level);
        bool aligned = address % bytes == 0 && (memory->base + memory->done) % bytes == 0;
        if (aligned && left >= bytes && !has_table(memory->mapped->table, level + 1, address))
            break;
    }
    return level;
}

/* The first address from the mapping's beginning on where something else is mapped. */
static uint64_t first_in_the_way(const struct cap *memory)
{
    uint64_t first = UINT64_MAX;
    for (unsigned i = 0; i < model.caps; i++) {
        const struct cap *other = &model.cap[i];
        if (other->kind == WHIT_NONE || other == memory || other->mapped != memory->mapped ||
            other->address + other->done <= memory->address || other->done == 0)
            continue;
        if (other->address < first)
            first = other->address;
    }
    return first;
}

/* Maps what is not yet mapped, upwards. */
static int map_fill(struct cap *memory)
{
    struct space_state *space = memory->mapped->table;
    uint64_t way = first_in_the_way(memory);
    while (memory->done < memory->size) {
        uint64_t address = memory->address + memory->done;
        unsigned level = block_level(memory);
        uint64_t bytes = UINT64_C(1) << (39 - 9 * level);
        if (address + bytes > way) {
            memory->mapped = NULL;
            return WHIT_E_OCCUPIED;
        }
        for (unsigned l = 2; l <= level; l++)
            if (table_take(space, l, address) != WHIT_OK)
                return WHIT_E_FUNDS;
        memory->done += bytes;
    }
    return WHIT_OK;
}

static int op_map(struct object *self, const uint64_t *x)
{
    struct cap *memory;
    struct object *space;
    uint64_t address = x[2], access = x[3], rights = access & ~(uint64_t)WHIT_MAP_UNCACHED;
    int e = find(self, x[0], WHIT_MEMORY, 0, &memory);
    if (!e)
        e = space_find(self, x[1], &space);
    if (!e && access != WHIT_MAP_PIN &&
        (access > WHIT_MAP_ALL || rights == 0 || (access != rights && memory->device)))
        e = WHIT_E_ARGUMENT;
    if (!e && (rights & ~(uint64_t)memory->rights) != 0)
        e = WHIT_E_RIGHTS;
    if (!e && (address | memory->base | memory->size) % WHIT_PAGE != 0)
        e = WHIT_E_ALIGNMENT;
    if (!e && (memory->size > UINT64_C(1) << WHIT_ADDRESS_BITS ||
               address > (UINT64_C(1) << WHIT_ADDRESS_BITS) - memory->size))
        e = WHIT_E_ARGUMENT;
    if (!e && is_inert(memory))
        e = WHIT_E_BUSY;
    if (!e && access == WHIT_MAP_PIN && !is_free(memory))
        e = WHIT_E_BUSY;
    if (!e && memory->mapped &&
        (memory->mapped != space || memory->address != address || memory->access != access ||
         memory->done == memory->size))
        e = WHIT_E_BUSY;
    if (e)
        return e;
    if (access == WHIT_MAP_PIN) {
        memory->pinned = true;
        return WHIT_OK;
    }
    if (!memory->mapped)
        memory->done = 0;
    memory->mapped = space;
    memory->address = address;
    memory->access = access;
    return map_fill(memory);
}

static int op_unmap(struct object *self, const uint64_t *x)
{
    struct cap *memory;
    int e = filled(self, x[0], &memory);
    if (!e && memory->kind != WHIT_MEMORY)
        e = WHIT_E_CAPABILITY;
    if (!e && !memory->mapped && !memory->pinned)
        e = WHIT_E_STATE;
    if (!e) {
        memory->mapped = NULL;
        memory->pinned = false;
    }
    return e;
}

int model_donate(struct cap *memory, struct object *space)
{
    struct space_state *table = space->table;
    if (table->pool_ranges == MODEL_POOL)
        return WHIT_E_DEPTH;
    int e = depth_check(memory);
    if (e)
        return e;
    struct cap *range = child_new(memory, IN_POOL, space, table->pool_ranges++);
    range->given = true;
    range->rights = 0;
    table->pages += memory->size / WHIT_PAGE;
    return WHIT_OK;
}

static int op_donate(struct object *self, const uint64_t *x)
{
    struct cap *memory;
    struct object *space;
    int e = find(self, x[0], WHIT_MEMORY, WHIT_R_MAKE, &memory);
    if (!e)
        e = space_find(self, x[1], &space);
    if (!e && !is_free(memory))
        e = WHIT_E_BUSY;
    if (!e && (memory->base | memory->size) % WHIT_PAGE != 0)
        e = WHIT_E_ALIGNMENT;
    return e ? e : model_donate(memory, space);
}

/* ---- objects */

struct object *model_object(enum whit_kind kind, uint64_t base)
{
    for (unsigned i = 0; i < MODEL_OBJECTS; i++) {
        struct object *object = &model.object[i];
        if (object->kind != WHIT_NONE)
            continue;
        memset(object, 0, sizeof(*object));
        object->kind = kind;
        object->base = base;
        object->core = -1;
        if (i >= model.objects)
            model.objects = i + 1;
        return object;
    }
    model_full("objects");
}

struct object *model_space(uint64_t base, bool machine)
{
    struct object *object = model_object(WHIT_SPACE, base);
    for (unsigned i = 0; i < MODEL_SPACES; i++) {
        struct space_state *space = &model.space[i];
        if (space->used)
            continue;
        memset(space, 0, sizeof(*space));
        space->used = true;
        space->machine = machine;
        object->table = space;
        return object;
    }
    model_full("spaces");
}

static const uint64_t object_size[WHIT_KINDS] = {
    [WHIT_SPACE] = WHIT_SIZE_SPACE,   [WHIT_THREAD] = WHIT_SIZE_THREAD,
    [WHIT_PORTAL] = WHIT_SIZE_PORTAL, [WHIT_SIGNAL] = WHIT_SIZE_SIGNAL,
    [WHIT_BUDGET] = WHIT_SIZE_BUDGET,
};

static const enum whit_kind object_needs[WHIT_KINDS] = {
    [WHIT_THREAD] = WHIT_SPACE,
    [WHIT_PORTAL] = WHIT_THREAD,
    [WHIT_SIGNAL] = WHIT_CORE,
    [WHIT_BUDGET] = WHIT_CORE,
};

/* The fifth step of MAKE. */
static int make_check(const uint64_t *x, const struct cap *needed)
{
    uint64_t priority;
    switch (x[1]) {
    case WHIT_SPACE:
        return x[2] > WHIT_MACHINE ? WHIT_E_ARGUMENT : WHIT_OK;
    case WHIT_THREAD:
        if (x[3] > WHIT_VCPU || (x[3] == WHIT_VCPU) != needed->object->table->machine)
            return WHIT_E_ARGUMENT;
        return depth_check(needed);
    case WHIT_PORTAL:
        if (x[4] >> 63 != 0 || x[3] % 4 != 0 || needed->object->vcpu)
            return WHIT_E_ARGUMENT;
        return depth_check(needed);
    case WHIT_BUDGET:
        priority = x[3] & ~(uint64_t)(WHIT_BUDGET_TIMEOUT | WHIT_BUDGET_METER);
        if (priority > 255 || (needed->ceiling != 0 && priority > needed->ceiling) || x[4] > x[5] ||
            x[5] > (UINT64_C(1) << 62) - 1)
            return WHIT_E_ARGUMENT;
        return WHIT_OK;
    default:
        return WHIT_OK;
    }
}

static struct object *make(const uint64_t *x, uint64_t base, struct cap *needed)
{
    if (x[1] == WHIT_SPACE)
        return model_space(base, x[2] == WHIT_MACHINE);
    struct object *object = model_object((enum whit_kind)x[1], base);
    switch (x[1]) {
    case WHIT_THREAD:
        object->vcpu = x[3] == WHIT_VCPU;
        object->stopped = true;
        object->space = needed->object;
        model_hold(needed, object, ROLE_SPACE);
        break;
    case WHIT_PORTAL:
        object->handler = needed->object;
        object->badge = x[4];
        model_hold(needed, object, ROLE_HANDLER);
        break;
    case WHIT_SIGNAL:
        object->home = (int)needed->base;
        break;
    default:
        object->core = (int)needed->base;
        object->priority = x[3] & 0xff;
        object->ticks = x[4];
        break;
    }
    return object;
}

static int op_make(struct object *self, const uint64_t *x)
{
    struct cap *memory, *needed = NULL;
    if (x[1] >= WHIT_KINDS || object_size[x[1]] == 0)
        return WHIT_E_ARGUMENT;
    enum whit_kind needs = object_needs[x[1]];
    int e = find(self, x[0], WHIT_MEMORY, WHIT_R_MAKE, &memory);
    if (!e && memory->device)
        e = WHIT_E_RIGHTS;
    if (!e && !is_free(memory))
        e = WHIT_E_BUSY;
    if (!e && memory->size != object_size[x[1]])
        e = WHIT_E_SIZE;
    if (!e && x[1] == WHIT_SPACE && memory->base % WHIT_PAGE != 0)
        e = WHIT_E_ALIGNMENT;
    if (!e && needs == WHIT_SPACE && x[2] == WHIT_SELF)
        needed = self->space->original;
    else if (!e && needs != WHIT_NONE)
        e = find(self, x[2], needs, WHIT_R_CONTROL, &needed);
    if (!e)
        e = make_check(x, needed);
    if (e)
        return e;
    memory->object = make(x, memory->base, needed);
    memory->object->original = memory;
    memory->kind = (enum whit_kind)x[1];
    memory->before = memory->rights;
    memory->rights = WHIT_R_ALL;
    memory->original = true;
    return WHIT_OK;
}

static int op_destroy(struct object *self, const uint64_t *x)
{
    struct cap *original;
    int e = filled(self, x[0], &original);
    if (!e && (!original->original || original->before == 0))
        e = WHIT_E_ORIGINAL;
    if (e)
        return e;
    doom(original);
    (void)descendants_end(original, self);
    if (original->kind == WHIT_SPACE) {
        (void)space_doom(original->object);
        spaces_end(self);
    } else if (original->kind != WHIT_NONE) {
        object_end(original->object, self);
        become_memory(original);
    }
    return WHIT_OK;
}

/* ---- threads */

static int thread_find(const struct object *self, uint64_t selector, struct object **thread)
{
    struct cap *cap;
    int e = find(self, selector, WHIT_THREAD, WHIT_R_CONTROL, &cap);
    if (!e)
        *thread = cap->object;
    return e;
}

static bool has_virq(const struct object *thread)
{
    for (unsigned i = 0; i < model.objects; i++) {
        const struct object *signal = &model.object[i];
        if (signal->kind == WHIT_SIGNAL && signal->pending && signal->target_object == thread)
            return true;
    }
    return false;
}

/* "By role": what may be wrong with the capability to bind. */
static int bind_check(const struct object *thread, uint64_t role, const struct cap *cap)
{
    if (role == WHIT_ROLE_BUDGET) {
        const struct object *budget = cap->object;
        if (budget->drives && budget->drives != thread)
            return WHIT_E_BUSY;
        bool moves = thread->core >= 0 && thread->core != budget->core;
        if (moves &&
            (!thread->stopped || thread->callee || thread->waits || thread->serves == SERVES_IDLE ||
             thread->serves == SERVES_CALLER || has_virq(thread)))
            return WHIT_E_STATE;
    }
    if (role == WHIT_ROLE_STATE &&
        (cap->size != WHIT_PAGE || cap->base % WHIT_PAGE != 0 || cap->device))
        return WHIT_E_SIZE;
    return hold_check(cap);
}

static int op_bind(struct object *self, const uint64_t *x)
{
    static const struct {
        enum whit_kind kind;
        unsigned rights;
        enum model_role role;
    } roles[WHIT_ROLES] = {
        [WHIT_ROLE_BUDGET] = {WHIT_BUDGET, WHIT_R_CONTROL, ROLE_BUDGET},
        [WHIT_ROLE_FAULT] = {WHIT_PORTAL, WHIT_R_CALL, ROLE_FAULT},
        [WHIT_ROLE_STATE] = {WHIT_MEMORY, WHIT_R_READ | WHIT_R_WRITE, ROLE_STATE},
    };
    struct object *thread;
    struct cap *cap = NULL;
    int e = thread_find(self, x[0], &thread);
    if (!e && x[1] >= WHIT_ROLES)
        e = WHIT_E_ARGUMENT;
    if (!e && x[1] == WHIT_ROLE_STATE && !thread->stopped &&
        (x[2] != 0 || thread->held[ROLE_STATE]))
        e = WHIT_E_STATE;
    if (!e && x[2] != 0)
        e = find(self, x[2], roles[x[1]].kind, roles[x[1]].rights, &cap);
    if (!e && cap)
        e = bind_check(thread, x[1], cap);
    if (e)
        return e;
    enum model_role role = roles[x[1]].role;
    if (thread->held[role]) {
        reference_end(thread->held[role], NULL);
        cap_free(thread->held[role]);
    }
    if (!cap)
        return WHIT_OK;
    model_hold(cap, thread, role);
    if (role == ROLE_BUDGET) {
        thread->budget = cap->object;
        thread->core = cap->object->core;
        cap->object->drives = thread;
    } else if (role == ROLE_FAULT) {
        thread->fault = cap->object;
    }
    return WHIT_OK;
}

static int op_priority(struct object *self, const uint64_t *x)
{
    struct cap *budget;
    if (x[0] == 0)
        return WHIT_OK;
    int e = find(self, x[0], WHIT_BUDGET, WHIT_R_CONTROL, &budget);
    if (!e && !self->budget)
        e = WHIT_E_STATE;
    if (!e && budget->object->core != self->core)
        e = WHIT_E_CORE;
    if (!e && budget->object->drives && budget->object->drives != self)
        e = WHIT_E_BUSY;
    if (!e)
        e = hold_check(budget);
    if (e || budget->object == self->budget)
        return e;
    budget_release(self);
    cap_free(self->held[ROLE_BUDGET]);
    model_hold(budget, self, ROLE_BUDGET);
    self->budget = budget->object;
    budget->object->drives = self;
    return WHIT_OK;
}

static int op_start(struct object *self, const uint64_t *x)
{
    struct object *thread;
    int e = thread_find(self, x[0], &thread);
    if (!e && (!thread->stopped || thread->callee || thread->core < 0 || !thread->space))
        e = WHIT_E_STATE;
    if (e)
        return e;
    serve_end(thread);
    thread->serves = SERVES_NOBODY;
    thread->stopped = false;
    thread->waits = NULL;
    thread->told = thread->told_bits = false;
    return WHIT_OK;
}

static int op_stop(struct object *self, const uint64_t *x)
{
    struct object *thread;
    int e = thread_find(self, x[0], &thread);
    if (!e)
        thread->stopped = true;
    return e;
}

static int op_resume(struct object *self, const uint64_t *x)
{
    struct object *thread;
    int e = thread_find(self, x[0], &thread);
    if (!e && (thread->core < 0 || !thread->space))
        e = WHIT_E_STATE;
    if (!e)
        thread->stopped = false;
    return e;
}

static int op_receive(struct object *self, const uint64_t *x)
{
    if (x[0] >= WHIT_SLOTS)
        return WHIT_E_ARGUMENT;
    self->receive = (unsigned)x[0];
    return WHIT_OK;
}

/* ---- signals and lines: who refers to what */

/* Tells the target of bits that there are. */
static void deliver(struct object *signal)
{
    struct object *target = signal->target_object;
    if (signal->bits == 0 || !target)
        return;
    if (signal->target == WHIT_TARGET_WAITER && target->waits == signal) {
        wait_end(target, signal->bits, WHIT_OK);
        signal->bits = 0;
    }
    if (signal->target == WHIT_TARGET_VIRQ && signal->enabled && target->core == signal->home) {
        signal->pending = true;
        if (target->waits)
            wait_end(target, 0, WHIT_OK);
    }
}

static int target_budget(const struct object *self, const struct object *signal, int home,
                         uint64_t selector, struct cap **budget)
{
    int e = find(self, selector, WHIT_BUDGET, WHIT_R_CONTROL, budget);
    if (!e && (*budget)->object->drives && (*budget)->object->drives != signal)
        e = WHIT_E_BUSY;
    if (!e && (*budget)->object->core != home)
        e = WHIT_E_CORE;
    return e ? e : depth_check(*budget);
}

/* Steps 3 to 5 of TARGET; *home is where the signal then is at home. */
static int target_check(const struct object *self, const struct object *signal, const uint64_t *x,
                        struct cap **object, struct cap **budget, int *home)
{
    bool entry = x[1] == WHIT_TARGET_ENTRY, virq = x[1] == WHIT_TARGET_VIRQ;
    int e = entry ? find(self, x[2], WHIT_PORTAL, WHIT_R_CALL, object)
                  : find(self, x[2], WHIT_THREAD, WHIT_R_CONTROL, object);
    if (e)
        return e;
    const struct object *thread = entry ? (*object)->object->handler : (*object)->object;
    if (virq && (!thread->vcpu || (x[3] & 0xffff) >= 1020 || x[3] >> 27 != 0))
        return WHIT_E_ARGUMENT;
    if (virq)
        *home = thread->core;
    if (*home < 0 || (entry && (!thread || thread->core != *home)))
        return WHIT_E_CORE;
    e = depth_check(*object);
    if (!e && x[4] != 0)
        e = target_budget(self, signal, *home, x[4], budget);
    else if (!e && entry)
        e = WHIT_E_ARGUMENT;
    return e;
}

static int op_target(struct object *self, const uint64_t *x)
{
    struct cap *cap, *object = NULL, *budget = NULL;
    int e = find(self, x[0], WHIT_SIGNAL, WHIT_R_CONTROL, &cap);
    if (!e && x[1] > WHIT_TARGET_VIRQ)
        e = WHIT_E_ARGUMENT;
    int home = e ? 0 : cap->object->home;
    if (!e && x[1] != WHIT_TARGET_NONE)
        e = target_check(self, cap->object, x, &object, &budget, &home);
    struct object *signal = e ? NULL : cap->object;
    if (!e && (signal->target != WHIT_TARGET_NONE || home != signal->home) &&
        signal->home != self->core)
        e = WHIT_E_CORE;
    if (e)
        return e;
    if (signal->target == WHIT_TARGET_VIRQ && x[1] == WHIT_TARGET_VIRQ && !budget &&
        signal->home == home && signal->target_object == object->object &&
        signal->virq == (x[3] & 0xffff)) {
        signal->enabled = (x[3] >> 24 & WHIT_VIRQ_ENABLED) != 0;
        signal->pending = false;
        deliver(signal);
        return WHIT_OK;
    }
    target_clear(signal);
    signal->home = home;
    if (signal->held[ROLE_TARGET])
        cap_free(signal->held[ROLE_TARGET]);
    if (signal->held[ROLE_PAYER])
        cap_free(signal->held[ROLE_PAYER]);
    if (budget) {
        model_hold(budget, signal, ROLE_PAYER);
        signal->payer = budget->object;
        budget->object->drives = signal;
    }
    if (object) {
        model_hold(object, signal, ROLE_TARGET);
        signal->target = (enum whit_target)x[1];
        signal->target_object = object->object;
        signal->virq = x[3] & 0xffff;
        signal->enabled = (x[3] >> 24 & WHIT_VIRQ_ENABLED) != 0;
        deliver(signal);
    }
    return WHIT_OK;
}

static int signal_find(const struct object *self, uint64_t selector, unsigned rights,
                       struct object **signal)
{
    struct cap *cap;
    int e = find(self, selector, WHIT_SIGNAL, rights, &cap);
    if (!e)
        *signal = cap->object;
    return e;
}

static int op_clear(struct object *self, const uint64_t *x)
{
    struct object *signal;
    int e = signal_find(self, x[0], WHIT_R_CONTROL, &signal);
    if (!e && signal->home != self->core)
        e = WHIT_E_CORE;
    if (e)
        return e;
    model.results = 1;
    model.result[0] = signal->bits & x[1];
    signal->bits &= ~x[1];
    if (signal->bits == 0)
        signal->pending = false;
    return WHIT_OK;
}

static int op_timer(struct object *self, const uint64_t *x)
{
    struct object *signal;
    int e = signal_find(self, x[0], WHIT_R_CONTROL, &signal);
    return !e && signal->home != self->core ? WHIT_E_CORE : e;
}

static int notify(struct object *self, const uint64_t *x)
{
    struct object *signal;
    int e = signal_find(self, x[10], WHIT_R_NOTIFY, &signal);
    if (e)
        return e;
    signal->bits |= x[0];
    deliver(signal);
    return WHIT_OK;
}

static int wait(struct object *self, const uint64_t *x)
{
    struct object *signal;
    int e = signal_find(self, x[10], WHIT_R_CONTROL, &signal);
    if (!e && signal->home != self->core)
        e = WHIT_E_CORE;
    if (!e && (signal->target != WHIT_TARGET_WAITER || signal->target_object != self))
        e = WHIT_E_STATE;
    model.results = 1;
    model.result[0] = 0;
    if (e)
        return e;
    model.result[0] = signal->bits;
    if (signal->bits == 0)
        self->waits = signal;
    signal->bits = 0;
    return self->waits ? MODEL_WAITS : WHIT_OK;
}

static int line_find(const struct object *self, uint64_t selector, struct cap **irq)
{
    int e = find(self, selector, WHIT_IRQ, WHIT_R_CONTROL, irq);
    return !e && ((*irq)->size != 1 || (*irq)->base < 32) ? WHIT_E_ARGUMENT : e;
}

static int op_irq_ack(struct object *self, const uint64_t *x)
{
    struct cap *irq;
    return line_find(self, x[0], &irq);
}

static int op_irq_bind(struct object *self, const uint64_t *x)
{
    struct cap *irq, *signal;
    int e = line_find(self, x[0], &irq);
    if (!e)
        e = find(self, x[1], WHIT_SIGNAL, WHIT_R_NOTIFY, &signal);
    if (!e && (x[2] == 0 || x[3] > WHIT_IRQ_EDGE))
        e = WHIT_E_ARGUMENT;
    if (!e)
        e = depth_check(signal);
    if (e)
        return e;
    if (model.line[irq->base])
        cap_free(model.line[irq->base]);
    child_new(signal, OF_LINE, NULL, (unsigned)irq->base);
    return e;
}

/* ---- what needs a capability, and changes nothing here */

static int op_null(struct object *self, const uint64_t *x)
{
    (void)self;
    (void)x;
    return WHIT_OK;
}

static int op_sync(struct object *self, const uint64_t *x)
{
    struct object *thread;
    int e = thread_find(self, x[0], &thread);
    if (!e && x[1] > 1)
        e = WHIT_E_ARGUMENT;
    if (!e && (!thread->held[ROLE_STATE] || !(thread->stopped || thread->callee)))
        e = WHIT_E_STATE;
    return e;
}

static int op_budget_read(struct object *self, const uint64_t *x)
{
    struct cap *budget;
    int e = find(self, x[0], WHIT_BUDGET, WHIT_R_READ, &budget);
    if (e)
        return e;
    model.results = 6;
    memset(model.result, 0, sizeof(model.result));
    model.result[2] = budget->object->ticks;
    model.result[3] = budget->object->priority;
    return WHIT_OK;
}

/* The firmware of the test does not do it. */
static int op_power(struct object *self, const uint64_t *x)
{
    struct cap *core;
    int e = find(self, x[0], WHIT_CORE, WHIT_R_POWER, &core);
    if (!e)
        e = x[1] > WHIT_POWER_RESET ? WHIT_E_ARGUMENT : WHIT_E_STATE;
    return e;
}

/* ---- messages */

/* Passes the capability that x10 names, if any; *passed tells the receiver. */
static int pass(struct object *from, struct object *to, uint64_t x10, uint64_t *passed)
{
    uint64_t selector = x10 >> 16 & (WHIT_SLOTS - 1);
    bool moves = (x10 & 0x80000000) != 0;
    struct cap *cap;
    int e = WHIT_OK;
    *passed = 0;
    if ((x10 & 0x40000000) == 0)
        return WHIT_OK;
    if (to->receive == 0 || !to->space)
        e = WHIT_E_OCCUPIED;
    if (!e && moves) {
        e = move(from, selector, to->space, to->receive);
    } else if (!e) {
        e = filled(from, selector, &cap);
        if (!e && (cap->dying || (cap->rights & WHIT_R_DERIVE) == 0))
            e = WHIT_E_RIGHTS;
        if (!e && is_inert(cap))
            e = WHIT_E_BUSY;
        if (!e)
            e = slot_prepare(to->space, to->receive);
        if (!e)
            e = depth_check(cap);
        if (!e)
            child_new(cap, IN_SLOT, to->space, to->receive)->rights = rights_passed(cap);
    }
    if (e)
        return e;
    *passed = WHIT_PASSED;
    return WHIT_OK;
}

/* What CALL answers if the handler cannot serve now. */
static int call_later(const struct object *self, const struct object *handler)
{
    if (!handler || handler->core < 0 || (handler->core == self->core && !handler->space))
        return WHIT_E_DEAD;
    if (handler->core != self->core)
        return WHIT_E_CORE;
    for (; handler; handler = handler->callee)
        if (handler == self)
            return WHIT_E_DEADLOCK;
    return MODEL_HELPS;
}

static int call(struct object *self, const uint64_t *x)
{
    struct cap *cap;
    uint64_t passed;
    if ((x[10] & ~UINT64_C(0xffff3fff)) != 0)
        return WHIT_E_ARGUMENT;
    int e = find(self, x[10] & (WHIT_SLOTS - 1), WHIT_PORTAL, WHIT_R_CALL, &cap);
    if (e)
        return e;
    struct object *handler = cap->object->handler;
    if (!handler || handler->core != self->core || handler->stopped || !handler->space ||
        handler->serves != SERVES_IDLE)
        return call_later(self, handler);
    e = pass(self, handler, x[10], &passed);
    if (e)
        return e;
    handler->serves = SERVES_CALLER;
    handler->caller = self;
    handler->told = true;
    handler->told_bits = false;
    handler->x10 = cap->object->badge | passed;
    self->callee = handler;
    return MODEL_ENTERED;
}

static int reply(struct object *self, const uint64_t *x)
{
    struct object *caller = self->caller;
    uint64_t passed;
    if (self->serves == SERVES_CALLER) {
        int e = pass(self, caller, x[10], &passed);
        if (e)
            return e;
        caller->callee = NULL;
        caller->told = true;
        caller->told_bits = false;
        caller->x10 = passed;
        self->caller = NULL;
    }
    self->serves = SERVES_IDLE;
    return MODEL_ENTERED;
}

/* ---- dispatch */

bool model_can_run(const struct object *thread)
{
    return thread->kind == WHIT_THREAD && thread->space && !thread->stopped && !thread->callee &&
           !thread->waits && thread->serves != SERVES_IDLE;
}

int model_call(struct object *self, unsigned number, const uint64_t x[11])
{
    static int (*const operations[WHIT_OP_COUNT])(struct object * self, const uint64_t *x) = {
        [WHIT_OP_DERIVE] = op_derive,     [WHIT_OP_GIVE] = op_give,
        [WHIT_OP_TRANSFER] = op_transfer, [WHIT_OP_REVOKE] = op_revoke,
        [WHIT_OP_DELETE] = op_delete,     [WHIT_OP_SPLIT] = op_split,
        [WHIT_OP_JOIN] = op_join,         [WHIT_OP_MAP] = op_map,
        [WHIT_OP_UNMAP] = op_unmap,       [WHIT_OP_DONATE] = op_donate,
        [WHIT_OP_MAKE] = op_make,         [WHIT_OP_DESTROY] = op_destroy,
        [WHIT_OP_BIND] = op_bind,         [WHIT_OP_START] = op_start,
        [WHIT_OP_STOP] = op_stop,         [WHIT_OP_RESUME] = op_resume,
        [WHIT_OP_RECEIVE] = op_receive,   [WHIT_OP_TARGET] = op_target,
        [WHIT_OP_IRQ_BIND] = op_irq_bind, [WHIT_OP_IRQ_ACK] = op_irq_ack,
        [WHIT_OP_NULL] = op_null,         [WHIT_OP_LOG] = op_null,
        [WHIT_OP_SYNC] = op_sync,         [WHIT_OP_CLEAR] = op_clear,
        [WHIT_OP_TIMER] = op_timer,       [WHIT_OP_BUDGET_READ] = op_budget_read,
        [WHIT_OP_POWER] = op_power,       [WHIT_OP_PRIORITY] = op_priority,
    };
    model.self_ended = model.vanished = false;
    model.results = 0;
    self->told = self->told_bits = false;
    if (number == WHIT_CALL)
        return call(self, x);
    if (number == WHIT_REPLY)
        return reply(self, x);
    if (number == WHIT_NOTIFY)
        return notify(self, x);
    if (number == WHIT_WAIT)
        return wait(self, x);
    if (number == WHIT_YIELD)
        return WHIT_OK;
    if (number != WHIT_OP || x[10] >= WHIT_OP_COUNT)
        return WHIT_E_OPERATION;
    int result = operations[x[10]](self, x);
    return model.self_ended ? MODEL_GONE : result;
}

/* ---- how it is at boot */

void model_reset(void)
{
    for (unsigned i = 0; i < model.caps; i++)
        model.cap[i].kind = WHIT_NONE;
    for (unsigned i = 0; i < model.objects; i++)
        model.object[i].kind = WHIT_NONE;
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        model.space[i].used = false;
    memset(model.line, 0, sizeof(model.line));
    model.caps = model.objects = model.dying_count = 0;
}

struct cap *model_root(struct object *space, unsigned selector, enum whit_kind kind, uint64_t base,
                       uint64_t size, unsigned rights, bool device)
{
    if (slot_prepare(space, selector) != WHIT_OK)
        model_full("roots");
    struct cap *cap = cap_new();
    cap->kind = kind;
    cap->base = base;
    cap->size = size;
    cap->rights = rights;
    cap->original = true;
    cap->device = device;
    place_fill(cap, IN_SLOT, space, selector);
    return cap;
}
