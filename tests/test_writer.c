/*
 * test_writer.c - src/base/writer.c, place.c, unfinished.c and file.c: files
 * that appear complete or not at all, where names lead, and what is there
 * when a program is ended.
 */
#define _GNU_SOURCE /* flock, and POSIX */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../src/base/file.h"
#include "../src/base/file_kind.h"
#include "../src/base/place.h"
#include "../src/base/writer.h"
#include "support.h"

static char folder[256];
static struct pith_error error;

/* Some paths of the folder at a time. */
static const char *in(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, 512, "%s/%s", folder, name);
    return path;
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "%s", temporary_path("writer"));
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    ck_assert_int_eq(mkdir(in("d"), 0700), 0);
}

static void tear_down(void)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

static void put(const char *name, const char *text)
{
    FILE *stream = fopen(in(name), "wb");
    ck_assert_ptr_nonnull(stream);
    fputs(text, stream);
    fclose(stream);
}

static void expect_text(const char *name, const char *want)
{
    char *text = read_whole_file(in(name), NULL);
    ck_assert_str_eq(text, want);
    free(text);
}

static mode_t mode_of(const char *name)
{
    struct stat about;
    ck_assert_int_eq(stat(in(name), &about), 0);
    return about.st_mode & 07777;
}

static bool is_link(const char *name)
{
    struct stat about;
    return lstat(in(name), &about) == 0 && S_ISLNK(about.st_mode);
}

static size_t count_files(const char *name)
{
    char command[600];
    unsigned n = 0;
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", in(name));
    FILE *pipe = popen(command, "r");
    ck_assert_int_eq(fscanf(pipe, "%u", &n), 1);
    pclose(pipe);
    return n;
}

static void write_text(const char *path, const char *text)
{
    struct pith_writer writer;
    assert_ok(pith_writer_open(&writer, path, &error), error);
    assert_ok(pith_writer_write(&writer, text, strlen(text), &error), error);
    assert_ok(pith_writer_commit(&writer, &error), error);
}

/* --- appearing --------------------------------------------------------------- */

START_TEST(files_appear_complete_or_not_at_all)
{
    struct pith_writer writer;
    struct pith_file file;
    const char *path = in("d/file");

    assert_ok(pith_writer_open(&writer, path, &error), error);
    assert_ok(pith_writer_write(&writer, "hello", 5, &error), error);
    ck_assert(!pith_path_exists(path));
    pith_writer_abort(&writer);
    ck_assert_uint_eq(count_files("d"), 0);

    assert_ok(pith_writer_open_seekable(&writer, path, &error), error);
    assert_ok(pith_writer_write(&writer, "hello", 5, &error), error);
    assert_ok(pith_writer_seek(&writer, 0, &error), error);
    assert_ok(pith_writer_write(&writer, "J", 1, &error), error);
    assert_ok(pith_writer_commit(&writer, &error), error);
    pith_writer_abort(&writer);
    ck_assert_uint_eq(count_files("d"), 1);
    assert_ok(pith_file_open(&file, path, &error), error);
    ck_assert_uint_eq(file.size, 5);
    ck_assert_mem_eq(file.data, "Jello", 5);
    pith_file_drop(&file, 0, file.size);
    ck_assert_mem_eq(file.data, "Jello", 5);
    pith_file_close(&file);
}
END_TEST

/* A file that was there stays as it was until the new one has its name. */
START_TEST(failures_leave_what_was_there)
{
    struct pith_writer writer;
    put("d/file", "old");
    assert_ok(pith_writer_open(&writer, in("d/file"), &error), error);
    assert_ok(pith_writer_write(&writer, "new", 3, &error), error);
    expect_text("d/file", "old");
    ck_assert_uint_eq(count_files("d"), 2);
    ck_assert_int_eq(remove(writer.temporary), 0);
    ck_assert_int_eq(pith_writer_commit(&writer, &error), PITH_ERR_IO);
    ck_assert_ptr_nonnull(strstr(error.detail, "rename"));
    expect_text("d/file", "old");
    ck_assert_uint_eq(count_files("d"), 1);

    ck_assert_int_eq(pith_writer_open(&writer, in("no/such/x"), &error),
                     PITH_ERR_IO);
    ck_assert_int_eq(pith_writer_open(&writer, in("d"), &error), PITH_ERR_IO);
    ck_assert_int_eq(pith_writer_open(&writer, in("d/file/x"), &error),
                     PITH_ERR_IO);
    ck_assert_uint_eq(count_files("d"), 1);
}
END_TEST

