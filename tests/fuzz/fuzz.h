/*
 * fuzz.h - fuzz targets: functions that take any bytes, give them to a reader
 * and check what must hold of the outcome.
 *
 * One program has them all.  main.c replays files, mutates seeds or reads
 * stdin (AFL++); with one_input.c in its place libFuzzer drives it.
 * docs/TESTING.md says how they are run, tests/test_fuzz.c replays them.
 */
#ifndef PITH_FUZZ_H
#define PITH_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../src/base/buffer.h"
#include "pith.h"

struct fuzz_target {
    const char *name;
    /* Fails by fuzz_check() or a crash. */
    void (*run)(const struct fuzz_target *target, struct pith_text input);
    size_t most; /* bytes of an input that are worth their time */
    /* What mutations begin with: texts, ended by NULL, or made by seed(), which
     * returns false after the last. */
    const char *const *texts;
    bool (*seed)(const struct fuzz_target *target, size_t index,
                 struct pith_buffer *out);
    int choice;       /* where one run() serves several targets */
    const char *file; /* the same: a name in a folder */
};

/* The target of this name, or the index-th; NULL: there is none. */
const struct fuzz_target *fuzz_find(const char *name);
const struct fuzz_target *fuzz_get(size_t index);

/* Appends the index-th seed of a target; false after the last. */
bool fuzz_seed(const struct fuzz_target *target, size_t index,
               struct pith_buffer *out);

/* Says what does not hold, and aborts. */
#define fuzz_check(condition)                                                  \
    ((condition) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_failed(const char *file, int line, const char *condition);

/* Some inputs have several parts, a line "%%" between two: takes the first of
 * what is left. */
struct pith_text fuzz_part(struct pith_text *rest);

/* The first byte of what is left, taken; 0 when there is none. */
unsigned fuzz_byte(struct pith_text *rest);

/* The path of a file in a temporary folder, in a static buffer that the fourth
 * call after this one reuses; fuzz_write makes one of these bytes. */
const char *fuzz_path(const char *name);
const char *fuzz_write(const char *name, struct pith_text content);
/* Appends a whole file. */
void fuzz_read(const char *path, struct pith_buffer *out);

/* A session of one thread on a tiny model, the same for all inputs. */
struct pith_session *fuzz_session(void);
const struct pith_model *fuzz_model(void);

/* All that can be done with a model that has been loaded: facts, ids, losses. */
void fuzz_use_model(const struct pith_model *model);

/* A reply is one line of valid JSON; frees it.  NULL is no reply. */
void fuzz_check_line(char *reply);

/* The lists of targets, each ended by a row without a name. */
extern const struct fuzz_target fuzz_json[], fuzz_tokenizers[], fuzz_texts[],
    fuzz_models[], fuzz_sources[], fuzz_prompts[], fuzz_services[],
    fuzz_evaluations[], fuzz_trainings[];

#endif
