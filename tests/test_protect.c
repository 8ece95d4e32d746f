/*
 * test_protect.c - src/prompt/protect.h: what each kind finds and what it
 * leaves alone, in words of the six languages and in texts of noise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/buffer.h"
#include "../src/base/utf8.h"
#include "../src/prompt/protect.h"
#include "../src/text/grapheme.h"
#include "../src/text/unicode.h"
#include "support.h"

/* What is found in a text, side by side with a bar between. */
struct sample {
    const char *text, *want;
};

static void assert_found(unsigned kinds, const struct sample *sample)
{
    struct pith_ranges ranges = {0};
    struct pith_buffer got = {0};
    struct pith_error error;
    assert_ok(pith_protect_find(view(sample->text), kinds, &ranges, &error),
              error);
    for (size_t i = 0; i < ranges.n; i++) {
        const struct pith_range *range = &ranges.items[i];
        if (i > 0)
            pith_buffer_string(&got, "¦");
        pith_buffer_append(&got, sample->text + range->start,
                           range->end - range->start);
    }
    pith_buffer_byte(&got, '\0');
    ck_assert_msg(strcmp(got.data, sample->want) == 0,
                  "in \"%s\" found \"%s\", expected \"%s\"", sample->text,
                  got.data, sample->want);
    pith_buffer_free(&got);
    pith_ranges_free(&ranges);
}

#define ASSERT_ALL_FOUND(kinds, samples)                                       \
    do {                                                                       \
        for (size_t i_ = 0; i_ < sizeof(samples) / sizeof *(samples); i_++)    \
            assert_found(kinds, &(samples)[i_]);                               \
    } while (0)

/* --- kinds ------------------------------------------------------------------ */

START_TEST(numbers_are_whole)
{
    static const struct sample samples[] = {
        /* nothing */
        {"", ""}, {"no number", ""}, {"state-of-the-art, and/or", ""},
        {"$HOME - #tag % ...", ""}, {"统一，唯一，一次", ""},
        /* groups with spaces between */
        {"Call 0161 555 0199 or +44 20 7946 0958 now",
         "0161 555 0199¦+44 20 7946 0958"},
        {"+1 555 010 0199, 01 23 45 67 89", "+1 555 010 0199¦01 23 45 67 89"},
        {"card 4111 1111 1111 1111, 2023 2024 2025",
         "4111 1111 1111 1111¦2023¦2024¦2025"},
        {"IBAN DE89 3704 0044 0532 0130 00 today",
         "DE89 3704 0044 0532 0130 00"},
        {"GB29 NWBK 6016 1331 9268 19, GB29 from, AB12 in 5",
         "GB29 NWBK 6016 1331 9268 19¦GB29¦AB12¦5"},
        {"rooms 12 13 14, 0 5, 7 0161", "12¦13¦14¦0¦5¦7¦0161"},
        /* ideographs */
        {"三千五百元，第十七层，二十个", "三千五百元¦第十七层¦二十个"},
        {"六十八点五平方米，三分之二", "六十八点五¦三分之二"},
        {"三天，第五章，十分好", "三天¦第五章"},
        {"壹万贰仟圆，二〇二六年五月", "壹万贰仟圆¦二〇二六年¦五月"},
        /* digits and what is inside */
        {"8.25 and 1,782.", "8.25¦1,782"},
        {"2,199.90; 1.250,50", "2,199.90¦1.250,50"},
        {"at 10.4.7.21:8443 since", "10.4.7.21:8443"},
        {"rent of 1 500 euros, 12 345 678.90, 40 000kg", "1 500¦12 345 678.90¦40 000kg"},
        {"in 2019 300 of 30 12 and 1 50, 1  500", "2019¦300¦30¦12¦1¦50¦1¦500"},
        {"10.0.0.125 443 2.5 300", "10.0.0.125¦443¦2.5¦300"},
        {"14:05, 9am, 9:30pm-10:15", "14:05¦9am¦9:30pm-10:15"},
        {"INV-00842 or v1.2.3-rc1", "INV-00842¦v1.2.3-rc1"},
        {"2026-05-04T10:15:31.204Z x", "2026-05-04T10:15:31.204Z"},
        {"at 10:15:31+02:00.", "10:15:31+02:00"},
        {"1e-5 1E+5 6.02e23 10^-3 2^10", "1e-5¦1E+5¦6.02e23¦10^-3¦2^10"},
        {"3/4 24/7 1/3, 10.0.0.0/8", "3/4¦24/7¦1/3¦10.0.0.0/8"},
        {"0x7f3a91 id=7f3a91", "0x7f3a91¦7f3a91"},
        {"1'000 1’000 1_000", "1'000¦1’000¦1_000"},
        {"3\u00A0000 12\u2009345\u202F678", "3\u00A0000¦12\u2009345\u202F678"},
        {"3–5 or 3-5 or pp. 3—5", "3–5¦3-5¦3—5"},
        {"1..10 1...10 3--5", "1..10¦1...10¦3--5"},
        {"fe80::1ff:fe23:4567 0a:1b:ff:3c", "fe80::1ff:fe23:4567¦0a:1b:ff:3c"},
        {"cafe::1 beef:0 beefy:0", "cafe::1¦beef:0¦0"},
        {"1,2,3", "1,2,3"}, {"1, 2, 3", "1¦2¦3"},
        {"Lyon,Oslo,2026-05-01,2,199.90", "2026-05-01,2,199.90"},
        {"5mg,10mg", "5mg¦10mg"}, {"10%,20%", "10%¦20%"},
        {"198*9=1", "198¦9¦1"}, {"198 * 9 = $1,782", "198¦9¦$1,782"},
        {"10%3 and 5+3, 5×3", "10¦3¦5¦+3¦5×3"},
        {"end.5 people, see p.5", "5¦p.5"},
        {"in 1946.Colin came", "1946"},
        {"192.168.x.1", "192.168.x.1"},
        {"the 1990's and 5'10", "1990's¦5'10"},
        {"path=/v2/orders", "v2"},
        /* signs and units */
        {"-3 (-3) =-3 [-3]", "-3¦-3¦-3¦-3"}, {"errno -110)", "-110"},
        {"\u22123 and 3-5", "\u22123¦3-5"}, {"(3)-5 x -- 5 --5", "3¦-5¦5¦5"},
        {"+49 ±5 ~5 ≈5 ≤5 -.5 .5 $.50", "+49¦±5¦~5¦≈5¦≤5¦-.5¦.5¦$.50"},
        {"+/-5 (–5) <=5 (>=5) a<=5 x+/-5", "+/-5¦–5¦<=5¦>=5¦5¦+/-5"},
        {"p <0.05 but p<0.05", "<0.05¦0.05"}, {"</b>5<i>", "5"},
        {"a->5 a=>5 a>=5", "5¦5¦5"},
        {"#12 №5 §5 #ff00aa", "#12¦№5¦§5¦#ff00aa"},
        {"$9 €5 5€ £3.50 -$5 $-5 US$5 R$5", "$9¦€5¦5€¦£3.50¦-$5¦$-5¦US$5¦R$5"},
        {"$5-$10 €3–€5 3€–5€", "$5-$10¦€3–€5¦3€–5€"},
        {"10% 5‰ 10%-20% 100%ig", "10%¦5‰¦10%-20%¦100%ig"},
        {"50\u00A0% 5\u202F€ 5\u00A0km", "50\u00A0%¦5\u202F€¦5"},
        {"5mg 3.5GB 12°C 12℃ 5µm", "5mg¦3.5GB¦12°C¦12℃¦5µm"},
        {"40°26′46″N 5km/h $9/month", "40°26′46″N¦5km/h¦$9/month"},
        {"50+ people, 18+, 5×.", "50+¦18+¦5×"}, {"C++11", "C++11"},
        {"5++3 a++1 x+++3 C++ 5", "5¦3¦a++1¦3¦5"},
        {"20×30×40 cm 2⋅3", "20×30×40¦2⋅3"},
        {"3×10⁻⁴ 3 × 10⁻⁴ 6.02 x 10^23 2·10^-3 5 * 10^6",
         "3×10⁻⁴¦3 × 10⁻⁴¦6.02 x 10^23¦2·10^-3¦5 * 10^6"},
        {"3 x 10 5 × 10.5 2 x 10", "3¦10¦5¦10.5¦2¦10"},
        {"5 * 10^6 * 10^7", "5 * 10^6¦10^7"},
        {"3…9 −5–+5 −5–−3", "3…9¦−5–+5¦−5–−3"}, {"√2 %20 a %5 5%5", "√2¦%20¦%5¦5¦5"},
        {"v1.2.3-alpha.1+build.5, 2.31.0-rc.2;", "v1.2.3-alpha.1+build.5¦2.31.0-rc.2"},
        {"1.2.3+deb 1.5.Then 1.2+x", "1.2.3+deb¦1.5¦1.2"},
        {"::1 ::ffff:10.0.0.1 [::1]:443 (2001:db8::) fe80::/10 ::2",
         "::1¦::ffff:10.0.0.1¦::1¦443¦2001:db8::¦fe80::/10¦::2"},
        {"2001:db8:0:0:1::/64, std::abs1 a::b2", "2001:db8:0:0:1::/64¦abs1¦a::b2"},
        {"1st, 22nd 10-year-old", "1st¦22nd¦10-year-old"},
        {"Fr. 5.- or 5,– or 5.", "5.-¦5,–¦5"}, {"(5) 5! 5?", "5¦5¦5"},
        {"{\"id\": 101, \"score\": 7.5}", "101¦7.5"},
        /* other digits */
        {"٣٫١٤ and ٥٪", "٣٫١٤¦٥٪"}, {"１０％ ＄５", "１０％¦＄５"},
        {"x² 1½ ① Ⅷ 10⁻³", "x²¦1½¦①¦Ⅷ¦10⁻³"},
        {"1\uFE0F\u20E3 2\uFE0F\u20E3", "1\uFE0F\u20E3¦2\uFE0F\u20E3"},
        {"\u0600\u0661\u0662", "\u0600\u0661\u0662"},
        {"是2026年5月4日吗", "2026年5月4日"}, {"共25度以上", "25度"},
        {"ราคา๕๐บาท", "๕๐"}, {"2026년 5월", "2026년¦5월"},
        {"क५ ५क", "क५¦५क"},
    };
    ASSERT_ALL_FOUND(PITH_PROTECT_NUMBERS, samples);
}
END_TEST

