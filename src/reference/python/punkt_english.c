/*
 * punkt_english.c - a short list of English abbreviations and of words that
 * start sentences, for use without learnt parameters.  Our own choice: titles,
 * times, months, units, references, companies, places, Latin.
 */
#include "punkt_params.h"

const char pith_punkt_english_abbreviations[] =
    "mr\nmrs\nms\nmx\ndr\nprof\nrev\nhon\nst\nsr\njr\nmme\nmlle\nmessrs\n"
    "gen\ncol\nmaj\ncapt\ncmdr\nlt\nsgt\ncpl\npvt\nadm\ninsp\nsupt\n"
    "gov\nsen\nrep\npres\namb\natty\nph.d\nm.d\nb.a\nm.a\nb.sc\nm.sc\nd.phil\n"
    "a.m\np.m\nb.c\na.d\nb.c.e\nc.e\n"
    "jan\nfeb\nmar\napr\njun\njul\naug\nsep\nsept\noct\nnov\ndec\n"
    "tue\ntues\nthu\nthur\nthurs\n"
    "e.g\ni.e\netc\ncf\nviz\nal\nca\nvs\nv\nibid\nloc.cit\nop.cit\nn.b\nq.v\n"
    "nos\nvol\nvols\nch\nchap\nsec\nsect\nfig\nfigs\neq\neqs\npp\npg\n"
    "ed\neds\ntrans\nappx\nrefs\n"
    "inc\nltd\ncorp\nco\nllc\nbros\nplc\nassn\ndept\nuniv\ninst\ngovt\n"
    "ave\nblvd\nrd\nhwy\nmt\nft\nsq\napt\nbldg\next\n"
    "u.s\nu.s.a\nu.k\nu.n\ne.u\nd.c\nn.y\nl.a\ncalif\nmass\npenn\nconn\n"
    "oz\nlb\nlbs\nyd\nhr\nhrs\nsecs\napprox\ntel\n";

const char pith_punkt_english_starters[] =
    "the\nthis\nthat\nthese\nthose\nthere\nhere\na\nan\n"
    "he\nshe\nit\nwe\nthey\nyou\nhis\nher\nits\nour\ntheir\nmy\nyour\n"
    "if\nwhen\nwhile\nalthough\nthough\nbecause\nsince\nafter\nbefore\nas\n"
    "in\non\nat\nfor\nfrom\nwith\nby\nto\nof\n"
    "but\nand\nor\nso\nyet\nstill\nthen\nthus\nhence\ntherefore\nhowever\n"
    "moreover\nfurthermore\nmeanwhile\nnevertheless\ninstead\nindeed\nalso\n"
    "what\nwho\nwhy\nhow\nwhere\nwhich\nsome\nmany\nmost\nall\nboth\neach\n"
    "no\nnot\nonly\none\ntwo\nother\nanother\nfirst\nsecond\nfinally\n";
