/*
 * options.c - the list of compression options: what each is called, what it
 * may be, what it is by default, and what it does.
 *
 * Command line, requests, tool schema, help and manual are all made from
 * this list: a new option is a member of struct pith_compress_options, its
 * default in ../prompt/defaults.c and a row here.
 */
#include "../base/exact.h"
#include "pith.h"

#define AT(member) offsetof(struct pith_compress_options, member)

_Static_assert(sizeof(enum pith_method) == sizeof(int) &&
                   sizeof(enum pith_reorder) == sizeof(int) &&
                   sizeof(enum pith_rank_method) == sizeof(int) &&
                   sizeof(enum pith_units) == sizeof(int) &&
                   sizeof(enum pith_condition) == sizeof(int),
               "choices are written as int");
_Static_assert(AT(n_keep) == AT(keep) + sizeof(void *) &&
                   AT(n_force_context_ids) ==
                       AT(force_context_ids) + sizeof(void *),
               "the size of a list is right after its pointer");

enum {
    PAPER = PITH_OPTION_FOR_PAPER,
    REFERENCE = PITH_OPTION_FOR_REFERENCE,
    SPANS = PITH_OPTION_FOR_SPANS,
    OURS = PAPER | SPANS,
    ALL = PAPER | REFERENCE | SPANS,
    PROMPTS = PITH_OPTION_FOR_PROMPTS_ONLY,
    RECORDS = PITH_OPTION_FOR_RECORDS_ONLY,
    SCHEMA = PITH_OPTION_IN_SCHEMA,
    ABOVE = PITH_OPTION_ABOVE_LOW
};

#define HEADING(text) {NULL, 0, NULL, NULL, 0, 0, 0, 0, 0, NULL, 0, text}
#define BOOL(name, key, member, start, use, sentence)                          \
    {name, 0, key, NULL, PITH_OPTION_BOOL, AT(member), 0, 1, start, #start,    \
     use, sentence}
#define COUNT(name, key, member, low, start, use, sentence)                    \
    {name, 0, key, "N", PITH_OPTION_COUNT, AT(member), low, LIMIT, start,      \
     #start, use, sentence}
/* A count that the method settles where it is 0. */
#define SETTLED(name, key, member, low, shown, use, sentence)                  \
    {name, 0, key, "N", PITH_OPTION_COUNT, AT(member), low, LIMIT, 0, shown,   \
     use, sentence}
#define REAL(letter, name, key, value, member, low, high, start, shown, use,   \
             sentence)                                                         \
    {name, letter, key, value, PITH_OPTION_REAL, AT(member), low, high, start, \
     shown, use, sentence}
#define CHOICE(name, key, words, member, start, shown, use, sentence)          \
    {name, 0, key, words, PITH_OPTION_CHOICE, AT(member), 0, 0, start, shown,  \
     use, sentence}
#define TEXT(name, key, value, member, shown, use, sentence)                   \
    {name, 0, key, value, PITH_OPTION_TEXT, AT(member), 0, 0, 0, shown, use,   \
     sentence}
#define LIST(name, key, value, type, member, use, sentence)                    \
    {name, 0, key, value, type, AT(member), 0, LIMIT, 0, NULL, use, sentence}
#define BITS(name, key, member, bits, use, sentence)                           \
    {name, 0, key, NULL, PITH_OPTION_BITS, AT(member), bits, 0, 0, "false",    \
     use, sentence}
#define LIMIT 1e12

