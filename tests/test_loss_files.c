/*
 * test_loss_files.c - src/base/slots.c, src/model/loss_files.c, loss_key.c:
 * losses in a folder are those that were computed, or are not taken; and a
 * folder never costs a result.
 */
#define _XOPEN_SOURCE 700

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "../src/base/crc32.h"
#include "../src/base/store.h"
#include "../src/kernels/precision.h"
#include "../src/model/loss_cache.h"
#include "../src/model/score.h"
#include "../src/model/state.h"
#include "program.h"
#include "support.h"
#include "tiny_model.h"

enum { N_TOKENS = 100 };

static char folder[4096];
static int32_t ids[N_TOKENS], targets[N_TOKENS];
static struct pith_model *model;

static void clean(void)
{
    char command[8192];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

static void set_up(void)
{
    uint64_t seed = 5;
    snprintf(folder, sizeof folder, "%s", temporary_path("losses"));
    clean();
    model = tiny_model_load(TINY_LLAMA, PITH_Q8, NULL);
    for (size_t i = 0; i < N_TOKENS; i++) {
        ids[i] = (int32_t)random_below(&seed, 420);
        targets[i] = i < 3 ? PITH_NO_TARGET : (int32_t)random_below(&seed, 420);
    }
}

static void tear_down(void)
{
    pith_model_free(model);
    clean();
}

static struct pith_session *open_session(const struct pith_model *of,
                                         const char *precision)
{
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .n_threads = 1,
                                           .precision = precision};
    struct pith_session *session;
    struct pith_error error;
    assert_ok(pith_session_create(of, &options, &session, &error), error);
    assert_ok(pith_session_cache_open(session, folder, &error), error);
    return session;
}

static void score(struct pith_session *session, size_t n, float *losses)
{
    struct pith_error error;
    assert_ok(pith_session_forward_known(session, ids, n, targets, losses,
                                         &error), error);
}

static struct pith_cache_info info_of(const struct pith_session *session)
{
    struct pith_cache_info info;
    pith_session_cache_describe(session, &info);
    return info;
}

/* One process scores n tokens; what it found and the losses. */
static struct pith_cache_info score_anew(const struct pith_model *of,
                                         const char *precision, size_t n,
                                         float *losses)
{
    struct pith_session *session = open_session(of, precision);
    score(session, n, losses);
    struct pith_cache_info info = info_of(session);
    ck_assert_uint_eq(info.n_found + info.n_missed, 1);
    info.folder = info.why = NULL; /* borrowed */
    pith_session_free(session);
    return info;
}

static void assert_same(const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert((isnan(got[i]) && isnan(want[i])) ||
                  memcmp(got + i, want + i, sizeof *got) == 0);
}

/* --- what is kept ----------------------------------------------------------- */

START_TEST(a_later_session_has_the_same_losses)
{
    float want[N_TOKENS], got[N_TOKENS];
    ck_assert_uint_eq(score_anew(model, "f32", N_TOKENS, want).n_kept, 1);
    struct pith_cache_info info = score_anew(model, "f32", N_TOKENS, got);
    ck_assert_uint_eq(info.n_found, 1);
    ck_assert_uint_eq(info.n_kept, 0);
    assert_same(got, want, N_TOKENS);
    ck_assert(isnan(got[0]));
}
END_TEST

