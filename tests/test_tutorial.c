/*
 * test_tutorial.c - the programs of docs/tutorial that stand alone, built by
 * the line at the top of each, compute what pith computes.
 *
 * With PITH_LONG set, ten requests of the goldens are tried with each model,
 * which takes minutes; without it those that are short, and with PITH_QUICK
 * none.
 */
#define _XOPEN_SOURCE 700 /* setenv */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/json/json.h"
#include "program.h"
#include "support.h"
#include "tiny_model.h"

/* Into the folder of the tests. */
static void build(const char *name)
{
    char command[256];
    snprintf(command, sizeof command,
             "cd \"$ROOT\" && sh tests/build-tutorial.sh %s \"$DIR/%s\"", name,
             name);
    ck_assert_msg(system(command) == 0, "%s.c: its compiler line fails", name);
}

static void set_up(void)
{
    char root[4096];
    program_set_up();
    ck_assert_ptr_nonnull(getcwd(root, sizeof root));
    setenv("ROOT", root, 1);
    build("alignment");
    build("llmlingua");
}

/* model.pith in the folder of the tests; its path, in a static buffer. */
static const char *write_model(enum tiny_kind kind, enum pith_type type)
{
    static char path[8192];
    snprintf(path, sizeof path, "%s/model.pith", getenv("DIR"));
    tiny_model_write(path, kind, type);
    return path;
}

/* --- alignment.c ---------------------------------------------------------- */

/* With an input and without, escapes of all kinds, other members, an answer
 * that is cut, and a record of which the answer is cut off. */
static void write_records(void)
{
    char records[4096], many[1200];
    for (size_t i = 0; i + 1 < sizeof many; i++)
        many[i] = "many words, "[i % 12];
    many[sizeof many - 1] = '\0';
    snprintf(records, sizeof records,
             "{\"instruction\":\"Say it's 12:30.\",\"output\":\"It's 12:30!\"}\n"
             "\r\n \n"
             "{\"id\": \"7\", \"instruction\" : \"Z\\u00e4hle \\ud83d\\ude00\","
             "\"input\":\"1\\t2\\n\\n3 \\\"\\\\\\/\",\"output\":\"\\u4e09 \xE4\xB8\xAD "
             "  x\\u20ac\"}\r\n"
             "{\"instruction\":\"\",\"input\":\"only this\",\"output\":\"y\\u0085\\u00a0 z \"}\n"
             "{\"instruction\":\"Go on.\",\"output\":\"%s\"}\n"
             "{\"instruction\":\"%s\",\"output\":\"cut off\"}\n"
             "{\"instruction\":\"The last\",\"input\":\"\",\"output\":\"of you\"}",
             many, many);
    program_write("data.jsonl", records);
}

START_TEST(alignment_has_the_losses_of_pith)
{
    write_model(TINY_GPT2, (enum pith_type)_i);
    write_records();
    struct run run = run_script(
        "$PITH align data.jsonl -m model.pith -o tuned --overwrite -q -t 1 "
        "--validation-share 0 --kernels scalar --precision f32 -b 2 --steps 8 "
        "--lr 1e-3 && sed -n 's/.*\"loss\":\\([^,]*\\),.*/\\1/p' tuned.jsonl >a && "
        "./alignment model.pith data.jsonl 2 8 1e-3 | "
        "sed 's/.*loss \\([^ ]*\\) .*/\\1/' >b && paste a b");
    ck_assert_msg(run.status == 0, "%s", run.err);
    const char *line = run.out;
    for (int step = 1; step <= 8; step++) {
        double pith = NAN, ours = NAN;
        ck_assert_int_eq(sscanf(line, "%lf %lf", &pith, &ours), 2);
        ck_assert_msg(fabs(ours - pith) <= 1e-5 * pith,
                      "step %d: %.9g, pith align has %.9g", step, ours, pith);
        line = strchr(line, '\n') + 1;
    }
    ck_assert_str_eq(line, "");
    finish_run(&run);
}
END_TEST