START_TEST(negations_are_found)
{
    static const struct sample samples[] = {
        {"", ""}, {"Nothing", "Nothing"},
        {"It is a note, a knot, an aspect.", ""},
        {"He is NOT here, never was.", "NOT¦never"},
        {"don't isn’t can't shouldn't've", "don't¦isn’t¦can't¦shouldn't've"},
        {"won´t won`t won‘t, solely", "won´t¦won`t¦won‘t¦solely"},
        {"ca n't, dont, cannot", "n't¦dont¦cannot"},
        {"no-one, non-smokers, not-for-profit!",
         "no-one¦non-smokers¦not-for-profit"},
        {"nobody's fault; neither nor none", "nobody's¦neither¦nor¦none"},
        {"Only staff, except on Sundays, without pay unless paid.",
         "Only¦except¦without¦unless"},
        {"hardly ever, seldom", "hardly¦seldom"},
        {"is_not notation x_no no_x not1", ""},
        {"can int want ant 'n' roll, o'clock", ""},
        {"n't 't n' 'n", "n't"}, {"'not' 'no'", "not¦no"},
        /* German */
        {"Das ist nicht kein Problem.", "nicht¦kein"},
        {"Keine, keinen, keinem, keiner, keines",
         "Keine¦keinen¦keinem¦keiner¦keines"},
        {"NIE niemals nichts niemand", "NIE¦niemals¦nichts¦niemand"},
        {"ohne weder noch außer AUSSER AUẞER nur",
         "ohne¦weder¦noch¦außer¦AUSSER¦AUẞER¦nur"},
        {"Nichte, Nichtigkeit, eine, ohnehin", ""},
        {"Nicht-Raucher", "Nicht-Raucher"},
        {"Nichtraucher und nichtöffentlich, Nichten, nichtsdestotrotz, nichtig",
         "Nichtraucher¦nichtöffentlich"},
        {"es sei denn; denn sei; lediglich", "sei denn¦lediglich"},
        {"à moins que; A MOINS QUE; moins à; a menos que; menos",
         "à moins¦A MOINS¦a menos"},
        /* French */
        {"Il n'est pas là, il ne vient jamais.", "n'est¦pas¦ne¦jamais"},
        {"N’oubliez rien sans moi, ni lui, sauf elle.",
         "N’oubliez¦rien¦sans¦ni¦sauf"},
        {"Aucun, aucune, qu'aucun, nulle part.",
         "Aucun¦aucune¦qu'aucun¦nulle"},
        {"Personne ne vient. Je ne vois personne.",
         "Personne¦ne¦ne¦personne"},
        {"Une personne de plus, un point que voici.", ""},
        {"Il ne mange plus. Il n'a qu'un jour.", "ne¦plus¦n'a¦qu'un"},
        {"Personne. Il vient demain et ne part.", "ne"},
        {"ne un deux trois quatre plus. Oui, ne un deux trois quatre cinq plus",
         "ne¦plus¦ne"},
        {"personne-ne x", "personne¦ne"},
        {"Passer une année, neuf, sansonnet", ""},
        /* Spanish */
        {"No hay nadie; nunca jamás.", "No¦nadie¦nunca¦jamás"},
        {"jamás ningún NINGÚN JAMÁS",
         "jamás¦ningún¦NINGÚN¦JAMÁS"},
        {"ninguno, ninguna, nada, sin, tampoco, salvo, excepto",
         "ninguno¦ninguna¦nada¦sin¦tampoco¦salvo¦excepto"},
        {"sólo, únicamente; nado, sino, nota", "sólo¦únicamente"},
        /* Chinese */
        {"我不知道。", "不"}, {"他没有来，也沒說。", "没有¦沒"},
        {"请勿吸烟，禁止停车。", "勿¦禁止"},
        {"未经许可，非会员不得入内，别忘了。", "未¦非¦不得¦别"},
        {"無人，无人，莫问，否", "無¦无¦莫¦否"},
        {"除非下雨，仅限员工。", "除非¦仅"},
        {"特别非常，是否无论，未来莫斯科，区别", ""},
        {"我今天很好。", ""},
        /* Japanese */
        {"食べない。行かなかった。", "ない¦なかった"},
        {"できません。来ませんでした。", "ません¦ませんでした"},
        {"行くな。走るな！するなら、かな。", "くな¦るな"},
        {"行けねえ。だめだ", "ねえ¦だめ"},
        {"見なければ分からず、", "なければ¦ず"},
        {"休まずに、知らぬ間に、なしで", "ずに¦らぬ¦なし"},
        {"無料、不明、非公開、未定", "無¦不¦非¦未"},
        {"社員のみ、月曜以外", "のみ¦以外"},
        {"必ず来るはずだ。はなし。ずっと", ""},
        {"わからず、なければ", "ず¦なければ"},
        {"今日は良い天気です。", ""},
        /* Portuguese, Italian, Romanian */
        {"Não há ninguém; na\u0303o, nem sem ele.",
         "Não¦ninguém¦na\u0303o¦nem¦sem"},
        {"Nessuno, niente, senza, né, tranne, soltanto; nessi, sensa",
         "Nessuno¦niente¦senza¦né¦tranne¦soltanto"},
        {"Nu vine fără noi, niciodată.", "Nu¦fără¦niciodată"},
        /* Dutch, Swedish, Danish, Norwegian, Finnish */
        {"Niet nu, geen zonder nooit, tenzij; niets",
         "Niet¦nu¦geen¦zonder¦nooit¦tenzij¦niets"},
        {"inte, ingen, aldrig, utan, endast", "inte¦ingen¦aldrig¦utan¦endast"},
        {"Ikke uten meg, aldri; ikke uden", "Ikke¦uten¦aldri¦ikke¦uden"},
        {"Ei, älä, ilman, eivät", "Ei¦älä¦ilman¦eivät"},
        /* Polish, Czech, Croatian, Hungarian, Turkish */
        {"Nie bez ciebie, żaden, NIGDY, tylko",
         "Nie¦bez¦żaden¦NIGDY¦tylko"},
        {"Nelze bez něj, nikdy, kromě; není", "Nelze¦bez¦nikdy¦kromě¦není"},
        {"nije, nema, osim", "nije¦nema¦osim"},
        {"Nem, nincs, nélkül, soha", "Nem¦nincs¦nélkül¦soha"},
        {"hazır değil, yok, asla, hariç", "değil¦yok¦asla¦hariç"},
        /* Vietnamese, Indonesian */
        {"Không được, chưa, đừng, trừ; du\u031B\u0300ng",
         "Không¦chưa¦đừng¦trừ"},
        {"jangan, tidak, bukan, tanpa", "jangan¦tidak¦bukan¦tanpa"},
        /* Russian, Ukrainian, Bulgarian, Serbian */
        {"Не входить без пропуска; никогда, нельзя, кроме; нет, нетто",
         "Не¦без¦никогда¦нельзя¦кроме¦нет"},
        {"не отримали, немає, жодного, лише, крім",
         "не¦немає¦жодного¦лише¦крім"},
        {"няма никой, освен; није, осим", "няма¦никой¦освен¦није¦осим"},
        /* Greek */
        {"Δεν είναι εδώ, όχι, χωρίς, ΜΗΝ", "Δεν¦όχι¦χωρίς¦ΜΗΝ"},
        /* Arabic, Persian, Urdu, Hebrew */
        {"لا تفتح، لم يحضر، وليس بدون", "لا¦لم¦وليس¦بدون"},
        {"لَا تفتح", "لَا"},
        {"آماده نیست، هرگز، بدون", "نیست¦هرگز¦بدون"},
        {"وہ نہیں آیا، صرف", "نہیں¦صرف"},
        {"לא לפתוח, אין, בלי, שלא", "לא¦אין¦בלי¦שלא"},
        /* Hindi, Bengali, Tamil, Telugu */
        {"वह नहीं आया, मत खोलो, बिना; नाम", "नहीं¦मत¦बिना"},
        {"সে আসে না, নেই, শুধু; নাম", "না¦নেই¦শুধু"},
        {"அவர் இல்லை; లేదు", "இல்லை¦లేదు"},
        /* Korean */
        {"열지 마십시오. 안 됩니다. 없습니다.", "마십시오¦안¦없습니다"},
        {"지원하지 않는, 아닙니다, 안녕, 마라톤, 있습니다", "않는¦아닙니다"},
        /* Thai, Lao, Khmer */
        {"ไม่เปิด ห้ามเข้า อย่าลืม", "ไม่¦ห้าม¦อย่า"},
        {"ไม้ไหม้", ""},
        {"ບໍ່ເປີດ មិនបើក", "ບໍ່¦មិន"},
    };
    ASSERT_ALL_FOUND(PITH_PROTECT_NEGATIONS, samples);
}
END_TEST

