/*
 * negations.c - words without which a sentence says the opposite, or says it
 * of everybody: not, never, without, except, only.
 *
 * Languages with spaces have lists of whole words, compared in lower case;
 * Chinese and Japanese have characters, compounds and verb endings, of which
 * the longest counts.  A word of one language that is also one of another
 * ("sin", "no", "dont") is protected in both.
 */
#include <string.h>

#include "../base/utf8.h"
#include "../text/casing.h"
#include "recognise.h"

enum {
    WITH_NE = 1,     /* French: only beside "ne": personne, plus, que */
    ENDS_CLAUSE = 2, /* Japanese: no further letter right after it */
    HARMLESS = 4     /* looks like a negation and is none */
};

struct entry {
    const char *word;
    int flags;
};

/* --- words ------------------------------------------------------------------ */

static const struct entry words[] = {
    /* English; n't is its own rule */
    {"not", 0}, {"no", 0}, {"never", 0}, {"none", 0}, {"nothing", 0},
    {"nobody", 0}, {"nowhere", 0}, {"neither", 0}, {"nor", 0}, {"non", 0},
    {"nope", 0}, {"without", 0}, {"cannot", 0}, {"unless", 0}, {"lest", 0},
    {"except", 0}, {"excepting", 0}, {"excluding", 0}, {"only", 0},
    {"hardly", 0}, {"scarcely", 0}, {"barely", 0}, {"seldom", 0},
    {"rarely", 0}, {"solely", 0}, {"exclusively", 0}, {"dont", 0}, {"doesnt", 0}, {"didnt", 0}, {"isnt", 0},
    {"arent", 0}, {"wasnt", 0}, {"werent", 0}, {"havent", 0}, {"hasnt", 0},
    {"hadnt", 0}, {"cant", 0}, {"couldnt", 0}, {"wont", 0}, {"wouldnt", 0},
    {"shouldnt", 0}, {"mustnt", 0}, {"neednt", 0}, {"aint", 0},
    /* German */
    {"nicht", 0}, {"kein", 0}, {"keine", 0}, {"keinen", 0}, {"keinem", 0},
    {"keiner", 0}, {"keines", 0}, {"keins", 0}, {"keinerlei", 0},
    {"keinesfalls", 0}, {"keineswegs", 0}, {"nie", 0}, {"niemals", 0},
    {"nimmer", 0}, {"nichts", 0}, {"niemand", 0}, {"niemanden", 0},
    {"niemandem", 0}, {"niemandes", 0}, {"nirgends", 0}, {"nirgendwo", 0},
    {"nein", 0}, {"ohne", 0}, {"weder", 0}, {"noch", 0}, {"kaum", 0},
    {"außer", 0}, {"ausser", 0}, {"ausgenommen", 0}, {"nur", 0},
    {"lediglich", 0}, {"ausschließlich", 0}, {"ausschliesslich", 0},
    /* French; n' is its own rule */
    {"ne", 0}, {"pas", 0}, {"jamais", 0}, {"rien", 0}, {"aucun", 0},
    {"aucune", 0}, {"aucuns", 0}, {"aucunes", 0}, {"aucunement", 0},
    {"nul", 0}, {"nulle", 0}, {"nuls", 0}, {"nulles", 0}, {"nullement", 0},
    {"sans", 0}, {"ni", 0}, {"sauf", 0}, {"hormis", 0}, {"excepté", 0},
    {"excepte\u0301", 0}, {"guère", 0}, {"gue\u0300re", 0},
    {"seulement", 0}, {"uniquement", 0}, {"exclusivement", 0}, {"personne", WITH_NE},
    {"plus", WITH_NE}, {"point", WITH_NE}, {"que", WITH_NE}, {"qu", WITH_NE},
    /* Spanish, where it is not as above */
    {"nunca", 0}, {"jamás", 0}, {"jama\u0301s", 0}, {"jamas", 0},
    {"nada", 0}, {"nadie", 0}, {"ningún", 0}, {"ningu\u0301n", 0},
    {"ningun", 0}, {"ninguno", 0}, {"ninguna", 0}, {"ningunos", 0},
    {"ningunas", 0}, {"sin", 0}, {"tampoco", 0}, {"salvo", 0},
    {"excepto", 0}, {"apenas", 0}, {"solo", 0}, {"sólo", 0},
    {"so\u0301lo", 0}, {"solamente", 0}, {"únicamente", 0},
    {"u\u0301nicamente", 0}, {"unicamente", 0},
    {"exclusivamente", 0},
};

