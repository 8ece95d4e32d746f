/*
 * test_spans.c - the method `spans` on texts with the default model: what goes
 * together, what is one pass, thresholds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/spans/mentions.h"
#include "support.h"

static struct pith_model *model;
static struct pith_session *session;

static void open_model(void)
{
    struct pith_error error;
    assert_ok(pith_model_load("weights/default.pith", NULL, &model, &error),
              error);
    assert_ok(pith_session_create(model, NULL, &session, &error), error);
}

static void close_model(void)
{
    pith_session_free(session);
    pith_model_free(model);
}

/* The text of a result; free it. */
static char *copy_text(const struct pith_result *result)
{
    char *text = calloc(result->text.size + 1, 1);
    memcpy(text, result->text.bytes, result->text.size);
    return text;
}

static bool contains(const struct pith_result *result, const char *words)
{
    char *text = copy_text(result);
    bool found = strstr(text, words) != NULL;
    free(text);
    return found;
}

static struct pith_result *
compress_with(const struct pith_compress_options *options,
              struct pith_prompt prompt)
{
    struct pith_result *result;
    struct pith_error error;
    assert_ok(pith_compress(session, &prompt, options, &result, &error), error);
    return result;
}

static struct pith_result *compress(struct pith_prompt prompt, double rate,
                                    double threshold)
{
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.method = PITH_METHOD_SPANS;
    options.rate = rate;
    options.threshold = threshold;
    return compress_with(&options, prompt);
}

