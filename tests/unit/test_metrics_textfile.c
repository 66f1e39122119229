/* metrics/textfile.h, and net/address.h. */
#include "metrics/textfile.h"

#include "base/mem.h"
#include "net/address.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/metrics-XXXXXX";
static char *path;

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    path = mem_format("%s/bridge.prom", folder);
    umask(077);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    free(path);
    return rmdir(folder); /* fails when something was left beside it */
}

static void everybody_may_read_it(void **state)
{
    (void)state;
    struct stat about = {0};
    assert_true(textfile_write(path, bytes_of("a 1\n"), NULL));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0644);
    assert_int_equal(about.st_size, 4);
}

static void it_is_replaced_as_a_whole(void **state)
{
    (void)state;
    struct stat before = {0};
    struct stat after = {0};
    double value = 0;
    assert_true(textfile_write(path, bytes_of("a 1\na_more 2\n"), NULL));
    assert_int_equal(stat(path, &before), 0);
    assert_true(textfile_write(path, bytes_of("# HELP a b\na 1.5\n"), NULL));
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_ino != after.st_ino);
    assert_true(textfile_find(path, "a", &value));
    assert_true(value == 1.5);
    assert_false(textfile_find(path, "a_more", &value));
}

static void what_cannot_be_written_says_why(void **state)
{
    (void)state;
    struct error err = {0};
    double value = 0;
    assert_false(textfile_write("/nonexistent/bridge.prom", bytes_of("a 1\n"), &err));
    assert_int_equal(err.kind, ERROR_STATE);
    assert_non_null(strstr(err.text, "/nonexistent/bridge.prom: No such file"));
    assert_false(textfile_find("/nonexistent/bridge.prom", "a", &value));
}

static void addresses_are_numbers_with_a_port(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_good;
    } rows[] = {{"127.0.0.1:9464", true},
                {"0.0.0.0:1", true},
                {"[::1]:9464", true},
                {"[::]:65535", true},
                {"127.0.0.1", false},
                {"127.0.0.1:0", false},
                {"127.0.0.1:65536", false},
                {"localhost:9464", false},
                {":9464", false},
                {"::1:9464", false},
                {"[::1]", false},
                {"127.0.0.1:94a", false},
                {"[127.0.0.1]:9464", false},
                {"", false},
                {"[]:9464", false},
                {"127.0.0.1:+80", false},
                {":", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sockaddr_storage address;
        assert_int_equal(address_parse(rows[i].text, &address), rows[i].is_good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_may_read_it),
        cmocka_unit_test(it_is_replaced_as_a_whole),
        cmocka_unit_test(what_cannot_be_written_says_why),
        cmocka_unit_test(addresses_are_numbers_with_a_port),
    };
    return cmocka_run_group_tests_name("metrics_textfile", tests, make_folder,
                                       remove_folder);
}