START_TEST(permissions_are_kept)
{
    static const mode_t modes[] = {0600, 0640, 0644, 0666, 0755, 0604};
    mode_t mask = umask(027);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        put("file", "old");
        ck_assert_int_eq(chmod(in("file"), modes[i]), 0);
        write_text(in("file"), "new");
        expect_text("file", "new");
        ck_assert_uint_eq(mode_of("file"), modes[i]);
    }
    write_text(in("fresh"), "new");
    ck_assert_uint_eq(mode_of("fresh"), 0640);
    umask(mask);
    if (geteuid() == 0) {
        struct stat about;
        ck_assert_int_eq(chown(in("file"), 12, 34), 0);
        write_text(in("file"), "newer");
        ck_assert_int_eq(stat(in("file"), &about), 0);
        ck_assert(about.st_uid == 12 && about.st_gid == 34);
    }
}
END_TEST

/* A file that the user may not write is not replaced either, whatever its
 * folder allows. */
START_TEST(write_protection_is_respected)
{
    struct pith_writer writer;
    put("file", "old");
    ck_assert_int_eq(chmod(in("file"), 0444), 0);
    ck_assert_int_eq(chmod(folder, 0777), 0);
    if (geteuid() == 0) /* it may write everything */
        ck_assert_int_eq(setresuid(65534, 65534, 0), 0);
    ck_assert_int_eq(pith_writer_open(&writer, in("file"), &error),
                     PITH_ERR_IO);
    ck_assert_ptr_nonnull(strstr(error.detail, "Permission denied"));
    expect_text("file", "old");
    if (getuid() != geteuid() || getuid() == 65534)
        ck_assert_int_eq(setresuid(0, 0, 0), 0);
}
END_TEST

/* --- links, devices, pipes --------------------------------------------------- */

START_TEST(links_stay_and_lead_to_the_new_file)
{
    put("d/real", "old");
    ck_assert_int_eq(symlink("d/real", in("link")), 0);
    ck_assert_int_eq(symlink(in("link"), in("d/again")), 0);
    ck_assert_int_eq(symlink("../d/fresh", in("d/dangling")), 0);
    write_text(in("d/again"), "new");
    write_text(in("d/dangling"), "made");
    ck_assert(is_link("link") && is_link("d/again") && is_link("d/dangling"));
    ck_assert(!is_link("d/real"));
    expect_text("d/real", "new");
    expect_text("d/fresh", "made");
    ck_assert_uint_eq(count_files("d"), 4);

    struct pith_writer writer;
    ck_assert_int_eq(symlink("round", in("round")), 0);
    ck_assert_int_eq(pith_writer_open(&writer, in("round"), &error),
                     PITH_ERR_IO);
    ck_assert(is_link("round"));
}
END_TEST

START_TEST(devices_are_written_into)
{
    struct pith_writer writer;
    struct stat before, after;
    static const char *const devices[] = {"/dev/null", "/dev/full"};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(stat(devices[i], &before), 0);
        assert_ok(pith_writer_open_seekable(&writer, devices[i], &error),
                  error);
        ck_assert_ptr_null(writer.temporary);
        assert_ok(pith_writer_write(&writer, "x", 1, &error), error);
        ck_assert_int_eq(pith_writer_commit(&writer, &error),
                         i == 0 ? PITH_OK : PITH_ERR_IO);
        assert_ok(pith_writer_open(&writer, devices[i], &error), error);
        pith_writer_abort(&writer);
        ck_assert_int_eq(stat(devices[i], &after), 0);
        ck_assert(after.st_ino == before.st_ino &&
                  after.st_mode == before.st_mode);
    }
    ck_assert_ptr_nonnull(strstr(error.detail, "No space left"));
}
END_TEST

static void *read_pipe(void *user)
{
    char *text = user;
    FILE *stream = fopen(in("pipe"), "rb");
    text[fread(text, 1, 15, stream)] = '\0';
    fclose(stream);
    return NULL;
}

START_TEST(pipes_get_all_bytes_in_order)
{
    struct pith_writer writer;
    struct stat about;
    for (int seeks = 0; seeks < 2; seeks++) {
        char text[16];
        pthread_t reader;
        remove(in("pipe"));
        ck_assert_int_eq(mkfifo(in("pipe"), 0600), 0);
        pthread_create(&reader, NULL, read_pipe, text);
        assert_ok((seeks ? pith_writer_open_seekable
                         : pith_writer_open)(&writer, in("pipe"), &error),
                  error);
        assert_ok(pith_writer_write(&writer, "hello", 5, &error), error);
        if (seeks) {
            assert_ok(pith_writer_seek(&writer, 0, &error), error);
            assert_ok(pith_writer_write(&writer, "J", 1, &error), error);
        }
        assert_ok(pith_writer_commit(&writer, &error), error);
        pthread_join(reader, NULL);
        ck_assert_str_eq(text, seeks ? "Jello" : "hello");
        ck_assert_int_eq(stat(in("pipe"), &about), 0);
        ck_assert(S_ISFIFO(about.st_mode));
    }
}
END_TEST