/* Words that may only appear with what precedes them. */
static const struct {
    const char *text, *word, *together;
} denied[] = {
    {"If the customer is not verified, do not reveal any account data to "
     "anybody who asks for it on the telephone or by letter.",
     "verified", "not verified"},
    {"If the customer is not verified, do not reveal any account data to "
     "anybody who asks for it on the telephone or by letter.",
     "reveal", "not reveal"},
    {"The pump must not be restarted while the valve is open, because the "
     "pressure would rise above the limit within seconds.",
     "restarted", "not be restarted"},
    {"Der Server darf heute Nacht nicht neu gestartet werden, weil die "
     "Sicherung der Datenbank bis zum Morgen dauert.",
     "neu", "nicht neu"},
    {"The heating in the hall does work not. Nobody has called the caretaker "
     "since Monday, so the rooms stay cold.",
     "work", "work not"},
    {"Take 30 tablets with you, and drink a glass of water after each of "
     "them, as the doctor has told you.",
     "tablets", "30 tablets"},
    {"Give 250 ml of solution and 5 mg of morphine every 4 h, or call the ward "
     "when the pulse is more than 120 per minute.",
     "5 ", "5 mg"},
    {"Give 250 ml of solution and 5 mg of morphine every 4 h, or call the ward "
     "when the pulse is more than 120 per minute.",
     "ml", "250 ml"},
    {"Give 250 ml of solution and 5 mg of morphine every 4 h, or call the ward "
     "when the pulse is more than 120 per minute.",
     "120", "more than 120"},
    {"The old bridge carries 40 t and is 7 ft wide at its narrowest point, so "
     "that most lorries must turn round.",
     "carries", "carries 40 t"},
    {"Of the members 2 of the 7 stayed at home, and 1 in 5 failed the test, as "
     "Section 4 of the report explains.",
     "7", "2 of the 7 stayed"},
    {"Of the members 2 of the 7 stayed at home, and 1 in 5 failed the test, as "
     "Section 4 of the report explains.",
     "4", "Section 4"},
    {"Profit fell to $4.2 million in the quarter, and the rent of 1 500 euros "
     "was paid for the offices.",
     "million", "4.2 million"},
    {"Profit fell to $4.2 million in the quarter, and the rent of 1 500 euros "
     "was paid for the offices.",
     "500", "1 500 euros"},
    {"About 2 300 people saw the play, 1 750 of them on the first night, and 40 "
     "000 heard it on the radio.",
     "750", "1 750"},
    {"About 2 300 people saw the play, 1 750 of them on the first night, and 40 "
     "000 heard it on the radio.",
     "000", "40 000"},
    {"The temperature rose by 2.5 \u00B0C and 30 % of the windows were open when "
     "the guard came on 3 May.",
     "\u00B0", "2.5 \u00B0C"},
    {"The temperature rose by 2.5 \u00B0C and 30 % of the windows were open when "
     "the guard came on 3 May.",
     "%", "30 %"},
    {"The temperature rose by 2.5 \u00B0C and 30 % of the windows were open when "
     "the guard came on 3 May.",
     "May", "3 May"},
    {"Am 14. M\u00E4rz 2025 fiel Schnee, und 3 bis 5 Paletten blieben vor dem Tor "
     "der Fabrik stehen.",
     "14", "14. M\u00E4rz"},
    {"Am 14. M\u00E4rz 2025 fiel Schnee, und 3 bis 5 Paletten blieben vor dem Tor "
     "der Fabrik stehen.",
     "Paletten", "3 bis 5 Paletten"},
    {"Депутати не підтримали пропозицію підвищити тарифи на воду, а ремонт "
     "мосту почнеться лише восени.",
     "підтримали", "не підтримали"},
    {"O inquilino não pode sublocar o apartamento, e o depósito fica na conta "
     "do banco até o fim do contrato.",
     "sublocar", "não pode sublocar"},
    {"The court awarded two hundred and forty-five thousand pounds, and three "
     "out of four members had waited for one and a half years.",
     "pounds", "two hundred and forty-five thousand pounds"},
    {"The court awarded two hundred and forty-five thousand pounds, and three "
     "out of four members had waited for one and a half years.",
     "members", "three out of four members"},
    {"The court awarded two hundred and forty-five thousand pounds, and three "
     "out of four members had waited for one and a half years.",
     "years", "one and a half years"},
    {"Visitors are not willing to pay for the garden, and the invoice of the "
     "florist was not fully settled before the winter.",
     "pay", "not willing to pay"},
    {"Visitors are not willing to pay for the garden, and the invoice of the "
     "florist was not fully settled before the winter.",
     "settled", "not fully settled"},
    {"Faktura za remont dachu nie została zapłacona do końca listopada, a "
     "dostawca podniósł ceny o 4% w tym roku.",
     "zapłacona", "nie została zapłacona"},
    {"Чтобы заменить фильтр, насос нельзя включать, пока открыт клапан на "
     "верхней трубе.",
     "включать", "нельзя включать"},
    {"밸브가 열려 있는 동안 펌프를 켤 수 없습니다, 압력이 곧 한계를 넘기 때문입니다.",
     "켤", "켤 수 없습니다"},
    {"Vana açıkken pompa güvenli değildir, çünkü basınç birkaç saniye içinde "
     "sınırı aşar.",
     "güvenli", "güvenli değildir"},
    {"It was 38.4 \u2103 in the ward, 50 \uFF05 of the beds were empty, and a "
     "bottle of water cost 90 \u20B9 in the hall.",
     "38.4", "38.4 \u2103"},
    {"It was 38.4 \u2103 in the ward, 50 \uFF05 of the beds were empty, and a "
     "bottle of water cost 90 \u20B9 in the hall.",
     "50", "50 \uFF05"},
    {"It was 38.4 \u2103 in the ward, 50 \uFF05 of the beds were empty, and a "
     "bottle of water cost 90 \u20B9 in the hall.",
     "90", "90 \u20B9"},
    {"The harbour board of the town met on Tuesday evening in room four\n"
     "below the library, and Maria Okafor said that a pump should never\n"
     "restart by itself, since two of the people there had nearly\n"
     "drowned when the engine in the hall was running.",
     "restart", "never\nrestart"},
    {"\u4F9B\u5E94\u5546\u6CA1\u6709\u540C\u610F\u65B0\u7684\u4ED8\u6B3E"
     "\u6761\u4EF6\uFF0C\u4F1A\u8BAE\u5728\u4E0A\u6D77\u4E3E\u884C\u3002",
     "\u6CA1\u6709\u540C", "\u6CA1\u6709\u540C\u610F"},
    {"\u4F9B\u5E94\u5546\u6CA1\u6709\u540C\u610F\u65B0\u7684\u4ED8\u6B3E"
     "\u6761\u4EF6\uFF0C\u4F1A\u8BAE\u5728\u4E0A\u6D77\u4E3E\u884C\u3002",
     "\u610F", "\u6CA1\u6709\u540C\u610F"},
    {"\u4F1A\u8BAE\u4E8E\u5468\u4E00\u4E0A\u53489\u70B9\u5728\u4E0A"
     "\u6D77\u4E3E\u884C\uFF0C\u7B2C\u4E09\u5B63\u5EA6\u7684\u9500\u552E"
     "\u989D\u589E\u957F12%\uFF0C\u5F20\u4F1F\u4E3B\u6301\u4F1A\u8BAE"
     "\u3002",
     "9", "\u4E0A\u53489\u70B9"},
    {"\u4F1A\u8BAE\u4E8E\u5468\u4E00\u4E0A\u53489\u70B9\u5728\u4E0A"
     "\u6D77\u4E3E\u884C\uFF0C\u7B2C\u4E09\u5B63\u5EA6\u7684\u9500\u552E"
     "\u989D\u589E\u957F12%\uFF0C\u5F20\u4F1F\u4E3B\u6301\u4F1A\u8BAE"
     "\u3002",
     "12", "\u589E\u957F12%"},
    {"{\"name\": \"deploy to the new region\", \"dry_run\": false, \"owner\": "
     "\"kim\", \"limit\": 2, \"notify\": [\"ops\", \"dev\"]}",
     "dry_run", "dry_run\": false"},
    {"Admitted on Monday with a fever of three days and a cough.\n"
     "Allergies: none\nLives with her sister in a flat near the harbour.\n",
     "Allergies", "Allergies: none"},
    {"Do **not** restart the pump by hand while the valve is open, and it is "
     "_not_ recommended to drain the tank before the morning.",
     "restart", "**not** restart"},
    {"Do **not** restart the pump by hand while the valve is open, and it is "
     "_not_ recommended to drain the tank before the morning.",
     "recommended", "_not_ recommended"},
    {"If you do not, we may reduce your payment, and whether or not the goods "
     "arrive in Rotterdam, the buyer pays for their freight.",
     "do not", "do not,"},
    {"If you do not, we may reduce your payment, and whether or not the goods "
     "arrive in Rotterdam, the buyer pays for their freight.",
     "not the goods", "or not the goods"},
    {"The ferry will not sail before Easter, and the bread of this bakery has "
     "less gluten of the sort that matters than wheat.",
     "Easter", "not sail before Easter"},
    {"The ferry will not sail before Easter, and the bread of this bakery has "
     "less gluten of the sort that matters than wheat.",
     "wheat", "than wheat"},
    {"Neither party is liable for lost profits, and no claim may be made after the "
     "first of May by anyone who has signed this agreement.",
     "party", "Neither party is liable"},
    {"Neither party is liable for lost profits, and no claim may be made after the "
     "first of May by anyone who has signed this agreement.",
     "claim", "no claim may be made"},
    {"On the bridge they were approached by a stranger, who said that the car had "
     "been paid by Johnny in the spring of that year.",
     "approached", "approached by a stranger"},
    {"Erlaubt sind ein Taschenrechner und ein Blatt mit eigenen Notizen, nicht aber "
     "B\u00FCcher oder Handys, die im Flur zu lassen sind.",
     "Handys", "nicht aber B\u00FCcher oder Handys"},
    {"\u5458\u5DE5\u6BCF\u5468\u53EF\u4EE5\u5728\u5BB6\u529E\u516C\u4E24"
     "\u5929\uFF0C\u4F46\u8BD5\u7528\u671F\u5458\u5DE5\u9664\u5916\u3002"
     "\u7533\u8BF7\u987B\u5728\u6BCF\u6708\u63D0\u4EA4\uFF0C\u7535\u8111"
     "\u7531\u516C\u53F8\u7EDF\u4E00\u914D\u53D1\u3002",
     "\u9664\u5916", "\u5458\u5DE5\u9664\u5916"},
    {"Send the slides to Priya, and check the invoice: if it was not paid, call "
     "accounting before the end of the working day.",
     "not paid", "if it was not paid"},
    {"The library has no food, drinks or pets, and in the desert they walked two days "
     "without food and water, says the guide.",
     "pets", "no food, drinks or pets"},
    {"The library has no food, drinks or pets, and in the desert they walked two days "
     "without food and water, says the guide.",
     "water", "without food and water"},
    {"Le contrat a \u00E9t\u00E9 sign\u00E9 par Okafor, et la facture du mois de "
     "mars fut r\u00E9gl\u00E9e par le port.",
     "sign\u00E9", "sign\u00E9 par Okafor"},
    {"La piscine municipale ne rouvrira pas avant l\u2019\u00E9t\u00E9, et le "
     "conseil a vot\u00E9 un budget pour la ligne de tramway.",
     "rouvrira", "ne rouvrira pas avant l"},
    {"Operating profit of the group fell to 18.2 million from 27 million, while "
     "the fee for visitors was set at 50 euros instead of 45.",
     "18.2", "to 18.2 million"},
    {"Operating profit of the group fell to 18.2 million from 27 million, while "
     "the fee for visitors was set at 50 euros instead of 45.",
     "27", "from 27 million"},
    {"Operating profit of the group fell to 18.2 million from 27 million, while "
     "the fee for visitors was set at 50 euros instead of 45.",
     "45", "instead of 45"},
    {"Der Server bekam am 3. Tag der Messe den 2. Platz, und die Miete stieg von "
     "800 auf 950 Euro im Monat.",
     "Platz", "2. Platz"},
    {"The parser of the shell runs make all && make install || echo failed, and "
     "compares n != 5, a <= b and p->next == q one by one.",
     "&", "&&"},
    {"The parser of the shell runs make all && make install || echo failed, and "
     "compares n != 5, a <= b and p->next == q one by one.",
     "= 5", "!= 5"},
    {"The parser of the shell runs make all && make install || echo failed, and "
     "compares n != 5, a <= b and p->next == q one by one.",
     ">", "->"},
    {"\u5E02\u9577\u306F\u4ED6\u306B\u65B9\u6CD5\u304C\u306A\u304B"
     "\u3063\u305F\u3068\u8FF0\u3079\u305F\u3002\u8CEA\u554F\u3078"
     "\u306E\u7B54\u3048\u306F\u307E\u3060\u51FA\u3066\u3044\u306A"
     "\u3044\u3002",
     "\u65B9\u6CD5", "\u65B9\u6CD5\u304C\u306A\u304B\u3063\u305F"},
    {"\u5E02\u9577\u306F\u4ED6\u306B\u65B9\u6CD5\u304C\u306A\u304B"
     "\u3063\u305F\u3068\u8FF0\u3079\u305F\u3002\u8CEA\u554F\u3078"
     "\u306E\u7B54\u3048\u306F\u307E\u3060\u51FA\u3066\u3044\u306A"
     "\u3044\u3002",
     "\u51FA", "\u51FA\u3066\u3044\u306A\u3044"},
};
enum { N_DENIED = sizeof denied / sizeof *denied };