/* Each of them is another text, or has other losses. */
START_TEST(nothing_else_is_taken_for_it)
{
    static const char *const precisions[] = {"int8", "bf16", "bf16x3", "int16",
                                             "int8x3"};
    float losses[N_TOKENS];
    score_anew(model, "f32", N_TOKENS, losses);
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++)
        ck_assert_uint_eq(
            score_anew(model, precisions[i], N_TOKENS, losses).n_found, 0);
    ck_assert_uint_eq(score_anew(model, "f32", N_TOKENS - 1, losses).n_found,
                      0);
    ids[40] ^= 1;
    ck_assert_uint_eq(score_anew(model, "f32", N_TOKENS, losses).n_found, 0);
    ids[40] ^= 1;
    targets[50] ^= 1;
    ck_assert_uint_eq(score_anew(model, "f32", N_TOKENS, losses).n_found, 0);
    targets[50] ^= 1;
    /* the same weights in other types, another model, other routines */
    struct pith_model *others[] = {
        tiny_model_load(TINY_LLAMA, PITH_F32, NULL),
        tiny_model_load(TINY_LLAMA_TIED, PITH_Q8, NULL),
        tiny_model_load(TINY_LLAMA, PITH_Q8, "scalar")};
    bool one_set = strcmp(pith_kernels_name(0), "scalar") == 0;
    for (size_t i = 0; i < 3; i++) {
        if (i < 2 || !one_set)
            ck_assert_uint_eq(
                score_anew(others[i], "f32", N_TOKENS, losses).n_found, 0);
        pith_model_free(others[i]);
    }
    ck_assert_uint_eq(score_anew(model, "f32", N_TOKENS, losses).n_found, 1);
}
END_TEST

/* Weights that were changed without their checksum. */
START_TEST(a_changed_weight_shows)
{
    uint8_t before[32], after[32];
    struct pith_error error;
    const char *path = temporary_path("changed");
    size_t size;
    tiny_model_write(path, TINY_GPT2, PITH_F32);
    char *file = read_whole_file(path, &size);
    for (int i = 0; i < 2; i++) {
        struct pith_model *of;
        assert_ok(pith_model_load_memory(file, size, "tiny", NULL, &of,
                                         &error), error);
        struct pith_session *session = open_session(of, "f32");
        assert_ok(pith_loss_fingerprint(session, session->compute.precision,
                                        i == 0 ? before : after, &error),
                  error);
        ck_assert_uint_eq(session->n_past, 0);
        pith_session_free(session);
        /* the exponent of a weight of the last layer */
        size_t at = of->format.tensors[of->format.n_tensors - 4].offset;
        file[at + 3] ^= 1;
        pith_model_free(of);
    }
    ck_assert_int_ne(memcmp(before, after, 32), 0);
    free(file);
    remove(path);
}
END_TEST

/* Batches, whose texts are looked for one by one. */
START_TEST(texts_of_a_batch_are_kept_one_by_one)
{
    float first[60], second[60], again[60];
    struct pith_error error;
    struct pith_scored_text texts[] = {{ids, 30, first},
                                       {ids + 30, 60, second}};
    struct pith_session *session = open_session(model, NULL);
    assert_ok(pith_score_texts(session, texts, 2, "t", &error), error);
    pith_session_free(session);
    session = open_session(model, NULL);
    texts[0] = (struct pith_scored_text){ids + 30, 60, again};
    texts[1] = (struct pith_scored_text){ids + 1, 5, first};
    assert_ok(pith_score_texts(session, texts, 2, "t", &error), error);
    assert_same(again, second, 60);
    ck_assert_uint_eq(info_of(session).n_found, 1);
    ck_assert_uint_eq(info_of(session).n_missed, 1);
    pith_session_free(session);
}
END_TEST

/* --- files that are not what they should be --------------------------------- */

static char *file_path(void)
{
    static char path[8192];
    char command[8192];
    snprintf(command, sizeof command, "ls '%s'/* | head -n 1", folder);
    FILE *names = popen(command, "r");
    ck_assert_ptr_nonnull(fgets(path, sizeof path, names));
    pclose(names);
    path[strcspn(path, "\n")] = '\0';
    return path;
}

/* Scores with the folder as it is: the file is bad, and replaced. */
static void expect_replaced(const float *want)
{
    float got[N_TOKENS];
    struct pith_cache_info info = score_anew(model, "f32", N_TOKENS, got);
    assert_same(got, want, N_TOKENS);
    ck_assert_uint_eq(info.n_found, 0);
    ck_assert_uint_eq(info.n_bad, 1);
    ck_assert_uint_eq(info.n_kept, 1);
    ck_assert_uint_eq(score_anew(model, "f32", N_TOKENS, got).n_found, 1);
    assert_same(got, want, N_TOKENS);
}

