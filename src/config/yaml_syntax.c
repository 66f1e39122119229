#include "config/yaml_syntax.h"

#include "base/text.h"

#include <string.h>

/* libyaml's words, which have not changed since 0.1.4, and ours. */
static const struct phrase {
    const char *theirs;
    const char *ours;
} phrases[] = {
    {"found a tab character", "a tab cannot indent YAML; use spaces"},
    {"did not find expected node content",
     "a value was expected; close what is open here, or quote the value"},
    {"mapping values are not allowed",
     "a \":\" cannot stand here; check the indentation, or quote a value that holds "
     "\": \""},
    {"did not find expected key",
     "a key was expected; check the indentation and the quotes from here upwards"},
    {"could not find expected ':'",
     "a \":\" and a space were expected after the key; check the line before, too"},
    {"did not find expected '-'",
     "a \"- \" was expected; indent every element of the list alike"},
    {"did not find expected ',' or ']'",
     "a \",\" or \"]\" was expected; check that the list is closed"},
    {"did not find expected ',' or '}'",
     "a \",\" or \"}\" was expected; check that the mapping is closed"},
    {"block sequence entries are not allowed",
     "a \"- \" cannot stand here; put the list on a line of its own"},
    {"found unknown escape",
     "this \"\\\" starts no known escape; double it, or use single quotes"},
    {"found undefined tag handle", "tags are not supported; remove the \"!\""},
    {"found incompatible YAML", "this is not YAML 1.1 or 1.2; remove the %YAML line"},
    {"control characters are not allowed", "a control character; remove it"},
};
enum { PHRASES = sizeof(phrases) / sizeof(phrases[0]) };

/* The byte at a mark, whose column counts characters; 0 past the end. */
static uint8_t byte_at(struct bytes text, const yaml_mark_t *mark)
{
    const uint8_t *end = text.data + text.size;
    const uint8_t *at = text.data;
    for (size_t line = 0; line < mark->line && at < end; line++) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline == NULL ? end : newline + 1;
    }
    for (size_t column = 0; column < mark->column && at < end; column++) {
        size_t length = text_utf8_length((struct bytes){at, (size_t)(end - at)});
        at += length == 0 ? 1 : length;
    }
    return at < end ? *at : 0;
}

/* The reader gives a byte offset and no mark. */
static yaml_mark_t mark_of_offset(struct bytes text, size_t offset)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < text.size; i++) {
        if (text.data[i] == '\n') {
            mark.line++;
            mark.column = 0;
        } else if ((text.data[i] & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

static void add(struct problems *problems, const char *file, const yaml_mark_t *mark,
                const char *what)
{
    problems_add(problems, file, (int)mark->line + 1, (int)mark->column + 1, "%s", what);
}

static void add_reader_problem(const yaml_parser_t *parser, struct bytes text,
                               const char *file, struct problems *problems)
{
    yaml_mark_t mark = mark_of_offset(text, parser->problem_offset);
    bool is_control =
        parser->problem != NULL && strstr(parser->problem, "control characters") != NULL;
    add(problems, file, &mark,
        is_control ? "a control character; remove it"
                   : "not UTF-8; save the file as UTF-8");
}

/* A byte that can start no token: most often a tab, '@' or '`'. */
static void add_bad_start(uint8_t byte, const yaml_mark_t *mark, const char *file,
                          struct problems *problems)
{
    if (byte == '\t') {
        add(problems, file, mark, "a tab cannot indent YAML; use spaces");
    } else {
        problems_add(problems, file, (int)mark->line + 1, (int)mark->column + 1,
                     "\"%c\" cannot start a value; put the value in quotes",
                     byte > ' ' && byte < 0x7f ? byte : '?');
    }
}

void yaml_syntax_problem(const yaml_parser_t *parser, struct bytes text, const char *file,
                         struct problems *problems)
{
    const char *theirs = parser->problem == NULL ? "" : parser->problem;
    const char *context = parser->context == NULL ? "" : parser->context;
    const yaml_mark_t *mark = &parser->problem_mark;

    if (parser->error == YAML_READER_ERROR) {
        add_reader_problem(parser, text, file, problems);
        return;
    }
    if (strstr(theirs, "cannot start any token") != NULL) {
        add_bad_start(byte_at(text, mark), mark, file, problems);
        return;
    }
    if (strstr(context, "quoted scalar") != NULL &&
        (strstr(theirs, "end of stream") != NULL || strstr(theirs, "document") != NULL)) {
        add(problems, file, &parser->context_mark,
            "this quote is never closed; close it");
        return;
    }
    for (size_t i = 0; i < PHRASES; i++) {
        if (strstr(theirs, phrases[i].theirs) != NULL) {
            add(problems, file, mark, phrases[i].ours);
            return;
        }
    }
    problems_add(problems, file, (int)mark->line + 1, (int)mark->column + 1,
                 "not valid YAML: %s; check the indentation and quotes from here upwards",
                 theirs);
}

bool yaml_syntax_has_tag_line(struct bytes text, const char *file,
                              struct problems *problems)
{
    static const char tag[] = {'%', 'T', 'A', 'G'};
    const uint8_t *at = text.size == 0 ? NULL : memchr(text.data, tag[0], text.size);
    while (at != NULL) {
        size_t left = text.size - (size_t)(at - text.data);
        /* A line ends at LF, CR, NEL, LS or PS, and a BOM may stand before the first. */
        bool starts_line = at == text.data || at[-1] < ' ' || at[-1] >= 0x80;
        if (starts_line && left >= sizeof(tag) && memcmp(at, tag, sizeof(tag)) == 0) {
            yaml_mark_t mark = mark_of_offset(text, (size_t)(at - text.data));
            add(problems, file, &mark, "%TAG lines are not supported; remove it");
            return true;
        }
        at = left == 1 ? NULL : memchr(at + 1, tag[0], left - 1);
    }
    return false;
}