START_TEST(what_belongs_together_stays_together)
{
    struct pith_text text = view(denied[_i].text);
    size_t n_kept = 0;
    for (double rate = 0.05; rate < 1; rate += 0.05) {
        struct pith_result *result =
            compress((struct pith_prompt){.contexts = &text, .n_contexts = 1},
                     rate, -1);
        n_kept += contains(result, denied[_i].word);
        ck_assert_msg(!contains(result, denied[_i].word) ||
                          contains(result, denied[_i].together),
                      "%g: \"%.*s\"", rate, (int)result->text.size,
                      result->text.bytes);
        pith_result_free(result);
    }
    ck_assert_uint_gt(n_kept, 0);
}
END_TEST

/* What is said before and after the end of a sentence. */
static const struct {
    const char *text, *left, *right;
} ended[] = {
    {"She has no known disease of the heart or the lungs. Allergies: penicillin "
     "and latex, both of which gave her a rash in the spring of last year.",
     "no known", "penicillin"},
    {"The bakery ships every order by courier within one working day. It never "
     "sells bread that is older than the morning on which it was baked.",
     "courier", "never"},
    {"The second instalment is due on the last day of the month (see annex B). "
     "We will not extend the deadline that the two harbours agreed upon.",
     "instalment", "not extend"},
    {"Did nobody sign the delivery note of the pumps? Customs asked for it on "
     "Tuesday, and the warehouse in Rotterdam charges for each day.",
     "nobody", "Rotterdam"},
    {"The wound is dry and the patient has no fever today; bloods are repeated "
     "in the evening, and the drain was removed by the registrar.",
     "no fever", "registrar"},
    {"The buyer may cancel the order within two days of the date. The seller "
     "must pay for the freight and the customs of the harbour.",
     "buyer", "must pay"},
    {"El contrato es prorrogable. Se puede desistir del alquiler pasados seis "
     "meses; en tal caso no pagar\u00E1 m\u00E1s de una mensualidad.",
     "prorrogable", "no pagar"},
    {"\u8463\u4E8B\u4F1A\u6CA1\u6709\u6279\u51C6\u9884\u7B97\u3002"
     "\u738B\u82B3\u5728\u4E0A\u6D77\u4E3B\u6301\u4E86\u4F1A\u8BAE\u3002",
     "\u6CA1\u6709\u6279\u51C6", "\u4E0A\u6D77"},
    {"The entrance fee for visitors went down to 50 euros instead of 45. Rye "
     "contains gluten too, and nobody in the kitchen of the harbour knew.",
     "instead of 45", "contains"},
    {"\u0920\u0947\u0915\u0947\u0926\u093E\u0930 \u0915\u094B "
     "\u092D\u0941\u0917\u0924\u093E\u0928 \u0928\u0939\u0940\u0902 "
     "\u0939\u0941\u0906\u0964 \u0938\u094D\u0915\u0942\u0932 "
     "\u092C\u0938\u0947\u0902 \u091A\u0932\u0947\u0902\u0917\u0940\u0964",
     "\u0928\u0939\u0940\u0902", "\u0938\u0947\u0902"},
};

