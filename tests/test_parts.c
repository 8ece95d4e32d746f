/*
 * test_parts.c - src/prompt/parts.c and units.c: the prompt as bytes,
 * tokens and units that begin and end between characters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/base/utf8.h"
#include "../src/model/access.h"
#include "../src/model/model.h"
#include "../src/prompt/units.h"
#include "../src/text/decode.h"
#include "support.h"
#include "tiny_model.h"
#include "vocab_builder.h"

/* Units of the tokens of a text that end at the given bytes, as a string such
 * as "1/1 2/2": tokens/bytes of each. */
static void assert_units(const char *text, const size_t *ends, size_t n,
                         const char *want)
{
    struct pith_parts parts = {0};
    struct pith_buffer got = {0};
    struct pith_error error;
    pith_buffer_string(&parts.text, text);
    assert_ok(pith_units_append(&parts, (struct pith_unit){.token = 0}, ends,
                                n, &error), error);
    size_t token = 0, byte = 0;
    for (size_t i = 0; i < parts.n_units; i++) {
        const struct pith_unit *unit = &parts.units[i];
        ck_assert_uint_eq(unit->token, token);
        ck_assert_uint_eq(unit->byte, byte);
        token += unit->n_tokens;
        byte += unit->n_bytes;
        pith_buffer_printf(&got, "%s%zu/%zu", i > 0 ? " " : "",
                           unit->n_tokens, unit->n_bytes);
    }
    pith_buffer_byte(&got, '\0');
    ck_assert_str_eq(got.data, want);
    pith_buffer_free(&got);
    pith_parts_free(&parts);
}

START_TEST(units_end_between_characters)
{
    /* a, e acute (2 bytes), a Chinese character (3 bytes), b */
    const char *text = "a\xC3\xA9\xE6\xBC\xA2" "b";
    size_t whole[] = {1, 3, 6, 7};
    assert_units(text, whole, 4, "1/1 1/2 1/3 1/1");
    size_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    assert_units(text, bytes, 7, "1/1 2/2 3/3 1/1");
    /* Each token ends inside a character, except for the last. */
    size_t crossed[] = {2, 4, 7};
    assert_units(text, crossed, 3, "3/7");
    size_t empty_first[] = {0, 7};
    assert_units(text, empty_first, 2, "2/7");
}
END_TEST

/* What must hold of any prompt: units tile tokens and bytes, and each holds
 * whole characters. */
static void assert_tiled(const struct pith_parts *parts)
{
    size_t token = 0, byte = 0, unit = 0;
    for (size_t i = 0; i < parts->n_parts; i++) {
        const struct pith_part *part = &parts->parts[i];
        size_t n_text = 0;
        ck_assert_uint_eq(part->unit, unit);
        for (size_t j = 0; j < part->n_units; j++, unit++) {
            const struct pith_unit *u = &parts->units[unit];
            ck_assert_uint_eq(u->token, token);
            ck_assert_uint_eq(u->byte, byte);
            ck_assert_uint_eq(u->part, i);
            ck_assert_uint_gt(u->n_tokens, 0);
            ck_assert(!u->is_separator || j == 0);
            ck_assert(pith_utf8_is_valid(parts->text.data + byte, u->n_bytes));
            n_text += u->is_separator ? 0 : u->n_tokens;
            token += u->n_tokens;
            byte += u->n_bytes;
        }
        ck_assert_uint_eq(part->n_tokens, n_text);
    }
    ck_assert_uint_eq(unit, parts->n_units);
    ck_assert_uint_eq(token, parts->ids.n);
    ck_assert_uint_eq(byte, parts->text.size);
}

static const char mixed[] =
    " the \xE6\xBC\xA2\xE5\xAD\x97 and\xC3\xA9 \xF0\x9F\x98\x80"
    "\xD8\xB9\xD8\xB1 <|endoftext|> 12.5\n\n</s>\xE2\x96\x81x  y ";