START_TEST(urls_are_found)
{
    static const struct sample samples[] = {
        {"", ""}, {"No link here: and/or, he/she, 1/2.", ""},
        /* links */
        {"See https://x.org/a.", "https://x.org/a"},
        {"(http://books.example.org/heron/full.html?lang=en&page=12#p)",
         "http://books.example.org/heron/full.html?lang=en&page=12#p"},
        {"[text](https://x.org/a) and <https://y.org>",
         "https://x.org/a¦https://y.org"},
        {"https://en.wikipedia.org/wiki/Heron_(bird), yes",
         "https://en.wikipedia.org/wiki/Heron_(bird)"},
        {"\"https://x.org/a\",\"b\" 'ftp://y/z','b'",
         "https://x.org/a¦ftp://y/z"},
        {"https:\\/\\/x.org\\/a, git+ssh://h:22/p",
         "https:\\/\\/x.org\\/a¦git+ssh://h:22/p"},
        {"http://[::1]:8080/x https://x/{id}/y", 
         "http://[::1]:8080/x¦https://x/{id}/y"},
        {"http://a/b... http://a/b?! http://a/b; http://a/b**",
         "http://a/b¦http://a/b¦http://a/b¦http://a/b"},
        {"请看https://x.org/a。谢谢", "https://x.org/a"},
        {"见https://x.org/a和b", "https://x.org/a"},
        {"https://ja.wikipedia.org/wiki/日本、", 
         "https://ja.wikipedia.org/wiki/日本"},
        {"https://x.org/straße/caf\u00E9 x", "https://x.org/straße/caf\u00E9"},
        {"https://x.org“a”", "https://x.org"},
        {"mailto:a@x.org tel:+49-30-1", "mailto:a@x.org¦tel:+49-30-1"},
        {"http:// and :// x", ""}, {"Note: a: b", ""},
        {"note:abc key:1", ""}, {"https://x.org\\nNext", "https://x.org"},
        /* hosts */
        {"www.reedpond.example.", "www.reedpond.example"},
        {"at example.org, example.com/a/b?c=1.",
         "example.org¦example.com/a/b?c=1"},
        {"example.org:8080/x localhost:8080 10.4.7.21:8443",
         "example.org:8080/x¦localhost:8080¦10.4.7.21:8443"},
        {"end.Then e.g. i.e. U.S.A. 12.in Mr.X", ""},
        {"localhost, 10.4.7.21, v1.2.3", ""},
        {"see.averyveryverylongword", ""},
        /* mail */
        {"Write to press@example.org.", "press@example.org"},
        {"<first.last+tag@mail.example.co.uk>",
         "first.last+tag@mail.example.co.uk"},
        {"git@github.com:owner/repo.git", "git@github.com:owner/repo.git"},
        {"a@x.org:see", "a@x.org"}, {"@user a @ b a@b x@", ""},
        {"git@x.org:/srv/a.git ada@brun x.ai (/1/2)",
         "git@x.org:/srv/a.git¦x.ai"},
        /* paths */
        {"File \"/srv/app/billing.py\", line 214",
         "/srv/app/billing.py"},
        {"./img/x.png ../a ~/x ../../b/c", "./img/x.png¦../a¦~/x¦../../b/c"},
        {"path=/v2/orders status", "/v2/orders"},
        {"src/prompt/keep.c:214:5: error", "src/prompt/keep.c:214:5"},
        {"docs/a.md and docs/a b/c", "docs/a.md"},
        {"billing.py, log.txt; Table.CSV", "billing.py¦log.txt¦Table.CSV"},
        {"0001.jpg 12.go x.c README.md.", "0001.jpg¦README.md"},
        {"archive-1.tar.gz my_file.json", "archive-1.tar.gz¦my_file.json"},
        {"include/**/x.h src/a/*.c", "include/**/x.h¦src/a/*.c"},
        {"C:\\x\\y D:/data/z.", "C:\\x\\y¦D:/data/z"},
        {"C:\\Program Files (x86)\\Foo\\a.exe runs",
         "C:\\Program Files (x86)\\Foo\\a.exe"},
        {"copy C:\\a D:\\b now", "C:\\a¦D:\\b"},
        {"in C:\\temp. Then a\\b", "C:\\temp"},
        {"\\\\server\\share\\x y", "\\\\server\\share\\x"},
        {"src\\prompt\\keep.c but a\\nb\\nc", "src\\prompt\\keep.c"},
        {"</p> <br/> [/INST] // x /* y */ a / b", ""},
        {"24/7 1/2/2026 2026/05/04 km/h", ""},
        {"text/html; TCP/IP w/o", ""}, {"ratio a:/b", "a:/b"},
    };
    ASSERT_ALL_FOUND(PITH_PROTECT_URLS, samples);
}
END_TEST