/* A mark between the two, or the first word of the next sentence. */
START_TEST(sentences_stay_apart)
{
    struct pith_text text = view(ended[_i].text);
    size_t n_both = 0;
    for (double rate = 0.1; rate < 1; rate += 0.02) {
        struct pith_result *result =
            compress((struct pith_prompt){.contexts = &text, .n_contexts = 1},
                     rate, -1);
        char *all = copy_text(result);
        char *left = strstr(all, ended[_i].left);
        char *right = strstr(all, ended[_i].right);
        if (left != NULL && right != NULL) {
            n_both++;
            *right = '\0';
            ck_assert_msg(strpbrk(left, ".?!;") != NULL ||
                              strstr(left, "\u3002") != NULL ||
                              strstr(left, "\u0964") != NULL ||
                              (strstr(left, "The seller") != NULL),
                          "%g: \"%s\"", rate, left);
            ck_assert_msg(strstr(left, ".;") == NULL, "%g: %s", rate, left);
        }
        free(all);
        pith_result_free(result);
    }
    ck_assert_uint_gt(n_both, 0);
}
END_TEST

/* Questions, words of theirs, the mark. */
static const struct {
    const char *text, *words[3], *mark;
} questions[] = {
    {"Maria signed the contract in Rotterdam on Monday. Is it true that the "
     "depot opens in March at a cost of 85 million? The board of the harbour "
     "will say so in its letter.",
     {"true", "depot", "85 million"}, "?"},
    {"Maria: the contract came on Monday.\nAnd what about the crane, will it "
     "still cost 85 million?\nTomlin: it rose to 90 in the spring.\n",
     {"crane", "cost", "85 million"}, "?"},
    {"The engineers met on Tuesday in the library of the harbour, and one of "
     "them asked: \"Has the crane on the northern quay passed its test?\"",
     {"crane", "northern", "test"}, "?"},
    {"\u738B\u82B3\u5728\u4E0A\u6D77\u4E3B\u6301\u4E86\u4F1A\u8BAE\u3002"
     "\u5DE5\u5382\u4E09\u6708\u5F00\u4E1A\u5417\uFF1F"
     "\u8463\u4E8B\u4F1A\u6279\u51C6\u4E86\u9884\u7B97\u3002",
     {"\u5DE5", "\u4E09\u6708", "\u5F00"}, "\uFF1F"},
    {"\u041C\u043E\u0436\u043D\u043E \u043B\u0438 "
     "\u043F\u043E\u0433\u0430\u0441\u0438\u0442\u044C "
     "\u043A\u0440\u0435\u0434\u0438\u0442 "
     "\u0434\u043E\u0441\u0440\u043E\u0447\u043D\u043E? \u0414\u0430, "
     "\u043D\u043E \u043D\u0435 \u0440\u0430\u043D\u044C\u0448\u0435 "
     "\u0447\u0435\u043C \u0447\u0435\u0440\u0435\u0437 "
     "\u0448\u0435\u0441\u0442\u044C "
     "\u043C\u0435\u0441\u044F\u0446\u0435\u0432. "
     "\u0414\u043E\u0433\u043E\u0432\u043E\u0440 \u0431\u044B\u043B "
     "\u043F\u043E\u0434\u043F\u0438\u0441\u0430\u043D "
     "\u0434\u0438\u0440\u0435\u043A\u0442\u043E\u0440\u043E\u043C, \u0430 "
     "\u043D\u0435 "
     "\u0431\u0443\u0445\u0433\u0430\u043B\u0442\u0435\u0440\u043E\u043C.",
     {"\u043A\u0440\u0435\u0434\u0438\u0442",
      "\u043F\u043E\u0433\u0430\u0441\u0438\u0442\u044C",
      "\u0434\u043E\u0441\u0440\u043E\u0447\u043D\u043E"}, "?"},
};

