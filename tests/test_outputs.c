/*
 * test_outputs.c - what outputs become: devices, pipes, links, permissions,
 * full disks, files of another kind, and a program that is ended.
 */
#define _GNU_SOURCE /* POSIX, mknod, pipe2 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "foreign.h"
#include "program.h"
#include "support.h"

static void tear_down(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    program_tear_down();
}

/* Before each test: nothing but what all of them read. */
static void clean(void)
{
    ck_assert_int_eq(system("find . -mindepth 1 ! -name tiny.pith ! -path "
                            "'./kept*' -delete"), 0);
}

/* Adds the words to the line with the name in place of @. */
static void add_words(char *line, const char *words, const char *name)
{
    char *end = line + strlen(line);
    *end++ = ' ';
    for (; *words != '\0'; words++)
        if (*words == '@')
            end += sprintf(end, "%s", name);
        else
            *end++ = *words;
    *end = '\0';
}

/* What some command lines have in common. */
#define ALIGN                                                                  \
    "align -q -t 1 --template plain --steps 2 -b 2 --validation-share 0.25 "   \
    "kept/records "
#define CASES "--prompts kept/prompts kept/cases "
#define PREPARE                                                                \
    "eval prepare -q -t 1 --target-model x --methods full --ask restore " CASES

#define OLD "what was there\n"

/* --- commands that work -------------------------------------------------------------- */

/* Command lines that write to @, which comes last. */
static const struct writer {
    const char *line;
    bool varies; /* its bytes are other ones each time */
    bool goes_back; /* it writes the file several times */
} writers[] = {
    {"compress -q kept/text -o @", false, false},
    {"compress -q kept/text -o result --report @", true, false},
    {"score -q kept/text -o @", false, false},
    {"convert -q kept/source @", false, false},
    {"merge -q tiny.pith kept/adapter @", false, false},
    {ALIGN "--overwrite --state s --log l -o @", false, true},
    {ALIGN "--overwrite --state s --log l --lora 2 -o @", false, true},
    {ALIGN "--overwrite -o result --log @", true, false},
    {"align requests -q --target-model x kept/records -o @", false, false},
    {"align collect -q kept/records kept/answers -o @", false, false},
    {"bench -n 8 -r 1 -t 1 --startup off kept/text -o @", true, false},
    {"eval measure -q -t 1 " CASES "--methods full -o @", false, false},
    {"eval metrics kept/pairs -o @", false, false},
    {PREPARE "--keys result -o @", false, false},
    {PREPARE "-o result --keys @", false, false},
    {"eval score -q kept/keys kept/replies -o @", false, false},
    {"eval score -q kept/keys kept/replies -o result --pairs @", false,
     false}};

enum { N_WRITERS = sizeof writers / sizeof *writers };

/* A server's answer to each request. */
static void answer(const char *requests, const char *answers)
{
    char script[1024];
    snprintf(script, sizeof script,
             "sed -E 's/^\\{\"custom_id\": ?(\"[^\"]*\").*/{\"custom_id\": \\1, "
             "\"response\": {\"status_code\": 200, \"body\": {\"choices\": "
             "[{\"message\": {\"content\": \"5\"}}]}}}/' kept/%s >kept/%s",
             requests, answers);
    expect_run(script, 0, "", "");
}

/* What the writers read, in the folder kept. */
static void make_inputs(void)
{
    static const struct foreign_folder how = {.type = "F32"};
    struct foreign model;
    ck_assert_int_eq(mkdir("kept", 0700), 0);
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_folder_write(&model, &how, "kept/source");
    foreign_llama2c_write(&model, "kept/checkpoint", "kept/tokenizer.bin");
    foreign_free(&model);
    program_write("kept/text", "One, two, three and four go up the hill.\n");
    program_write("kept/pairs",
                  "{\"hypothesis\": \"a b\", \"reference\": \"a\"}\n");
    program_write("kept/cases", "{\"question\": \"2 + 3?\", \"answer\": "
                                "\"It is 5.\\n#### 5\"}\n");
    program_write("kept/prompts", "Question: How many are 12 and 30?\nLet's "
                                  "think step by step\nThen Ann says 42.\n");
    expect_run("for i in 1 2 3 4 5 6 7 8; do echo \"{\\\"prompt\\\": "
               "\\\"$i is\\\", \\\"completion\\\": \\\" $((i * i))\\\"}\"; "
               "done >kept/records; \"$PITH\" " ALIGN "--lora 2 -o "
               "kept/adapter && \"$PITH\" " PREPARE "--keys kept/keys -o "
               "kept/requests && \"$PITH\" align requests -q --target-model x "
               "kept/records -o kept/asked", 0, NULL, "");
    answer("requests", "replies");
    answer("asked", "answers");
}

