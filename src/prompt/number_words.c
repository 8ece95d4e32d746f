/*
 * number_words.c - numbers in words, which are as wrong as others when a part
 * of them goes: the "hundred" of "two hundred thousand", the "half" of "one and
 * a half".
 */
#include "../base/text.h"
#include "bind.h"

/* Not what is also another frequent word: "second", Italian "sei". */
static const char number_words[] =
    /* English */
    " one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty "
    "fifty sixty seventy eighty ninety hundred hundreds thousand thousands "
    "million millions billion billions trillion dozen dozens half third "
    "thirds quarter quarters fifth fifths tenth tenths once twice "
    /* German, Dutch */
    "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig "
    "dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert tausend "
    "million millionen milliarde milliarden halb halbe halben drittel viertel "
    "twee vijf zes zeven negen tien twaalf twintig honderd duizend miljoen "
    "miljard "
    /* French */
    "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze "
    "quinze seize vingt trente quarante cinquante soixante cent cents mille "
    "milliard milliards tiers demi demie "
    /* Spanish, Portuguese, Italian */
    "dos tres cuatro cinco seis siete ocho nueve diez doce quince veinte "
    "treinta cuarenta cincuenta sesenta setenta ochenta noventa cien ciento "
    "doscientos trescientos quinientos mil millón millones medio media tercio "
    "dois duas três quatro sete oito nove dez doze vinte trinta quarenta "
    "cinquenta cem cento duzentos quinhentos milhão milhões meio "
    "due tre quattro cinque sette otto dieci venti trenta mila milione "
    "milioni miliardo miliardi mezzo "
    /* Polish, Russian, Ukrainian */
    "dwa dwie trzy cztery pięć sześć siedem osiem dziewięć dziesięć "
    "dwadzieścia sto dwieście tysiąc tysiące tysięcy milion miliony milionów "
    "два две три четыре пять шесть семь восемь девять десять двадцать "
    "тридцать сорок сто двести триста пятьсот тысяча тысячи тысяч миллион "
    "миллиона миллионов миллиард миллиарда миллиардов половина треть "
    "дві чотири шість сім вісім дев'ять двадцять тисяча тисячі мільйон "
    "мільйона мільйонів мільярд мільярда мільярдів ";

enum { LONGEST = 32 /* bytes */ };

bool pith_is_number_word(struct pith_text word)
{
    char lower[LONGEST];
    size_t n = 0;
    for (; n < word.size && word.bytes[n] != '-'; n++) {
        if (n == LONGEST)
            return false;
        char c = word.bytes[n];
        lower[n] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return pith_text_is_listed((struct pith_text){lower, n}, number_words);
}
