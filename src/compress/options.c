/*
 * options.c - the list of compression options: what each is called, what it
 * may be, what it is by default, and what it does.
 *
 * Command line, requests, tool schema, help and manual are all made from
 * this list: a new option is a member of struct pith_compress_options and a
 * row here.
 */
#include "pith.h"

#define AT(member) offsetof(struct pith_compress_options, member)

_Static_assert(sizeof(enum pith_method) == sizeof(int) &&
                   sizeof(enum pith_reorder) == sizeof(int) &&
                   sizeof(enum pith_rank_method) == sizeof(int) &&
                   sizeof(enum pith_units) == sizeof(int) &&
                   sizeof(enum pith_condition) == sizeof(int),
               "choices are written as int");
_Static_assert(AT(n_keep) == AT(keep) + sizeof(void *) &&
                   AT(reference.n_force_context_ids) ==
                       AT(reference.force_context_ids) + sizeof(void *),
               "the size of a list is right after its pointer");

enum {
    PAPER = PITH_OPTION_FOR_PAPER,
    REFERENCE = PITH_OPTION_FOR_REFERENCE,
    BOTH = PAPER | REFERENCE,
    PROMPTS = PITH_OPTION_FOR_PROMPTS_ONLY,
    RECORDS = PITH_OPTION_FOR_RECORDS_ONLY,
    SCHEMA = PITH_OPTION_IN_SCHEMA,
    ABOVE = PITH_OPTION_ABOVE_LOW
};

#define HEADING(text) {NULL, 0, NULL, NULL, 0, 0, 0, 0, 0, NULL, 0, text}
#define COUNT_LIMIT 1e12