static void set_up(void)
{
    /* Whoever started the tests may ignore them, as nohup does. */
    signal(SIGHUP, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    program_set_up();
    ck_assert_int_eq(chdir(getenv("DIR")), 0);
    make_inputs();
}

/* Runs the writer with @ as given and expects the status. */
static void write_to(const struct writer *writer, const char *before,
                     const char *place, int status, const char *err)
{
    char script[2048];
    snprintf(script, sizeof script, "%s \"$PITH\"", before);
    add_words(script, writer->line, place);
    expect_run(script, status, NULL, err);
}

#define NOTHING_UNFINISHED                                                     \
    "if ls | grep -e tmp; then exit 9; fi; "

/* A device of the test's own where it may make one. */
static bool make_device(const char *name, unsigned major_number,
                        unsigned minor_number)
{
    return mknod(name, S_IFCHR | 0666,
                 makedev(major_number, minor_number)) == 0;
}

START_TEST(devices_are_written_into)
{
    const struct writer *writer = &writers[_i];
    struct stat about;
    write_to(writer, "", "expected", 0, "");
    bool own = make_device("full", 1, 7) && make_device("null", 1, 3) &&
               access("full", W_OK) == 0;
    const char *full = own ? "full" : "/dev/full";
    const char *null = own ? "null" : "/dev/null";
    write_to(writer, "", full, 1, "full: cannot write");
    write_to(writer, "", null, 0, "");
    ck_assert(stat(full, &about) == 0 && S_ISCHR(about.st_mode));
    ck_assert(stat(null, &about) == 0 && S_ISCHR(about.st_mode));
    expect_run(NOTHING_UNFINISHED, 0, "", "");
}
END_TEST

START_TEST(pipes_get_what_files_get)
{
    const struct writer *writer = &writers[_i];
    write_to(writer, "", "expected", 0, "");
    if (writer->goes_back) {
        char line[512] = "";
        expect_run("mkfifo pipe", 0, "", "");
        add_words(line, writer->line, "pipe");
        expect_refusal(line, "is a pipe");
        return;
    }
    write_to(writer, "mkfifo pipe; cat pipe >got &",
             "pipe; status=$?; wait; (exit $status)", 0, "");
    expect_run(writer->varies ? "test -s got" : "cmp got expected", 0, "",
               "");
    write_to(writer, "", "/dev/stdout | cat >got", 0, "");
    expect_run(writer->varies ? "test -s got" : "cmp got expected", 0, "",
               "");
    expect_run("test -p pipe; " NOTHING_UNFINISHED, 0, "", "");
}
END_TEST

/* "-" is standard output, and never a file of that name. */
START_TEST(a_dash_is_standard_output)
{
    const struct writer *writer = &writers[_i];
    write_to(writer, "", "expected", 0, "");
    if (writer->goes_back) {
        char line[512] = "";
        add_words(line, writer->line, "-");
        expect_refusal(line, "expected a file");
        return;
    }
    write_to(writer, "", "- | cat >got", 0, "");
    expect_run(writer->varies ? "test -s got" : "cmp got expected", 0, "",
               "");
    expect_run("ls ./- 2>/dev/null", 2, "", "");
}
END_TEST

/* A link leads to the new file, which has the permissions of the old one. */
START_TEST(links_stay_and_permissions_too)
{
    const struct writer *writer = &writers[_i];
    write_to(writer, "", "expected", 0, "");
    expect_run("mkdir dir; : >dir/real; chmod 640 dir/real; ln -s dir/real link",
               0, "", "");
    write_to(writer, "", "link", 0, "");
    expect_run("test -h link && test ! -h dir/real && stat -c %a dir/real", 0,
               "640\n", "");
    expect_run(writer->varies ? "test -s dir/real" : "cmp dir/real expected",
               0, "", "");
    expect_run(NOTHING_UNFINISHED "cd dir; " NOTHING_UNFINISHED, 0, "", "");
}
END_TEST

/* No file may grow: what a full disk does.  What was there stays. */
START_TEST(a_full_disk_loses_nothing)
{
    const struct writer *writer = &writers[_i];
    write_to(writer, "", "expected", 0, "");
    expect_run("cp expected there", 0, "", "");
    /* What is added to has nothing left to add; the log is begun again. */
    bool adds = strstr(writer->line, "measure") != NULL ||
                strstr(writer->line, "--log") != NULL;
    if (adds)
        expect_run("rm there", 0, "", "");
    write_to(writer, "(ulimit -f 0; trap '' XFSZ; ", "there 2>said); status=$?; "
             "grep -q 'cannot write' said || cat said; exit $status", 1, "");
    expect_run(adds ? NOTHING_UNFINISHED
                    : NOTHING_UNFINISHED "cmp there expected", 0, "", "");
}
END_TEST

/* --- files of another kind ---------------------------------------------------------- */

/* Lines that add to a file, or begin one that is added to. */
static const char *const adders[] = {
    "eval measure -q -t 1 " CASES "--methods full -o @",
    "eval run --endpoint http://127.0.0.1:1 --retries 0 kept/requests -o @",
    "eval run --endpoint http://127.0.0.1:1 --retries 0 kept/requests -o "
    "answers -q # asking @",
    "eval run --endpoint http://127.0.0.1:1 --retries 0 kept/requests -o "
    "answers -q # sending @",
    ALIGN "-o result --log @", ALIGN "-o result --state @",
    ALIGN "-o result --overwrite --state @",
    ALIGN "-o result --resume --state @", ALIGN "-o result # @",
    ALIGN "-o result --overwrite # @"};

enum { N_ADDERS = sizeof adders / sizeof *adders };

START_TEST(only_its_own_kind_is_added_to)
{
    static const char *const foreign[] = {
        "notes\n", "notes", "{\"a\": 1}", "{\"a\": 1}\n",
        "[\"custom_id\", \"key\"]\n", "{\"custom_id\": 7}\n",
        "{\"key\": \"x\"}\n{\"a\": 1}\n", "{\"settings\"", "\x89PTH", "\n\n x"};
    /* The name, where it is not that of @. */
    const char *name = strstr(adders[_i], "asking") != NULL
                           ? "answers.asking-0"
                       : strstr(adders[_i], "sending") != NULL
                           ? "answers.sending-0"
                       : strstr(adders[_i], "overwrite #") != NULL
                           ? "result.state"
                       : strstr(adders[_i], "#") != NULL ? "result.jsonl"
                                                          : "theirs";
    bool measures = strstr(adders[_i], "measure") != NULL;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        char line[1024] = "";
        if (measures && foreign[i][0] == '\n')
            continue;
        program_write("answers", "");
        program_write(name, foreign[i]);
        add_words(line, adders[_i], name);
        expect_refusal(line, name);
    }
}
END_TEST