START_TEST(alignment_refuses)
{
    static const struct {
        const char *line, *complaint;
    } bad[] = {
        {"[]", "data:1:1: expected an object"},
        {"{\"instruction\" 1", "data:1:16: expected a colon"},
        {"{\"instruction\": 1", "data:1:17: expected a string"},
        {"{\"instruction\":\"a", "data:1:18: expected valid UTF-8 up to"},
        {"{\"instruction\":\"\xFF\"", "data:1:17: expected valid UTF-8"},
        {"{\"instruction\":\"\\ud83dx\"", "data:1:23: expected the escape"},
        {"{\"instruction\":\"\\u0\"", "data:1:19: expected four hexadecimal"},
        {"{\"instruction\":\"a\",\"output\":\"\"}", "data:1: needs"},
        {"{\"instruction\":\"\",\"output\":\"b\"}", "data:1: needs"},
        {"{\"input\":\"a\",\"output\":\"b\"}", "data:1: needs"},
        {"{\"instruction\":\"a\",\"output\":\"b\"} c", "data:1:34: expected the"},
        {"", "data:0: found no record with an answer"},
    };
    write_model(TINY_GPT2, PITH_F32);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        program_write("data", bad[i].line);
        expect_run("./alignment model.pith data", 1, "", bad[i].complaint);
    }
    expect_run("./alignment model.pith", 1, "", "usage: alignment MODEL.pith");
    expect_run("./alignment none data", 1, "", "none: cannot read");
    expect_run("./alignment . data", 1, "", ".: cannot read");
    expect_run("./alignment data data", 1, "", "data: ends before byte 128");
    expect_run("head -c 9999 model.pith >cut; ./alignment cut data", 1, "",
               "cut: is not a whole GPT-2");
    write_model(TINY_LLAMA_TIED, PITH_F32);
    expect_run("./alignment model.pith data", 1, "", "is not a whole GPT-2");
}
END_TEST

/* --- llmlingua.c ---------------------------------------------------------- */

/* Both architectures and pre-tokenizers, every type. */
static const enum tiny_kind kinds[] = {TINY_GPT2, TINY_LLAMA_TIED};

enum { N_KINDS = 2, N_TYPES = PITH_Q4 + 1 };

static const char text[] =
    "It's 12:30, says the\n\n  lighthouse keeper; \xE2\x9B\xB5 na\xC3\xAFve  "
    "\xE4\xB8\xAD\xE6\x96\x87 of 1,782.50 for you and the others.\t\n";

/* Its functions in a program that prints the losses of a text. */
static const char losses_source[] =
    "#pragma GCC diagnostic ignored \"-Wreturn-type\"\n" /* of a main renamed */
    "#define main llmlingua\n"
    "#include \"%s/docs/tutorial/llmlingua.c\"\n"
    "#undef main\n"
    "int main(int argc, char **argv)\n"
    "{\n"
    "    static struct model m;\n"
    "    read_model(&m, argv[argc - 2]);\n"
    "    struct reader r = open_reader(&m);\n"
    "    struct ids ids = tokens_of(&m.tokenizer, read_text(argv[argc - 1]));\n"
    "    float *losses = floats(ids.n, 1);\n"
    "    score(&r, ids.id - 1, 1, 1 + ids.n, losses);\n"
    "    for (size_t i = 0; i < ids.n; i++)\n"
    "        printf(\"%%ld %%.9g\\n\", (long)ids.id[i], (double)losses[i]);\n"
    "}\n";

/* Ids and losses by the scalar kernels, one a line, beside those printed. */
static void compare_losses(const char *path, const char *printed)
{
    struct pith_error error;
    struct pith_model *model;
    struct pith_session *session;
    struct pith_load_options load = {.sizeof_options = sizeof load,
                                     .kernels = "scalar"};
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .precision = "f32"};
    struct pith_text chomped = {text, sizeof text - 2};
    int32_t *ids;
    size_t n;
    assert_ok(pith_model_load(path, &load, &model, &error), error);
    assert_ok(pith_session_create(model, &options, &session, &error), error);
    assert_ok(pith_tokenize(model, chomped, 0, &ids, &n, &error), error);
    float *losses = malloc(n * sizeof *losses);
    assert_ok(pith_score(session, ids, n, losses, &error), error);
    for (size_t i = 0; i < n; i++) {
        long id = -1;
        double loss = NAN;
        ck_assert_int_eq(sscanf(printed, "%ld %lf", &id, &loss), 2);
        ck_assert_int_eq(id, ids[i]);
        ck_assert_msg(fabs(loss - (double)losses[i]) <= 1e-6 * fabs(loss) + 1e-6,
                      "token %zu: %.9g, pith has %.9g", i, loss,
                      (double)losses[i]);
        printed = strchr(printed, '\n') + 1;
    }
    ck_assert_str_eq(printed, "");
    free(losses);
    pith_free(ids);
    pith_session_free(session);
    pith_model_free(model);
}

START_TEST(llmlingua_has_the_losses_of_pith)
{
    char source[2048];
    snprintf(source, sizeof source, losses_source, getenv("ROOT"));
    program_write("losses.c", source);
    program_write("text", text);
    expect_run("(cd \"$ROOT\" && sh tests/build-tutorial.sh llmlingua "
               "\"$DIR/losses\" \"$DIR/losses.c\")", 0, "", "");
    for (int i = 0; i < N_KINDS * N_TYPES; i++) {
        const char *path = write_model(kinds[i % N_KINDS],
                                       (enum pith_type)(i / N_KINDS));
        struct run run = run_script("./losses model.pith text");
        ck_assert_msg(run.status == 0, "%s", run.err);
        compare_losses(path, run.out);
        finish_run(&run);
    }
}
END_TEST

