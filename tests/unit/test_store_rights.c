/* Who may append which event: asked of the stores, not of the table. */
#include "support/store_rig.h"

static enum store_status append_as(struct rig *rig, enum stage stage, struct slice packed, struct fact *ret)
{
    static unsigned number;
    static char key[32];
    snprintf(key, sizeof key, "s\n%u", number++);
    *ret = (struct fact){.key = key, .digest = 1, .chain_id = 1 + number, .stage = stage, .packed = packed};
    return store_append_one(rig->store, 0, ret, 1);
}

static enum store_status commit_as(struct rig *rig, enum stage stage, struct slice packed)
{
    static uint64_t chain_id = 1000;
    struct standing standing = rig_claim(rig, stage, "a");
    struct new_event event = {.chain_id = ++chain_id, .packed = packed};
    struct commit commit = {.lease = standing.lease, .from = standing.checkpoint, .to = standing.checkpoint,
                            .events = &event, .event_count = 1};
    return store_commit_one(rig->store, &commit);
}

static enum store_status attempt(struct rig *rig, enum stage stage, enum event_number number)
{
    struct fact fact;
    struct slice packed = event_bytes(number, "x");
    return stage == STAGE_NONE ? append_as(rig, stage, packed, &fact) : commit_as(rig, stage, packed);
}

static void everybody_appends_what_is_theirs(struct rig *rig)
{
    static const struct { enum stage stage; enum event_number number; bool may; } cases[] = {
        {STAGE_NONE, EVENT_CAR_DELIVERED, true},         {STAGE_NONE, EVENT_TASK_CLAIM, true},
        {STAGE_NONE, EVENT_COMPLAINT_RECEIVED, true},    {STAGE_NONE, EVENT_CONFIG_ACTIVATED, true},
        {STAGE_NONE, EVENT_TASK_CLAIMED, false},         {STAGE_NONE, EVENT_CASE_CLOSED, false},
        {STAGE_NONE, EVENT_TIMER_FIRED, false},          {STAGE_NONE, EVENT_ACT_REFUSED, false},
        {STAGE_NONE, EVENT_SEND_FINISHED, false},        {STAGE_NONE, EVENT_NOTICE_WANTED, false},
        {STAGE_SCHEDULER, EVENT_PLAN_MADE, true},        {STAGE_SCHEDULER, EVENT_TASK_WANTED, true},
        {STAGE_SCHEDULER, EVENT_TIMER_FIRED, false},     {STAGE_SCHEDULER, EVENT_TASK_OPENED, false},
        {STAGE_SCHEDULER, EVENT_CAR_DELIVERED, false},   {STAGE_SCHEDULER, EVENT_EVENT_QUARANTINED, true},
        {STAGE_FOLLOW_UP, EVENT_TASK_OPENED, true},      {STAGE_FOLLOW_UP, EVENT_COMPLAINT_RECEIVED, true},
        {STAGE_FOLLOW_UP, EVENT_CASE_REOPEN, true},      {STAGE_FOLLOW_UP, EVENT_CASE_REOPENED, false},
        {STAGE_FOLLOW_UP, EVENT_CASE_CLOSE, false},      {STAGE_COMPLAINT_ROUTER, EVENT_CASE_CLOSED, true},
        {STAGE_COMPLAINT_ROUTER, EVENT_TASK_CLOSED, false}, {STAGE_COMPLAINT_ROUTER, EVENT_CASE_REOPEN, false},
        {STAGE_NOTIFIER, EVENT_NOTICE_SENT, true},       {STAGE_NOTIFIER, EVENT_SEND_FINISHED, true},
        {STAGE_NOTIFIER, EVENT_CASE_OPENED, false},      {STAGE_NOTIFIER, EVENT_RECEIPT_ARRIVED, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum store_status status = attempt(rig, cases[i].stage, cases[i].number);
        if (status != (cases[i].may ? STORE_OK : STORE_REFUSED))
            fail_msg("%s by %s: %s", event_types[cases[i].number].name, stage_names[cases[i].stage],
                     store_status_text(status));
    }
}

static void the_stores_hold_to_the_table(struct rig *rig)
{
    for (int stage = STAGE_NONE; stage < STAGE_COUNT; stage++)
        for (int number = EVENT_UNKNOWN + 1; number < EVENT_COUNT; number++) {
            bool may = stage_may_append((enum stage)stage, (enum event_number)number);
            uint64_t head = rig_view(rig).head.seq;
            enum store_status status = attempt(rig, (enum stage)stage, (enum event_number)number);
            char message[160];
            snprintf(message, sizeof message, "%s may not append %s", stage ? stage_names[stage] : "intake",
                     event_types[number].name);
            assert_int_equal(status, may ? STORE_OK : STORE_REFUSED);
            assert_int_equal(rig_view(rig).head.seq, head + may);
            if (!may)
                assert_string_equal(rig->calls->message(rig->store), message);
        }
}

static void a_stage_may_append_without_a_commit_under_keys_of_its_own(struct rig *rig)
{
    struct fact mine = {.key = "notifier\n1", .digest = 1, .chain_id = 5, .stage = STAGE_NOTIFIER,
                        .packed = event_bytes(EVENT_SEND_FINISHED, "r")};
    struct fact outside = {.key = "notifier\n1", .digest = 2, .chain_id = 6, .packed = fact_bytes("f")};
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, &mine, 1));
    assert_int_equal(mine.outcome, APPEND_NEW);
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, &outside, 1));
    assert_int_equal(outside.outcome, APPEND_NEW);
    rig_keys_age(rig, 2);
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, &mine, 1));
    assert_int_equal(mine.outcome, APPEND_KNOWN);
    assert_int_equal(mine.place.seq, 1);
    rig_keys_age(rig, 1);
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, &mine, 1));
    assert_int_equal(mine.outcome, APPEND_NEW);
    struct fact both[2] = {mine, outside};
    assert_status(rig, STORE_REFUSED, store_append_one(rig->store, 0, both, 2));
}