/* An open descriptor continues where it is, even one that appends to a file. */
START_TEST(descriptors_are_used_as_they_are)
{
    char path[64];
    struct pith_writer writer;
    put("log", "line\n");
    int file = open(in("log"), O_WRONLY | O_APPEND);
    snprintf(path, sizeof path, "/dev/fd/%d", file);
    write_text(path, "and\n");
    assert_ok(pith_writer_open_seekable(&writer, path, &error), error);
    assert_ok(pith_writer_write(&writer, "hello\n", 6, &error), error);
    assert_ok(pith_writer_seek(&writer, 0, &error), error);
    assert_ok(pith_writer_write(&writer, "J", 1, &error), error);
    assert_ok(pith_writer_commit(&writer, &error), error);
    ck_assert_int_eq(write(file, "on\n", 3), 3);
    close(file);
    expect_text("log", "line\nand\nJello\non\n");
    ck_assert_int_eq(pith_writer_open(&writer, path, &error), PITH_ERR_IO);
    FILE *stream = pith_stream_open("/dev/stdout", "ab");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_ne(fileno(stream), STDOUT_FILENO);
    fclose(stream);
}
END_TEST

START_TEST(programs_that_are_started_inherit_nothing)
{
    struct pith_writer writer;
    put("text", "x");
    assert_ok(pith_writer_open(&writer, in("file"), &error), error);
    FILE *streams[] = {writer.stream, pith_stream_open(in("text"), "rb"),
                       pith_stream_open(in("text"), "ab"),
                       pith_stream_open("/dev/stderr", "wb")};
    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_nonnull(streams[i]);
        ck_assert_int_eq(fcntl(fileno(streams[i]), F_GETFD), FD_CLOEXEC);
        if (i > 0)
            fclose(streams[i]);
    }
    pith_writer_abort(&writer);
}
END_TEST

/* --- temporary names ----------------------------------------------------------- */

/* A link that waits under the temporary name is not followed. */
START_TEST(planted_links_catch_nothing)
{
    put("victim", "mine");
    ck_assert_int_eq(symlink(in("victim"), in("d/out.pith-tmp-1")), 0);
    ck_assert_int_eq(symlink(in("fresh"), in("d/out.pith-tmp-2")), 0);
    ck_assert_int_eq(link(in("victim"), in("d/out.pith-tmp-3")), 0);
    write_text(in("d/out"), "new");
    expect_text("d/out", "new");
    expect_text("victim", "mine");
    ck_assert(!pith_path_exists(in("fresh")));
    ck_assert_uint_eq(count_files("d"), 4);
}
END_TEST

