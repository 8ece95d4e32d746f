/*
 * markup.h - the parts of markup.c.  Each function says where what it knows
 * ends that starts at byte `at`; `at` when there is none.
 */
#ifndef PITH_PROMPT_MARKUP_H
#define PITH_PROMPT_MARKUP_H

#include "recognise.h"

/* <a href="x">, </p>, <br/>, <!DOCTYPE html>, <https://x.org>, <![CDATA[ */
size_t pith_tag_end(struct pith_text text, size_t at);

/* <!-- anything --> */
size_t pith_comment_end(struct pith_text text, size_t at);

/* &amp;, &#39;, &#x27; */
size_t pith_entity_end(struct pith_text text, size_t at);

/* What makes a link of "[text]", at its end: "(address "title")", "[label]". */
size_t pith_link_target_end(struct pith_text text, size_t at);

/* What follows is at the start of a line, white space skipped.  A mark of a
 * heading, a quote or a list, the address of a label, a turn ("USER:"); more
 * may come after it. */
size_t pith_line_mark_end(struct pith_text text, size_t at);

/* A whole line: "---", "=====", the row under the head of a table. */
size_t pith_rule_end(struct pith_text text, size_t at);

/* A whole line: "```python", "~~~". */
size_t pith_fence_end(struct pith_text text, size_t at);

#endif