static void assert_joined(const struct pith_parts *parts, const char *want)
{
    ck_assert_uint_eq(parts->text.size, strlen(want));
    ck_assert_mem_eq(parts->text.data, want, parts->text.size);
    assert_tiled(parts);
}

START_TEST(parts_are_joined_by_blank_lines)
{
    struct pith_model *model = tiny_model_load((enum tiny_kind)_i, PITH_F32,
                                               NULL);
    struct pith_text contexts[] = {view(""), view(mixed), view("b"),
                                   view("")};
    struct pith_prompt prompt = {view("a"), contexts, 4, view(" q")};
    struct pith_parts parts;
    struct pith_error error;
    char want[256];

    assert_ok(pith_parts_make(&parts, pith_model_tokenizer(model), &prompt,
                              NULL, &error), error);
    snprintf(want, sizeof want, "a\n\n%s\n\nb\n\n q", mixed);
    assert_joined(&parts, want);
    ck_assert_uint_eq(parts.n_parts, 6);
    ck_assert_int_eq(parts.parts[0].kind, PITH_PART_INSTRUCTION);
    ck_assert_int_eq(parts.parts[5].kind, PITH_PART_QUESTION);
    ck_assert_uint_eq(parts.parts[3].index, 2);
    ck_assert_uint_eq(pith_part_length(&parts, 0), parts.parts[0].n_tokens);
    ck_assert_uint_eq(pith_part_length(&parts, 1), 0);
    ck_assert_uint_eq(pith_part_length(&parts, 2),
                      parts.parts[2].n_tokens + parts.join.n);
    for (size_t i = 0; i < parts.ids.n; i++)
        ck_assert_int_ne(pith_tokenizer_piece_kind(pith_model_tokenizer(model),
                                                   parts.ids.data[i]),
                         PITH_PIECE_SPECIAL);
    pith_parts_free(&parts);

    /* Each part's tokens spell it alone. */
    prompt = (struct pith_prompt){.question = view("the end")};
    assert_ok(pith_parts_make(&parts, pith_model_tokenizer(model), &prompt,
                              NULL, &error), error);
    assert_joined(&parts, "the end");
    for (size_t i = 0; i < parts.n_units; i++) {
        const struct pith_unit *unit = &parts.units[i];
        struct pith_text piece = pith_tokenizer_piece(
            pith_model_tokenizer(model), parts.ids.data[i]);
        size_t skip = i == 0 && piece.bytes[0] == ' '; /* dummy prefix */
        ck_assert_uint_eq(unit->n_bytes, piece.size - skip);
        ck_assert_mem_eq(parts.text.data + unit->byte, piece.bytes + skip,
                         unit->n_bytes);
    }
    struct pith_buffer decoded = {0};
    pith_tokenizer_decode(pith_model_tokenizer(model), parts.ids.data,
                          parts.ids.n, &decoded);
    ck_assert_mem_eq(decoded.data, "the end", 7);
    pith_buffer_free(&decoded);
    pith_parts_free(&parts);

    /* U+2581 is a character like others. */
    prompt = (struct pith_prompt){.question = view("x\xE2\x96\x81y z")};
    assert_ok(pith_parts_make(&parts, pith_model_tokenizer(model), &prompt,
                              NULL, &error), error);
    assert_joined(&parts, "x\xE2\x96\x81y z");
    for (size_t i = 0; i < parts.n_units; i++)
        ck_assert_uint_le(parts.units[i].n_bytes, 3);
    pith_parts_free(&parts);
    pith_model_free(model);
}
END_TEST