/* --- models ----------------------------------------------------------------------- */

START_TEST(a_model_that_is_no_file_is_refused_at_once)
{
    static const char *const lines[] = {
        "info @", "compress -m @ kept/text", "compress --adapter @ kept/text",
        "score -m @ kept/text", "tokenize -m @ kept/text", "serve --stdio -m @",
        "merge @ kept/adapter out.pith", "merge tiny.pith @ out.pith",
        "align kept/records -o result -m @", "bench -m @",
        "eval measure " CASES "-m @", "eval measure " CASES "--judge @",
        "eval prepare --target-model x " CASES "-m @ -o a --keys b",
        "compress --count-with @ kept/text", "convert @ result",
        "convert --tokenizer @ kept/checkpoint result"};
    expect_run("mkfifo pipe; mkdir folder", 0, "", "");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char line[512] = "";
        add_words(line, lines[i], "pipe");
        expect_refusal(line, "pipe: is a pipe");
        line[0] = '\0';
        add_words(line, lines[i], "folder");
        expect_refusal(line, strncmp(lines[i], "convert @", 9) == 0
                         ? "folder" : "folder: is a folder");
    }
}
END_TEST

/* A folder's own files, read or not, are not replaced by what is made of it;
 * an earlier model in it is. */
START_TEST(convert_replaces_nothing_of_its_source)
{
    expect_run("cp -r kept/source source; echo x >source/pytorch_model.bin; "
               "mkdir dir", 0, "", "");
    expect_refusal("convert source source/config.json", "same file");
    expect_refusal("convert source source/model.safetensors", "same file");
    expect_refusal("convert source/ ./source/pytorch_model.bin", "is not a .pith");
    expect_refusal("convert source source", "same file");
    expect_refusal("convert source dir", "dir");
    expect_run("for i in 1 2; do \"$PITH\" convert -q source source/m.pith || "
               "exit 1; done; cd source; \"$PITH\" convert -q . m.pith", 0,
               "", "");
}
END_TEST

