/*
 * test_base.c - src/base: sizes, halves, CRC, UTF-8, buffers, files.
 */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/base/buffer.h"
#include "../src/base/crc32.h"
#include "../src/base/file.h"
#include "../src/base/memory.h"
#include "../src/base/narrow.h"
#include "../src/base/store.h"
#include "../src/base/utf8.h"
#include "support.h"

START_TEST(sizes_refuse_overflow)
{
    size_t out;
    ck_assert(pith_size_mul(3, 5, &out) && out == 15);
    ck_assert(pith_size_mul(SIZE_MAX, 0, &out) && out == 0);
    ck_assert(pith_size_mul(SIZE_MAX / 2, 2, &out));
    ck_assert(!pith_size_mul(SIZE_MAX / 2 + 1, 2, &out) && out == SIZE_MAX);
    ck_assert(pith_size_add(SIZE_MAX, 0, &out) && out == SIZE_MAX);
    ck_assert(!pith_size_add(SIZE_MAX, 1, &out));
    ck_assert_ptr_null(pith_array(SIZE_MAX / 2, 4));
    ck_assert_ptr_null(pith_array_aligned(SIZE_MAX, 1));
    void *aligned = pith_array_aligned(3, 5);
    ck_assert_uint_eq((uintptr_t)aligned % 64, 0);
    pith_free_aligned(aligned);
    pith_free_aligned(NULL);
}
END_TEST

/* Every half converts to a float and back to itself; between two neighbours
 * rounding goes to the nearer one, and to the even one from the middle. */
START_TEST(halves_round_to_nearest_even)
{
    for (uint32_t h = 0; h < 0x10000; h++) {
        float value = pith_f16_to_f32((uint16_t)h);
        if (isnan(value)) {
            ck_assert(isnan(pith_f16_to_f32(pith_f32_to_f16(value))));
            continue;
        }
        ck_assert_uint_eq(pith_f32_to_f16(value), h);
        if ((h & 0x7FFF) >= 0x7BFF)
            continue;
        float next = pith_f16_to_f32((uint16_t)(h + 1));
        float middle = value + (next - value) / 2;
        ck_assert_uint_eq(pith_f32_to_f16(middle), h & 1 ? h + 1 : h);
        ck_assert_uint_eq(pith_f32_to_f16(nextafterf(middle, value)), h);
        ck_assert_uint_eq(pith_f32_to_f16(nextafterf(middle, next)), h + 1);
    }
    ck_assert_float_eq(pith_f16_to_f32(0x3555), 0.333251953125f);
    ck_assert_float_eq(pith_f16_to_f32(0x0001), 0x1p-24f);
    ck_assert_uint_eq(pith_f32_to_f16(65520.0f), 0x7C00);
    ck_assert_uint_eq(pith_f32_to_f16(65519.0f), 0x7BFF);
    ck_assert_uint_eq(pith_f32_to_bf16(1.0f), 0x3F80);
    ck_assert_uint_eq(pith_f32_to_bf16(pith_bits_float(0x3F808000)), 0x3F80);
    ck_assert_uint_eq(pith_f32_to_bf16(pith_bits_float(0x3F818000)), 0x3F82);
    ck_assert(isnan(pith_bf16_to_f32(pith_f32_to_bf16(NAN))));
}
END_TEST

START_TEST(crc32_has_the_published_check_value)
{
    ck_assert_uint_eq(pith_crc32(0, "123456789", 9), 0xCBF43926);
    ck_assert_uint_eq(pith_crc32(0, "", 0), 0);
    char bytes[257];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    uint32_t whole = pith_crc32(0, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut++)
        ck_assert_uint_eq(pith_crc32(pith_crc32(0, bytes, cut), bytes + cut,
                                     sizeof bytes - cut), whole);
}
END_TEST

START_TEST(utf8_accepts_what_rfc_3629_accepts)
{
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char text[4];
        uint32_t back;
        size_t n = pith_utf8_encode(code, text);
        bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        ck_assert_uint_eq(pith_utf8_valid_length(text, n), surrogate ? 0 : n);
        if (surrogate)
            continue;
        ck_assert_uint_eq(pith_utf8_decode(text, n, &back), n);
        ck_assert_uint_eq(back, code);
        if (n > 1)
            ck_assert_uint_eq(pith_utf8_valid_length(text, n - 1), 0);
    }
    ck_assert(!pith_utf8_is_valid("\xC0\x80", 2));         /* overlong */
    ck_assert(!pith_utf8_is_valid("\xE0\x9F\xBF", 3));
    ck_assert(!pith_utf8_is_valid("\xF4\x90\x80\x80", 4)); /* U+110000 */
    ck_assert(!pith_utf8_is_valid("\x80", 1));
    ck_assert(pith_utf8_is_valid("na\xC3\xAFve", 6));
}
END_TEST