START_TEST(markup_is_found)
{
    static const struct sample samples[] = {
        {"", ""}, {"No markup: a < b, c > d & e; [f] (g)!", ""},
        /* tags */
        {"<p>Hi</p>", "<p>¦</p>"},
        {"a <a href=\"x.html\" id=b>c</a >", "<a href=\"x.html\" id=b>¦</a >"},
        {"<img alt='x>y'/> <br /><input disabled>",
         "<img alt='x>y'/>¦<br />¦<input disabled>"},
        {"<svg:rect\n width = 5>", "<svg:rect\n width = 5>"},
        {"<!DOCTYPE html><?xml version=\"1.0\"?>",
         "<!DOCTYPE html>¦<?xml version=\"1.0\"?>"},
        {"x<!-- a <b> c -->y<!-- d", "<!-- a <b> c -->"},
        {"<![CDATA[x]]>", "<![CDATA[¦]]>"},
        {"<https://x.org> <ada@x.org>", "<https://x.org>¦<ada@x.org>"},
        {"R&amp;D &#39; &#x27; &nbsp; AT&T; a && b", 
         "&amp;¦&#39;¦&#x27;¦&nbsp;¦&T;"},
        {"1 < 2, a <- b, <3, <b , if (a<b && c>d)", ""},
        {"x <y or so it was that z> w", ""},
        {"Map<String, Integer>", ""}, {"<a href=\"x <b>", "<b>"},
        {"<p\u0301> <p>\u0301x", "<p>\u0301"},
        /* links */
        {"Read the [full text](https://x.org/a?b=c).",
         "[full text](https://x.org/a?b=c)"},
        {"![Cover](./img/c_01.png) !", "![Cover](./img/c_01.png)"},
        {"[![alt](a.png)](b \"T (x)\")", "[![alt](a.png)](b \"T (x)\")"},
        {"[a](x_(y)) [b](<c>) [d]( e )", "[a](x_(y))¦[b](<c>)¦[d]( e )"},
        {"[a][b] [c][] [^1] a[i][j]", "[a][b]¦[c][]¦[^1]"},
        {"[^] [^a b]", ""},
        {"[a [b](c) d](e) [f](g h) [i](", "[a [b](c) d](e)"},
        {"[two\nlines](x) [two\n\nlines](x)", "[two\nlines](x)"},
        {"[a <b>c</b>](d) \\[e](f) [g\\](h)", "[a <b>c</b>](d)"},
        {"见[链接](https://x.org/日本)。", "[链接](https://x.org/日本)"},
        {"[a](b [c](d)", "[c](d)"},
        /* starts of lines */
        {"# Title\n## Next #\n#tag\n####### x", "#¦##"},
        {"Title\n=====\nx\n---\n* * *\na --- b", "=====¦---¦* * *"},
        {"- a\n  * b\n+ c\n-d\n1. e\n12) f\n1.5 g\na) h\n• i",
         "-¦*¦+¦1.¦12)¦a)¦•"},
        {"- [ ] a\n- [x] b\n- [y] c", "- [ ]¦- [x]¦-"},
        {"> a\n> > b\n>= 5", ">¦>¦>"}, {"?) x", ""}, {"100. x\n1000. x\n) x\n--", "100."},
        {"2026. Then\n- # x", "-¦#"},
        {"| a | b |\n|---|:-:|\na | b\n---|---",
         "|¦|¦|¦|---|:-:|¦---|---"},
        {"| | |\n&#160;", "|¦|¦|¦&#160;"},
        {"[x]: https://x.org\n[^1]: Note\n[Note]: this",
         "[x]: https://x.org¦[^1]:"},
        {"```python\n# no <b> heading\n```\n# yes",
         "```python¦```¦#"},
        {"~~~\n```\n- x\n~~~\n- y", "~~~¦~~~¦-"},
        {"```a``` - <b>", "<b>"},
        {"a\r\n- b\r\n# c", "-¦#"},
        /* templates */
        {"<|im_start|>user\n# Hi<|im_end|>", "<|im_start|>user¦#¦<|im_end|>"},
        {"[INST] x [/INST](y)", "[INST]¦[/INST]"},
        {"```\n<|im_end|> <b>", "```¦<|im_end|>"},
        {"### Instruction:\nDo.\n\n### Response:", 
         "### Instruction:¦### Response:"},
        {"USER: Hi ASSISTANT: Hello SUPERUSER: x\nHuman: y\nNote: z",
         "USER:¦ASSISTANT:¦Human:"},
        {"<think>a</think>", "<think>¦</think>"},
    };
    ASSERT_ALL_FOUND(PITH_PROTECT_MARKUP, samples);
}
END_TEST