/* Without DESTINATION the result has the source's name, in this folder, and
 * replaces nothing: no model, no file, no dangling link. */
START_TEST(convert_names_its_result)
{
    static const struct {
        const char *source, *name;
    } names[] = {{"in/checkpoint.bin", "checkpoint.pith"},
                 {"in/Llama-3.2-1B", "Llama-3.2-1B.pith"},
                 {"in/Llama-3.2-1B//", "Llama-3.2-1B.pith"}};
    struct foreign model;
    char script[512];
    expect_run("mkdir in; cp kept/checkpoint in/checkpoint.bin; cp "
               "kept/tokenizer.bin in; cp -r kept/source in/Llama-3.2-1B", 0,
               "", "");
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_gguf_write(&model, FOREIGN_F32, 3, "in/big.gguf");
    foreign_gguf_write_split(&model, 3, "in/parts");
    foreign_free(&model);
    for (size_t i = 0; i < 3; i++) {
        snprintf(script, sizeof script,
                 "\"$PITH\" convert %s 2>/dev/null && \"$PITH\" info %s "
                 ">info && \"$PITH\" convert %s", names[i].source,
                 names[i].name, names[i].source);
        expect_run(script, 1, "", "exists already; to replace it, name it");
        snprintf(script, sizeof script, "cp %s before; ln -sf nowhere %s; "
                 "\"$PITH\" convert %s; test -h %s && rm %s", names[i].name,
                 names[i].name, names[i].source, names[i].name, names[i].name);
        expect_run(script, 0, "", "exists already");
    }
    expect_run("\"$PITH\" convert in/big.gguf && rm big.pith && \"$PITH\" "
               "convert in/parts-00001-of-00003.gguf && rm parts.pith", 0, "",
               "wrote parts.pith");
    expect_run("cd in/Llama-3.2-1B; \"$PITH\" convert .", 1, "",
               "give one: pith convert . NAME.pith");
    expect_run("\"$PITH\" convert in/..", 1, "", "no name for the result");
    expect_run("\"$PITH\" convert in/absent; test ! -e absent.pith", 0, "",
               "absent");
}
END_TEST

/* pith info of what is not a model yet: what it is, and whether pith convert
 * takes it. */
START_TEST(sources_are_described)
{
    static const struct {
        const char *source, *words; /* in lines of their own */
    } told[] = {{"d/big.gguf", "-e GGUF -e 'takes it' -e 'f32  *F32'"},
                {"kept/source", "-e Face -e 'takes it' -e 'f32  *F32'"},
                {"kept/checkpoint", "-e llama2.c -e 'takes it' -e 'f32  *F32'"},
                {"kept/source/model.safetensors",
                 "-e 'because.*give the folder' -e refuses -e 'f32  *F32'"},
                {"d/odd.gguf", "-e GGUF -e 'ture  *\\\\x1Blama$' -e refuses"},
                {"d/zip", "-e 'format  *PyTorch' -e refuses -e safetensors"}};
    struct foreign model;
    char script[512];
    expect_run("mkdir d; printf 'PK\\003\\004' >d/zip; cp kept/tokenizer.bin "
               "tokenizer.bin", 0, "", "");
    foreign_init(&model, FOREIGN_LLAMA);
    foreign_gguf_write(&model, FOREIGN_F32, 3, "d/big.gguf");
    foreign_gguf_write(&model, FOREIGN_F32, 3, "d/odd.gguf");
    edit_file("d/odd.gguf", "llama", "\x1b" "lama");
    foreign_free(&model);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        snprintf(script, sizeof script, "\"$PITH\" info %s | grep -v '^%s' | "
                 "grep -c %s", told[i].source, told[i].source, told[i].words);
        expect_run(script, 0, "3\n", "");
    }
}
END_TEST

/* What cannot be examined is an error, and is not taken for absent: the folder
 * has a second tokenizer, the run could begin again. */
