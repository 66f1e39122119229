/* sinks/file.c: what counts as delivered is on the disk, whole, and nothing else is. */
#include "base/mem.h"
#include "sinks/sink.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t fixed_now(void *context)
{
    (void)context;
    return INT64_C(1795413600123);
}

static int64_t waited_ms;

static int64_t monotonic(void *context)
{
    (void)context;
    return waited_ms;
}

static bool pass_time(void *context, int64_t ms, struct error *err)
{
    (void)context;
    (void)err;
    waited_ms += ms;
    return true;
}

static const struct runtime runtime = {
    .now_ms = fixed_now, .monotonic_ms = monotonic, .wait = pass_time};

struct place {
    char folder[64];
    char path[96];
};

static struct place *place_new(void)
{
    struct place *place = mem_new(1, sizeof(*place));
    snprintf(place->folder, sizeof(place->folder), "/tmp/auditbridge-file-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/events.ndjson", place->folder);
    return place;
}

static int set_up(void **state)
{
    *state = place_new();
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    DIR *folder = opendir(place->folder);
    struct dirent *entry = NULL;
    while ((entry = readdir(folder)) != NULL) {
        unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
    int failed = rmdir(place->folder);
    free(place);
    return failed;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct buf text;
    buf_init(&text, 1 << 20);
    char block[4096];
    size_t got = 0;
    while ((got = fread(block, 1, sizeof(block), file)) > 0) {
        assert_true(buf_add(&text, block, got));
    }
    fclose(file);
    char *copy = mem_dup(buf_text(&text));
    buf_clear(&text);
    return copy;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
}

static void assert_file(const char *path, const char *text)
{
    char *found = read_file(path);
    assert_string_equal(found, text);
    free(found);
}

static struct sink *open_sink(const struct place *place, int64_t rotate_size)
{
    struct sink *sink = NULL;
    struct error err = {0};
    json_t *settings = json_pack("{s:s,s:I}", "path", place->path, "rotate_size",
                                 (json_int_t)rotate_size);
    bool ok = sink_type_find("file")->open(settings, FORMAT_RAW, &runtime, &sink, &err);
    json_decref(settings);
    assert_string_equal(err.text, "");
    assert_true(ok);
    return sink;
}

static void close_sink(struct sink *sink)
{
    sink_type_find("file")->close(sink);
}

static bool send_text(struct sink *sink, const char *text, struct error *err)
{
    struct batch batch;
    struct outcome outcome = {.kind = OUTCOME_RETRY};
    batch_init(&batch, "test");
    struct batch_event *event = batch_add(&batch);
    event->text[FORMAT_RAW].size = strlen(text);
    assert_true(buf_add_text(&batch.bodies[FORMAT_RAW], text));
    bool ok = sink_type_find("file")->send(sink, &runtime, &batch, &outcome, err);
    assert_int_equal(outcome.kind, ok ? OUTCOME_ACCEPTED : OUTCOME_RETRY);
    batch_clear(&batch);
    return ok;
}

static void events_are_appended_one_a_line(void **state)
{
    const struct place *place = *state;
    struct sink *sink = open_sink(place, INT64_MAX);
    assert_true(send_text(sink, "{\"a\":1}", NULL));
    assert_true(send_text(sink, "{\"a\":2}", NULL));
    close_sink(sink);
    assert_file(place->path, "{\"a\":1}\n{\"a\":2}\n");

    struct stat file;
    assert_int_equal(stat(place->path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
}

static void a_torn_last_line_is_cut_back(void **state)
{
    const struct place *place = *state;
    write_file(place->path, "{\"a\":1}\n{\"torn\":");
    struct sink *sink = open_sink(place, INT64_MAX);
    assert_file(place->path, "{\"a\":1}\n");
    assert_true(send_text(sink, "{\"a\":2}", NULL));
    close_sink(sink);
    assert_file(place->path, "{\"a\":1}\n{\"a\":2}\n");
}

static void a_line_torn_by_another_writer_is_cut_before_the_next_batch(void **state)
{
    const struct place *place = *state;
    struct sink *sink = open_sink(place, INT64_MAX);
    assert_true(send_text(sink, "{\"a\":1}", NULL));
    FILE *other = fopen(place->path, "ab");
    fputs("{\"half\":", other);
    fclose(other);
    assert_true(send_text(sink, "{\"a\":2}", NULL));
    close_sink(sink);
    assert_file(place->path, "{\"a\":1}\n{\"a\":2}\n");
}

static void a_full_file_is_renamed_and_none_is_deleted(void **state)
{
    const struct place *place = *state;
    struct sink *sink = open_sink(place, 8);
    assert_true(send_text(sink, "{\"a\":1}", NULL));
    assert_true(send_text(sink, "{\"a\":2}", NULL));
    assert_true(send_text(sink, "{\"a\":3}", NULL));
    close_sink(sink);

    char *first = mem_format("%s.2026-11-23T06:00:00.123Z", place->path);
    char *second = mem_format("%s.1", first);
    assert_file(first, "{\"a\":1}\n");
    assert_file(second, "{\"a\":2}\n");
    assert_file(place->path, "{\"a\":3}\n");
    free(first);
    free(second);
}

static void a_file_that_was_renamed_is_made_anew(void **state)
{
    const struct place *place = *state;
    struct sink *sink = open_sink(place, INT64_MAX);
    assert_true(send_text(sink, "{\"a\":1}", NULL));
    char *moved = mem_format("%s.old", place->path);
    assert_int_equal(rename(place->path, moved), 0);
    assert_true(send_text(sink, "{\"a\":2}", NULL));
    close_sink(sink);
    assert_file(moved, "{\"a\":1}\n");
    assert_file(place->path, "{\"a\":2}\n");
    free(moved);
}

static void a_full_disk_leaves_only_whole_batches_and_can_be_repeated(void **state)
{
    const struct place *place = *state;
    struct sink *sink = open_sink(place, INT64_MAX);
    assert_true(send_text(sink, "{\"a\":1}", NULL));

    struct rlimit before;
    struct error err = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit full = {.rlim_cur = 12, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    bool sent = send_text(sink, "{\"a\":2}", &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);

    assert_false(sent);
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    assert_file(place->path, "{\"a\":1}\n");
    assert_true(send_text(sink, "{\"a\":2}", NULL));
    close_sink(sink);
    assert_file(place->path, "{\"a\":1}\n{\"a\":2}\n");
}

/* As a process does that was stopped while it wrote. */
static void a_lock_that_another_keeps_is_not_waited_for_without_end(void **state)
{
    const struct place *place = *state;
    struct sink *sink = open_sink(place, INT64_MAX);
    int other = open(place->path, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX), 0);

    struct error err = {0};
    waited_ms = 0;
    assert_false(send_text(sink, "{\"a\":1}", &err));
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    assert_non_null(strstr(err.text, "another process keeps it locked"));
    assert_in_range(waited_ms, 1000, 30000);
    int64_t waited_once_ms = waited_ms;
    assert_false(send_text(sink, "{\"a\":1}", NULL));
    assert_int_equal(waited_ms, waited_once_ms); /* a thousand batches do not add up */

    close(other);
    assert_true(send_text(sink, "{\"a\":1}", NULL));
    close_sink(sink);
    assert_file(place->path, "{\"a\":1}\n");
}

static void a_folder_that_does_not_exist_is_named(void **state)
{
    (void)state;
    struct sink *sink = NULL;
    struct error err = {0};
    json_t *settings =
        json_pack("{s:s,s:i}", "path", "/nonexistent/x.ndjson", "rotate_size", 1);
    assert_false(
        sink_type_find("file")->open(settings, FORMAT_RAW, &runtime, &sink, &err));
    json_decref(settings);
    assert_string_equal(err.text, "file /nonexistent/x.ndjson: cannot open it: No such "
                                  "file or directory");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(events_are_appended_one_a_line),
        IN_FOLDER(a_torn_last_line_is_cut_back),
        IN_FOLDER(a_line_torn_by_another_writer_is_cut_before_the_next_batch),
        IN_FOLDER(a_full_file_is_renamed_and_none_is_deleted),
        IN_FOLDER(a_file_that_was_renamed_is_made_anew),
        IN_FOLDER(a_full_disk_leaves_only_whole_batches_and_can_be_repeated),
        IN_FOLDER(a_lock_that_another_keeps_is_not_waited_for_without_end),
        cmocka_unit_test(a_folder_that_does_not_exist_is_named),
    };
    return cmocka_run_group_tests_name("sink_file", tests, NULL, NULL);
}