/* In another process, as a user without groups. */
static void write_as_nobody(const char *path)
{
    enum { NOBODY = 65534 };
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct pith_writer writer;
        bool done = setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 &&
                    setuid(NOBODY) == 0 &&
                    pith_writer_open(&writer, path, NULL) == PITH_OK &&
                    fputs("new", writer.stream) >= 0 &&
                    pith_writer_commit(&writer, NULL) == PITH_OK;
        _exit(done ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

START_TEST(another_group_gets_what_everybody_had)
{
    struct stat about;
    if (geteuid() != 0) {
        fputs("SKIPPED: groups of files can be tried by root only\n", stderr);
        return;
    }
    put("d/out", "old");
    ck_assert_int_eq(chmod(in(""), 0777), 0);
    ck_assert_int_eq(chmod(in("d"), 0777), 0);
    ck_assert_int_eq(chmod(in("d/out"), 0676), 0);
    write_as_nobody(in("d/out"));
    expect_text("d/out", "new");
    ck_assert_int_eq(stat(in("d/out"), &about), 0);
    ck_assert_int_ne((int)about.st_gid, 0);
    ck_assert_int_eq((int)about.st_mode & 0777, 0666);
}
END_TEST

/* What a killed run left goes; what a living one writes stays. */
START_TEST(leftovers_go_and_living_files_stay)
{
    struct pith_writer writers[3];
    put("d/out.pith-tmp-1", "half of a fi");
    for (int i = 0; i < 3; i++)
        assert_ok(pith_writer_open(&writers[i], in("d/out"), &error), error);
    ck_assert_uint_eq(count_files("d"), 3);
    ck_assert_str_ne(writers[0].temporary, writers[1].temporary);
    for (int i = 0; i < 3; i++) {
        char digit = (char)('0' + i);
        assert_ok(pith_writer_write(&writers[i], &digit, 1, &error), error);
    }
    ck_assert(!pith_writer_remove_leftover(writers[0].temporary));
    for (int i = 2; i >= 0; i--)
        assert_ok(pith_writer_commit(&writers[i], &error), error);
    expect_text("d/out", "0");
    ck_assert_uint_eq(count_files("d"), 1);
    put("d/out.pith-tmp-7", "half of a fi");
    ck_assert(pith_writer_remove_leftover(in("d/out.pith-tmp-7")));
    ck_assert(!pith_writer_remove_leftover(in("d/out.pith-tmp-7")));
    static const char *const others[] = {"d/out", "d/a.pith-tmp-", "d/a.pith-tmp-0",
                                         "d/a.pith-tmp-1x", "d/a.pith-tmp-100"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        put(others[i], "another file");
        ck_assert(!pith_writer_remove_leftover(in(others[i])));
        expect_text(others[i], "another file");
    }
}
END_TEST

static void end(int number)
{
    pith_writer_remove_all();
    signal(number, SIG_DFL);
    raise(number);
}

/* A program that is ended by a signal while it has many files open. */
START_TEST(signals_leave_nothing)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    put("d/out-3", "old");
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            struct pith_writer writers[10];
            signal(numbers[i], end);
            for (int j = 0; j < 10; j++) {
                char name[32];
                snprintf(name, sizeof name, "d/out-%d", j);
                if (pith_writer_open(&writers[j], in(name), NULL) != PITH_OK)
                    _exit(1);
            }
            pith_writer_abort(&writers[0]);
            raise(numbers[i]);
            _exit(2);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
        ck_assert_uint_eq(count_files("d"), 1);
        expect_text("d/out-3", "old");
    }
}
END_TEST

/* Whether commits fail, of more writers than the list has places, after a
 * handler that did not end the program. */
static bool lose_files(void)
{
    struct pith_writer writers[40];
    bool as_expected = true;
    for (int i = 0; i < 40; i++)
        if (pith_writer_open(&writers[i], in("d/out"), NULL) != PITH_OK)
            return false;
    pith_writer_remove_all();
    for (int i = 0; i < 40; i++)
        as_expected &= pith_writer_commit(&writers[i], NULL) ==
                       (i < 32 ? PITH_ERR_IO : PITH_OK);
    return as_expected;
}

/* In its own process, as names that a handler took are not freed. */
START_TEST(what_was_removed_is_not_committed)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(lose_files() ? 7 : 8);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    ck_assert_uint_eq(count_files("d"), 1);
    write_text(in("d/out"), "new");
    expect_text("d/out", "new");
}
END_TEST

/* --- where names lead ------------------------------------------------------------ */

static bool same(const char *a, const char *b)
{
    struct pith_place places[2];
    assert_ok(pith_place_find(a, &places[0], &error), error);
    assert_ok(pith_place_find(b, &places[1], &error), error);
    bool is_same = pith_place_is_same(&places[0], &places[1]);
    ck_assert_int_eq(pith_place_is_same(&places[1], &places[0]), is_same);
    ck_assert_int_eq(pith_place_check(a, b, &error),
                     is_same ? PITH_ERR_ARGUMENT : PITH_OK);
    return is_same;
}

