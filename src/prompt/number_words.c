/*
 * number_words.c - numbers in words, which are as wrong as others when a part
 * of them goes: the "hundred" of "two hundred thousand", the "half" of "one and
 * a half".
 */
#include "../base/text.h"
#include "bind.h"

/* Up to nineteen.  Not what is also another frequent word: Italian "sei". */
static const char small_numbers[] =
    /* English */
    " one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen once twice "
    /* German, Dutch */
    "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf twee vijf zes "
    "zeven negen tien twaalf "
    /* French, Spanish, Portuguese, Italian */
    "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze "
    "quinze seize dos tres cuatro cinco seis siete ocho nueve diez doce quince "
    "dois duas três quatro sete oito nove dez doze due tre quattro cinque "
    "sette otto dieci "
    /* Polish, Russian, Ukrainian */
    "dwa dwie trzy cztery pięć sześć siedem osiem dziewięć dziesięć "
    "два две три четыре пять шесть семь восемь девять десять "
    "дві чотири шість сім вісім дев'ять ";

/* Others, which make one number with those beside them.  Not "second". */
static const char large_numbers[] =
    /* English */
    " twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds "
    "thousand thousands million millions billion billions trillion dozen "
    "dozens half third thirds quarter quarters fifth fifths tenth tenths "
    /* German, Dutch */
    "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert "
    "tausend millionen milliarde milliarden halb halbe halben drittel viertel "
    "twintig honderd duizend miljoen miljard "
    /* French */
    "vingt trente quarante cinquante soixante cent cents mille milliard "
    "milliards tiers demi demie "
    /* Spanish, Portuguese, Italian */
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien "
    "ciento doscientos trescientos quinientos mil millón millones medio media "
    "tercio vinte trinta quarenta cinquenta cem cento duzentos quinhentos "
    "milhão milhões meio venti trenta mila milione milioni miliardo miliardi "
    "mezzo "
    /* Polish, Russian, Ukrainian */
    "dwadzieścia sto dwieście tysiąc tysiące tysięcy milion miliony milionów "
    "двадцать тридцать сорок сто двести триста пятьсот тысяча тысячи тысяч "
    "миллион миллиона миллионов миллиард миллиарда миллиардов половина треть "
    "двадцять тисяча тисячі мільйон мільйона мільйонів мільярд мільярда "
    "мільярдів ";

enum { LONGEST = 32 /* bytes */ };

enum pith_number_word pith_number_word_of(struct pith_text word)
{
    char lower[LONGEST];
    size_t n = 0;
    for (; n < word.size && word.bytes[n] != '-'; n++) {
        if (n == LONGEST)
            return PITH_NO_NUMBER;
        lower[n] = pith_ascii_lower(word.bytes[n]);
    }
    struct pith_text start = {lower, n};
    return pith_text_is_listed(start, large_numbers)   ? PITH_LARGE_NUMBER
           : pith_text_is_listed(start, small_numbers) ? PITH_SMALL_NUMBER
                                                       : PITH_NO_NUMBER;
}