START_TEST(an_error_is_not_absence)
{
    expect_run("cp -r kept/source source; cd source; mv tokenizer.json t; "
               "ln -s tokenizer.json tokenizer.json; printf '{}' >vocab.json; "
               ": >merges.txt; \"$PITH\" convert -q . ../result", 1, "",
               "tokenizer.json: cannot");
    expect_run("ln -s state state; \"$PITH\" " ALIGN "-o result --resume "
               "--state state", 1, "", "state: cannot");
    expect_run("ls result* 2>/dev/null", 2, "", "");
}
END_TEST

/* --- signals ---------------------------------------------------------------------- */

/* Starts the program; it reads from the pipe, or whatever it has open. */
static pid_t start(char *const *arguments, int in)
{
    pid_t child = fork();
    if (child == 0) {
        int nothing = open("/dev/null", O_RDWR);
        dup2(in >= 0 ? in : nothing, STDIN_FILENO);
        dup2(nothing, STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        execv(getenv("PITH"), arguments);
        _exit(127);
    }
    return child;
}

static bool has_ended(pid_t child, int *status)
{
    return waitpid(child, status, WNOHANG) == child;
}

static void wait_a_moment(void)
{
    nanosleep(&(struct timespec){0, 500000}, NULL);
}

/* Waits until a file is there, or the program has ended. */
static bool wait_for(const char *path, pid_t child, int *status)
{
    while (access(path, F_OK) != 0) {
        if (has_ended(child, status))
            return false;
        wait_a_moment();
    }
    return true;
}

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGKILL};

/* One that waits for its input, with its output begun. */
START_TEST(an_ended_program_leaves_its_output_alone)
{
    char *arguments[] = {"pith", "score", "-q", "-o", "result", NULL};
    int number = numbers[_i], ends[2], status = 0;
    program_write("result", OLD);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = start(arguments, ends[0]);
    ck_assert(wait_for("result.pith-tmp-1", child, &status));
    kill(child, number);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == number);
    close(ends[0]);
    close(ends[1]);
    /* Nobody can do anything about SIGKILL, but the next one cleans up. */
    ck_assert_int_eq(access("result.pith-tmp-1", F_OK),
                     number == SIGKILL ? 0 : -1);
    expect_run("cat result; echo x | \"$PITH\" score -q -o result; "
               NOTHING_UNFINISHED, 0, OLD, "");
}
END_TEST

