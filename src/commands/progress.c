#include "commands/progress.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/timestamp.h"
#include "commands/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { WIDTH = 80, WIDTH_MIN = 20 };

/* All sources that read by time, at one moment. */
struct sum {
    size_t count;
    size_t done;     /* less than an hour behind */
    size_t known;    /* their head is known */
    int64_t left_ms; /* of log, of those that are known */
    int64_t read_ms; /* of log, since each was first seen */
    uint64_t delivered;
};

void progress_begin(struct progress *progress, const struct fleet *fleet, FILE *out)
{
    struct winsize size = {0};
    bool has_size = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > WIDTH_MIN;
    *progress = (struct progress){
        .fleet = fleet, .out = out, .width = (has_size ? size.ws_col : WIDTH) - 1};
    log_set_over_line(true);
}

/* Up to where source is going to be read. */
static int64_t target_of(const struct progress *progress, const struct source *source)
{
    const struct runtime *runtime = progress->fleet->plan.runtime;
    const struct backfill *backfill = progress->fleet->plan.backfill;
    int64_t newest_ms =
        runtime->now_ms(runtime->context) - config_slicing(source->config)->age_ms[0];
    return backfill != NULL && backfill->to_ms < newest_ms ? backfill->to_ms : newest_ms;
}

static void add_source(const struct progress *progress, size_t i, struct sum *sum)
{
    const struct source *source = progress->fleet->sources[i];
    int64_t head_ms = source->meter.head_ms;
    sum->count++;
    sum->delivered += source->meter.delivered;
    if (head_ms == 0) {
        return;
    }
    if (progress->first_ms[i] == 0) {
        progress->first_ms[i] = head_ms;
    }
    int64_t left_ms = target_of(progress, source) - head_ms;
    sum->known++;
    sum->done += left_ms <= PROGRESS_BEHIND_MS;
    sum->left_ms += left_ms > 0 ? left_ms : 0;
    sum->read_ms += head_ms - progress->first_ms[i];
}

static struct sum look(struct progress *progress)
{
    struct sum sum = {0};
    const struct fleet *fleet = progress->fleet;
    if (progress->first_count < fleet->source_count) {
        size_t count = progress->first_count;
        progress->first_count = fleet->source_count;
        progress->first_ms = mem_resize(progress->first_ms, fleet->source_count,
                                        sizeof(*progress->first_ms));
        memset(progress->first_ms + count, 0,
               (fleet->source_count - count) * sizeof(*progress->first_ms));
    }
    for (size_t i = 0; i < fleet->source_count; i++) {
        const struct source *source = fleet->sources[i];
        if (!source->is_gone && config_slicing(source->config) != NULL) {
            add_source(progress, i, &sum);
        }
    }
    return sum;
}

/* What is left, those that are not known yet being like the others. */
static double left_of(const struct sum *sum)
{
    return (double)sum->left_ms * (double)sum->count / (double)sum->known;
}

/* What goes behind how many are done; "" while nothing is known. The caller frees. */
static char *rates_of(const struct progress *progress, const struct sum *sum)
{
    size_t last = progress->sample_count - 1;
    size_t first = last < PROGRESS_SAMPLES ? 0 : last + 1 - PROGRESS_SAMPLES;
    const struct progress_sample *from = &progress->samples[first % PROGRESS_SAMPLES];
    const struct progress_sample *to = &progress->samples[last % PROGRESS_SAMPLES];
    double took_ms = (double)(to->at_ms - from->at_ms);
    double times = took_ms <= 0 ? 0 : (double)(to->read_ms - from->read_ms) / took_ms;
    if (times <= 0) {
        return mem_dup("");
    }
    char left[TABLE_AGE_SIZE];
    table_age((int64_t)(left_of(sum) / times), left);
    return mem_format(", %.0f events/s, %.0f times real time, %s left",
                      (double)(to->delivered - from->delivered) * MS_PER_SECOND / took_ms,
                      times, left);
}

static void draw(struct progress *progress, const struct sum *sum)
{
    char *rates = rates_of(progress, sum);
    char *line = mem_format("catching up: %zu of %zu sources done%s", sum->done,
                            sum->count, rates);
    /* The cursor goes back, so that a line of the log takes this one's place. */
    fprintf(progress->out, "\r%.*s\033[K\r", progress->width, line);
    fflush(progress->out);
    progress->is_shown = true;
    free(line);
    free(rates);
}

static void wipe(struct progress *progress)
{
    if (progress->is_shown) {
        fputs("\r\033[K", progress->out);
        fflush(progress->out);
        progress->is_shown = false;
    }
}

void progress_watch(void *context)
{
    struct progress *progress = context;
    const struct runtime *runtime = progress->fleet->plan.runtime;
    int64_t now = runtime->monotonic_ms(runtime->context);
    size_t count = progress->sample_count;
    if (count > 0 && now - progress->samples[(count - 1) % PROGRESS_SAMPLES].at_ms <
                         PROGRESS_EVERY_MS) {
        return;
    }
    const struct sum sum = look(progress);
    progress->samples[count % PROGRESS_SAMPLES] =
        (struct progress_sample){now, sum.read_ms, sum.delivered};
    progress->sample_count++;
    if (sum.known > sum.done) {
        draw(progress, &sum);
    } else {
        wipe(progress);
    }
}

void progress_end(struct progress *progress)
{
    if (progress->out == NULL) {
        return;
    }
    wipe(progress);
    log_set_over_line(false);
    free(progress->first_ms);
    *progress = (struct progress){0};
}