static const struct pith_option rows[] = {
    HEADING("How much stays:"),
    {"rate", 'r', "rate", "R", PITH_OPTION_REAL, AT(rate), 0, 1, 0.5, "0.5",
     BOTH | SCHEMA | ABOVE,
     "share of the tokens that stay, above 0 and at most 1"},
    {"target", 'n', "target_token", "N", PITH_OPTION_REAL, AT(target), 0,
     COUNT_LIMIT, -1, NULL, BOTH | SCHEMA | ABOVE,
     "number of tokens that stay, counted by the tokenizer of the small "
     "model; takes the place of `rate`"},

    HEADING("How it is chosen:"),
    {"method", 0, "method", "paper|reference", PITH_OPTION_CHOICE, AT(method),
     0, 0, PITH_METHOD_PAPER, "paper", BOTH | SCHEMA,
     "`paper` does what the paper says and meets its budget; `reference` "
     "makes the decisions of the Python package microsoft/LLMLingua"},
    {"tau-ins", 0, "tau_ins", "R", PITH_OPTION_REAL, AT(tau_ins), 0, 1, 0.85,
     "0.85", PAPER, "rate of the instruction"},
    {"tau-que", 0, "tau_que", "R", PITH_OPTION_REAL, AT(tau_que), 0, 1, 0.9,
     "0.9", PAPER, "rate of the question"},
    {"k", 'k', "k", "K", PITH_OPTION_REAL, AT(k), 0, COUNT_LIMIT, 0,
     "2, and 1.3 with `question_aware`", PAPER,
     "granularity coefficient: contexts are selected as long as they fit into "
     "K times the budget, and tokens are chosen among theirs"},
    {"units", 0, "units", "word|token", PITH_OPTION_CHOICE, AT(units), 0, 0,
     PITH_UNITS_WORD, "word", PAPER | SCHEMA,
     "what stays or goes as a whole: a word with the white space in front of "
     "it, or a token, as in the paper; numbers are never cut"},
    {"segment-size", 0, "segment_size", "N", PITH_OPTION_COUNT,
     AT(segment_size), 1, COUNT_LIMIT, 100, "100", PAPER,
     "tokens of a segment; a segment is scored given what stays of those "
     "before it"},
    {"question-aware", 0, "question_aware", NULL, PITH_OPTION_BOOL,
     AT(question_aware), 0, 1, false, "false", PAPER | SCHEMA,
     "LongLLMLingua: rank contexts by what they say about the question, and "
     "tokens by how much the question changes their loss"},
    {"delta-tau", 0, "delta_tau", "R", PITH_OPTION_REAL, AT(delta_tau), 0, 1,
     0.3, "0.3", PAPER,
     "with `question_aware`, how far the rates of the contexts spread by "
     "rank"},
    {"reorder", 0, "reorder", "original|sort", PITH_OPTION_CHOICE, AT(reorder),
     0, 0, PITH_REORDER_ORIGINAL, "original", PAPER,
     "with `question_aware`, the order of the contexts; `sort` puts the most "
     "relevant first"},

    HEADING("What a step is worth (the paper's Table 3):"),
    {"itpc", 0, "use_itpc", NULL, PITH_OPTION_BOOL, AT(use_itpc), 0, 1, true,
     "true", PAPER,
     "score tokens given what stays of the text before them (eq. 5); "
     "otherwise given all of it (eq. 4)"},
    {"budget-controller", 0, "use_budget_controller", NULL, PITH_OPTION_BOOL,
     AT(use_budget_controller), 0, 1, true, "true", PAPER,
     "drop whole contexts first, and give each part a rate of its own"},
    {"dynamic-rates", 0, "use_dynamic_rates", NULL, PITH_OPTION_BOOL,
     AT(use_dynamic_rates), 0, 1, true, "true", PAPER,
     "give each part a rate of its own; otherwise one rate for all that is "
     "selected"},
    {"selection-seed", 0, "selection_seed", "N", PITH_OPTION_COUNT,
     AT(selection_seed), 0, COUNT_LIMIT, 0, "0", PAPER,
     "unless 0, select contexts in a random order"},

    HEADING("What must stay:"),
    {"keep", 0, "keep", "STRING", PITH_OPTION_TEXTS, AT(keep), 0, 0, 0, NULL,
     PAPER | SCHEMA, "text that stays wherever it occurs"},
    {"keep-regex", 0, "keep_regex", "REGEX", PITH_OPTION_TEXT, AT(keep_regex),
     0, 0, 0, NULL, PAPER,
     "what this POSIX extended regular expression matches within a line "
     "stays"},
    {"protect", 0, "protect", "LIST", PITH_OPTION_KINDS, AT(protect), 0, 0, 0,
     NULL, PAPER | SCHEMA,
     "kinds of text that stay, with commas between them: numbers, negations, "
     "urls, ids, code, markup or all"},
    {"keep-digits", 0, "keep_digits", NULL, PITH_OPTION_BITS, AT(protect),
     PITH_PROTECT_NUMBERS, 0, 0, "false", PAPER,
     "the same as `protect` numbers"},
    {"keep-words", 0, "keep_words", NULL, PITH_OPTION_BITS, AT(units),
     PITH_UNITS_WORD, 0, 0, "false", PAPER, "`units` word, the default"},

    HEADING("Only with --method reference:"),
    {"iterative-size", 0, "iterative_size", "N", PITH_OPTION_COUNT,
     AT(reference.iterative_size), 1, COUNT_LIMIT, 200, "200", REFERENCE,
     "tokens of a window"},
    {"context-budget", 0, "context_budget", "EXPR", PITH_OPTION_TEXT,
     AT(reference.context_budget), 0, 0, 0, "+100", REFERENCE,
     "what the context filter does to the target: numbers and + - * /, such "
     "as *1.5+10"},
    {"context-filter", 0, "use_context_level_filter", NULL, PITH_OPTION_BOOL,
     AT(reference.use_context_level_filter), 0, 1, true, "true",
     REFERENCE | PROMPTS, "drop whole contexts first"},
    {NULL, 0, "use_keyvalue_level_filter", NULL, PITH_OPTION_BOOL,
     AT(reference.use_context_level_filter), 0, 1, false, "false",
     REFERENCE | RECORDS, "drop whole members first"},
    {"token-filter", 0, "use_token_level_filter", NULL, PITH_OPTION_BOOL,
     AT(reference.use_token_level_filter), 0, 1, true, "true", REFERENCE,
     "drop tokens"},
    {"keep-split", 0, "keep_split", NULL, PITH_OPTION_BOOL,
     AT(reference.keep_split), 0, 1, false, "false", REFERENCE,
     "keep the blank lines between contexts"},
    {"force-context-ids", 0, "force_context_ids", "I,J", PITH_OPTION_COUNTS,
     AT(reference.force_context_ids), 0, COUNT_LIMIT, 0, NULL,
     REFERENCE | PROMPTS, "contexts that stay, counted from 0"},
    {"force-context-number", 0, "force_context_number", "N",
     PITH_OPTION_COUNT, AT(reference.force_context_number), 0, COUNT_LIMIT, 0,
     NULL, REFERENCE | PROMPTS, "how many contexts stay"},
    {"reorder-context", 0, "reorder_context", "original|sort|two_stage",
     PITH_OPTION_CHOICE, AT(reference.reorder_context), 0, 0,
     PITH_REORDER_ORIGINAL, "original", REFERENCE | PROMPTS,
     "the order of the contexts that stay"},
    {NULL, 0, "reorder_keyvalue", "original|sort|two_stage",
     PITH_OPTION_CHOICE, AT(reference.reorder_context), 0, 0,
     PITH_REORDER_ORIGINAL, "original", REFERENCE | RECORDS,
     "the order of the members that stay"},
    {"concate-question", 0, "concate_question", NULL, PITH_OPTION_BOOL,
     AT(reference.concate_question), 0, 1, true, "true", REFERENCE | PROMPTS,
     "put the question into the result"},
    {"rank-method", 0, "rank_method", "llmlingua|longllmlingua|bm25",
     PITH_OPTION_CHOICE, AT(reference.rank_method), 0, 0, PITH_RANK_LLMLINGUA,
     "llmlingua", REFERENCE,
     "what contexts are ranked by: their mean loss, each alone or together "
     "with the question, or the words that they share with it"},
    {"condition-in-question", 0, "condition_in_question",
     "none|before|after|none_condition|before_condition|after_condition",
     PITH_OPTION_CHOICE, AT(reference.condition_in_question), 0, 0,
     PITH_CONDITION_NONE, "none", REFERENCE,
     "where the question stands when contexts are ranked by it; with "
     "`_condition` it also stands in front of the tokens that are chosen"},
    {"condition-compare", 0, "condition_compare", NULL, PITH_OPTION_BOOL,
     AT(reference.condition_compare), 0, 1, false, "false", REFERENCE,
     "choose tokens by how much the question changes their loss"},
    {"add-instruction", 0, "add_instruction", NULL, PITH_OPTION_BOOL,
     AT(reference.add_instruction), 0, 1, false, "false", REFERENCE | PROMPTS,
     "put the instruction after that question"},
    {"dynamic-ratio", 0, "dynamic_context_compression_ratio", "R",
     PITH_OPTION_REAL, AT(reference.dynamic_context_compression_ratio), 0, 1,
     0, "0", REFERENCE | PROMPTS,
     "spread the rates of the contexts by rank, up to R to both sides"},
    {"sentence-filter", 0, "use_sentence_level_filter", NULL,
     PITH_OPTION_BOOL, AT(reference.use_sentence_level_filter), 0, 1, false,
     "false", REFERENCE, "drop whole sentences before tokens"},
    {"punkt", 0, NULL, "DIR", PITH_OPTION_TEXT, AT(reference.punkt), 0, 0, 0,
     NULL, REFERENCE,
     "find sentences with the parameters in this folder, NLTK's "
     "punkt_tab/english; without it, with a short list of abbreviations"},
    {"keep-first-sentence", 0, "keep_first_sentence", "N", PITH_OPTION_COUNT,
     AT(reference.keep_first_sentence), 0, COUNT_LIMIT, 0, "0", REFERENCE,
     "how many of the first sentences get a bonus"},
    {"keep-last-sentence", 0, "keep_last_sentence", "N", PITH_OPTION_COUNT,
     AT(reference.keep_last_sentence), 0, COUNT_LIMIT, 0, "0", REFERENCE,
     "how many of the last sentences get a bonus"},
    {"keep-sentence-number", 0, "keep_sentence_number", "N",
     PITH_OPTION_COUNT, AT(reference.keep_sentence_number), 0, COUNT_LIMIT, 0,
     "0", REFERENCE, "how many sentences of each context get a bonus"},
    {"high-priority-bonus", 0, "high_priority_bonus", "X", PITH_OPTION_REAL,
     AT(reference.high_priority_bonus), -1e9, 1e9, 100, "100", REFERENCE,
     "that bonus, on the mean loss of a sentence"},
    {"token-budget-ratio", 0, "token_budget_ratio", "X", PITH_OPTION_REAL,
     AT(reference.token_budget_ratio), 0, 1e9, 1.4, "1.4", REFERENCE,
     "the target of the sentence filter, as a multiple of that of the "
     "tokens"},
    {"structured", 0, NULL, NULL, PITH_OPTION_BOOL, AT(reference.structured),
     0, 1, false, NULL, REFERENCE,
     "contexts carry tags <llmlingua, rate=R, compress=True> and "
     "</llmlingua> that say how each piece is treated"},
    {NULL, 0, "strict_preserve_uncompressed", NULL, PITH_OPTION_BOOL,
     AT(reference.strict_preserve_uncompressed), 0, 1, true, "true",
     REFERENCE | PROMPTS, "contexts with a piece of compress=False stay"},

    HEADING("What is reported besides:"),
    {"trace", 0, NULL, NULL, PITH_OPTION_BOOL, AT(trace), 0, 1, false, NULL,
     BOTH, "add thresholds, ranking and kept token ids to the JSON"},
    {"spans", 0, "spans", NULL, PITH_OPTION_BOOL, AT(detail), 0, 1, false,
     "false", BOTH, "add the byte offsets of what stays to the JSON"},
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

const struct pith_option *pith_compress_option(size_t index)
{
    return index < N_ROWS ? &rows[index] : NULL;
}

void pith_compress_options_init(struct pith_compress_options *options)
{
    *options = (struct pith_compress_options){.sizeof_options =
                                                  sizeof *options};
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct pith_option *row = &rows[i];
        void *member = (char *)options + row->offset;
        if (row->name == NULL && row->key == NULL)
            continue; /* a heading */
        if (row->use & RECORDS)
            continue; /* its member is also that of another row */
        switch (row->type) {
        case PITH_OPTION_BOOL: *(bool *)member = row->start != 0; break;
        case PITH_OPTION_COUNT: *(size_t *)member = (size_t)row->start; break;
        case PITH_OPTION_REAL: *(double *)member = row->start; break;
        case PITH_OPTION_CHOICE: *(int *)member = (int)row->start; break;
        case PITH_OPTION_TEXT: *(const char **)member = row->shown; break;
        case PITH_OPTION_TEXTS:
        case PITH_OPTION_COUNTS:
        case PITH_OPTION_KINDS:
        case PITH_OPTION_BITS: break; /* empty */
        }
    }
}