/* As under nohup: what was ignored before the program started stays so. */
START_TEST(an_ignored_signal_ends_nothing)
{
    char *arguments[] = {"pith", "score", "-q", "-o", "result", NULL};
    int ends[2], status = 0;
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    signal(SIGHUP, SIG_IGN);
    pid_t child = start(arguments, ends[0]);
    signal(SIGHUP, SIG_DFL);
    close(ends[0]);
    ck_assert(wait_for("result.pith-tmp-1", child, &status));
    kill(child, SIGHUP);
    ck_assert_int_eq(write(ends[1], "text\n", 5), 5);
    close(ends[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect_run("test -s result; " NOTHING_UNFINISHED, 0, "", "");
}
END_TEST

/* A checkpoint of many zeros, which takes no space and a while to convert. */
static void make_large_source(void)
{
    struct foreign model;
    foreign_init(&model, FOREIGN_LLAMA);
    uint32_t vocabulary = model.config.n_vocab;
    foreign_free(&model);
    expect_run("cp kept/tokenizer.bin .", 0, "", "");
    uint32_t dim = 512, hidden = 2048, layers = 6, context = 64;
    uint32_t header[7] = {dim, hidden, layers, 8, 8, vocabulary, context};
    uint64_t n = (uint64_t)vocabulary * dim + dim + (uint64_t)context * 64 +
                 (uint64_t)layers * (2 * dim + 4 * (uint64_t)dim * dim +
                                     3 * (uint64_t)dim * hidden);
    write_whole_file("large", header, sizeof header);
    ck_assert_int_eq(truncate("large", (off_t)(sizeof header + 4 * n)), 0);
}

START_TEST(a_conversion_that_is_ended_leaves_nothing)
{
    char *arguments[] = {"pith", "convert", "-q", "--dtype", "q4", "large",
                         "model", NULL};
    int number = numbers[_i], status = 0;
    bool was_ended = false;
    make_large_source();
    /* It may be done before it is ended, on a busy machine. */
    for (int i = 0; i < 50 && !was_ended; i++) {
        pid_t child = start(arguments, -1);
        if (wait_for("model.pith-tmp-1", child, &status)) {
            kill(child, number);
            ck_assert_int_eq(waitpid(child, &status, 0), child);
        }
        was_ended = WIFSIGNALED(status) && WTERMSIG(status) == number;
        ck_assert(was_ended || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
        ck_assert_int_eq(access("model", F_OK), was_ended ? -1 : 0);
        if (number == SIGKILL)
            remove("model.pith-tmp-1");
        expect_run("rm -f model; " NOTHING_UNFINISHED, 0, "", "");
    }
    ck_assert(was_ended);
}
END_TEST

/* The first signal lets alignment save itself, the third one ends it. */
START_TEST(alignment_that_is_ended_leaves_whole_files)
{
    char *arguments[] = {"pith", "align", "-q", "-t", "1", "--template",
                         "plain", "--steps", "100000", "--save-every", "1",
                         "--validate-every", "1", "-o", "model",
                         "kept/records",
                         NULL};
    int status;
    for (int n_signals = 1; n_signals <= 3; n_signals++) {
        expect_run("rm -f model*", 0, "", "");
        pid_t child = start(arguments, -1);
        ck_assert(wait_for("model.state", child, &status));
        for (int i = 0; i < n_signals; i++)
            kill(child, numbers[_i]);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(n_signals == 3 || !WIFSIGNALED(status));
        expect_run(NOTHING_UNFINISHED "\"$PITH\" info --verify model", 0,
                   NULL, "");
    }
}
END_TEST

/* A third signal that comes while a file is being written: the program is
 * stopped there until all of them have been sent. */
START_TEST(alignment_that_is_ended_at_once_leaves_no_half_file)
{
    char *arguments[] = {"pith", "align", "-q", "-t", "1", "--template",
                         "plain", "--steps", "100000", "--save-every", "1",
                         "--validate-every", "1", "-o", "model",
                         "kept/records", NULL};
    int status;
    pid_t child = start(arguments, -1);
    for (;;) {
        ck_assert(wait_for("model.state.pith-tmp-1", child, &status));
        kill(child, SIGSTOP);
        ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
        ck_assert(WIFSTOPPED(status));
        if (access("model.state.pith-tmp-1", F_OK) == 0)
            break;
        kill(child, SIGCONT);
    }
    for (int i = 0; i < 3; i++)
        kill(child, numbers[i]);
    kill(child, SIGCONT);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    expect_run(NOTHING_UNFINISHED, 0, "", "");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("outputs");
    TCase *tcase = tcase_create("outputs");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, set_up, tear_down);
    tcase_add_checked_fixture(tcase, clean, NULL);
    tcase_add_loop_test(tcase, devices_are_written_into, 0, N_WRITERS);
    tcase_add_loop_test(tcase, pipes_get_what_files_get, 0, N_WRITERS);
    tcase_add_loop_test(tcase, a_dash_is_standard_output, 0, N_WRITERS);
    tcase_add_loop_test(tcase, links_stay_and_permissions_too, 0, N_WRITERS);
    tcase_add_loop_test(tcase, a_full_disk_loses_nothing, 0, N_WRITERS);
    tcase_add_loop_test(tcase, only_its_own_kind_is_added_to, 0, N_ADDERS);
    tcase_add_test(tcase, a_model_that_is_no_file_is_refused_at_once);
    tcase_add_test(tcase, convert_replaces_nothing_of_its_source);
    tcase_add_test(tcase, convert_names_its_result);
    tcase_add_test(tcase, sources_are_described);
    tcase_add_test(tcase, an_error_is_not_absence);
    tcase_add_loop_test(tcase, an_ended_program_leaves_its_output_alone, 0, 4);
    tcase_add_test(tcase, an_ignored_signal_ends_nothing);
    tcase_add_loop_test(tcase, a_conversion_that_is_ended_leaves_nothing, 0,
                        4);
    tcase_add_loop_test(tcase, alignment_that_is_ended_leaves_whole_files, 0,
                        3);
    tcase_add_test(tcase, alignment_that_is_ended_at_once_leaves_no_half_file);
    suite_add_tcase(suite, tcase);
    return suite;
}