/* Where a word of a question stays, its mark comes after it. */
START_TEST(a_question_stays_a_question)
{
    struct pith_text text = view(questions[_i].text);
    size_t n_kept = 0;
    for (double rate = 0.1; rate < 1; rate += 0.03) {
        struct pith_result *result =
            compress((struct pith_prompt){.contexts = &text, .n_contexts = 1},
                     rate, -1);
        char *all = copy_text(result);
        for (size_t i = 0; i < 3; i++) {
            const char *word = strstr(all, questions[_i].words[i]);
            n_kept += word != NULL;
            ck_assert_msg(word == NULL || strstr(word, questions[_i].mark),
                          "%g: \"%s\"", rate, all);
        }
        for (const char *at = all; (at = strchr(at, '?')) != NULL;)
            ck_assert_msg(strchr("?,.", *++at) == NULL || *at == '\0',
                          "%g: \"%s\"", rate, all);
        ck_assert_msg(*all == '\0' || strchr(",.", *all) == NULL,
                      "%g: \"%s\"", rate, all);
        free(all);
        pith_result_free(result);
    }
    ck_assert_uint_gt(n_kept, 3);
}
END_TEST

static const char story[] =
    "The landlord shall maintain the roof and the heating system at its own "
    "cost. Rent of $1,782.50 is due on the first day of each month. Either "
    "party may terminate this agreement by giving 60 days' written notice.";

/* Numbers and negations are preferred, and counted where they did not stay;
 * not so without it. */
START_TEST(what_had_no_room_is_noted)
{
    static const char *const numbers[] = {"$1,782.50", "60 days", "12 euros",
                                          "4.5%"};
    static const char text[] =
        "The landlord shall maintain the roof and the heating system at its "
        "own cost. Rent of $1,782.50 is due on the first day of each month. "
        "Either party may terminate this agreement by giving 60 days' written "
        "notice. A reminder costs 12 euros, interest is 4.5% from then on. "
        "Pets are not allowed in the building.";
    struct pith_text context = view(text);
    struct pith_prompt prompt = {.contexts = &context, .n_contexts = 1};
    struct pith_compress_options options;
    size_t n_kept[2] = {0, 0};
    pith_compress_options_init(&options);
    for (int none = 0; none < 2; none++) {
        options.protect = none ? PITH_PROTECT_NONE : 0;
        for (options.rate = 0.1; options.rate < 0.6; options.rate += 0.1) {
            struct pith_result *result = compress_with(&options, prompt);
            size_t n = 0;
            char said[64];
            for (size_t i = 0; i < 4; i++)
                n += contains(result, numbers[i]);
            n_kept[none] += n;
            snprintf(said, sizeof said, "%zu of 4 numbers", 4 - n);
            ck_assert_msg((result->note != NULL &&
                           strstr(result->note, said) != NULL) ==
                              (!none && n < 4),
                          "%g: \"%.*s\", %s", options.rate,
                          (int)result->text.size, result->text.bytes,
                          result->note);
            ck_assert((result->note != NULL &&
                       strstr(result->note, "1 of 1 negations") != NULL) ==
                      (!none && !contains(result, "not allowed")));
            pith_result_free(result);
        }
    }
    ck_assert_uint_gt(n_kept[0], n_kept[1] + 3);
    options.rate = 0.5;
    options.protect = PITH_PROTECT_NUMBERS | PITH_PROTECT_NEGATIONS;
    struct pith_result *result = compress_with(&options, prompt);
    ck_assert_ptr_null(result->note);
    pith_result_free(result);
}
END_TEST

/* Every word names its line. */
static const struct {
    const char *text, *line, *paragraph;
} by_line[] = {
    {"Anna1 I1 will1 pay1 the1 invoice1 tomorrow1 morning1\n"
     "Ben2 No2 the2 supplier2 cancelled2 everything2 yesterday2\n"
     "Cleo3 Then3 who3 called3 the3 lawyer3 about3 it3",
     "\n", NULL},
    {"Anna1 I1 will1 pay1 the1 invoice1 tomorrow1 morning1\r\n"
     "\tBen2 No2 the2 supplier2 cancelled2 everything2 yesterday2\r\n"
     "  Cleo3 Then3 who3 called3 the3 lawyer3 about3 it3",
     "\r\n", NULL},
    {"Rent1 is1 due1 on1 the1 first1 day1 of1 each1 month1\n"
     "Interest2 accrues2 from2 then2 on2\n\n"
     "Notice3 must3 be3 given3 in3 writing3 by3 the3 tenant3\n \n"
     "Pets4 are4 allowed4 nowhere4 inside4 the4 building4",
     "\n", "\n\n"},
};
enum { N_BY_LINE = sizeof by_line / sizeof *by_line };

/* The digit that names the line of the nearest word from `at` on. */
static char line_of(const char *text, long at, int step)
{
    while (at >= 0 && text[at] != '\0' && !(text[at] >= '1' && text[at] <= '4'))
        at += step;
    return at >= 0 ? text[at] : '\0';
}

static void assert_lines(const struct pith_result *result, int which)
{
    char *text = calloc(result->text.size + 1, 1);
    memcpy(text, result->text.bytes, result->text.size);
    ck_assert_msg(strspn(text, " \t\r\n") == 0, "\"%s\"", text);
    for (long i = 0; text[i] != '\0';) {
        size_t n = strspn(text + i, " \t\r\n");
        char left = line_of(text, i, -1), right = line_of(text, i, 1);
        char white[32] = "";
        if (n == 0) {
            i++;
            continue;
        }
        ck_assert_uint_lt(n, sizeof white);
        memcpy(white, text + i, n);
        if (left != '\0' && right != '\0') {
            const char *line = by_line[which].line;
            bool apart = by_line[which].paragraph != NULL && right > '2' &&
                         left != right;
            ck_assert_msg((strstr(white, line) != NULL) == (left != right),
                          "'%c' '%c' \"%s\"", left, right, text);
            ck_assert_msg((strstr(white, "\n\n") != NULL ||
                           strstr(white, "\n \n") != NULL) == apart,
                          "'%c' '%c' \"%s\"", left, right, text);
        }
        i += (long)n;
    }
    free(text);
}