/* Files of the folder: `i` the instruction, `q` the question, `c0` and so on
 * the contexts, all but the last optional.  Both programs print the same. */
static void compare_texts(const char *what, const char *model, double rate,
                          bool has_instruction, bool has_question)
{
    char script[2048];
    snprintf(script, sizeof script,
             "contexts=; for c in c?; do contexts=\"$contexts --context $c\"; "
             "done; \"$PITH\" compress -q -m '%s' --method paper --units token "
             "--kernels scalar --precision f32 -t 1 %s %g %s %s $contexts >a & "
             "./llmlingua '%s' %g '%s' '%s' c? >b && wait $! && cmp a b",
             model, rate <= 1 ? "--rate" : "--target", rate,
             has_instruction ? "--instruction-file i" : "",
             has_question ? "--question-file q" : "", model, rate,
             has_instruction ? "i" : "", has_question ? "q" : "");
    struct run run = run_script(script);
    ck_assert_msg(run.status == 0, "%s: rate %g: %s%s", what, rate, run.out,
                  run.err);
    finish_run(&run);
}

/* Pieces of the demo's prompts; a tiny model reads 256 tokens at most. */
START_TEST(llmlingua_compresses_as_pith_does_with_tiny_models)
{
    static const double rates[] = {0.1, 0.3, 0.5, 0.8, 1, 25, 60};
    expect_run("p=\"$ROOT\"/docs/examples/prompts; head -c 90 $p/document.txt >i;"
               "sed 1q $p/math.question.txt >q; head -c 200 $p/math.txt >c0;"
               "head -c 230 $p/meeting.txt >c1; head -c 2900 $p/math.txt | "
               "tail -c 180 >c2; printf 'caf\303\251 \340\270\231\340\271\211 "
               "\360\237\221\251\342\200\215\360\237\221\247 x=3*4 $5, 10-day "
               "2024-11-30' >c3; for f in i q c?; do echo >>$f; done", 0, "", "");
    for (int i = 0; i < N_KINDS * N_TYPES; i++) {
        const char *path = write_model(kinds[i % N_KINDS],
                                       (enum pith_type)(i / N_KINDS));
        for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
            compare_texts("tiny", path, rates[r], (r + (size_t)i) % 2 == 0,
                          (r + (size_t)i) % 3 == 0);
    }
}
END_TEST

/* --- with real models ------------------------------------------------------ */

static const char *default_model(void)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/weights/default.pith", getenv("ROOT"));
    return path;
}

/* The demo's prompts; contexts are the paragraphs of a file there. */
START_TEST(llmlingua_compresses_the_demo)
{
    if (getenv("PITH_QUICK") != NULL)
        return;
    static const char paragraphs[] =
        "rm -f c?; p=\"$ROOT\"/docs/examples/prompts; cp $p/%s q; "
        "cp $p/math.instruction.txt i; awk 'BEGIN { RS = \"\" } "
        "{ print > (\"c\" NR) }' $p/%s";
    char script[512];
    snprintf(script, sizeof script, paragraphs, "math.question.txt", "math.txt");
    expect_run(script, 0, "", "");
    compare_texts("math", default_model(), 0.25, true, true);
    if (getenv("PITH_LONG") == NULL)
        return;
    snprintf(script, sizeof script, paragraphs, "document.question.txt",
             "document.txt");
    expect_run(script, 0, "", "");
    compare_texts("document", default_model(), 200, false, true);
    expect_run("rm -f c?; cp \"$ROOT\"/docs/examples/prompts/meeting.txt c0", 0,
               "", "");
    compare_texts("meeting", default_model(), 0.5, false, false);
}
END_TEST