/* Looking back agrees with reading from the start, on broken text too. */
START_TEST(utf8_characters_are_found_from_inside)
{
    uint64_t random = 3;
    for (int round = 0; round < 20000; round++) {
        char text[12];
        uint32_t code;
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = "a\x80\xA4\xC3\xE2\xF0\x9F\x98"[random_below(&random, 8)];
        for (size_t at = 0, length; at < sizeof text; at += length) {
            length = pith_utf8_decode(text + at, sizeof text - at, &code);
            for (size_t i = at; i < at + length; i++)
                ck_assert_uint_eq(pith_utf8_start(text, sizeof text, i), at);
        }
    }
}
END_TEST

START_TEST(error_detail_is_one_valid_line)
{
    struct pith_error error;
    ck_assert_int_eq(pith_fail(&error, PITH_ERR_IO, "a\nb\xFF\xC3\xA9\xC2\x9B %d", 7),
                     PITH_ERR_IO);
    ck_assert_str_eq(error.detail, "a?b?\xC3\xA9?? 7");
    char wide[1000];
    memset(wide, 'x', sizeof wide);
    memcpy(wide + 510, "\xC3\xA9", 3);
    pith_fail(&error, PITH_ERR_FORMAT, "%s", wide);
    ck_assert_uint_eq(strlen(error.detail), 511);
    ck_assert(pith_utf8_is_valid(error.detail, 511));
    ck_assert_int_eq(pith_fail(NULL, PITH_ERR_MEMORY, "x"), PITH_ERR_MEMORY);
    ck_assert_str_eq(pith_status_name(PITH_ERR_CHECKSUM), "PITH_ERR_CHECKSUM");
}
END_TEST

START_TEST(buffers_grow)
{
    struct pith_buffer buffer = {0};
    struct pith_ids ids = {0};
    char *bytes;
    size_t size;
    for (int i = 0; i < 1000; i++) {
        pith_buffer_printf(&buffer, "%03d", i);
        pith_ids_append(&ids, i);
    }
    ck_assert_int_eq(pith_buffer_take(&buffer, &bytes, &size, NULL), PITH_OK);
    ck_assert_uint_eq(size, 3000);
    ck_assert_mem_eq(bytes + 2997, "999", 4);
    ck_assert_uint_eq(ids.n, 1000);
    ck_assert_int_eq(ids.data[999], 999);
    free(bytes);
    pith_ids_free(&ids);
}
END_TEST

START_TEST(bytes_are_little_endian)
{
    uint8_t bytes[9];
    pith_store_u64(bytes + 1, 0x0102030405060708u);
    ck_assert_uint_eq(bytes[1], 8);
    ck_assert_uint_eq(pith_load_u16(bytes + 1), 0x0708);
    ck_assert_uint_eq(pith_load_u32(bytes + 1), 0x05060708);
    ck_assert(pith_load_u64(bytes + 1) == 0x0102030405060708u);
    pith_store_f32(bytes + 1, -1.5f);
    ck_assert_float_eq(pith_load_f32(bytes + 1), -1.5f);
}
END_TEST

/* --- words that are meant to be others -------------------------------------------- */

START_TEST(words_have_distances)
{
    static const struct {
        const char *word, *known;
        size_t distance;
    } pairs[] = {
        {"rate", "rate", 0}, {"rat", "rate", 1}, {"rates", "rate", 1},
        {"RATE", "rate", 0}, {"tau-ins", "tau_ins", 0}, {"arte", "rate", 1},
        {"quest", "question-file", 1}, {"compreses", "compress", 1},
        {"comprses", "compress", 1}, {"kompres", "compress", 2},
        {"methode", "method", 1}, {"k", "k", 0}, {"x", "k", SIZE_MAX},
        {"", "k", SIZE_MAX}, {"k", "", SIZE_MAX}, {"of", "on", 1},
        {"squeeze", "compress", SIZE_MAX}, {"spans", "punkt", SIZE_MAX},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaa", SIZE_MAX}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        size_t distance = pith_spelling_distance(view(pairs[i].word),
                                                 view(pairs[i].known));
        ck_assert_msg(distance == pairs[i].distance, "%s, %s: %zu",
                      pairs[i].word, pairs[i].known, distance);
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("base");
    TCase *tcase = tcase_create("base");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, sizes_refuse_overflow);
    tcase_add_test(tcase, halves_round_to_nearest_even);
    tcase_add_test(tcase, crc32_has_the_published_check_value);
    tcase_add_test(tcase, utf8_accepts_what_rfc_3629_accepts);
    tcase_add_test(tcase, utf8_characters_are_found_from_inside);
    tcase_add_test(tcase, error_detail_is_one_valid_line);
    tcase_add_test(tcase, buffers_grow);
    tcase_add_test(tcase, words_have_distances);
    tcase_add_test(tcase, bytes_are_little_endian);
    suite_add_tcase(suite, tcase);
    return suite;
}