START_TEST(lines_stay_apart)
{
    struct pith_text text = view(by_line[_i].text);
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    for (int protect = 0; protect < 2; protect++) {
        options.protect = protect ? PITH_PROTECT_NONE : 0;
        for (options.rate = 0.04; options.rate < 1; options.rate += 0.04) {
            struct pith_result *result = compress_with(&options, prompt);
            assert_lines(result, _i);
            pith_result_free(result);
        }
    }
}
END_TEST

/* A line end of the result comes with the word after it: none is written for
 * the words that went. */
START_TEST(a_wrapped_paragraph_is_one_line)
{
    struct pith_text text = view(
        "The harbour board of the town met on Tuesday evening in room four\n"
        "below the library, and Maria Okafor, who had been elected in the\n"
        "spring, opened the meeting. The board did not approve the budget\n"
        "because two of its members were absent, and it asked the harbour\n"
        "master to repair the crane on the northern quay before the first\n"
        "ferry of the season arrives.");
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    for (double rate = 0.1; rate < 1; rate += 0.05) {
        struct pith_result *result = compress(prompt, rate, -1);
        const char *bytes = result->text.bytes;
        for (size_t i = 0; i + 4 < result->text.size; i++) {
            char start[5] = "";
            memcpy(start, bytes + i, 4);
            ck_assert_msg(*start != '\n' || strstr(text.bytes, start) != NULL,
                          "%g: \"%.*s\"", rate, (int)result->text.size, bytes);
        }
        pith_result_free(result);
    }
}
END_TEST

static const char *const sums[] = {
    "Saturday brought in 45 * 6 = $270 for the loaves and 30 * 4 = $120 for the "
    "rolls, Sunday 30 * 6 = $180 and 60 * 4 = $240; that makes 270 + 120 = 390 "
    "and 180 + 240 = 420, so Sunday brought in 420 - 390 = 30 more.",
    "GET req = 9f3c11 user = ada status = 200 retry = 2 of 5, upstream = "
    "database latency = 1,204 and then user = grace status = 404 retry = 1, "
    "upstream = frontend latency = 77 with cache = cold region = north.",
    "GET req\u00A0= 9f3c11 user\u00A0= ada status\u00A0= 200 and then "
    "user\u00A0= grace status\u00A0= 404 retry\u00A0= 1, "
    "latency\u00A0= 77 with cache\u00A0= cold region\u00A0= north.",
};

/* An operator never loses the operand after it. */
START_TEST(no_operator_stays_alone)
{
    struct pith_text text = view(sums[_i]);
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.detail = true;
    for (int protect = 0; protect < 2; protect++) {
        options.protect = protect ? PITH_PROTECT_NONE : 0;
        for (options.rate = 0.05; options.rate < 1; options.rate += 0.025) {
            struct pith_result *result = compress_with(&options, prompt);
            const struct pith_detail *detail = &result->detail;
            for (size_t i = 0; i + 1 < detail->n_units; i++) {
                const struct pith_unit_result *unit = &detail->units[i];
                const char *bytes = text.bytes + unit->offset;
                char sign = bytes[unit->size - 1];
                bool alone = unit->size == 2 ||
                             (unit->size == 3 && *bytes == '\xC2');
                if (unit->kept && alone && strchr("=+-*", sign))
                    ck_assert_msg(unit[1].kept, "%g: \"%.*s\"", options.rate,
                                  (int)result->text.size, result->text.bytes);
            }
            pith_result_free(result);
        }
    }
}
END_TEST

static const struct {
    const char *text;
    bool known;
} languages[] = {
    {"\u4F1A\u8BAE\u4E8E\u4E09\u6708\u5341\u4E8C\u65E5\u4E3E\u884C\uFF0C"
     "\u7531\u738B\u82B3\u4E3B\u6301\u3002\u59D4\u5458\u4F1A\u6CA1\u6709"
     "\u6279\u51C6\u9884\u7B97\u3002", false},
    {"\u4F1A\u8B70\u306F\u4E09\u6708\u5341\u4E8C\u65E5\u306B\u884C\u308F"
     "\u308C\u3001\u8B70\u9577\u306F\u5C0F\u5DDD\u6C0F\u304C\u52D9\u3081"
     "\u305F\u3002", false},
    {"\uC704\uC6D0\uD68C\uB294 3\uC6D4 12\uC77C \uB9AC\uC639\uC5D0\uC11C "
     "\uC5F4\uB838\uB2E4. \uC608\uC0B0\uC740 \uC2B9\uC778\uB418\uC9C0 "
     "\uC54A\uC558\uB2E4.", false},
    {"\u738B\u82B3", true}, /* a name is too short to tell */
    {"The board did not approve the budget of 1.2 million euros, because two "
     "members were absent.", true},
    {"Der Vorstand hat den Haushalt nicht genehmigt, weil zwei Mitglieder "
     "fehlten; die n\u00E4chste Sitzung ist am 14. Mai um 9:30 Uhr.", true},
    {"static int f(const char *s)\n{\n    return s != NULL ? *s : 0;\n}", true},
    {"2026-11-29T03:12:07.481Z ERROR api[2231] req=9f3c-11 GET /v1/orders "
     "200 12ms ip=10.4.7.21:8443", true},
    {"Xp6kTz0q9QhYwJrVb2mN8dLsCfUeAoGi4R7tKjW1yZ5xHnBvMg3SlPaDcEuFqIO=", true},
};
enum { N_LANGUAGES = sizeof languages / sizeof *languages };