/* "unless" in two words */
static const char *const phrases[][2] = {
    {"sei", "denn"}, {"à", "moins"}, {"a\u0300", "moins"}, {"a", "moins"},
    {"a", "menos"},
};

/* A word in lower case, its apostrophes straight. */
struct word {
    char bytes[32];
    size_t size;       /* more than there is room for: not in a list */
    size_t start, end; /* in the text */
};

static bool is_apostrophe(uint32_t code)
{
    return pith_is_one_of(code, "'’‘ʼ´`＇");
}

static void add_character(struct word *word, uint32_t code)
{
    char bytes[4];
    size_t n = pith_utf8_encode(is_apostrophe(code) ? '\''
                                                    : pith_lower_case(code),
                                bytes);
    if (word->size + n <= sizeof word->bytes)
        memcpy(word->bytes + word->size, bytes, n);
    word->size += n;
}

static void add_cluster(struct word *word, struct pith_text text,
                        struct pith_cluster c)
{
    for (size_t at = c.start; at < c.end;) {
        uint32_t code;
        at += pith_utf8_decode(text.bytes + at, c.end - at, &code);
        add_character(word, code);
    }
    word->end = c.end;
}

/* The word that starts at byte `at`: letters, digits, apostrophes between
 * them; empty where none starts. */
static struct word read_word(struct pith_text text, size_t at)
{
    struct word word = {.start = at, .end = at};
    for (;;) {
        struct pith_cluster c = pith_cluster_at(text, word.end);
        struct pith_cluster next = pith_cluster_at(text, c.end);
        if (word.end > at && is_apostrophe(c.code) &&
            pith_is_word_character(next.code)) {
            add_cluster(&word, text, c);
            c = next;
        }
        if (!pith_is_word_character(c.code))
            return word;
        add_cluster(&word, text, c);
    }
}

static const struct entry *look_up(const char *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (bytes[0] == words[i].word[0] && strlen(words[i].word) == size &&
            memcmp(bytes, words[i].word, size) == 0)
            return &words[i];
    return NULL;
}

/* don't, ca n't, shouldn't've */
static bool has_nt(const struct word *word)
{
    for (size_t i = 0; i + 3 <= word->size; i++)
        if (memcmp(word->bytes + i, "n't", 3) == 0 &&
            (i + 3 == word->size || word->bytes[i + 3] == '\''))
            return true;
    return false;
}

static bool starts_with(const struct word *word, const char *start)
{
    size_t n = strlen(start);
    return word->size >= n && memcmp(word->bytes, start, n) == 0;
}

/* Nichtraucher, nichtöffentlich, but not Nichte, Nichtigkeit */
static bool is_nicht_compound(const struct word *word)
{
    return starts_with(word, "nicht") && word->size > strlen("nichten") &&
           !starts_with(word, "nichtig") && !starts_with(word, "nichtsdesto");
}

static bool is_word(const struct word *word, const char *string)
{
    return word->size == strlen(string) && starts_with(word, string);
}

static bool is_phrase(const struct word *first, const struct word *second)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (is_word(first, phrases[i][0]) && is_word(second, phrases[i][1]))
            return true;
    return false;
}

static bool is_ne(const struct word *word)
{
    return is_word(word, "ne") || (starts_with(word, "n'") && word->size > 2);
}

/* The flags of a word that negates, on its own or on one side of its
 * apostrophe: nobody's, qu'aucun; -1 of any other. */
static int flags_of(const struct word *word)
{
    const struct entry *found = NULL;
    if (is_nicht_compound(word))
        return 0;
    if (word->size > sizeof word->bytes)
        return is_ne(word) ? 0 : -1;
    const char *sign = memchr(word->bytes, '\'', word->size);
    size_t before = sign == NULL ? word->size : (size_t)(sign - word->bytes);
    if (before < word->size)
        found = look_up(sign + 1, word->size - before - 1);
    if (found == NULL)
        found = look_up(word->bytes, before);
    if (found != NULL)
        return found->flags;
    return has_nt(word) || is_ne(word) ? 0 : -1;
}

/* Where a negation that hyphens join to words after it ends: non-smoker. */
static size_t compound_end(struct pith_text text, size_t at)
{
    struct pith_cluster c = pith_cluster_at(text, at);
    while (pith_is_one_of(c.code, "-‐‑")) {
        size_t end = read_word(text, c.end).end;
        if (end == c.end)
            break;
        at = end;
        c = pith_cluster_at(text, at);
    }
    return at;
}