START_TEST(code_is_found)
{
    static const struct sample samples[] = {
        {"", ""},
        {"No code in here; well-known, and/or e.g. the U.S. - fine!", ""},
        /* names */
        {"call snake_case or _x, __init__ MAX_SIZE",
         "snake_case¦_x¦__init__¦MAX_SIZE"},
        {"____ _emphasis_ _", ""},
        {"getName, PascalCase; JSONDecoder", "getName¦PascalCase¦JSONDecoder"},
        {"NASA, PDFs, kHz, pH, Hello", ""},
        {"np.array billing.errors.Timeout", "np.array¦billing.errors.Timeout"},
        {"i.e., e.g., a.m. 3.14 v1.2", ""},
        {"std::move p->next a?.b", "std::move¦p->next¦a?.b"},
        {"foo() foo.bar().baz() f(x)", "foo()¦foo.bar().baz()¦f¦(¦)"},
        {"raise Timeout(invoice.id) (x)", "Timeout¦(¦invoice.id¦)"},
        {"f(g(1), (2)) ) h(x", "f¦(¦g¦(¦)¦)¦h"},
        {"a = (b) + c(d)", "=¦+¦c¦(¦)"},
        {"word(s) Ende(n) word (x)", ""},
        {"print(x_1, y)", "print¦(¦x_1¦)"}, {"中文(x)", ""},
        {"größe(x) x2y 12abc_d", "größe¦(¦)"},
        /* operators */
        {"a == b != c <= d >= e", "==¦!=¦<=¦>="},
        {"a && b || !c", "&&¦||¦!"}, {"x->y => z :: w := v", "x->y¦=>¦::¦:="},
        {"a=b; a < b > c", "=¦<¦>"}, {"i += 1; j -= 2", "+=¦-="},
        {"if a<b and c>d", "<¦>"}, {"i++; i--; C++", "++¦--¦++"},
        {"198 * 9 = 1", "*¦="}, {"a*b + c/(d) - 1", "*¦+¦/¦-"},
        {"x^2 ** 3, 10 % 3, a % b", "^¦**¦%¦%"},
        {"a ≤ b ≠ c → d ∈ E × 2 ← ⋿", "≤¦≠¦→¦∈¦×¦←¦⋿"},
        {"**bold** *it* - item, this - that", ""},
        {"100%ig 5 % of 3/4 3-5 24/7", ""}, {"Hello! Wow!! a!b", ""},
        {"!important (!x)", "!¦!"},
        {"===== ---- <<<<<<< x", ""}, {"x\n====\ny", ""},
        {"<p class=a>x</p> &lt; <|im_end|> <!-- a --> > b", ">"},
        {"https://x_y.org/a?b=c ada_b@x.org a=1", "ada_b¦="},
        {"x://\u0600<a == b", "=="},
        {"> quoted\n>= 5\n  > again", ">="},
        /* flags and variables */
        {"pith --keep-digits --rate=0.5 -r -Wall -lm",
         "--keep-digits¦--rate=0.5¦-r¦-Wall¦-lm"},
        {"-item\n-x\n--all", "-x¦--all"},
        {"---x --- y", ""},
        {"a -- b, well--known, x-y, (-v)", "-v"},
        {"$HOME ${PATH} $5 US$ cost$a", "$HOME¦${PATH}"},
        {"${a\n} @app.route() me@x @ b @user", "@app.route()¦@user"},
        /* backticks */
        {"use `a b` and ``c ` d`` but `e", "`a b`¦``c ` d``"},
        {"`a\nb` `c`", "`c`"}, {"` `` `", "` `` `"},
        {"```python\nx = 1\n```\ny", "```python¦=¦```"},
        {"  ~~~\nx\n  ~~~", "~~~¦~~~"}, {"x ```", ""},
    };
    ASSERT_ALL_FOUND(PITH_PROTECT_CODE, samples);
}
END_TEST