/* With brackets that are units by themselves, or with other signs. */
static const char *const bracketed[] = {
    ("2026-03-14 worker[88] finished job 4410 and api[2231] refused the "
     "connection of host[backup] while queue[orders] was full of late jobs\n"
     "2026-03-14 worker[91] began job 4411 and mail[17] sent nothing at all"),
    ("Prices exclude freight (see annex B) and insurance [unless agreed] but the "
     "buyer (any company of the group (in Europe) included) pays within ten (10) "
     "working days { after delivery } of the goods"),
    ("Of the people in the plan 300 of 750 live in retirement with a salary (300 "
     "/ 750), therefore 40% of them (the others work on), and none is younger."),
};

START_TEST(no_brackets_stay_empty)
{
    static const char *const empty[] = {"()", "[]", "( )", "{ }"};
    struct pith_text text = view(bracketed[_i]);
    size_t n_kept = 0;
    for (double rate = 0.05; rate < 1; rate += 0.025) {
        struct pith_result *result =
            compress((struct pith_prompt){.contexts = &text, .n_contexts = 1},
                     rate, -1);
        n_kept += contains(result, "[") + contains(result, "(");
        for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
            ck_assert_msg(!contains(result, empty[i]), "%g: \"%.*s\"", rate,
                          (int)result->text.size, result->text.bytes);
        pith_result_free(result);
    }
    ck_assert_uint_gt(n_kept, 0);
}
END_TEST

START_TEST(a_language_that_the_model_does_not_know_is_noted)
{
    struct pith_text text = view(languages[_i].text);
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_result *result = compress(prompt, 0.5, -1);
    char bits[32];
    snprintf(bits, sizeof bits, "%.1f bits a byte", result->bits_per_byte);
    ck_assert(result->bits_per_byte > 0);
    ck_assert_msg((result->note != NULL && strstr(result->note, bits) != NULL &&
                   strstr(result->note, "SmolLM2") != NULL) ==
                      !languages[_i].known,
                  "%s: %s, %s", text.bytes, bits, result->note);
    pith_result_free(result);
    result = compress(prompt, 1, -1);
    ck_assert(result->bits_per_byte == 0); /* nothing was scored */
    pith_result_free(result);
}
END_TEST

/* They pass the target alone; the note says so, and they are untouched. */
START_TEST(instruction_and_question_stay_whole)
{
    struct pith_text text = view(story);
    struct pith_prompt prompt = {
        view("Answer in one  short sentence,\n do not guess."), &text, 1,
        view("When is the  rent due?")};
    for (double rate = 0.05; rate < 1; rate += 0.1) {
        struct pith_result *result = compress(prompt, rate, -1);
        ck_assert(contains(result, prompt.instruction.bytes));
        ck_assert(contains(result, prompt.question.bytes));
        if (rate < 0.1)
            ck_assert(strstr(result->note, "stay whole") != NULL);
        pith_result_free(result);
    }
}
END_TEST

/* The question asks for one of two documents. */
START_TEST(a_question_chooses)
{
    struct pith_text contexts[] = {
        view("The harbour board met on Tuesday at 9:30 in room 4. It was "
             "chaired by Maria Okafor, who had been elected in spring. The "
             "board did not approve the budget of 1.2 million euros, because "
             "two members were absent. The next meeting takes place on 14 "
             "May."),
        view("The canteen offers soup, salad and two hot dishes every day. "
             "Vegetarian dishes are marked with a green leaf. Prices have not "
             "changed since January: a soup costs 2.50 euros, a hot dish 6.80 "
             "euros. Guests pay one euro more.")};
    struct pith_prompt prompt = {.contexts = contexts, .n_contexts = 2,
                                 .question = view("Who chaired the meeting?")};
    struct pith_result *result = compress(prompt, 0.4, -1);
    ck_assert(contains(result, "Maria Okafor"));
    ck_assert_uint_gt(result->parts[1].n_kept, result->parts[2].n_kept);
    pith_result_free(result);
}
END_TEST

/* A threshold of nothing keeps all, the larger it is the less. */
START_TEST(a_threshold_takes_the_place_of_a_rate)
{
    struct pith_text text = view(story);
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    size_t before = SIZE_MAX;
    for (double threshold = 1e-9; threshold < 20; threshold += 1) {
        struct pith_result *result = compress(prompt, -1, threshold);
        ck_assert_uint_le(result->compressed_tokens, before);
        ck_assert(threshold > 0.5 ||
                  result->compressed_tokens == result->origin_tokens);
        before = result->compressed_tokens;
        pith_result_free(result);
    }
    ck_assert_uint_eq(before, 0);
}
END_TEST

/* A token gets eight tenths of the mean loss of its sentence besides its own:
 * all of a sentence stays below that. */
START_TEST(a_word_gains_by_its_sentence)
{
    static const char *const sentences[] = {
        "The harbour board did not approve the budget of the northern quay on "
        "the first of May.",
        "The harbour board of the town met on Tuesday evening in room four\n"
        "below the library, and Maria Okafor, who had been elected in the\n"
        "spring, opened the meeting, because two of its members were ill,\n"
        "and asked the harbour master to repair the crane on the northern\n"
        "quay before the first ferry of the season arrives."};
    struct pith_text text = view(sentences[_i]);
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_result *result = compress(prompt, -1, 1e-9);
    double n = (double)result->origin_tokens;
    double mean = result->bits_per_byte * log(2) * (double)text.size / n;
    pith_result_free(result);
    result = compress(prompt, -1, 0.79 * mean);
    ck_assert_uint_eq(result->compressed_tokens, result->origin_tokens);
    pith_result_free(result);
}
END_TEST