START_TEST(names_of_one_file_are_the_same)
{
    char spelled[600], path[64];
    put("a", "x");
    put("b", "x");
    ck_assert_int_eq(symlink("a", in("soft")), 0);
    ck_assert_int_eq(link(in("a"), in("hard")), 0);
    ck_assert_int_eq(symlink(folder, in("d/up")), 0);
    ck_assert_int_eq(mkfifo(in("pipe"), 0600), 0);
    snprintf(spelled, sizeof spelled, "%s/d/../a", folder);
    int file = open(in("a"), O_RDONLY);
    snprintf(path, sizeof path, "/dev/fd/%d", file);
    ck_assert(same(in("a"), in("a")));
    ck_assert(same(in("a"), spelled));
    ck_assert(same(in("a"), in("soft")));
    ck_assert(same(in("hard"), in("soft")));
    ck_assert(same(in("hard"), in("d/up/a")));
    ck_assert(same(in("a"), path));
    ck_assert(same(in("pipe"), in("d/up/pipe")));
    ck_assert(!same(in("a"), in("b")));
    ck_assert(!same(in("a"), in("c")));
    ck_assert(!same("/dev/null", "/dev/null"));
    close(file);

    /* Names that nothing has yet. */
    ck_assert_int_eq(symlink("new", in("dangling")), 0);
    snprintf(spelled, sizeof spelled, "%s/./d/..//new", folder);
    ck_assert(same(in("new"), spelled));
    ck_assert(same(in("new"), in("dangling")));
    ck_assert(same(in("new"), in("d/up/new")));
    ck_assert(!same(in("new"), in("d/new")));
    ck_assert(!same(in("new"), in("newer")));
    ck_assert(!same("/no/such/folder/x", "/no/such/folder/x"));
    ck_assert_int_eq(pith_place_check(in("a"), NULL, &error), PITH_OK);
}
END_TEST

/* What cannot be examined is not taken for absent. */
START_TEST(an_error_is_not_absence)
{
    struct pith_place place;
    ck_assert_int_eq(symlink("round", in("round")), 0);
    ck_assert(pith_path_exists(in("round")));
    ck_assert(!pith_path_exists(in("nothing")));
    ck_assert_int_eq(pith_place_find(in("round"), &place, &error),
                     PITH_ERR_IO);
    ck_assert_ptr_nonnull(strstr(error.detail, "round"));
}
END_TEST

START_TEST(only_files_on_a_disk_are_mapped)
{
    static const char *const words[] = {"folder", "pipe", "device"};
    struct pith_file file;
    ck_assert_int_eq(mkfifo(in("pipe"), 0600), 0);
    for (int i = 0; i < 3; i++) {
        const char *path = i == 0 ? folder : i == 1 ? in("pipe") : "/dev/zero";
        ck_assert_int_eq(pith_file_open(&file, path, &error), PITH_ERR_IO);
        ck_assert_ptr_nonnull(strstr(error.detail, words[i]));
        ck_assert_ptr_nonnull(strstr(error.detail, path));
    }
    ck_assert_int_eq(pith_file_open(&file, in("nothing"), &error),
                     PITH_ERR_IO);
    ck_assert_ptr_nonnull(strstr(error.detail, in("nothing")));
}
END_TEST

START_TEST(kinds_are_known_by_how_files_start)
{
    struct pith_text head = {"{\"a\":", 5};
    put("own", "{\"a\":1}");
    put("empty", "");
    put("short", "{\"a");
    put("other", "{\"b\":1}");
    static const char *const good[] = {"own", "empty", "nothing"};
    static const char *const bad[] = {"short", "other"};
    for (int i = 0; i < 3; i++)
        assert_ok(pith_file_check_kind(in(good[i]), head, "a list", &error),
                  error);
    assert_ok(pith_file_check_kind("/dev/null", head, "a list", &error),
              error);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pith_file_check_kind(in(bad[i]), head, "a list",
                                              &error), PITH_ERR_FORMAT);
        ck_assert_ptr_nonnull(strstr(error.detail, "is not a list"));
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("writer");
    TCase *tcase = tcase_create("writer");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, files_appear_complete_or_not_at_all);
    tcase_add_test(tcase, failures_leave_what_was_there);
    tcase_add_test(tcase, permissions_are_kept);
    tcase_add_test(tcase, write_protection_is_respected);
    tcase_add_test(tcase, links_stay_and_lead_to_the_new_file);
    tcase_add_test(tcase, devices_are_written_into);
    tcase_add_test(tcase, pipes_get_all_bytes_in_order);
    tcase_add_test(tcase, descriptors_are_used_as_they_are);
    tcase_add_test(tcase, programs_that_are_started_inherit_nothing);
    tcase_add_test(tcase, planted_links_catch_nothing);
    tcase_add_test(tcase, another_group_gets_what_everybody_had);
    tcase_add_test(tcase, leftovers_go_and_living_files_stay);
    tcase_add_test(tcase, signals_leave_nothing);
    tcase_add_test(tcase, what_was_removed_is_not_committed);
    tcase_add_test(tcase, names_of_one_file_are_the_same);
    tcase_add_test(tcase, an_error_is_not_absence);
    tcase_add_test(tcase, only_files_on_a_disk_are_mapped);
    tcase_add_test(tcase, kinds_are_known_by_how_files_start);
    suite_add_tcase(suite, tcase);
    return suite;
}
