/* sinks/batch_pack.h: what the outbox gives back is what was put there, or nothing. */
#include "sinks/batch_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { EVENTS = 3 };

static void fill(struct batch *batch)
{
    batch_init(batch, "prod");
    for (int i = 0; i < EVENTS; i++) {
        struct batch_event *event = batch_add(batch);
        event->id16[0] = (uint8_t)(i + 1);
        event->time_ms = -5 + i;
        event->principles = UINT32_C(1) << i;
        event->is_own = i == 1;
        event->id_at = batch->ids.size;
        buf_addf(&batch->ids, "aws:%d", i);
        buf_add_byte(&batch->ids, '\0');
        for (size_t format = 0; format < FORMAT_COUNT; format++) {
            struct buf *body = &batch->bodies[format];
            event->text[format].at = body->size;
            buf_addf(body, "{\"event\":%d,\"format\":%zu}", i, format);
            event->text[format].size = body->size - event->text[format].at;
        }
    }
}

static struct bytes pack(const struct batch *batch, struct buf *out)
{
    buf_init(out, 1 << 20);
    batch_pack(batch, out);
    return buf_bytes(out);
}

static void a_batch_comes_back_as_it_was(void **state)
{
    (void)state;
    struct batch batch;
    struct batch back;
    struct buf packed;
    fill(&batch);
    batch_init(&back, "prod");
    assert_true(batch_unpack(pack(&batch, &packed), &back));
    assert_int_equal(back.count, EVENTS);
    for (size_t i = 0; i < EVENTS; i++) {
        const struct batch_event *was = &batch.events[i];
        const struct batch_event *is = &back.events[i];
        assert_memory_equal(is->id16, was->id16, sizeof(is->id16));
        assert_int_equal(is->time_ms, was->time_ms);
        assert_int_equal(is->principles, was->principles);
        assert_int_equal(is->is_own, was->is_own);
        assert_string_equal(batch_id(&back, is), batch_id(&batch, was));
        for (size_t format = 0; format < FORMAT_COUNT; format++) {
            struct bytes left = batch_text(&batch, was, (enum event_format)format);
            struct bytes right = batch_text(&back, is, (enum event_format)format);
            assert_int_equal(left.size, right.size);
            assert_memory_equal(left.data, right.data, left.size);
        }
    }
    batch_clear(&back);
    batch_clear(&batch);
    buf_clear(&packed);
}

static void cut_bytes_are_no_batch(void **state)
{
    (void)state;
    struct batch batch;
    struct buf packed;
    fill(&batch);
    struct bytes whole = pack(&batch, &packed);
    for (size_t size = 0; size < whole.size; size++) {
        struct batch back;
        batch_init(&back, "prod");
        assert_false(batch_unpack((struct bytes){whole.data, size}, &back));
        batch_clear(&back);
    }
    batch_clear(&batch);
    buf_clear(&packed);
}

static void bytes_that_point_outside_are_no_batch(void **state)
{
    (void)state;
    struct batch batch;
    struct buf packed;
    fill(&batch);
    struct bytes whole = pack(&batch, &packed);
    for (size_t at = 0; at < whole.size;
         at++) { /* ASan sees what the answer does not say */
        struct batch back;
        uint8_t was = packed.data[at];
        packed.data[at] = 0xff;
        batch_init(&back, "prod");
        if (batch_unpack(whole, &back)) {
            for (size_t i = 0; i < back.count; i++) {
                assert_non_null(batch_id(&back, &back.events[i]));
                struct bytes text = batch_text(&back, &back.events[i], FORMAT_ECS);
                assert_true(text.size == 0 || text.data[text.size - 1] != 0);
            }
        }
        batch_clear(&back);
        packed.data[at] = was;
    }
    batch_clear(&batch);
    buf_clear(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_comes_back_as_it_was),
        cmocka_unit_test(cut_bytes_are_no_batch),
        cmocka_unit_test(bytes_that_point_outside_are_no_batch),
    };
    return cmocka_run_group_tests_name("batch_pack", tests, NULL, NULL);
}