/* A member that is a string into a file, which ends in a line feed. */
static bool write_member(const struct pith_json *value, const char *name)
{
    char path[8192];
    if (!pith_json_is(value, PITH_JSON_STRING) || value->string.size == 0)
        return false;
    snprintf(path, sizeof path, "%s/%s", getenv("DIR"), name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fwrite(value->string.bytes, 1, value->string.size, file);
    fputc('\n', file);
    fclose(file);
    return true;
}

static double number_of(const struct pith_json *object, const char *name)
{
    const struct pith_json *value = pith_json_get(object, name);
    return pith_json_is(value, PITH_JSON_NUMBER) ? value->number : 0;
}

/* The request of a golden with at most that many tokens; false: it is not such
 * a one. */
static bool compare_golden(const struct pith_json *golden, const char *model,
                           double most)
{
    char what[64], name[4] = "c0";
    const struct pith_json *options = pith_json_get(golden, "options");
    const struct pith_json *context = pith_json_get(golden, "context");
    const struct pith_json *result = pith_json_get(golden, "result");
    double rate = number_of(options, "rate");
    if (!pith_json_string_is(pith_json_get(golden, "function"),
                             "compress_prompt") ||
        number_of(result, "origin_tokens") > most || context->n_children == 0)
        return false;
    snprintf(what, sizeof what, "%.*s",
             (int)pith_json_get(golden, "name")->string.size,
             pith_json_get(golden, "name")->string.bytes);
    expect_run("rm -f c?", 0, "", "");
    for (const struct pith_json *c = context->first; c != NULL; c = c->next) {
        write_member(c, name);
        name[1]++;
    }
    bool has_instruction =
        write_member(pith_json_get(options, "instruction"), "i");
    bool has_question = write_member(pith_json_get(options, "question"), "q");
    compare_texts(what, model,
                  rate > 0 ? rate : number_of(options, "target_token"),
                  has_instruction, has_question);
    return true;
}

static void compare_goldens(const char *goldens, const char *model,
                            double most)
{
    if (goldens == NULL || model == NULL)
        return;
    char *lines = read_whole_file(goldens, NULL), *line = lines;
    for (int n = 0; n < 10 && *line != '\0';) {
        size_t size = strcspn(line, "\n");
        struct pith_json_document *document;
        struct pith_error error;
        assert_ok(pith_json_parse((struct pith_text){line, size}, goldens,
                                  &document, &error), error);
        n += compare_golden(pith_json_root(document), model, most);
        pith_json_free(document);
        line += size + (line[size] == '\n');
    }
    free(lines);
}

START_TEST(llmlingua_compresses_the_goldens)
{
    bool all = getenv("PITH_LONG") != NULL;
    if (getenv("PITH_QUICK") != NULL)
        return;
    compare_goldens(shared_path("goldens/compress_default.jsonl"),
                    default_model(), all ? 820 : 430);
    compare_goldens(shared_path("goldens/compress_smollm2.jsonl"),
                    cached_model("smollm2"), all ? 820 : 20);
}
END_TEST

START_TEST(llmlingua_refuses)
{
    write_model(TINY_GPT2, PITH_F32);
    program_write("text", "some of the text");
    program_write("bad", "ab\xFF");
    expect_run("./llmlingua model.pith 0.5 '' ''", 1, "", "usage: llmlingua");
    expect_run("./llmlingua model.pith x '' '' text", 1, "", "usage:");
    expect_run("./llmlingua none 0.5 '' '' text", 1, "", "none: cannot read");
    expect_run("./llmlingua text 0.5 '' '' text", 1, "", "text: ends before");
    expect_run("./llmlingua model.pith 0.5 '' '' none", 1, "", "none: cannot");
    expect_run("./llmlingua model.pith 0.5 '' '' bad", 1, "",
               "bad: byte 2 is not of a text in UTF-8");
    expect_run("printf 'a\\0b' >nul; ./llmlingua model.pith 0.5 '' '' nul", 1,
               "", "nul: byte 1 is not of a text");
    expect_run("head -c 9999 model.pith >cut; ./llmlingua cut 0.5 '' '' text",
               1, "", "cut: ends before byte");
    write_model(TINY_LLAMA, PITH_F32);
    expect_run("./llmlingua model.pith 0.5 '' '' text", 1, "",
               "model.pith: has no byte-level BPE");
    write_model(TINY_FAMILY, PITH_F32);
    expect_run("./llmlingua model.pith 0.5 '' '' text", 1, "",
               "model.pith: is not a .pith file of version 1 (plain models)");
    expect_run("cp -r $ROOT/tests/goldens/reference/llama3 words; " /* alone */
               "sed -i 's/\"rope_scaling\"/\"was\"/' words/config.json; "
               "$PITH convert -q words words.pith; "
               "./llmlingua words.pith 0.5 '' '' text", 1, "",
               "words.pith: has no byte-level BPE of GPT-2 or SmolLM");
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("tutorial");
    TCase *tcase = tcase_create("tutorial");
    tcase_set_timeout(tcase, 3600);
    tcase_add_unchecked_fixture(tcase, set_up, program_tear_down);
    tcase_add_loop_test(tcase, alignment_has_the_losses_of_pith, PITH_F32,
                        N_TYPES);
    tcase_add_test(tcase, alignment_refuses);
    tcase_add_test(tcase, llmlingua_has_the_losses_of_pith);
    tcase_add_test(tcase, llmlingua_compresses_as_pith_does_with_tiny_models);
    tcase_add_test(tcase, llmlingua_compresses_the_demo);
    tcase_add_test(tcase, llmlingua_compresses_the_goldens);
    tcase_add_test(tcase, llmlingua_refuses);
    suite_add_tcase(suite, tcase);
    return suite;
}
