#include "metrics/table.h"

/* clang-format off */
const struct metric_row metric_table[METRIC_COUNT] = {
    [METRIC_BUILD_INFO] = {
        "auditbridge_build_info", "Always 1; says which version runs.",
        METRIC_GAUGE, {"version"}, {0}, false},
    [METRIC_RUN_START] = {
        "auditbridge_run_start_timestamp_seconds", "When the run began.",
        METRIC_GAUGE, {0}, {0}, false},
    [METRIC_RUN_END] = {
        "auditbridge_run_end_timestamp_seconds",
        "When the run ended; absent while it goes on.",
        METRIC_GAUGE, {0}, {0}, false},
    [METRIC_RUN_LAST_SUCCESS] = {
        "auditbridge_run_last_success_timestamp_seconds",
        "When a run last ended with status 0; of a long run, when a turn last ended well "
        "with no source failed.",
        METRIC_GAUGE, {0}, {0}, false},
    [METRIC_RUN_DURATION] = {
        "auditbridge_run_duration_seconds",
        "How long the run took; absent while it goes on.",
        METRIC_GAUGE, {0}, {0}, false},
    [METRIC_RUN_EXIT_CODE] = {
        "auditbridge_run_exit_code",
        "The exit status of the run; absent while it goes on.",
        METRIC_GAUGE, {0}, {0}, false},
    [METRIC_SOURCES] = {
        "auditbridge_sources",
        "Sources by state: new (no turn has ended yet), good, failed, held (another "
        "process reads it), gone.",
        METRIC_GAUGE, {"provider", "state"}, {0}, false},
    [METRIC_SOURCES_LEFT_OUT] = {
        "auditbridge_sources_left_out",
        "Sources without series of their own, for there are more than max_sources.",
        METRIC_GAUGE, {0}, {0}, false},
    [METRIC_SOURCE_LAG] = {
        "auditbridge_source_lag_seconds",
        "How long ago the time was up to which the source has been read.",
        METRIC_GAUGE, {"provider", "source"}, {0}, false},
    [METRIC_SOURCE_LAST_SUCCESS] = {
        "auditbridge_source_last_success_timestamp_seconds",
        "When a turn of the source last ended without a failure, in this run.",
        METRIC_GAUGE, {"provider", "source"}, {0}, false},
    [METRIC_TURNS] = {
        "auditbridge_turns_total",
        "Turns of sources by how they ended: done, paused, held, failed.",
        METRIC_COUNTER, {"provider", "end"}, {0}, false},
    [METRIC_REQUESTS] = {
        "auditbridge_source_api_requests_total",
        "Pages asked of clouds, by outcome: answered, or the kind of error; busy is "
        "throttled.",
        METRIC_COUNTER, {"provider", "outcome"}, {0}, false},
    [METRIC_REQUEST_RETRIES] = {
        "auditbridge_request_retries_total",
        "HTTP requests of any kind that were sent again: no_answer, throttled, server_error.",
        METRIC_COUNTER, {"reason"}, {0}, false},
    [METRIC_RECORDS_READ] = {
        "auditbridge_source_events_read_total", "Records in answers of clouds.",
        METRIC_COUNTER, {"provider"}, {0}, false},
    [METRIC_RECORD_BYTES] = {
        "auditbridge_record_bytes_total", "Bytes of the records of batches.",
        METRIC_COUNTER, {"provider"}, {0}, false},
    [METRIC_BATCHES] = {
        "auditbridge_batches_total", "Batches that were settled.",
        METRIC_COUNTER, {"provider"}, {0}, false},
    [METRIC_EVENTS] = {
        "auditbridge_events_total",
        "Events by outcome: delivered, refused (a dead letter), unwanted (by every sink), "
        "known (delivered before), missed (by an optional sink), unreadable (no record; "
        "told to the platform).",
        METRIC_COUNTER, {"provider", "outcome"}, {0}, false},
    [METRIC_PRINCIPLE_EVENTS] = {
        "auditbridge_mapping_events_total",
        "Settled events by the principle they answer; an event may answer several; none: "
        "no rule names it.",
        METRIC_COUNTER, {"provider", "principle"}, {0}, false},
    [METRIC_EVENT_DELAY] = {
        "auditbridge_event_delay_seconds",
        "From an event's time until its batch was settled.",
        METRIC_HISTOGRAM, {"provider"},
        {60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400}, false},
    [METRIC_GAPS] = {
        "auditbridge_gaps_total", "Stretches of the log that can no longer be read.",
        METRIC_COUNTER, {"provider"}, {0}, false},
    [METRIC_GAP_SECONDS] = {
        "auditbridge_gap_seconds_total", "How long those stretches are together.",
        METRIC_COUNTER, {"provider"}, {0}, false},
    [METRIC_LAST_GAP] = {
        "auditbridge_last_gap_timestamp_seconds", "When a gap was last found.",
        METRIC_GAUGE, {"provider"}, {0}, false},
    [METRIC_RETENTION_LEFT] = {
        "auditbridge_retention_left_seconds",
        "Until the cloud forgets what was not read: of the source that is nearest to it.",
        METRIC_GAUGE, {"provider"}, {0}, false},
    [METRIC_RETENTION_USED] = {
        "auditbridge_retention_used_ratio",
        "Lag as a share of the time that the cloud keeps the log: the largest.",
        METRIC_GAUGE, {"provider"}, {0}, false},
    [METRIC_CLOCK_SKEW] = {
        "auditbridge_clock_skew_seconds",
        "How far this machine's clock is ahead of the cloud's: the largest of its sources.",
        METRIC_GAUGE, {"provider"}, {0}, false},
    [METRIC_CREDENTIAL_EXPIRY] = {
        "auditbridge_credential_expiry_timestamp_seconds",
        "When a credential ends that is not renewed: a certificate, or a token whose "
        "renewal fails.",
        METRIC_GAUGE, {"cloud", "identity"}, {0}, false},
    [METRIC_SINK_EVENTS] = {
        "auditbridge_sink_events_total",
        "What became of events at a sink: accepted, duplicate, refused, missed. The "
        "bridge's own have provider auditbridge.",
        METRIC_COUNTER, {"provider", "sink", "result"}, {0}, false},
    [METRIC_SINK_RETRIED] = {
        "auditbridge_sink_retried_events_total",
        "Events that a sink left undecided, once for each try.",
        METRIC_COUNTER, {"provider", "sink"}, {0}, false},
    [METRIC_SINK_BYTES] = {
        "auditbridge_sink_bytes_total",
        "Bytes of events that a sink took, before compression.",
        METRIC_COUNTER, {"sink"}, {0}, false},
    [METRIC_SINK_DURATION] = {
        "auditbridge_sink_request_duration_seconds",
        "How long a sink took for one try at a batch.",
        METRIC_HISTOGRAM, {"sink"},
        {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}, false},
    [METRIC_SINK_HELD] = {
        "auditbridge_sink_held",
        "1 of the reason why a sink takes nothing: busy, unreachable, denied, config, "
        "other. All 0: it took what it was last given.",
        METRIC_GAUGE, {"sink", "reason"}, {0}, false},
    [METRIC_DEAD_LETTERS] = {
        "auditbridge_dead_letters_total", "Events that a sink refused for good.",
        METRIC_COUNTER, {"sink"}, {0}, false},
    [METRIC_DEAD_LETTERS_EXPIRED] = {
        "auditbridge_dead_letters_expired_total",
        "Dead letters that were thrown away: too old, or too many.",
        METRIC_COUNTER, {0}, {0}, false},
    [METRIC_LAST_DEAD_LETTER] = {
        "auditbridge_last_dead_letter_timestamp_seconds",
        "When a sink last refused an event for good.",
        METRIC_GAUGE, {"sink"}, {0}, false},
    [METRIC_STORE_COMMIT] = {
        "auditbridge_store_commit_duration_seconds", "How long a commit took.",
        METRIC_HISTOGRAM, {0},
        {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}, false},
    [METRIC_OUTBOX_BYTES] = {
        "auditbridge_outbox_bytes", "Batches kept until an object store has taken them.",
        METRIC_GAUGE, {0}, {0}, false},
    [METRIC_PROCESS_CPU] = {
        "process_cpu_seconds_total", "User and system CPU time.",
        METRIC_COUNTER, {0}, {0}, true},
    [METRIC_PROCESS_RESIDENT] = {
        "process_resident_memory_bytes", "Memory that is in RAM.",
        METRIC_GAUGE, {0}, {0}, true},
    [METRIC_PROCESS_VIRTUAL] = {
        "process_virtual_memory_bytes", "Size of the address space.",
        METRIC_GAUGE, {0}, {0}, true},
    [METRIC_PROCESS_FDS] = {
        "process_open_fds", "Open file descriptors.",
        METRIC_GAUGE, {0}, {0}, true},
    [METRIC_PROCESS_FDS_MAX] = {
        "process_max_fds", "How many may be open.",
        METRIC_GAUGE, {0}, {0}, true},
    [METRIC_PROCESS_START] = {
        "process_start_time_seconds", "When the process began.",
        METRIC_GAUGE, {0}, {0}, true},
};
/* clang-format on */

const char *metric_type_name(enum metric_type type)
{
    static const char *const names[] = {"counter", "gauge", "histogram"};
    return names[type];
}

size_t metric_bucket_count(const struct metric_row *row)
{
    size_t count = 0;
    while (count < METRICS_BUCKETS && row->buckets[count] > 0) {
        count++;
    }
    return count;
}