/* With the checksum of what it now says. */
static void seal(uint8_t *bytes, size_t size)
{
    pith_store_u32(bytes + size - 4, pith_crc32(0, bytes, size - 4));
}

START_TEST(damaged_files_are_replaced)
{
    float want[N_TOKENS];
    size_t size;
    score_anew(model, "f32", N_TOKENS, want);
    char *path = file_path();
    uint8_t *good = (uint8_t *)read_whole_file(path, &size);
    uint8_t *bad = malloc(2 * PITH_LOSS_FILE_SIZE);
    ck_assert_uint_eq(size, PITH_LOSS_FILE_LOSSES + 4 * N_TOKENS + 4);
    for (size_t at = 0; at < size; at += 13) { /* a bit of it */
        memcpy(bad, good, size);
        bad[at] ^= 16;
        write_bytes(path, bad, size);
        expect_replaced(want);
    }
    static const size_t sizes[] = {0, 1, 7, 44, 47, 48, 52, 200};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_bytes(path, good, sizes[i]); /* cut off */
        expect_replaced(want);
    }
    write_bytes(path, good, size - 1);
    expect_replaced(want);
    memcpy(bad, good, size);
    memset(bad + size, 0, PITH_LOSS_FILE_SIZE);
    write_bytes(path, bad, size + 4); /* with more after it */
    expect_replaced(want);
    write_bytes(path, bad, size + PITH_LOSS_FILE_SIZE);
    expect_replaced(want);
    free(bad);
    free(good);
}
END_TEST

/* What only someone writes who wants to be believed: the checksum is right. */
START_TEST(false_files_are_replaced)
{
    static const float values[] = {NAN, INFINITY, -INFINITY, -5, 3e7F};
    float want[N_TOKENS];
    size_t size;
    score_anew(model, "f32", N_TOKENS, want);
    char *path = file_path();
    uint8_t *good = (uint8_t *)read_whole_file(path, &size);
    uint8_t bad[PITH_LOSS_FILE_LOSSES + 4 * N_TOKENS + 4];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        memcpy(bad, good, size);
        pith_store_f32(bad + PITH_LOSS_FILE_LOSSES + 4 * 70, values[i]);
        seal(bad, size);
        write_bytes(path, bad, size);
        expect_replaced(want);
    }
    memcpy(bad, good, size); /* as if of a machine of the other order */
    for (size_t i = PITH_LOSS_FILE_N; i < PITH_LOSS_FILE_KEY; i++)
        bad[i] = good[PITH_LOSS_FILE_KEY - 1 - (i - PITH_LOSS_FILE_N)];
    seal(bad, size);
    write_bytes(path, bad, size);
    expect_replaced(want);
    static const uint32_t counts[] = {0, 99, 101, 0x7fffffff, 0xffffffff};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        memcpy(bad, good, size);
        pith_store_u32(bad + PITH_LOSS_FILE_N, counts[i]);
        seal(bad, size);
        write_bytes(path, bad, size);
        expect_replaced(want);
    }
    /* a shorter text under the key of this one */
    memcpy(bad, good, size);
    size_t cut = PITH_LOSS_FILE_LOSSES + 4 * 9 + 4;
    pith_store_u32(bad + PITH_LOSS_FILE_N, 9);
    seal(bad, cut);
    write_bytes(path, bad, cut);
    float got[N_TOKENS];
    ck_assert_uint_eq(score_anew(model, "f32", N_TOKENS, got).n_found, 0);
    assert_same(got, want, N_TOKENS);
    free(good);
}
END_TEST

