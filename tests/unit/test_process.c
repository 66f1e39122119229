/* base/process.h: no shell, a time limit, a ceiling, and nothing of ours for the child.
 */
#include "base/process.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { QUICK_MS = 10000, SLOW_MS = 1000, DEAD_MS = 5000, OUTPUT_MAX = 1 << 16 };

static bool run(const char *const *argv, int timeout_ms, struct buf *out,
                struct error *err)
{
    buf_init(out, OUTPUT_MAX);
    *err = (struct error){0};
    return process_run(argv, timeout_ms, out, err);
}

/* Runs script by /bin/sh, which a caller never would. */
static bool run_script(const char *script, int timeout_ms, struct buf *out,
                       struct error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    return run(argv, timeout_ms, out, err);
}

static void arguments_arrive_as_they_are(void **state)
{
    (void)state;
    const char *const argv[] = {"printf", "%s|", "a b", "$HOME",
                                "`id`",   "'q'", ";",   NULL};
    struct buf out;
    struct error err;
    assert_true(run(argv, QUICK_MS, &out, &err));
    assert_string_equal(buf_text(&out), "a b|$HOME|`id`|'q'|;|");
    buf_clear(&out);
}

static void a_program_that_is_not_there_is_named(void **state)
{
    (void)state;
    const char *const argv[] = {"/nowhere/tool", "hidden-argument", NULL};
    struct buf out;
    struct error err;
    assert_false(run(argv, QUICK_MS, &out, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    assert_non_null(strstr(err.text, "/nowhere/tool: cannot be run"));
    assert_null(strstr(err.text, "hidden"));
}

static void a_failure_tells_its_status_and_nothing_it_said(void **state)
{
    (void)state;
    struct buf out;
    struct error err;
    assert_false(
        run_script("echo hidden; echo hidden >&2; exit 3", QUICK_MS, &out, &err));
    assert_int_equal(err.kind, ERROR_CONFIG);
    assert_non_null(strstr(err.text, "status 3"));
    assert_null(strstr(err.text, "hidden"));
    buf_clear(&out);
    assert_false(run_script("kill -9 $$", QUICK_MS, &out, &err));
    assert_non_null(strstr(err.text, "signal 9"));
    buf_clear(&out);
}

/* Gone, or a zombie that its new parent has not buried yet. */
static bool is_dead(pid_t child)
{
    char path[64];
    char status[64] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        return true;
    }
    ssize_t size = read(fd, status, sizeof(status) - 1);
    close(fd);
    return size <= 0 || strstr(status, ") Z") != NULL;
}

static void what_takes_too_long_is_killed_with_its_children(void **state)
{
    (void)state;
    struct buf out;
    struct error err;
    assert_false(run_script("sleep 60 & echo $!; wait", SLOW_MS, &out, &err));
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    assert_non_null(strstr(err.text, "took too long"));
    pid_t child = (pid_t)strtol(buf_text(&out), NULL, 10);
    assert_true(child > 1);
    /* A signal that was sent may take a moment to arrive. */
    for (int i = 0; i < DEAD_MS && !is_dead(child); i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
    }
    assert_true(is_dead(child));
    buf_clear(&out);
}

static void one_that_closes_its_output_and_stays_is_killed(void **state)
{
    (void)state;
    struct buf out;
    struct error err;
    assert_false(run_script("exec >&-; sleep 60", 200, &out, &err));
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    buf_clear(&out);
}

/* Of this process: none, when nothing is left to reap. */
static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* As for the first process of a container, which inherits every orphan. */
static void orphans_are_reaped(void **state)
{
    (void)state;
    struct buf out;
    struct error err;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    assert_true(run_script("true & exec sleep 0.05", QUICK_MS, &out, &err));
    buf_clear(&out);
    assert_false(run_script("(sleep 60 & wait) & wait", 200, &out, &err));
    buf_clear(&out);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    assert_false(has_children());
}

static void output_has_a_ceiling(void **state)
{
    (void)state;
    struct buf out;
    struct error err;
    assert_false(run_script("head -c 65537 /dev/zero", QUICK_MS, &out, &err));
    assert_int_equal(err.kind, ERROR_TOO_BIG);
    buf_clear(&out);
    assert_true(run_script("head -c 65536 /dev/zero", QUICK_MS, &out, &err));
    assert_int_equal(out.size, OUTPUT_MAX);
    buf_clear(&out);
}

static void the_child_gets_the_environment_and_none_of_our_files(void **state)
{
    (void)state;
    struct buf out;
    struct error err;
    int ours = open("/dev/null", O_RDONLY); /* even one that was not closed on exec */
    assert_true(ours > 2);
    setenv("PROCESS_TEST", "seen", 1);
    assert_true(run_script("echo $PROCESS_TEST; cat; ls /proc/self/fd | wc -l", QUICK_MS,
                           &out, &err));
    close(ours);
    /* 0, 1, 2 and the folder that ls reads */
    assert_string_equal(buf_text(&out), "seen\n4\n");
    buf_clear(&out);
}

static void signals_that_we_ignore_reach_the_child(void **state)
{
    (void)state;
    struct buf out;
    struct error err;
    signal(SIGPIPE, SIG_IGN);
    assert_false(run_script("kill -PIPE $$; echo survived", QUICK_MS, &out, &err));
    signal(SIGPIPE, SIG_DFL);
    assert_non_null(strstr(err.text, "signal 13"));
    buf_clear(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_arrive_as_they_are),
        cmocka_unit_test(a_program_that_is_not_there_is_named),
        cmocka_unit_test(a_failure_tells_its_status_and_nothing_it_said),
        cmocka_unit_test(what_takes_too_long_is_killed_with_its_children),
        cmocka_unit_test(one_that_closes_its_output_and_stays_is_killed),
        cmocka_unit_test(orphans_are_reaped),
        cmocka_unit_test(output_has_a_ceiling),
        cmocka_unit_test(the_child_gets_the_environment_and_none_of_our_files),
        cmocka_unit_test(signals_that_we_ignore_reach_the_child),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