/* Marks that stay without the word before them. */
START_TEST(every_mark_has_a_loss)
{
    struct pith_text text = view(ended[_i].text);
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.detail = true;
    for (options.rate = 0.1; options.rate < 1; options.rate += 0.05) {
        struct pith_result *result = compress_with(&options, prompt);
        for (size_t i = 0; i < result->detail.n_units; i++) {
            const struct pith_unit_result *unit = &result->detail.units[i];
            ck_assert(unit->size == 0 || !isnan(unit->loss) ||
                      strspn(text.bytes + unit->offset, " ") >= unit->size);
        }
        pith_result_free(result);
    }
}
END_TEST

/* Words that go with their sentence, too. */
START_TEST(every_word_has_a_loss)
{
    struct pith_text text = view(story);
    struct pith_prompt prompt = {.contexts = &text, .n_contexts = 1};
    struct pith_compress_options options;
    pith_compress_options_init(&options);
    options.rate = 0.1;
    options.detail = true;
    struct pith_result *result = compress_with(&options, prompt);
    size_t n_alone = 0;
    for (size_t i = 0; i < result->detail.n_units; i++) {
        const struct pith_unit_result *unit = &result->detail.units[i];
        ck_assert(unit->n_ids == 0 || unit->join || !isnan(unit->loss));
        n_alone += unit->segment == PITH_NO_SEGMENT;
    }
    ck_assert_uint_gt(n_alone, 0);
    pith_result_free(result);
}
END_TEST

static int count(void *user, const char *stage, size_t done, size_t total)
{
    (void)stage, (void)done, (void)total;
    ++*(int *)user;
    return 0;
}

/* The losses of a prompt are computed once for all rates, by a session that
 * gives what a new one does; another prompt asks the model. */
START_TEST(the_next_rate_asks_nothing_of_the_model)
{
    int n_reports = 0;
    struct pith_progress progress = {count, &n_reports};
    struct pith_session_options options = {.sizeof_options = sizeof options,
                                           .progress = &progress};
    struct pith_session *shared = session, *own;
    struct pith_text texts[] = {view(story), view(story + 1)};
    struct pith_error error;
    assert_ok(pith_session_create(model, &options, &own, &error), error);
    for (int i = 0; i < 4; i++) {
        struct pith_prompt prompt = {.contexts = &texts[i == 3],
                                     .n_contexts = 1,
                                     .question = view("Who was there?")};
        struct pith_result *want = compress(prompt, 0.3 + 0.2 * i, -1), *got;
        session = own;
        n_reports = 0;
        got = compress(prompt, 0.3 + 0.2 * i, -1);
        session = shared;
        ck_assert_int_eq(n_reports > 0, i == 0 || i == 3);
        ck_assert_uint_eq(got->text.size, want->text.size);
        ck_assert_mem_eq(got->text.bytes, want->text.bytes, want->text.size);
        pith_result_free(got), pith_result_free(want);
    }
    pith_session_free(own);
}
END_TEST

/* To the letter, and white space before them aside. */
START_TEST(the_first_mention_of_each_word)
{
    static const struct {
        const char *text;
        bool first;
    } said[] = {{"Okafor", true}, {" and", true},  {" Okafor", false},
                {"\n\tand", false}, {" okafor", true}, {" Okafor's", true},
                {" ", true},      {"  ", false},   {" Okafor", false}};
    enum { N = sizeof said / sizeof *said };
    struct pith_unit units[N];
    bool first[N];
    struct pith_error error;
    struct pith_parts parts = {.units = units, .n_units = N};
    for (size_t i = 0; i < N; i++) {
        units[i] = (struct pith_unit){.byte = parts.text.size,
                                      .n_bytes = strlen(said[i].text)};
        pith_buffer_append(&parts.text, said[i].text, units[i].n_bytes);
    }
    assert_ok(pith_mentions_find(&parts, first, &error), error);
    for (size_t i = 0; i < N; i++)
        ck_assert_msg(first[i] == said[i].first, "unit %zu, '%s'", i,
                      said[i].text);
    parts.n_units = 0;
    assert_ok(pith_mentions_find(&parts, first, &error), error);
    pith_buffer_free(&parts.text);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("spans");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, open_model, close_model);
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, what_belongs_together_stays_together, 0, N_DENIED);
    tcase_add_loop_test(all, sentences_stay_apart, 0,
                        sizeof ended / sizeof *ended);
    tcase_add_loop_test(all, a_question_stays_a_question, 0,
                        sizeof questions / sizeof *questions);
    tcase_add_test(all, what_had_no_room_is_noted);
    tcase_add_loop_test(all, lines_stay_apart, 0, N_BY_LINE);
    tcase_add_test(all, a_wrapped_paragraph_is_one_line);
    tcase_add_loop_test(all, no_brackets_stay_empty, 0,
                        sizeof bracketed / sizeof *bracketed);
    tcase_add_loop_test(all, no_operator_stays_alone, 0,
                         sizeof sums / sizeof *sums);
    tcase_add_loop_test(all,
                        a_language_that_the_model_does_not_know_is_noted, 0,
                        N_LANGUAGES);
    tcase_add_test(all, instruction_and_question_stay_whole);
    tcase_add_test(all, a_question_chooses);
    tcase_add_test(all, a_threshold_takes_the_place_of_a_rate);
    tcase_add_loop_test(all, a_word_gains_by_its_sentence, 0, 2);
    tcase_add_test(all, every_word_has_a_loss);
    tcase_add_loop_test(all, every_mark_has_a_loss, 0,
                        sizeof ended / sizeof *ended);
    tcase_add_test(all, the_next_rate_asks_nothing_of_the_model);
    tcase_add_test(all, the_first_mention_of_each_word);
    suite_add_tcase(suite, all);
    return suite;
}