/* --- characters ------------------------------------------------------------- */

static const struct entry characters[] = {
    /* Chinese */
    {"不", 0}, {"不是", 0}, {"不能", 0}, {"不可", 0}, {"不得", 0},
    {"不要", 0}, {"不会", 0}, {"不會", 0}, {"不应", 0}, {"不應", 0},
    {"不必", 0}, {"不许", 0}, {"不許", 0}, {"不准", 0}, {"不再", 0},
    {"不用", 0}, {"没", 0}, {"沒", 0}, {"没有", 0}, {"沒有", 0}, {"无", 0},
    {"無", 0}, {"无法", 0}, {"無法", 0}, {"非", 0}, {"并非", 0},
    {"並非", 0}, {"勿", 0}, {"切勿", 0}, {"未", 0}, {"从未", 0},
    {"從未", 0}, {"尚未", 0}, {"别", 0}, {"別", 0}, {"莫", 0}, {"否", 0},
    {"毋", 0}, {"弗", 0}, {"甭", 0}, {"绝不", 0}, {"絕不", 0}, {"决不", 0},
    {"從不", 0}, {"从不", 0}, {"禁止", 0}, {"严禁", 0}, {"嚴禁", 0},
    {"除非", 0}, {"除了", 0}, {"除外", 0}, {"以外", 0}, {"只", 0},
    {"只有", 0}, {"仅", 0}, {"僅", 0}, {"仅仅", 0}, {"僅僅", 0},
    {"特别", HARMLESS}, {"特別", HARMLESS}, {"区别", HARMLESS},
    {"區別", HARMLESS}, {"区別", HARMLESS}, {"分别", HARMLESS},
    {"分別", HARMLESS}, {"级别", HARMLESS}, {"級別", HARMLESS},
    {"类别", HARMLESS}, {"類別", HARMLESS}, {"性别", HARMLESS},
    {"性別", HARMLESS}, {"个别", HARMLESS}, {"個別", HARMLESS},
    {"识别", HARMLESS}, {"識別", HARMLESS}, {"辨别", HARMLESS},
    {"辨別", HARMLESS}, {"鉴别", HARMLESS}, {"鑑別", HARMLESS},
    {"差别", HARMLESS}, {"差別", HARMLESS}, {"种别", HARMLESS},
    {"種別", HARMLESS}, {"告别", HARMLESS}, {"告別", HARMLESS},
    {"别人", HARMLESS}, {"別人", HARMLESS}, {"别的", HARMLESS},
    {"別的", HARMLESS}, {"别墅", HARMLESS}, {"別墅", HARMLESS},
    {"別の", HARMLESS}, {"別々", HARMLESS}, {"別途", HARMLESS},
    {"非常", HARMLESS}, {"非洲", HARMLESS}, {"无论", HARMLESS},
    {"無論", HARMLESS}, {"未来", HARMLESS}, {"未來", HARMLESS},
    {"莫斯科", HARMLESS}, {"是否", HARMLESS}, {"能否", HARMLESS},
    {"可否", HARMLESS}, {"淹没", HARMLESS}, {"沉没", HARMLESS},
    {"没收", HARMLESS},
    /* Japanese, where it is not as above */
    {"ない", 0}, {"なかった", 0}, {"なく", 0}, {"なくて", 0},
    {"なければ", 0}, {"なきゃ", 0}, {"なし", 0}, {"無し", 0},
    {"ません", 0}, {"ませんでした", 0}, {"ず", ENDS_CLAUSE}, {"ずに", 0},
    {"ずとも", 0}, {"ずして", 0}, {"せず", 0}, {"ざる", 0},
    {"ぬ", ENDS_CLAUSE}, {"らぬ", 0}, {"わぬ", 0}, {"かぬ", 0}, {"せぬ", 0},
    {"えぬ", 0}, {"ねえ", ENDS_CLAUSE}, {"ねぇ", ENDS_CLAUSE},
    {"うな", ENDS_CLAUSE}, {"くな", ENDS_CLAUSE}, {"ぐな", ENDS_CLAUSE},
    {"すな", ENDS_CLAUSE}, {"つな", ENDS_CLAUSE}, {"ぬな", ENDS_CLAUSE},
    {"ぶな", ENDS_CLAUSE}, {"むな", ENDS_CLAUSE}, {"るな", ENDS_CLAUSE},
    {"だめ", 0}, {"ダメ", 0}, {"駄目", 0}, {"いいえ", 0}, {"除く", 0}, {"除き", 0},
    {"除い", 0}, {"のみ", 0}, {"しか", 0}, {"だけ", 0},
    {"必ず", HARMLESS}, {"かならず", HARMLESS}, {"はず", HARMLESS},
    {"はなし", HARMLESS}, {"ないし", HARMLESS}, {"しかし", HARMLESS},
    {"しかも", HARMLESS},
};