START_TEST(ids_are_found)
{
    static const struct sample samples[] = {
        {"", ""}, {"No id at all - none.", ""},
        {"invoice INV-00842, ticket ABC-123!", "INV-00842¦ABC-123"},
        {"id=7f3a91 (0x7f3a91)", "7f3a91¦0x7f3a91"},
        {"550e8400-e29b-41d4-a716-446655440000 x",
         "550e8400-e29b-41d4-a716-446655440000"},
        {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"deadbeef CAFEBABE faced added", "deadbeef¦CAFEBABE"},
        {"#12 and issue #4711.", "#12¦#4711"},
        {"room B12, H2O, v1.2.3-rc1, x1", "B12¦H2O¦v1.2.3-rc1¦x1"},
        {"heron_page_05_fig_2.png", "heron_page_05_fig_2"},
        {"RFC-2119 covid-19 GPT-4 GPT-4o", "RFC-2119¦covid-19¦GPT-4¦GPT-4o"},
        {"4711-XK 1234XYZ 123abc", "4711-XK¦1234XYZ¦123abc"},
        {"account 100482913, 20 pieces", "100482913"},
        {"ISBN 978-3-16-148410-0", "978-3-16-148410-0"},
        {"fe80::1ff:fe23:4567", "fe80::1ff:fe23:4567"},
        {"00:1A:2B:3C:4D:5E ::ffff:10.0.0.1 10:15:31 9:30",
         "00:1A:2B:3C:4D:5E¦ffff:10.0.0.1"},
        {"sk-proj-a1B2c3", "sk-proj-a1B2c3"},
        {"i18n k8s", "i18n¦k8s"}, {"Größe-12 Ж-17", "Größe-12¦Ж-17"},
        {"AB12,CD34", "AB12¦CD34"}, {"id:a1b2;c3d4", "a1b2¦c3d4"},
        {"/v2/orders/17", "v2"}, {"order_7", "order_7"},
        {"(A1) [B2] \"C3\"", "A1¦B2¦C3"},
        {"commit 146cef3 on main", "146cef3"},
        {"user-7f3a91@x", "user-7f3a91"}, {"ＡＢ１２", "ＡＢ１２"},
        /* quantities, dates, times */
        {"5mg 3.5GB 1st 22nd 9am 9:30pm", ""}, {"100ms 10min 4K 3D 90s", ""},
        {"10-year-old, 24-hour, 5-star", ""},
        {"2026-05-04T10:15:31.204Z", ""}, {"2026-05-04, 14:05", ""},
        {"1e5 6e23 1920x1080", ""}, {"1,782 8.25 -3 +49 $9 10%", ""},
        {"10.4.7.21:8443", ""}, {"1_000 1'000 3/4 24/7", ""},
        {"3.14159265358979", ""}, {"2026년 3개월간", ""},
        {"是2026年5月4日吗", ""}, {"the 1990's", ""}, {"p.5, 40°26′N", ""},
        {"1,000,000,000", ""}, {"$100 # 12", ""}, {"12-15 1990-2000", ""},
        {"well-known state-of-the-art", ""}, {"5km/h", ""}, {"x² ½", "x²"},
        {"250kcal", ""}, {"something important, yesterday", ""},
    };
    ASSERT_ALL_FOUND(PITH_PROTECT_IDS, samples);
}
END_TEST

/* --- the page --------------------------------------------------------------- */

/* The next `code` of a line of Markdown, without the blanks at its ends;
 * empty when there is none. */
static struct pith_text next_code(const char **line)
{
    const char *start = *line + strcspn(*line, "`");
    size_t n = strspn(start, "`");
    const char *end = start += n;
    for (size_t run = 0; n > 0; end += run) {
        end += strcspn(end, "`");
        run = strspn(end, "`");
        ck_assert_msg(run > 0, "no end: %s", start);
        if (run == n)
            break;
    }
    *line = end + n;
    while (start < end && *start == ' ')
        start++;
    while (end > start && end[-1] == ' ')
        end--;
    return (struct pith_text){start, (size_t)(end - start)};
}

/* All of an example is of its kind; of code, something is. */
static void assert_example(struct pith_text example, unsigned kind)
{
    struct pith_ranges ranges = {0};
    struct pith_buffer text = {0};
    struct pith_error error;
    for (size_t i = 0; i < example.size; i++) /* "\\|" of a table is "|" */
        if (example.bytes[i] != '\\' || i + 1 == example.size ||
            example.bytes[i + 1] != '|')
            pith_buffer_byte(&text, example.bytes[i]);
    assert_ok(pith_protect_find(pith_buffer_text(&text), kind, &ranges,
                                &error), error);
    bool whole = ranges.n == 1 && ranges.items[0].start == 0 &&
                 ranges.items[0].end == text.size;
    ck_assert_msg(whole || (kind == PITH_PROTECT_CODE && ranges.n > 0),
                  "docs/PROTECT.md: `%.*s` is not found", (int)text.size,
                  text.data);
    pith_buffer_free(&text);
    pith_ranges_free(&ranges);
}

/* The column of a row, from its bar on; those before hold no bars. */
static const char *column(const char *row, int index)
{
    for (; index > 0; index--)
        row = strchr(row + 1, '|');
    return row;
}