static const struct pith_option rows[] = {
    HEADING("How much stays:"),
    REAL('r', "rate", "rate", "R", rate, 0, 1, 0.5, "0.5",
         ALL | SCHEMA | ABOVE,
         "share of the tokens that stay, above 0 and at most 1"),
    REAL('n', "target", "target_token", "N", target, 0, LIMIT, -1, NULL,
         ALL | SCHEMA | ABOVE,
         "number of tokens that stay, counted by the tokenizer of the small "
         "model or with --count-with; takes the place of `rate`"),
    REAL(0, "threshold", "threshold", "NATS", threshold, 0, LIMIT, -1, NULL,
         SPANS | ABOVE,
         "nats that a token of a run must be worth; what is worth less goes, "
         "however much that is; takes the place of `rate`"),

    TEXT("role-rate", "role_rate", "LIST", role_rates, NULL, OURS | SCHEMA,
         "of `messages`: the share that stays of the texts of a role, such as "
         "user=0.5,tool=0.2; roles: system, user, assistant, tool, document, "
         "other; 1 keeps them whole, and roles without a rate share what is "
         "left of the budget"),

    HEADING("How it is chosen:"),
    CHOICE("preset", "preset", "none|auto|code|markdown|json|log|chat|table",
           preset, PITH_PRESET_NONE, "none", SPANS | SCHEMA,
           "the form of each context, which stays one of that form; auto: what "
           "it looks like (docs/PRESETS.md)"),
    CHOICE("method", "method", "paper|reference|spans", method,
           PITH_METHOD_SPANS, "spans", ALL | SCHEMA,
           "what decides: spans keeps runs of words, and instruction and "
           "question whole; paper does what the paper says; reference makes "
           "the decisions of the Python package microsoft/LLMLingua"),
    REAL(0, "tau-ins", "tau_ins", "R", tau_ins, 0, 1, 0.85, "0.85", PAPER,
         "rate of the instruction"),
    REAL(0, "tau-que", "tau_que", "R", tau_que, 0, 1, 0.9, "0.9", PAPER,
         "rate of the question"),
    REAL('k', "k", "k", "K", k, 0, LIMIT, 0,
         "2, and 1.3 with `question_aware`", OURS,
         "granularity coefficient: contexts are selected as long as they fit "
         "into K times the budget, and tokens are chosen among theirs"),
    CHOICE("units", "units", "word|token", units, PITH_UNITS_WORD, "word",
           OURS | SCHEMA,
           "what stays or goes as a whole: a word with the white space before "
           "it, or a token, as in the paper; numbers are never cut"),
    SETTLED("segment-size", "segment_size", segment_size, 1,
            "100, and 200 with `question_aware`", PAPER,
            "tokens of a segment; a segment is scored given what stays of "
            "those before it"),
    SETTLED("window", "window", window, 64, "640", OURS,
            "positions that the model looks at together; a longer prompt is "
            "read window by window"),
    BOOL("use-question", "use_question", use_question, true, SPANS,
         "let the question, if there is one, rank contexts and words"),
    BOOL("question-aware", "question_aware", question_aware, false,
         PAPER | SCHEMA,
         "LongLLMLingua: rank contexts by what they say about the question, "
         "and tokens by how much the question changes their loss"),
    REAL(0, "delta-tau", "delta_tau", "R", delta_tau, 0, 1, 0.3, "0.3", PAPER,
         "with `question_aware`, how far the rates of the contexts spread by "
         "rank"),
    CHOICE("reorder", "reorder", "original|sort", reorder,
           PITH_REORDER_SORT, "sort", PAPER,
           "with `question_aware`, the order of the contexts; `sort` puts "
           "the most relevant first"),

    HEADING("What a step is worth (the paper's Table 3):"),
    BOOL("itpc", "use_itpc", use_itpc, true, PAPER,
         "score tokens given what stays of the text before them (eq. 5); "
         "otherwise given all of it (eq. 4)"),
    BOOL("budget-controller", "use_budget_controller", use_budget_controller,
         true, PAPER,
         "drop whole contexts first, and give each part its own rate"),
    BOOL("dynamic-rates", "use_dynamic_rates", use_dynamic_rates, true, PAPER,
         "give each part its own rate; otherwise one rate for all that "
         "is selected"),
    COUNT("selection-seed", "selection_seed", selection_seed, 0, 0, PAPER,
          "unless 0, select contexts in a random order"),

    HEADING("What must stay:"),
    LIST("keep", "keep", "STRING", PITH_OPTION_TEXTS, keep, OURS | SCHEMA,
         "text that stays wherever it occurs, in either canonical form of "
         "Unicode"),
    TEXT("keep-regex", "keep_regex", "REGEX", keep_regex, NULL, OURS,
         "what this POSIX extended regular expression over characters matches "
         "within a line stays"),
    {"protect", 0, "protect", "LIST", PITH_OPTION_KINDS, AT(protect), 0, 0, 0,
     NULL, OURS | SCHEMA,
     "kinds of text that stay, with commas between them: numbers, negations, "
     "urls, ids, code, markup or all; spans prefers numbers and negations "
     "anyway, as far as there is room, but with none"},
    BITS("keep-digits", "keep_digits", protect, PITH_PROTECT_NUMBERS, OURS,
         "the same as `protect` numbers"),
    BITS("keep-words", "keep_words", units, PITH_UNITS_WORD, OURS,
         "`units` word, the default"),

    HEADING("Only with --method reference:"),
    COUNT("iterative-size", "iterative_size", iterative_size, 1, 200,
          REFERENCE,
          "tokens of a window"),
    TEXT("context-budget", "context_budget", "EXPR", context_budget,
         "+100", REFERENCE,
         "what the context filter does to the target: numbers and + - * /, "
         "such as *1.5+10"),
    BOOL("context-filter", "use_context_level_filter",
         use_context_level_filter, true, REFERENCE | PROMPTS,
         "drop whole contexts first"),
    BOOL(NULL, "use_keyvalue_level_filter", use_context_level_filter,
         false, REFERENCE | RECORDS,
         "drop whole members first"),
    BOOL("token-filter", "use_token_level_filter",
         use_token_level_filter, true, REFERENCE,
         "drop tokens"),
    BOOL("keep-split", "keep_split", keep_split, false, REFERENCE,
         "keep the blank lines between contexts"),
    LIST("force-context-ids", "force_context_ids", "I,J", PITH_OPTION_COUNTS,
         force_context_ids, REFERENCE | PROMPTS,
         "contexts that stay, counted from 0"),
    COUNT("force-context-number", "force_context_number",
          force_context_number, 0, 0, REFERENCE | PROMPTS,
          "how many contexts stay, unless 0"),
    CHOICE("reorder-context", "reorder_context", "original|sort|two_stage",
           reorder_context, PITH_REORDER_ORIGINAL, "original",
           REFERENCE | PROMPTS,
           "the order of the contexts that stay"),
    CHOICE(NULL, "reorder_keyvalue", "original|sort|two_stage",
           reorder_context, PITH_REORDER_ORIGINAL, "original",
           REFERENCE | RECORDS,
           "the order of the members that stay"),
    BOOL("concate-question", "concate_question", concate_question,
         true, REFERENCE | PROMPTS,
         "put the question into the result"),
    CHOICE("rank-method", "rank_method", "llmlingua|longllmlingua|bm25",
           rank_method, PITH_RANK_LLMLINGUA, "llmlingua", REFERENCE,
           "what contexts are ranked by: their mean loss, each alone or "
           "together with the question, or the words that they share with it"),
    CHOICE("condition-in-question", "condition_in_question",
           "none|before|after|none_condition|before_condition|after_condition",
           condition_in_question, PITH_CONDITION_NONE, "none",
           REFERENCE,
           "where the question is when contexts are ranked by it; with "
           "`_condition` it also precedes the tokens that are "
           "chosen"),
    BOOL("condition-compare", "condition_compare", condition_compare,
         false, REFERENCE,
         "choose tokens by how much the question changes their loss"),
    BOOL("add-instruction", "add_instruction", add_instruction, false,
         REFERENCE | PROMPTS,
         "put the instruction after that question"),
    REAL(0, "dynamic-ratio", "dynamic_context_compression_ratio", "R",
         dynamic_context_compression_ratio, 0, 1, 0, "0",
         REFERENCE | PROMPTS,
         "spread the rates of the contexts by rank, up to R to both sides"),
    BOOL("sentence-filter", "use_sentence_level_filter",
         use_sentence_level_filter, false, REFERENCE,
         "drop whole sentences before tokens"),
    TEXT("punkt", NULL, "DIR", punkt, NULL, REFERENCE,
         "find sentences with the parameters in this folder, NLTK's "
         "punkt_tab/english; without it, with a short list of abbreviations"),
    COUNT("keep-first-sentence", "keep_first_sentence",
          keep_first_sentence, 0, 0, REFERENCE,
          "how many of the first sentences get a bonus"),
    COUNT("keep-last-sentence", "keep_last_sentence",
          keep_last_sentence, 0, 0, REFERENCE,
          "how many of the last sentences get a bonus"),
    COUNT("keep-sentence-number", "keep_sentence_number",
          keep_sentence_number, 0, 0, REFERENCE,
          "how many sentences of each context get a bonus"),
    REAL(0, "high-priority-bonus", "high_priority_bonus", "X",
         high_priority_bonus, -1e9, 1e9, 100, "100", REFERENCE,
         "that bonus, on the mean loss of a sentence"),
    REAL(0, "token-budget-ratio", "token_budget_ratio", "X",
         token_budget_ratio, 0, 1e9, 1.4, "1.4", REFERENCE,
         "the target of the sentence filter, as a multiple of that of the "
         "tokens"),
    BOOL("structured", NULL, structured, false, ALL,
         "contexts carry tags <llmlingua, rate=R, compress=True> and "
         "</llmlingua> that say how each piece is treated"),
    BOOL(NULL, "strict_preserve_uncompressed",
         strict_preserve_uncompressed, true, REFERENCE | PROMPTS,
         "contexts with a piece of compress=False stay"),

    HEADING("What is reported besides:"),
    BOOL("trace", NULL, trace, false, ALL,
         "add thresholds, ranking and kept token ids to the JSON"),
    BOOL("spans", "spans", detail, false, ALL,
         "add the byte offsets of what stays to the JSON"),
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

const char *pith_method_name(enum pith_method method)
{
    static const char *const names[] = {[PITH_METHOD_PAPER] = "paper",
                                        [PITH_METHOD_REFERENCE] = "reference",
                                        [PITH_METHOD_SPANS] = "spans"};
    return (size_t)method < sizeof names / sizeof *names ? names[method] : NULL;
}

unsigned pith_method_use(enum pith_method method)
{
    switch (method) {
    case PITH_METHOD_PAPER: return PITH_OPTION_FOR_PAPER;
    case PITH_METHOD_REFERENCE: return PITH_OPTION_FOR_REFERENCE;
    case PITH_METHOD_SPANS: return PITH_OPTION_FOR_SPANS;
    }
    return 0;
}

const struct pith_option *pith_compress_option(size_t index)
{
    return index < N_ROWS ? &rows[index] : NULL;
}