/* The code point of a cluster, a kana with its voicing mark as one. */
static uint32_t read_kana(struct pith_text text, struct pith_cluster c)
{
    bool kana = c.code >= 0x3041 && c.code <= 0x30FF;
    return kana && pith_starts_with(text, c.end - 3, "\u3099") ? c.code + 1
                                                               : c.code;
}

/* Where an entry that starts at byte `at` ends; `at` when it is not
 * there.
 *   first  the code point at `at` */
static size_t entry_end(struct pith_text text, size_t at, uint32_t first,
                        const struct entry *entry)
{
    size_t left = strlen(entry->word), end = at;
    uint32_t want, code = first;
    for (const char *word = entry->word; left > 0;) {
        struct pith_cluster c;
        size_t length = pith_utf8_decode(word, left, &want);
        if (code != want)
            return at;
        word += length;
        left -= length;
        end = pith_cluster_at(text, end).end;
        c = pith_cluster_at(text, end);
        code = read_kana(text, c);
    }
    if ((entry->flags & ENDS_CLAUSE) != 0 &&
        pith_role_of(code) == PITH_ROLE_LONE)
        return at;
    return end;
}

/* The longest entry at byte `at` and where it ends; NULL when there is none. */
static const struct entry *find_characters(struct pith_text text, size_t at,
                                           size_t *longest)
{
    const struct entry *found = NULL;
    uint32_t first = read_kana(text, pith_cluster_at(text, at));
    *longest = at;
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        size_t end = entry_end(text, at, first, &characters[i]);
        if (end > *longest) {
            *longest = end;
            found = &characters[i];
        }
    }
    return found;
}

/* --- all of it -------------------------------------------------------------- */

/* How many words "ne" reaches: "je ne connais ici presque personne". */
enum { REACH_OF_NE = 5 };

struct search {
    struct pith_text text;
    struct pith_ranges *ranges;
    size_t words_since_ne;
    struct word waiting; /* WITH_NE, and "ne" may follow: Personne ne vient */
    struct word last;
};

static enum pith_status add(struct search *search, size_t start, size_t *end,
                            struct pith_error *error)
{
    return pith_ranges_add(search->ranges, search->text, start, end,
                           PITH_PROTECT_NEGATIONS, error);
}

static enum pith_status take_word(struct search *search, struct word *word,
                                  struct pith_error *error)
{
    struct word waiting = search->waiting, last = search->last;
    int flags = flags_of(word);
    search->last = *word;
    search->waiting.size = 0;
    search->words_since_ne++;
    if (is_phrase(&last, word))
        return add(search, last.start, &word->end, error);
    if (is_ne(word)) {
        search->words_since_ne = 0;
        if (waiting.size > 0)
            PITH_TRY(add(search, waiting.start, &waiting.end, error));
    }
    if (flags < 0)
        return PITH_OK;
    if ((flags & WITH_NE) != 0 && search->words_since_ne > REACH_OF_NE) {
        search->waiting = *word;
        return PITH_OK;
    }
    word->end = compound_end(search->text, word->end);
    return add(search, word->start, &word->end, error);
}

static enum pith_status take_characters(struct search *search, size_t at,
                                        size_t *end, struct pith_error *error)
{
    const struct entry *entry = find_characters(search->text, at, end);
    if (entry == NULL)
        *end = pith_cluster_at(search->text, at).end;
    else if ((entry->flags & HARMLESS) == 0)
        return add(search, at, end, error);
    return PITH_OK;
}

enum pith_status pith_negation_ranges(struct pith_text text,
                                      struct pith_ranges *ranges,
                                      struct pith_error *error)
{
    struct search search = {.text = text, .ranges = ranges,
                            .words_since_ne = REACH_OF_NE};
    for (size_t at = 0; at < text.size;) {
        struct word word = read_word(text, at);
        struct pith_cluster c = pith_cluster_at(text, at);
        if (word.size > 0) {
            PITH_TRY(take_word(&search, &word, error));
            at = word.end;
        } else if (pith_role_of(c.code) == PITH_ROLE_LONE) {
            PITH_TRY(take_characters(&search, at, &at, error));
        } else {
            at = c.end;
        }
    }
    return PITH_OK;
}