START_TEST(examples_of_the_page_are_found)
{
    static const char *const words[] = {"numbers", "negations", "urls",
                                        "ids",     "code",      "markup"};
    size_t size, n_examples = 0;
    char *page = read_whole_file("docs/PROTECT.md", &size);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char start[32];
        struct pith_error error;
        unsigned kind;
        snprintf(start, sizeof start, "\n| `%s` |", words[i]);
        char *row = strstr(page, start);
        ck_assert_msg(row != NULL, "no row of %s", words[i]);
        assert_ok(pith_protect_parse(view(words[i]), &kind, &error), error);
        const char *at = column(row, 3), *end = strstr(at, " | ");
        for (; at < end; n_examples++) {
            struct pith_text example = next_code(&at);
            if (at > end)
                break;
            assert_example(example, kind);
        }
    }
    ck_assert_uint_gt(n_examples, 60);
    free(page);
}
END_TEST

static void assert_markers(const struct sample *sample)
{
    struct pith_ranges ranges = {0};
    struct pith_buffer got = {0};
    struct pith_error error;
    assert_ok(pith_chat_marker_ranges(view(sample->text), &ranges, &error),
              error);
    for (size_t i = 0; i < ranges.n; i++) {
        if (i > 0)
            pith_buffer_string(&got, "¦");
        pith_buffer_append(&got, sample->text + ranges.items[i].start,
                           ranges.items[i].end - ranges.items[i].start);
    }
    pith_buffer_byte(&got, '\0');
    ck_assert_str_eq(got.data, sample->want);
    pith_buffer_free(&got);
    pith_ranges_free(&ranges);
}

