/*
 * negations.c - words without which a sentence says the opposite, or says it
 * of everybody: not, never, without, except, only.
 *
 * Languages with spaces have lists of whole words, compared in lower case;
 * those without have characters, compounds and verb endings, of which the
 * longest counts.  A word of one language that is also one of another
 * ("sin", "no", "dont") is protected in both.
 */
#include <string.h>

#include "../base/memory.h"
#include "../base/text.h"
#include "../base/utf8.h"
#include "../text/casing.h"
#include "recognise.h"

/* --- words ------------------------------------------------------------------ */

/* Whole words of languages with spaces, in lower case; those with accents in
 * both normal forms, marks that combine as bytes. */
static const char words[] =
    /* English; n't is its own rule */
    " not no never none nothing nobody nowhere neither nor non nope without "
    "cannot unless lest except excepting excluding only hardly scarcely "
    "barely seldom rarely solely exclusively dont doesnt didnt isnt arent "
    "wasnt werent havent hasnt hadnt cant couldnt wont wouldnt shouldnt "
    "mustnt neednt aint false "
    /* German */
    "nicht kein keine keinen keinem keiner keines keins keinerlei "
    "keinesfalls keineswegs nie niemals nimmer nichts niemand niemanden "
    "niemandem niemandes nirgends nirgendwo nein ohne weder noch kaum "
    "außer ausser ausgenommen nur lediglich ausschließlich ausschliesslich "
    /* French; n' is its own rule */
    "ne pas jamais rien aucun aucune aucuns aucunes aucunement nul nulle "
    "nuls nulles nullement sans ni sauf hormis excepté excepte\314\201 guère "
    "gue\314\200re seulement uniquement exclusivement "
    /* Spanish and, after it, each language where it is not as above */
    "nunca jamás jama\314\201s jamas nada nadie ningún ningu\314\201n ningun "
    "ninguno ninguna ningunos ningunas sin tampoco salvo excepto apenas "
    "solo sólo so\314\201lo solamente únicamente u\314\201nicamente unicamente "
    "exclusivamente "
    /* Portuguese, Italian, Romanian */
    "não na\314\203o nem nenhum nenhuma nenhuns nenhumas ninguém "
    "ningue\314\201m sem somente exceto niente nulla nessuno nessuna nessun "
    "senza né ne\314\201 neanche nemmeno neppure tranne eccetto soltanto nu "
    "niciodată niciodata\314\206 niciun nicio nimic nimeni fără "
    "fa\314\206ra\314\206 decât deca\314\202t "
    /* Dutch, Swedish, Danish, Norwegian */
    "niet geen nooit niets nergens zonder behalve tenzij alleen slechts "
    "uitsluitend inte icke ingen inget inga ingenting aldrig utan endast "
    "förutom fo\314\210rutom ikke ikkje ej intet aldri uten uden undtagen "
    "unntatt bortsett "
    /* Polish, Czech, Croatian */
    "nigdy nikt nikogo bez żaden z\314\207aden żadna z\314\207adna żadne "
    "z\314\207adne żadnego z\314\207adnego żadnej z\314\207adnej żadnych "
    "z\314\207adnych ani oprócz opro\314\201cz tylko wyłącznie wyła\314\250cznie "
    "nikdy nikdo žádný z\314\214a\314\201dny\314\201 žádná "
    "z\314\214a\314\201dna\314\201 žádné z\314\214a\314\201dne\314\201 nelze "
    "není neni\314\201 nejsou kromě krome\314\214 pouze nije nisu nema nikad "
    "nikada nitko ništa nis\314\214ta samo osim "
    /* Finnish, Hungarian, Turkish */
    "ei eivät eiva\314\210t emme ette älä a\314\210la\314\210 älkää "
    "a\314\210lka\314\210a\314\210 ilman koskaan paitsi nincs nincsenek soha "
    "senki semmi nélkül ne\314\201lku\314\210l kivéve kive\314\201ve csak "
    "kizárólag kiza\314\201ro\314\201lag değil deg\314\206il değildir "
    "deg\314\206ildir yok yoktur hiç hic\314\247 hiçbir hic\314\247bir asla "
    "hayır olmadan hariç haric\314\247 yalnızca sadece "
    /* Vietnamese, Indonesian */
    "không kho\314\202ng chưa chu\314\233a đừng đu\314\233\314\200ng chẳng "
    "cha\314\206\314\211ng chớ cho\314\233\314\201 cấm ca\314\202\314\201m trừ "
    "tru\314\233\314\200 chỉ chi\314\211 tidak bukan jangan tanpa belum kecuali "
    "hanya "
    /* Russian, Ukrainian, Bulgarian, Serbian */
    "не ни нет никогда никто никого ничего ничто нигде никакой "
    "никакои\314\206 никаких нельзя без кроме только лишь едва ні немає нема "
    "ніколи ніхто нікого нічого ніде жоден жодна жодне жодного жодної "
    "жодноі\314\210 жодних крім окрім лише тільки няма никога никой "
    "никои\314\206 нищо само освен није нису никад никада нико ништа осим "
    /* Greek */
    "δεν δε μη μην όχι ο\314\201χι ποτέ ποτε\314\201 χωρίς χωρι\314\201ς δίχως "
    "δι\314\201χως κανείς κανει\314\201ς κανένας κανε\314\201νας κανέναν "
    "κανε\314\201ναν καμία καμι\314\201α κανένα κανε\314\201να τίποτα "
    "τι\314\201ποτα τίποτε τι\314\201ποτε ούτε ου\314\201τε πουθενά "
    "πουθενα\314\201 μόνο μο\314\201νο εκτός εκτο\314\201ς "
    /* Arabic, Persian, Urdu */
    "لا لم لن ليس ليست ليسوا لست غير بدون دون بلا إلا ا\331\225لا الا عدم "
    "فقط سوى أبدا ا\331\224بدا كلا ولا ولم ولن وليس فلا فلم فلن وغير وبدون "
    "نه نیست نیستند نباید هیچ هرگز مگر جز بجز نہیں نہ مت بغیر صرف "
    /* Hebrew */
    "לא אל אין אינו אינה אינם אינן בלי מבלי ללא בל לעולם מעולם אף שום כלום "
    "מלבד למעט רק ולא שלא ואל ואין שאין שאינו שאינה "
    /* Hindi, Marathi, Bengali */
    "नहीं नही न ना मत बिना केवल सिर्फ सिवाय नाही नको नये না নয\340\246\274 নেই "
    "নি ছাড\340\246\274া শুধু "
    /* Tamil, Telugu */
    "இல்லை அல்ல வேண்டாம் கூடாது இன்றி மட்டும் లేదు కాదు వద్దు కూడదు "
    /* Korean */
    "안 못 ";