START_TEST(invalid_bytes_are_replaced)
{
    struct pith_model *model = tiny_model_load((enum tiny_kind)_i, PITH_F32,
                                               NULL);
    struct pith_prompt prompt = {.question = view("\xC3z\xED\xA0\x80\xFF")};
    struct pith_parts parts;
    struct pith_error error;
    assert_ok(pith_parts_make(&parts, pith_model_tokenizer(model), &prompt,
                              NULL, &error), error);
    assert_joined(&parts, "\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                          "\xEF\xBF\xBD");
    ck_assert_uint_eq(parts.n_replaced, 5);
    pith_parts_free(&parts);
    pith_model_free(model);
}
END_TEST

/* After a special piece the space of " " is the dummy prefix, or the text's. */
START_TEST(the_dummy_prefix_is_no_part_of_the_text)
{
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_SENTENCEPIECE, PITH_PRE_NONE);
    int32_t space = add_piece(builder, "\xE2\x96\x81", 0, PITH_PIECE_NORMAL);
    int32_t b = add_piece(builder, "b", 0, PITH_PIECE_NORMAL);
    int32_t special = add_piece(builder, "<s>", 0, PITH_PIECE_SPECIAL);
    int32_t once[] = {special, space, b}, always[] = {special, space, space, b};
    size_t ends[4];
    builder->vocab.unk_id = b;
    builder->vocab.flags = PITH_VOCAB_DUMMY_PREFIX;
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    pith_token_ends(tokenizer, view("<s> b"), always, 4, ends);
    ck_assert_mem_eq(ends, ((size_t[]){3, 3, 4, 5}), sizeof ends);
    pith_tokenizer_free(tokenizer);
    builder->section.size = 0;
    builder->vocab.flags |= PITH_VOCAB_PREFIX_ONCE;
    tokenizer = build_tokenizer(builder);
    pith_token_ends(tokenizer, view("<s> b"), once, 3, ends);
    ck_assert_mem_eq(ends, ((size_t[]){3, 4, 5}), 3 * sizeof ends[0]);
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

/* A vocabulary of a, b, c and the bytes of U+0439 (D0 B9) but for D0. */
START_TEST(bytes_without_a_token_go_with_their_neighbours)
{
    struct vocab_builder *builder =
        new_vocab(PITH_TOKENIZER_BYTE_BPE, PITH_PRE_GPT2);
    add_piece(builder, "a", 0, PITH_PIECE_NORMAL);
    add_piece(builder, "b", 0, PITH_PIECE_NORMAL);
    add_piece(builder, "\xB9", 0, PITH_PIECE_NORMAL);
    struct pith_tokenizer *tokenizer = build_tokenizer(builder);
    struct pith_prompt prompt = {
        .instruction = view("\x04" "ab\x04\xD0\xB9" "a\x04")};
    struct pith_parts parts;
    struct pith_error error;
    assert_ok(pith_parts_make(&parts, tokenizer, &prompt, NULL, &error),
              error);
    assert_joined(&parts, prompt.instruction.bytes);
    ck_assert_uint_eq(parts.n_units, 4);
    size_t n_bytes[] = {2, 1, 3, 2};
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(parts.units[i].n_bytes, n_bytes[i]);
    pith_parts_free(&parts);

    prompt.question = view("\x04\x04"); /* no token at all */
    assert_ok(pith_parts_make(&parts, tokenizer, &prompt, NULL, &error),
              error);
    ck_assert_uint_eq(parts.parts[1].n_tokens, 0);
    pith_parts_free(&parts);
    pith_tokenizer_free(tokenizer);
    free_vocab(builder);
}
END_TEST

START_TEST(mean_of_a_unit_leaves_out_white_space)
{
    static const float losses[] = {9, 1, 3};
    struct pith_unit unit = {.n_tokens = 3, .n_lead = 1};
    ck_assert_float_eq(pith_unit_mean(&unit, losses), 2);
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("parts");
    TCase *tcase = tcase_create("parts");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, mean_of_a_unit_leaves_out_white_space);
    tcase_add_test(tcase, units_end_between_characters);
    tcase_add_loop_test(tcase, parts_are_joined_by_blank_lines, 0, TINY_KINDS);
    tcase_add_loop_test(tcase, invalid_bytes_are_replaced, 0, TINY_KINDS);
    tcase_add_test(tcase, the_dummy_prefix_is_no_part_of_the_text);
    tcase_add_test(tcase, bytes_without_a_token_go_with_their_neighbours);
    suite_add_tcase(suite, tcase);
    return suite;
}