START_TEST(chat_markers_are_whole)
{
    static const struct sample samples[] = {
        {"<|im_start|>system\nBe brief.<|im_end|>\n",
         "<|im_start|>system¦<|im_end|>"},
        {"a<|endoftext|>b", "<|endoftext|>"},
        {"[INST] <<SYS>>\nx\n<</SYS>> y [/INST]",
         "[INST]¦<<SYS>>¦<</SYS>>¦[/INST]"},
        {"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi"
         "<|eot_id|>",
         "<|begin_of_text|>¦<|start_header_id|>user<|end_header_id|>¦"
         "<|eot_id|>"},
        {"<start_of_turn>model\nx<end_of_turn>",
         "<start_of_turn>model¦<end_of_turn>"},
        {"[AVAILABLE_TOOLS] [] [/AVAILABLE_TOOLS][TOOL_CALLS]",
         "[AVAILABLE_TOOLS]¦[/AVAILABLE_TOOLS]¦[TOOL_CALLS]"},
        {"<｜begin▁of▁sentence｜><｜User｜>Hi<｜Assistant｜>",
         "<｜begin▁of▁sentence｜>¦<｜User｜>¦<｜Assistant｜>"},
        {"<s>a</s> <think>b</think> <tool_call>",
         "<s>¦</s>¦<think>¦</think>¦<tool_call>"},
        {"<|start|>assistant<|channel|>final<|message|>x<|end|>",
         "<|start|>assistant<|channel|>¦<|message|>¦<|end|>"},
        {"[|user|]x[|endofturn|]", "[|user|]¦[|endofturn|]"},
        {"<extra_id_0> <unused12> <fim_prefix>",
         "<extra_id_0>¦<unused12>¦<fim_prefix>"},
        {"<|im_start|> \n<|im_start|>", "<|im_start|>¦<|im_start|>"},
        {"<|start|>a-word-of-more-characters-than-a-role-could-ever-have-in-any-"
         "template",
         "<|start|>"},
        {"a <| b |> c <|a b|> <||> [INS] [inst] <strong> a[0] <|x", ""},
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        assert_markers(&samples[i]);
}
END_TEST

/* --- lists ------------------------------------------------------------------ */

START_TEST(lists_of_kinds_are_read)
{
    static const struct {
        const char *list;
        unsigned want;
    } good[] = {
        {"", 0},
        {"numbers", PITH_PROTECT_NUMBERS},
        {"markup, numbers", PITH_PROTECT_MARKUP | PITH_PROTECT_NUMBERS},
        {"numbers,numbers,", PITH_PROTECT_NUMBERS},
        {"all", PITH_PROTECT_ALL},
        {"numbers,all", PITH_PROTECT_ALL},
        {"none", PITH_PROTECT_NONE},
        {"none,urls", PITH_PROTECT_NONE | PITH_PROTECT_URLS},
    };
    static const char *const bad[] = {"number", "numbersx", ",", "Numbers",
                                      "numbers;urls", "numbers, ,markup", " "};
    struct pith_error error;
    unsigned kinds;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_ok(pith_protect_parse(view(good[i].list), &kinds, &error), error);
        ck_assert_uint_eq(kinds, good[i].want);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_int_eq(pith_protect_parse(view(bad[i]), &kinds, &error),
                         PITH_ERR_ARGUMENT);
    pith_protect_parse(view("urls,digits"), &kinds, &error);
    ck_assert(strstr(error.detail, "\"digits\"") != NULL);
    ck_assert(strstr(error.detail, "negations") != NULL);
}
END_TEST

/* --- any text --------------------------------------------------------------- */

static bool is_digit(uint32_t code)
{
    enum pith_unicode_class c = pith_unicode_class(code);
    return c == PITH_UNICODE_NUMBER || c == PITH_UNICODE_NEWER_NUMBER;
}

/* Every digit is in a number, and two side by side in the same. */
static void assert_digits_are_in(const struct pith_ranges *numbers,
                                 struct pith_text text)
{
    size_t i = 0;
    bool after_digit = false;
    for (size_t at = 0; at < text.size;) {
        uint32_t code;
        size_t length = pith_utf8_decode(text.bytes + at, text.size - at,
                                         &code);
        while (i < numbers->n && numbers->items[i].end <= at)
            i++;
        if (is_digit(code)) {
            ck_assert_uint_lt(i, numbers->n);
            ck_assert_uint_le(numbers->items[i].start, at);
            if (after_digit)
                ck_assert_uint_lt(numbers->items[i].start, at);
        }
        after_digit = is_digit(code);
        at += length;
    }
}

/* In order, within the text, between clusters, apart within each kind. */
static void assert_in_order(const struct pith_ranges *ranges,
                            struct pith_text text)
{
    size_t end_of_kind[PITH_PROTECT_ALL + 1] = {0};
    for (size_t i = 0; i < ranges->n; i++) {
        const struct pith_range *range = &ranges->items[i];
        ck_assert_uint_lt(range->start, range->end);
        ck_assert_uint_le(range->end, text.size);
        ck_assert_uint_ge(range->start, end_of_kind[range->kind]);
        ck_assert(i == 0 || range->start >= range[-1].start);
        ck_assert(pith_grapheme_boundary(text, range->start));
        ck_assert(pith_grapheme_boundary(text, range->end));
        end_of_kind[range->kind] = range->end;
    }
}

static void assert_sound(struct pith_text text)
{
    struct pith_ranges all = {0}, numbers = {0};
    struct pith_error error;
    assert_ok(pith_protect_find(text, PITH_PROTECT_ALL, &all, &error), error);
    assert_in_order(&all, text);
    assert_ok(pith_number_ranges(text, &numbers, &error), error);
    assert_digits_are_in(&numbers, text);
    pith_ranges_free(&all);
    pith_ranges_free(&numbers);
}

/* Pieces that begin, end and join what is searched for, and characters of one
 * to four bytes. */
static const char *const pieces[] = {
    "1", "23", "7f", "a", "Ab", "xyz", "e", "_", "-", "--", ".", "..", ",",
    ":", "::", "/", "//", "'", "’", "\"", "`", "```", "+", "^", "%", "$", "€",
    "#", "##", "~", "<", ">", "<|", "|>", "<｜", "｜>", "[", "](", "]", "(",
    ")", "!", "=", "&", ";", "@", "\\", "*", "|", " ", "  ", "\n", "\r\n",
    "\t", "\u00A0", "\u202F", "é", "e\u0301", "ß", "年", "不", "ない", "漢",
    "ๆ", "क्ष", "٣", "½", "\u0600", "👩‍💻", "🇩🇪", "\uFE0F\u20E3", "\u0301",
    "not", "n't", "http", "https://", "www.", ".com", "C:", "im_start", "br",
    "<!--", "-->", "INST", "\0"};

static void random_pieces(struct pith_buffer *text, uint64_t *random, size_t n)
{
    text->size = 0;
    for (size_t i = 0; i < n; i++) {
        size_t piece = random_below(random, sizeof pieces / sizeof *pieces);
        size_t size = strlen(pieces[piece]);
        pith_buffer_append(text, pieces[piece], size > 0 ? size : 1);
    }
    ck_assert(!text->failed);
}

START_TEST(any_text_is_read)
{
    uint64_t random = 15;
    struct pith_buffer text = {0};
    for (int round = 0; round < 4000; round++) {
        random_pieces(&text, &random, 1 + random_below(&random, 40));
        assert_sound((struct pith_text){text.data, text.size});
    }
    for (int round = 0; round < 2000; round++) { /* any characters */
        text.size = 0;
        for (size_t n = random_below(&random, 30); n > 0; n--) {
            char bytes[4];
            uint32_t code = (uint32_t)random_below(&random, 0x20000);
            if (code >= 0xD800 && code < 0xE000)
                continue;
            pith_buffer_append(&text, bytes, pith_utf8_encode(code, bytes));
        }
        assert_sound((struct pith_text){text.data, text.size});
    }
    assert_sound((struct pith_text){0});
    pith_buffer_free(&text);
}
END_TEST

/* What might be looked at again and again. */
static const char *const runs[] = {
    "1,", "1,1-a", "a_", "A", "(", "#1", "1\u00A0", "e5+", "n't", "不", "なく",
    "non-", "ne ", "plus ", "'", "a.", "a@", "a@b.", "a/", "/", "/-", "/1",
    "1/1", "C:\\a ", "\\\\a", "http://(", "www.", "~/", "[", "](", "[a](",
    "![", "[^a]", "<", "<a", "<a \"", "<a b=\"", "<a b c", "<!--", "&a", "&#1",
    "- ", "- [", "> ", "|", "1. [x]: ", "*", "=", "= ", "#", "# ", "`", "``` ",
    "`` ` ", "```a\n", "--", "-", "-a ", "$", "${", "@a", "a->", "a::", "a()",
    "a(", "a + ", "!", "_", "\"", "{", "☃", "\u0301", "👩‍", "🇩", "🇩1", "🇩+",
    " ", "\n", "<|", "<|a", "<|im_start|>a"};

/* A quarter of a million bytes of each. */
START_TEST(long_runs_are_read)
{
    struct pith_buffer text = {0};
    struct pith_ranges ranges = {0};
    struct pith_error error;
    while (text.size < 250000)
        pith_buffer_string(&text, runs[_i]);
    ck_assert(!text.failed);
    assert_ok(pith_protect_find(pith_buffer_text(&text), PITH_PROTECT_ALL,
                                &ranges, &error), error);
    pith_ranges_free(&ranges);
    pith_buffer_free(&text);
}
END_TEST

START_TEST(the_cases_of_users_are_read)
{
    static const char *const files[] = {
        "de.txt", "emoji.txt", "links.md", "log.txt", "negation.txt",
        "records.json", "requests.jsonl", "sha-only.txt",
        "structured-lost.jsonl", "table.csv", "align-one.jsonl",
        "align-dolly.jsonl"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[64];
        size_t size;
        snprintf(path, sizeof path, "cases/%s", files[i]);
        const char *found = shared_path(path);
        if (found == NULL)
            return;
        char *bytes = read_whole_file(found, &size);
        ck_assert(pith_utf8_is_valid(bytes, size));
        assert_sound((struct pith_text){bytes, size});
        free(bytes);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("protect");
    TCase *tcase = tcase_create("protect");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, numbers_are_whole);
    tcase_add_test(tcase, negations_are_found);
    tcase_add_test(tcase, urls_are_found);
    tcase_add_test(tcase, markup_is_found);
    tcase_add_test(tcase, code_is_found);
    tcase_add_test(tcase, ids_are_found);
    tcase_add_test(tcase, chat_markers_are_whole);
    tcase_add_test(tcase, examples_of_the_page_are_found);
    tcase_add_test(tcase, lists_of_kinds_are_read);
    tcase_add_test(tcase, any_text_is_read);
    tcase_add_test(tcase, the_cases_of_users_are_read);
    tcase_add_loop_test(tcase, long_runs_are_read, 0,
                        (int)(sizeof runs / sizeof *runs));
    suite_add_tcase(suite, tcase);
    return suite;
}
