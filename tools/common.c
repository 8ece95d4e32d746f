/*
 * common.c - messages, texts, output files and number formats; see common.h.
 */
#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int tool_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("pith: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return TOOL_FAILED;
}

int tool_usage(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "pith %s: ", command->name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "; see pith help %s\n", command->name);
    va_end(arguments);
    return TOOL_USAGE;
}

int tool_library(const struct pith_error *error)
{
    tool_fail("%s", error->detail);
    return error->status == PITH_ERR_ARGUMENT ? TOOL_USAGE : TOOL_FAILED;
}

int tool_no_memory(void)
{
    return tool_fail("out of memory");
}

static int refuse_foreign(const struct command *command,
                          const struct pith_option *row)
{
    char names[64] = "";
    size_t size = 0;
    for (int i = 0; pith_method_name((enum pith_method)i) != NULL; i++)
        if (row->use & pith_method_use((enum pith_method)i))
            size += (size_t)snprintf(names + size, sizeof names - size,
                                     "%s%s", size > 0 ? " or " : "",
                                     pith_method_name((enum pith_method)i));
    return tool_usage(command, "--%s belongs to --method %s", row->name,
                      names);
}

int tool_check_method(const struct command *command,
                      const struct operands *operands,
                      enum pith_method method)
{
    const struct pith_option *row;
    for (size_t i = 0; (row = pith_compress_option(i)) != NULL; i++)
        if (row->name != NULL && !(row->use & pith_method_use(method)) &&
            tool_option_given(operands, row->name))
            return refuse_foreign(command, row);
    return TOOL_OK;
}

struct pith_text tool_view(const struct text *text)
{
    return (struct pith_text){text->bytes, text->size};
}

struct pith_text tool_string(const char *string)
{
    return (struct pith_text){string, string != NULL ? strlen(string) : 0};
}

static bool is_standard(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0;
}

static const char *shown(const char *path)
{
    return is_standard(path) ? "standard input" : path;
}

static int cannot(const char *path, const char *what)
{
    return tool_fail("%s: cannot %s: %s", path, what, strerror(errno));
}

FILE *tool_open_input(const char *path)
{
    if (is_standard(path)) {
        if (tool_is_terminal(stdin))
            fputs("pith: reading from the terminal; Ctrl-D ends the text\n",
                  stderr);
        return stdin;
    }
    FILE *stream = pith_stream_open(path, "rb");
    if (stream == NULL)
        cannot(path, "open");
    return stream;
}

int tool_read(const char *path, struct text *text)
{
    size_t capacity = 1 << 16, n = 0;
    int code = TOOL_OK;
    FILE *stream = tool_open_input(path);
    if (stream == NULL)
        return TOOL_FAILED;
    char *bytes = malloc(capacity);
    while (bytes != NULL) {
        n += fread(bytes + n, 1, capacity - 1 - n, stream);
        if (n < capacity - 1)
            break;
        capacity *= 2;
        char *grown = capacity > n ? realloc(bytes, capacity) : NULL;
        if (grown == NULL)
            free(bytes);
        bytes = grown;
    }
    if (bytes == NULL)
        code = tool_no_memory();
    else if (ferror(stream))
        code = cannot(shown(path), "read");
    if (stream != stdin)
        fclose(stream);
    if (code != TOOL_OK) {
        free(bytes);
        return code;
    }
    struct pith_text read = {bytes, n};
    struct pith_error error;
    if (pith_text_start(&read, shown(path), &error) != PITH_OK) {
        free(bytes);
        return tool_library(&error);
    }
    memmove(bytes, read.bytes, read.size);
    bytes[read.size] = '\0';
    *text = (struct text){bytes, read.size};
    return TOOL_OK;
}

/* Up to a line feed or the end; false without memory. */
static bool append_line(FILE *stream, struct text *line)
{
    size_t capacity = 0;
    for (int byte = 0; byte != EOF && byte != '\n';) {
        if (line->size + 1 >= capacity) {
            capacity = 2 * capacity + 128;
            char *grown = realloc(line->bytes, capacity);
            if (grown == NULL)
                return false;
            line->bytes = grown;
        }
        byte = getc(stream);
        if (byte != EOF && byte != '\n')
            line->bytes[line->size++] = (char)byte;
    }
    line->bytes[line->size] = '\0';
    return true;
}