/* A link is neither followed nor written through; a pipe is not waited for. */
START_TEST(what_is_no_file_is_replaced)
{
    float want[N_TOKENS];
    size_t size;
    struct stat about;
    char other[4096];
    snprintf(other, sizeof other, "%s", temporary_path("other"));
    score_anew(model, "f32", N_TOKENS, want);
    char *path = file_path();
    ck_assert_int_eq(rename(path, other), 0);
    ck_assert_int_eq(symlink(other, path), 0);
    expect_replaced(want);
    ck_assert(lstat(path, &about) == 0 && S_ISREG(about.st_mode));
    write_bytes(other, "what the user has", 17);
    remove(path);
    ck_assert_int_eq(link(other, path), 0);
    expect_replaced(want);
    free(read_whole_file(other, &size));
    ck_assert_uint_eq(size, 17);
    remove(path);
    ck_assert_int_eq(symlink("/dev/zero", path), 0);
    expect_replaced(want);
    remove(path);
    ck_assert_int_eq(symlink("nowhere", path), 0);
    expect_replaced(want);
    remove(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_replaced(want);
    remove(other);
}
END_TEST

/* Folders in all slots of a key: nothing is kept, and all the rest works. */
START_TEST(folders_stay)
{
    float want[N_TOKENS], got[N_TOKENS];
    score_anew(model, "f32", N_TOKENS, want);
    char *path = file_path();
    remove(path);
    for (int way = 0; way < PITH_SLOT_WAYS; way++) {
        path[strlen(path) - 1] = (char)('0' + way);
        ck_assert_int_eq(mkdir(path, 0700), 0);
    }
    struct pith_cache_info info = score_anew(model, "f32", N_TOKENS, got);
    assert_same(got, want, N_TOKENS);
    ck_assert_uint_eq(info.n_found + info.n_kept, 0);
}
END_TEST

/* --- its size --------------------------------------------------------------- */

/* With the permissions of what is private. */
START_TEST(slots_are_read_and_written)
{
    uint8_t key[32] = {7, 1}, bytes[8];
    struct pith_slots slots;
    struct pith_error error;
    struct stat about;
    int64_t used;
    size_t n = 3;
    assert_ok(pith_slots_open(&slots, folder, &error), error);
    ck_assert(stat(folder, &about) == 0 && (about.st_mode & 0777) == 0700);
    ck_assert_int_eq(pith_slots_read(&slots, key, 0, bytes, &n, &used),
                     PITH_SLOT_EMPTY);
    assert_ok(pith_slots_write(&slots, key, 0, (const uint8_t *)"abc", 3,
                               &error), error);
    ck_assert_int_eq(pith_slots_read(&slots, key, 0, bytes, &n, &used),
                     PITH_SLOT_READ);
    ck_assert(n == 3 && memcmp(bytes, "abc", 3) == 0 && used > 0);
    ck_assert(stat(slots.path, &about) == 0 &&
              (about.st_mode & 0777) == 0600);
    n = 2;
    ck_assert_int_eq(pith_slots_read(&slots, key, 0, bytes, &n, &used),
                     PITH_SLOT_STRANGE);
    pith_slots_close(&slots);
}
END_TEST

static bool is_there(struct pith_session *session, int32_t id)
{
    float losses[2];
    const struct pith_loss_text text = {ids, targets, 2};
    ids[0] = id;
    return pith_loss_files_find(session->loss_cache->files, session,
                                session->compute.precision, &text, losses);
}

/* Keeps a text; its file was used at a time, in seconds. */
static void keep_at(struct pith_session *session, int32_t id, time_t used)
{
    struct pith_loss_files *files = session->loss_cache->files;
    const struct pith_loss_text text = {ids, targets, 2};
    const float losses[] = {1, 2};
    struct timespec times[2] = {{used, 0}, {used, 0}};
    ids[0] = id;
    pith_loss_files_keep(files, session, session->compute.precision, &text,
                         losses);
    ck_assert(is_there(session, id)); /* and the path is that of its slot */
    ck_assert_int_eq(utimensat(AT_FDCWD, files->slots.path, times, 0), 0);
}

/* Texts of one set: of those that are there, the one used longest ago goes. */
START_TEST(the_folder_is_bounded)
{
    enum { N = 4 * PITH_SLOT_WAYS };
    static const time_t used[N] = {900, 100, 500, 300, 200, 700, 400, 600,
                                   150, 800, 350, 999, 250, 120, 110, 130};
    struct pith_session *session = open_session(model, NULL);
    struct pith_loss_files *files = session->loss_cache->files;
    int32_t kept[N];
    bool there[N] = {false};
    size_t n = 0;
    memset(files->fingerprint, 0, 32);
    files->precision = session->compute.precision;
    targets[0] = targets[1] = 1;
    for (int32_t id = 0; n < N; id++) {
        uint8_t key[32];
        size_t oldest = N, n_there = 0;
        const struct pith_loss_text text = {ids, targets, 2};
        ids[0] = id;
        pith_loss_key(files->fingerprint, &text, key);
        if (key[0] != 9 || (key[1] & 3) != 0)
            continue;
        for (size_t i = 0; i < n; i++) {
            n_there += there[i];
            if (there[i] && (oldest == N || used[i] < used[oldest]))
                oldest = i;
        }
        if (n_there == PITH_SLOT_WAYS)
            there[oldest] = false;
        kept[n] = id;
        there[n] = true;
        keep_at(session, id, used[n++]);
        if (n_there == PITH_SLOT_WAYS) /* touched, where it is there */
            ck_assert(!is_there(session, kept[oldest]));
    }
    for (size_t i = 0; i < N; i++)
        ck_assert(is_there(session, kept[i]) == there[i]);
    char command[8192];
    snprintf(command, sizeof command, "test $(ls -A '%s' | wc -l) -eq %d",
             folder, PITH_SLOT_WAYS);
    ck_assert_int_eq(system(command), 0);
    pith_session_free(session);
}
END_TEST

START_TEST(long_texts_are_not_kept)
{
    size_t n = PITH_LOSS_FILE_TOKENS + 1;
    int32_t *many = calloc(n, sizeof *many);
    float *losses = calloc(n, sizeof *losses);
    struct pith_session *session = open_session(model, NULL);
    struct pith_loss_files *files = session->loss_cache->files;
    const struct pith_precision *precision = session->compute.precision;
    struct pith_loss_text text = {many, many, n};
    pith_loss_files_keep(files, session, precision, &text, losses);
    ck_assert_uint_eq(files->n_kept, 0);
    ck_assert(!pith_loss_files_find(files, session, precision, &text, losses));
    text.n = n - 1;
    pith_loss_files_keep(files, session, precision, &text, losses);
    ck_assert_uint_eq(files->n_kept, 1);
    ck_assert(pith_loss_files_find(files, session, precision, &text, losses));
    losses[5] = INFINITY; /* no loss */
    text.n = n - 2;
    pith_loss_files_keep(files, session, precision, &text, losses);
    ck_assert_uint_eq(files->n_kept, 1);
    ck_assert_uint_eq(files->n_failed, 0);
    pith_session_free(session);
    free(many);
    free(losses);
}
END_TEST

/* --- folders ---------------------------------------------------------------- */

static void expect_refused(const char *name, const char *words)
{
    struct pith_error error;
    struct pith_session *session;
    assert_ok(pith_session_create(model, NULL, &session, &error), error);
    ck_assert_int_eq(pith_session_cache_open(session, name, &error),
                     PITH_ERR_IO);
    ck_assert_msg(strstr(error.detail, words) != NULL, "%s", error.detail);
    pith_session_free(session);
}

START_TEST(folders_that_will_not_do)
{
    char path[8192];
    struct pith_error error;
    struct pith_session *session = open_session(model, NULL);
    expect_refused("", "No such file");
    snprintf(path, sizeof path, "%s/no/such", folder);
    expect_refused(path, "cannot make the folder");
    snprintf(path, sizeof path, "%s/file", folder);
    write_bytes(path, "", 0);
    expect_refused(path, "is not a folder");
    ck_assert_int_eq(chmod(folder, 0770), 0);
    expect_refused(folder, "chmod go-w");
    ck_assert_int_eq(chmod(folder, 0707), 0);
    expect_refused(folder, "chmod go-w");
    ck_assert_int_eq(chmod(folder, 0500), 0);
    if (geteuid() != 0)
        expect_refused(folder, "Permission denied");
    else
        expect_refused("/proc/self", "cannot use the folder");
    ck_assert_int_eq(chmod(folder, 0755), 0);
    assert_ok(pith_session_cache_open(session, folder, &error), error);
    ck_assert_int_eq(pith_session_cache_open(session, NULL, &error),
                     PITH_ERR_ARGUMENT);
    pith_session_free(session);
}
END_TEST

/* The folder goes away, or the disk is full, while it is in use. */
START_TEST(failures_cost_no_result)
{
    float want[N_TOKENS], got[N_TOKENS];
    score_anew(model, "f32", N_TOKENS, want);
    clean();
    struct pith_session *session = open_session(model, "f32");
    clean();
    score(session, N_TOKENS, got);
    assert_same(got, want, N_TOKENS);
    ck_assert_uint_eq(info_of(session).n_failed, 1);
    ck_assert_ptr_nonnull(strstr(info_of(session).why, "cannot create"));
    pith_session_free(session);

    struct rlimit before, little;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = 100; /* bytes of a file */
    signal(SIGXFSZ, SIG_IGN);
    session = open_session(model, "f32");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
    score(session, N_TOKENS, got);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_same(got, want, N_TOKENS);
    ck_assert_uint_eq(info_of(session).n_failed, 1);
    ck_assert_ptr_nonnull(strstr(info_of(session).why, "cannot write"));
    pith_session_free(session);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing is left behind */
}
END_TEST

/* --- several processes ------------------------------------------------------ */

enum { N_WRITERS = 4, N_LENGTHS = 40 };

static int write_and_read(const struct pith_model *of)
{
    float losses[N_TOKENS], again[N_TOKENS];
    for (int round = 0; round < 3; round++) {
        struct pith_session *first = open_session(of, NULL);
        for (size_t n = 5; n < 5 + N_LENGTHS; n++)
            score(first, n, losses);
        struct pith_session *second = open_session(of, NULL);
        for (size_t n = 5; n < 5 + N_LENGTHS; n++)
            score(second, n, again);
        bool fine = memcmp(losses + 3, again + 3, 30 * sizeof *again) == 0 &&
                    info_of(first).n_bad + info_of(second).n_bad == 0 &&
                    info_of(first).n_failed + info_of(second).n_failed == 0 &&
                    info_of(second).n_found == N_LENGTHS;
        pith_session_free(first);
        pith_session_free(second);
        if (!fine)
            return 1;
    }
    return 0;
}

START_TEST(several_write_at_once)
{
    pid_t children[N_WRITERS];
    for (int i = 0; i < N_WRITERS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0)
            _exit(write_and_read(model));
    }
    for (int i = 0; i < N_WRITERS; i++) {
        int status;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

/* A writer that is killed leaves its temporary file, which the next one that
 * has the same slot removes. */
START_TEST(what_killed_writers_leave_goes)
{
    float want[N_TOKENS], got[N_TOKENS];
    char left[8300];
    struct stat about;
    score_anew(model, "f32", N_TOKENS, want);
    snprintf(left, sizeof left, "%s.pith-tmp-1", file_path());
    ck_assert_int_eq(rename(file_path(), left), 0);
    ck_assert_uint_eq(score_anew(model, "f32", N_TOKENS, got).n_kept, 1);
    assert_same(got, want, N_TOKENS);
    ck_assert_int_ne(stat(left, &about), 0);
}
END_TEST

/* --- the program ------------------------------------------------------------ */

#define COMPRESS                                                               \
    "\"$PITH\" compress -r 0.5 -i 'Read this.' -Q 'Which one?' text "

START_TEST(the_program_writes_the_same)
{
    static const char *const methods[] = {"paper", "spans"};
    program_set_up();
    program_write("text", "One fine day in May.\n\nTwo of them came along, and "
                          "then there were three.\n\nThree is enough of it.\n");
    for (int i = 0; i < 2; i++) {
        setenv("METHOD", methods[i], 1);
        expect_run("cd \"$DIR\" && " COMPRESS "--method $METHOD -o plain -q && "
                   COMPRESS "--method $METHOD --cache kept -o cold && "
                   "cmp plain cold", 0, NULL, "cache: 0 of");
        expect_run("cd \"$DIR\" && "
                   COMPRESS "--method $METHOD --cache kept -o warm && "
                   "cmp plain warm", 0, NULL, NULL);
        struct run run = run_script(
            "cd \"$DIR\" && " COMPRESS "--method $METHOD --cache kept -o w2");
        size_t found = 0, all = 0;
        const char *line = strstr(run.err, "cache: ");
        ck_assert_ptr_nonnull(line);
        ck_assert_int_eq(sscanf(line, "cache: %zu of %zu", &found, &all), 2);
        ck_assert(found > 0 && found == all);
        finish_run(&run);
    }
    expect_run("cd \"$DIR\" && " COMPRESS "--cache kept/nowhere/deep", 1, "",
               "--cache kept/nowhere/deep: cannot make the folder");
    expect_run("cd \"$DIR\" && chmod g+w kept && " COMPRESS "--cache kept", 1,
               "", "other users may write");
    program_tear_down();
}
END_TEST

/* A request never names a folder; a server's is used by all. */
START_TEST(servers_have_it)
{
    program_set_up();
    program_write("in", "{\"name\":\"a\",\"function\":\"compress_prompt\","
                        "\"context\":[\"One fine day in May it was. \", \"Two "
                        "of them came along, and went.\"],"
                        "\"options\":{\"rate\":0.5}}\n");
    expect_run("cd \"$DIR\" && \"$PITH\" serve --stdio <in | sed s/timings.*// "
               ">a && \"$PITH\" serve --stdio --cache kept <in 2>err1 | sed "
               "s/timings.*// >b && \"$PITH\" serve --stdio --cache kept <in "
               "2>err2 | sed s/timings.*// >c && cmp a b && cmp b c && "
               "grep 'cache: 0 of' err1 && ! grep 'cache: 0 of' err2 && "
               "sed 's/\"rate\"/\"cache\":\"x\",\"rate\"/' in | \"$PITH\" serve "
               "--stdio | grep -q 'cache'", 0, NULL, NULL);
    program_tear_down();
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("loss_files");
    TCase *tcase = tcase_create("loss_files");
    tcase_set_timeout(tcase, 300);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_later_session_has_the_same_losses);
    tcase_add_test(tcase, nothing_else_is_taken_for_it);
    tcase_add_test(tcase, a_changed_weight_shows);
    tcase_add_test(tcase, texts_of_a_batch_are_kept_one_by_one);
    tcase_add_test(tcase, damaged_files_are_replaced);
    tcase_add_test(tcase, false_files_are_replaced);
    tcase_add_test(tcase, what_is_no_file_is_replaced);
    tcase_add_test(tcase, folders_stay);
    tcase_add_test(tcase, slots_are_read_and_written);
    tcase_add_test(tcase, the_folder_is_bounded);
    tcase_add_test(tcase, long_texts_are_not_kept);
    tcase_add_test(tcase, folders_that_will_not_do);
    tcase_add_test(tcase, failures_cost_no_result);
    tcase_add_test(tcase, several_write_at_once);
    tcase_add_test(tcase, what_killed_writers_leave_goes);
    tcase_add_test(tcase, the_program_writes_the_same);
    tcase_add_test(tcase, servers_have_it);
    suite_add_tcase(suite, tcase);
    return suite;
}