/* Only beside "ne": ne ... plus */
static const char words_with_ne[] = " personne plus point que qu ";

/* What comes after the word that it denies, in Turkish, Bengali, Persian,
 * Tamil, Telugu and Chinese. */
static const char words_after[] =
    " değil deg\314\206il değildir deg\314\206ildir yok yoktur "
    "না নয় নেই নি نیست نیستند "
    "இல்லை அல்ல வேண்டாம் கூடாது లేదు కాదు వద్దు కూడదు "
    "除外 以外 ";

/* How such words begin in Korean. */
static const char korean_starts[] =
    " 않 없 아니 아닌 아닙 못하 못한 못할 못했 못합 마세 마십 말고 말아 "
    "금지 제외 ";

/* "unless" in two words */
static const char *const phrases[][2] = {
    {"sei", "denn"}, {"à", "moins"}, {"a\314\200", "moins"}, {"a", "moins"},
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

/* Signs that Hebrew and Arabic may write above and below letters. */
static bool is_vowel_sign(uint32_t code)
{
    return (code >= 0x591 && code <= 0x5C7) || (code >= 0x64B && code <= 0x652);
}

static void add_cluster(struct word *word, struct pith_text text,
                        struct pith_cluster c)
{
    for (size_t at = c.start; at < c.end;) {
        uint32_t code;
        at += pith_utf8_decode(text.bytes + at, c.end - at, &code);
        if (!is_vowel_sign(code))
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

enum negation {
    NO_NEGATION,
    NEGATION,
    NEGATION_WITH_NE /* only beside "ne" */
};

static bool starts_as_korean(struct pith_text word)
{
    for (size_t n = 3; n <= 6 && n <= word.size; n += 3) /* one, two syllables */
        if (pith_text_is_listed((struct pith_text){word.bytes, n},
                                korean_starts))
            return true;
    return false;
}

static enum negation look_up(const char *bytes, size_t size)
{
    for (; size > 1 && *bytes == '_'; bytes++) /* _not_ */
        size--;
    while (size > 1 && bytes[size - 1] == '_')
        size--;
    struct pith_text word = {bytes, size};
    return pith_text_is_listed(word, words) || starts_as_korean(word)
               ? NEGATION
           : pith_text_is_listed(word, words_with_ne) ? NEGATION_WITH_NE
                                                      : NO_NEGATION;
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

/* Of a word, or of one side of its apostrophe: nobody's, qu'aucun. */
static enum negation negation_of(const struct word *word)
{
    enum negation found = NO_NEGATION;
    if (is_nicht_compound(word))
        return NEGATION;
    if (word->size > sizeof word->bytes)
        return is_ne(word) ? NEGATION : NO_NEGATION;
    const char *sign = memchr(word->bytes, '\'', word->size);
    size_t before = sign == NULL ? word->size : (size_t)(sign - word->bytes);
    if (before < word->size)
        found = look_up(sign + 1, word->size - before - 1);
    if (found == NO_NEGATION)
        found = look_up(word->bytes, before);
    return found == NO_NEGATION && (has_nt(word) || is_ne(word)) ? NEGATION
                                                                 : found;
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

/* Of scripts without spaces. */
static const char characters[] =
    /* Chinese */
    " 不 不是 不能 不可 不得 不要 不会 不會 不应 不應 不必 不许 不許 不准 "
    "不再 不用 没 沒 没有 沒有 无 無 无法 無法 非 并非 並非 勿 切勿 未 从未 "
    "從未 尚未 别 別 莫 否 毋 弗 甭 绝不 絕不 决不 從不 从不 禁止 严禁 嚴禁 "
    "除非 除了 除外 以外 只 只有 仅 僅 仅仅 僅僅 "
    /* Japanese, where it is not as above */
    "ない なかった なく なくて なければ なきゃ なし 無し ません ませんでした "
    "ずに ずとも ずして せず ざる らぬ わぬ かぬ せぬ えぬ だめ ダメ 駄目 "
    "いいえ 除く 除き 除い のみ しか だけ "
    /* Thai, Lao, Khmer */
    "ไม่ มิได้ อย่า ห้าม ยกเว้น เว้นแต่ ไร้ ปราศจาก เฉพาะ เท่านั้น ບໍ່ ຢ່າ "
    "ຫ້າມ មិន កុំ "
    "គ្មាន លើកលែង ";

/* Japanese, with no further letter right after it. */
static const char clause_ends[] =
    " ず ぬ ねえ ねぇ うな くな ぐな すな つな ぬな ぶな むな るな ";

/* What only looks like a negation. */
static const char harmless[] =
    " 特别 特別 区别 區別 区別 分别 分別 级别 級別 类别 類別 性别 性別 个别 "
    "個別 识别 識別 辨别 辨別 鉴别 鑑別 差别 差別 种别 種別 告别 告別 别人 "
    "別人 别的 別的 别墅 別墅 別の 別々 別途 非常 非洲 无论 無論 未来 未來 "
    "莫斯科 是否 能否 可否 淹没 沉没 没收 "
    "必ず かならず はず はなし ないし しかし しかも ";

/* The code point of a cluster, a kana with its voicing mark as one. */
static uint32_t read_kana(struct pith_text text, struct pith_cluster c)
{
    bool kana = c.code >= 0x3041 && c.code <= 0x30FF;
    return kana && pith_starts_with(text, c.end - 3, "\343\202\231") ? c.code + 1
                                                               : c.code;
}

/* Where a word that starts at byte `at` ends, in whole clusters; `at` where
 * it is not there. */
static size_t spelled_end(struct pith_text text, size_t at,
                          struct pith_text word)
{
    size_t end = at;
    if (text.size - at < word.size ||
        memcmp(text.bytes + at, word.bytes, word.size) != 0)
        return at;
    while (end < at + word.size)
        end = pith_cluster_at(text, end).end;
    return end == at + word.size ? end : at;
}

/* The same for kana with voicing marks.
 *   code  the code point at `at` */
static size_t kana_end(struct pith_text text, size_t at, uint32_t code,
                       struct pith_text word)
{
    size_t end = at;
    for (size_t i = 0; i < word.size;) {
        uint32_t want;
        i += pith_utf8_decode(word.bytes + i, word.size - i, &want);
        if (code != want)
            return at;
        end = pith_cluster_at(text, end).end;
        code = read_kana(text, pith_cluster_at(text, end));
    }
    return end;
}

/* Where the longest word of a list ends that starts at byte `at`; `at` where
 * none does. */
static size_t listed_end(struct pith_text text, size_t at, const char *list)
{
    size_t longest = at;
    uint32_t first = read_kana(text, pith_cluster_at(text, at));
    const char *stop;
    for (const char *next = list + 1; *next != '\0'; next = stop + 1) {
        stop = strchr(next, ' ');
        struct pith_text word = {next, (size_t)(stop - next)};
        size_t end = spelled_end(text, at, word);
        if (end == at)
            end = kana_end(text, at, first, word);
        if (end > longest)
            longest = end;
    }
    return longest;
}

/* Whether the letters go on at byte `at`. */
static bool is_within_clause(struct pith_text text, size_t at)
{
    return pith_role_of(pith_cluster_at(text, at).code) == PITH_ROLE_LONE;
}

bool pith_denies_before(struct pith_text word)
{
    uint32_t first = pith_cluster_at(word, 0).code;
    return (first >= 0x3041 && first <= 0x3096) || starts_as_korean(word) ||
           pith_text_is_listed(word, words_after);
}

/* --- all of it -------------------------------------------------------------- */

/* How many words "ne" reaches: "je ne connais ici presque personne". */
enum { REACH_OF_NE = 5 };

struct search {
    struct pith_text text;
    struct pith_ranges *ranges;
    size_t words_since_ne;
    struct word waiting; /* one that waits, and "ne" may follow: Personne ne vient */
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
    enum negation negation = negation_of(word);
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
    if (negation == NO_NEGATION)
        return PITH_OK;
    if (negation == NEGATION_WITH_NE &&
        search->words_since_ne > REACH_OF_NE) {
        search->waiting = *word;
        return PITH_OK;
    }
    word->end = compound_end(search->text, word->end);
    return add(search, word->start, &word->end, error);
}

static enum pith_status take_characters(struct search *search, size_t at,
                                        size_t *end, struct pith_error *error)
{
    struct pith_text text = search->text;
    size_t plain = listed_end(text, at, characters);
    size_t clause = listed_end(text, at, clause_ends);
    size_t none = listed_end(text, at, harmless);
    if (clause > plain && !is_within_clause(text, clause))
        plain = clause;
    *end = pith_max(plain, none);
    if (*end == at)
        *end = pith_cluster_at(text, at).end;
    else if (plain > none)
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