int tool_read_line(FILE *stream, const char *path, struct text *line,
                   bool *more)
{
    int code = TOOL_OK;
    *line = (struct text){0};
    *more = true;
    if (!append_line(stream, line))
        code = tool_no_memory();
    else if (ferror(stream))
        code = cannot(shown(path), "read");
    else if (feof(stream) && line->size == 0)
        *more = false;
    if (code != TOOL_OK || !*more) {
        free(line->bytes);
        *line = (struct text){0};
    }
    return code;
}

const char *tool_output_name(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0 ? "/dev/stdout" : path;
}

int tool_output_open(struct output *output, const char *path)
{
    struct pith_error error;
    *output = (struct output){.stream = stdout};
    if (is_standard(path))
        return TOOL_OK;
    if (pith_writer_open(&output->writer, path, &error) != PITH_OK)
        return tool_library(&error);
    output->stream = output->writer.stream;
    return TOOL_OK;
}

static int flush_standard(void)
{
    bool broken = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !broken)
        return TOOL_OK;
    return errno != 0 ? cannot("standard output", "write")
                      : tool_fail("standard output: cannot write all of it");
}

int tool_output_close(struct output *output)
{
    struct pith_error error;
    int code = TOOL_OK;
    if (output->writer.stream == NULL)
        code = flush_standard();
    else if (pith_writer_commit(&output->writer, &error) != PITH_OK)
        code = tool_library(&error);
    *output = (struct output){0};
    return code;
}

void tool_output_abort(struct output *output)
{
    pith_writer_abort(&output->writer);
    *output = (struct output){0};
}

size_t tool_character_length(const char *s, size_t n)
{
    unsigned char lead = (unsigned char)s[0];
    size_t length = lead < 0x80                   ? 1
                    : lead >= 0xC2 && lead < 0xE0 ? 2
                    : lead >= 0xE0 && lead < 0xF0 ? 3
                    : lead >= 0xF0 && lead < 0xF5 ? 4
                                                  : 0;
    if (length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)s[i] & 0xC0) != 0x80)
            return 0;
    /* No overlong form, no surrogate, nothing above U+10FFFF. */
    unsigned second = length > 2 ? (unsigned char)s[1] : 0x80;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90))
        return 0;
    return length;
}

bool tool_is_c1(const char *s, size_t length)
{
    return length == 2 && (unsigned char)s[0] == 0xC2 &&
           (unsigned char)s[1] < 0xA0;
}

void tool_print_piece(FILE *stream, struct pith_text piece)
{
    for (size_t i = 0; i < piece.size;) {
        const char *s = piece.bytes + i;
        size_t length = tool_character_length(s, piece.size - i);
        if (tool_is_c1(s, length))
            length = 0; /* its bytes, one after the other */
        if (*s == '\n')
            fputs("\\n", stream);
        else if (*s == '\r')
            fputs("\\r", stream);
        else if (*s == '\t')
            fputs("\\t", stream);
        else if (*s == '\\')
            fputs("\\\\", stream);
        else if (length == 0 || (unsigned char)*s < 0x20 || *s == 0x7F)
            fprintf(stream, "\\x%02X", (unsigned)(unsigned char)*s);
        else
            fwrite(s, 1, length, stream);
        i += length > 0 ? length : 1;
    }
}

const char *tool_grouped(unsigned long long number, char buffer[32])
{
    char *p = buffer + 31;
    *p = '\0';
    for (int digits = 0;; digits++) {
        if (digits > 0 && digits % 3 == 0)
            *--p = ',';
        *--p = (char)('0' + number % 10);
        number /= 10;
        if (number == 0)
            return p;
    }
}

const char *tool_duration(double seconds, char buffer[32])
{
    snprintf(buffer, 32, "%.*f s", seconds < 0.995 ? 2 : 1, seconds);
    return buffer;
}