static void one_forbidden_event_refuses_the_whole_call(struct rig *rig)
{
    struct fact facts[2] = {
        {.key = "s\na", .digest = 1, .chain_id = 7, .packed = fact_bytes("a")},
        {.key = "s\nb", .digest = 1, .chain_id = 8, .packed = event_bytes(EVENT_CASE_CLOSED, "b")},
    };
    assert_status(rig, STORE_REFUSED, store_append_one(rig->store, 0, facts, 2));
    assert_int_equal(rig_view(rig).head.seq, 0);
    assert_status(rig, STORE_OK, store_append_one(rig->store, 0, facts, 1));
    assert_int_equal(facts[0].outcome, APPEND_NEW);
}

static void a_type_of_another_build_comes_from_outside_only(struct rig *rig)
{
    static const char packed[] = "\x84\xa2id\xa1x\xa6source\xa1s\xa4type\xacparty.booked\xa4site\xa1s";
    const struct slice event = {(const uint8_t *)packed, sizeof packed - 1};
    struct fact fact;
    assert_status(rig, STORE_OK, append_as(rig, STAGE_NONE, event, &fact));
    assert_status(rig, STORE_REFUSED, append_as(rig, STAGE_NOTIFIER, event, &fact));
    assert_status(rig, STORE_REFUSED, commit_as(rig, STAGE_SCHEDULER, event));
    assert_string_equal(rig->calls->message(rig->store), "scheduler may not append party.booked");
}

/* Its type hidden behind another "type", in another order, cut off, of another kind: nothing fools it. */
static void what_has_no_type_in_front_is_no_event(struct rig *rig)
{
    static const char *const texts[] = {
        "x", "\x80", "\x83\xa2id", "\x83\xa2id\xa1x\xa4type\xa1t\xa6source\xa1s", "\x83\xa2id\xa1x\xa6source\xa1s\xa4type",
        "\x83\xa2id\xa1x\xa6source\xa1s\xa4type\xa9short", "\x83\xa2id\xa1x\xa6source\xa1s\xa4type\xd9",
        "\x83\xa2id\xa1x\xa6source\xa1s\xa4type\xd9\x09short", "\x83\xa2id\xa1x\xa6source\xa1s\xa4type\xc4\x01t",
        "\x83\xa2id\x05\xa6source\xa1s\xa4type\xa1t", "\x93\xa2id\xa1x\xa6source", "\xde\x01", "\xdf\x01\x01\x01\x03\xa2id",
    };
    struct fact fact;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_status(rig, STORE_REFUSED, append_as(rig, STAGE_NONE, bytes_of(texts[i]), &fact));
        assert_string_equal(rig->calls->message(rig->store), "an event does not begin with its id, source and type");
        assert_status(rig, STORE_REFUSED, commit_as(rig, STAGE_SCHEDULER, bytes_of(texts[i])));
    }
    static const char hidden[] = "\x84\xa2id\xb2type\xad" "car.delivered\xa6source\xa1s\xa4type\xab" "case.closed\xa1x\xc0";
    assert_status(rig, STORE_REFUSED, append_as(rig, STAGE_NONE, (struct slice){(const uint8_t *)hidden,
                                                                                sizeof hidden - 1}, &fact));
    assert_string_equal(rig->calls->message(rig->store), "intake may not append case.closed");
    static char large[3 + 3 + 3 + 7 + 3 + 5 + 2 + 200] = "\xde" "xx\xa2id\xd9\x01x\xa6source\xd9\x01s\xa4type\xd9\xc8";
    memset(large + 26, 't', sizeof large - 26);
    assert_status(rig, STORE_REFUSED, append_as(rig, STAGE_NONE, (struct slice){(const uint8_t *)large, sizeof large},
                                                &fact));
    assert_string_equal(rig->calls->message(rig->store), "the type of an event is too long");
    assert_int_equal(rig_view(rig).head.seq, 0);
}

int main(void)
{
    static const struct rig_case cases[] = {
        {"everybody appends what is theirs", everybody_appends_what_is_theirs},
        {"the stores hold to the table", the_stores_hold_to_the_table},
        {"a stage may append without a commit, under keys of its own",
         a_stage_may_append_without_a_commit_under_keys_of_its_own},
        {"one forbidden event refuses the whole call", one_forbidden_event_refuses_the_whole_call},
        {"a type of another build comes from outside only", a_type_of_another_build_comes_from_outside_only},
        {"what has no type in front is no event", what_has_no_type_in_front_is_no_event},
    };
    return RIG_RUN("store: rights", cases);
}
