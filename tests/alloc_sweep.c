/*
 * alloc_sweep.c - allocations that fail, and those of an allocator of the
 * program.
 */
#include "alloc_sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/crc32.h"
#include "../src/model/extend.h"
#include "../src/model/loss_cache.h"
#include "../src/model/state.h"
#include "tiny_model.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *pointer);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *pointer);

static bool counting;
static long n_allocations, fail_at, n_live;

/* Whether this allocation is the one to fail. */
static bool fails(void)
{
    return counting && ++n_allocations == fail_at;
}

static void *made(void *pointer)
{
    n_live += counting && pointer != NULL;
    return pointer;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : made(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : made(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fails())
        return NULL;
    void *moved = __real_realloc(old, size);
    return old == NULL ? made(moved) : moved;
}

void __wrap_free(void *pointer)
{
    n_live -= counting && pointer != NULL;
    __real_free(pointer);
}

/* --- attempts ------------------------------------------------------------- */

char model_path[256];
struct pith_model *model;
struct pith_session *session;
struct pith_error error;

static bool as_expected;
static uint32_t made_crc;

void expect(bool condition)
{
    as_expected = as_expected && condition;
}

void note_made(const void *bytes, size_t n)
{
    made_crc = pith_crc32(made_crc, bytes, n);
}

/* --- the sweep ------------------------------------------------------------ */

static size_t n_remembered; /* texts in the memory of losses, after an attempt */

static enum pith_status attempt(int which, long k)
{
    counting = true;
    n_allocations = n_live = 0;
    as_expected = true;
    made_crc = 0;
    fail_at = k;
    enum pith_status status = attempt_run(which);
    n_remembered = session->loss_cache != NULL ? session->loss_cache->n : 0;
    pith_session_forget(session); /* the next attempt finds it empty */
    counting = false;
    return status;
}

START_TEST(every_failed_allocation_is_survived)
{
    const char *name = attempt_name(_i);
    ck_assert_msg(attempt(_i, 0) == PITH_OK, "%s: %s", name, error.detail);
    long total = n_allocations, n_forgone = 0;
    size_t all_remembered = n_remembered;
    uint32_t whole_crc = made_crc;
    /* All of the first, then a share that no period of them hides from. */
    for (long k = 1; k <= total; k += k < 300 ? 1 : 7) {
        error.detail[0] = '\0';
        enum pith_status status = attempt(_i, k);
        bool is_forgone = status == PITH_OK && n_remembered < all_remembered &&
                          made_crc == whole_crc;
        n_forgone += is_forgone;
        ck_assert_msg(status == PITH_ERR_MEMORY || is_forgone,
                      "%s: allocation %ld of %ld failed: %s %s", name, k, total,
                      pith_status_name(status), error.detail);
        ck_assert_msg(n_live == 0, "%s: allocation %ld of %ld failed: %ld leak",
                      name, k, total, n_live);
        ck_assert(as_expected && (is_forgone || error.detail[0] != '\0'));
    }
    ck_assert(all_remembered == 0 || n_forgone > 0);
    ck_assert_int_eq(attempt(_i, 0), PITH_OK);
    ck_assert_int_eq(n_live, 0);
}
END_TEST

/* --- an allocator of the program --------------------------------------------- */

/* Its blocks start with this, so that no other function can take them, nor it
 * other blocks. */
union block {
    struct {
        size_t size;
        uint64_t mark;
    } head;
    max_align_t alignment;
};

static const uint64_t MARK = 0x70697468616C6C6F;

static void *mark_block(union block *block, size_t size)
{
    if (block == NULL)
        return NULL;
    block->head.size = size;
    block->head.mark = MARK;
    return block + 1;
}

static union block *find_block(void *pointer)
{
    union block *block = (union block *)pointer - 1;
    if (block->head.mark != MARK)
        abort(); /* not ours, or released twice */
    return block;
}

static void *own_allocate(void *user, size_t size)
{
    *(long *)user += 1;
    if (size == 0)
        abort();
    union block *block = __real_malloc(sizeof *block + size);
    if (block != NULL)
        memset(block, 0xA5, sizeof *block + size); /* nothing is zero */
    return mark_block(block, size);
}

static void *own_resize(void *user, void *pointer, size_t size)
{
    (void)user;
    union block *block = find_block(pointer);
    block->head.mark = 0;
    return mark_block(__real_realloc(block, sizeof *block + size), size);
}

static void own_release(void *user, void *pointer)
{
    *(long *)user -= 1;
    union block *block = find_block(pointer);
    memset(block, 0x5A, sizeof *block + block->head.size);
    __real_free(block);
}

static void open_session(void)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1};
    assert_ok(pith_model_load(model_path, NULL, &model, &error), error);
    assert_ok(pith_session_create(model, &options, &session, &error), error);
}

static void close_session(void)
{
    pith_session_free(session);
    pith_model_free(model);
}

START_TEST(all_memory_is_of_the_allocator)
{
    const char *name = attempt_name(_i);
    long n_own = 0;
    struct pith_allocator own = {own_allocate, own_resize, own_release, &n_own};
    ck_assert_int_eq(attempt(_i, 0), PITH_OK);
    uint32_t crc = made_crc;
    close_session();

    assert_ok(pith_set_allocator(&own, &error), error);
    open_session();
    long n_open = n_own;
    ck_assert_int_gt(n_open, 0);
    ck_assert_msg(attempt(_i, 0) == PITH_OK && as_expected, "%s: %s", name,
                  error.detail);
    ck_assert_msg(n_allocations == 0 && n_live == 0,
                  "%s: %ld allocations and %ld blocks pass by the allocator",
                  name, n_allocations, n_live);
    ck_assert_uint_eq(made_crc, crc);
    ck_assert_int_eq(n_own, n_open);
    close_session();
    ck_assert_int_eq(n_own, 0);

    assert_ok(pith_set_allocator(NULL, &error), error);
    open_session();
    ck_assert_int_eq(n_own, 0);
}
END_TEST

START_TEST(allocators_are_whole)
{
    long n_own = 0;
    struct pith_allocator whole = {own_allocate, own_resize, own_release,
                                   &n_own};
    struct pith_allocator wrong[3];
    for (size_t i = 0; i < 3; i++)
        wrong[i] = whole;
    wrong[0].allocate = NULL;
    wrong[1].resize = NULL;
    wrong[2].release = NULL;
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(pith_set_allocator(&wrong[i], &error),
                         PITH_ERR_ARGUMENT);
    ck_assert_int_eq(attempt(0, 0), PITH_OK); /* with the C library's */
    ck_assert_int_eq(n_own, 0);
}
END_TEST

void sweep_open(void)
{
    snprintf(model_path, sizeof model_path, "%s", temporary_path("alloc.pith"));
    tiny_model_write(model_path, TINY_LLAMA, PITH_F32);
    open_session();
}

void sweep_close(void)
{
    close_session();
    remove(model_path);
}

void sweep_add_tests(TCase *tcase, int n)
{
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, every_failed_allocation_is_survived, 0, n);
    tcase_add_loop_test(tcase, all_memory_is_of_the_allocator, 0, n);
    tcase_add_test(tcase, allocators_are_whole);
}
