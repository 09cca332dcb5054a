/* The points ledger: each kind of entry alone, then a great many at random, held against a book that shares nothing
 * with the product. STEPS=1000000 for a long run, SEED to repeat one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buffer.h"
#include "ledger.h"
#include "support/dice.h"

enum { STEPS_DEFAULT = 100000, CUSTOMERS = 40, ENDS = 48, STEPS_PER_ARENA = 4000, BOOK_LOTS_MAX = 4096 };
#define DAY INT64_C(86400000)

static struct arena *arena;

static int arena_begin(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int arena_end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct ledger empty(void)
{
    return ledger_open(NULL, "s1/wang", arena);
}

static enum ledger_refusal earn(struct ledger *ledger, int64_t points, wall_ms expires_at)
{
    return ledger_earn(ledger, &(struct ledger_grant){.points = points, .at = 1, .expires_at = expires_at,
                                                      .remind_at = expires_at ? expires_at - 30 * DAY : 0});
}

static enum ledger_refusal correct(struct ledger *ledger, int64_t points)
{
    return ledger_correct(ledger, &(struct ledger_grant){.points = points, .at = 1, .expires_at = 900 * DAY});
}

static void accounts_are(const struct ledger *ledger, int64_t held, int64_t earned, int64_t redeemed, int64_t expired,
                         int64_t corrected)
{
    assert_int_equal(ledger->account.held, held);
    assert_int_equal(ledger->account.earned, earned);
    assert_int_equal(ledger->account.redeemed, redeemed);
    assert_int_equal(ledger->account.expired, expired);
    assert_int_equal(ledger->account.corrected, corrected);
    assert_int_equal(held + earned + redeemed + expired + corrected, 0);
}

/* -------- entries alone */

static void each_entry_goes_from_one_account_to_another(void **state)
{
    (void)state;
    struct ledger ledger = empty();
    assert_int_equal(earn(&ledger, 500, 400 * DAY), LEDGER_FINE);
    accounts_are(&ledger, 500, -500, 0, 0, 0);
    assert_int_equal(ledger_redeem(&ledger, 200), LEDGER_FINE);
    accounts_are(&ledger, 300, -500, 200, 0, 0);
    assert_int_equal(correct(&ledger, -50), LEDGER_FINE);
    accounts_are(&ledger, 250, -500, 200, 0, 50);
    assert_int_equal(correct(&ledger, 80), LEDGER_FINE);
    accounts_are(&ledger, 330, -500, 200, 0, -30);
    assert_int_equal(ledger_expire(&ledger, 400 * DAY - 1), 0);
    assert_int_equal(ledger_expire(&ledger, 400 * DAY), 250);
    accounts_are(&ledger, 80, -500, 200, 250, -30);
    assert_int_equal(ledger.account.entries, 5);
    assert_int_equal(ledger_merit(&ledger.account), 530);
}

static void what_cannot_be_booked_changes_nothing(void **state)
{
    (void)state;
    struct ledger ledger = empty();
    earn(&ledger, 100, 0);
    struct points_account before = ledger.account;
    assert_int_equal(ledger_redeem(&ledger, 101), LEDGER_NOT_ENOUGH);
    assert_int_equal(ledger_redeem(&ledger, 0), LEDGER_BAD_POINTS);
    assert_int_equal(ledger_redeem(&ledger, -5), LEDGER_BAD_POINTS);
    assert_int_equal(correct(&ledger, -101), LEDGER_NOT_ENOUGH);
    assert_int_equal(correct(&ledger, 0), LEDGER_BAD_POINTS);
    assert_int_equal(correct(&ledger, INT64_MIN), LEDGER_BAD_POINTS);
    assert_int_equal(earn(&ledger, LEDGER_ENTRY_POINTS_MAX + 1, 0), LEDGER_BAD_POINTS);
    assert_int_equal(earn(&ledger, -1, 0), LEDGER_BAD_POINTS);
    assert_int_equal(earn(&ledger, INT64_MAX, 0), LEDGER_BAD_POINTS);
    assert_memory_equal(&before, &ledger.account, sizeof before);
    assert_string_equal(ledger_refusal_word(LEDGER_NOT_ENOUGH), "not_enough");
}

static void an_account_is_full_before_it_overflows(void **state)
{
    (void)state;
    struct ledger ledger = empty();
    int64_t fits = LEDGER_POINTS_MAX / LEDGER_ENTRY_POINTS_MAX;
    for (int64_t i = 0; i < fits; i++)
        assert_int_equal(earn(&ledger, LEDGER_ENTRY_POINTS_MAX, 0), LEDGER_FINE);
    assert_int_equal(earn(&ledger, 1, 0), LEDGER_FULL);
    assert_int_equal(ledger.account.held, LEDGER_POINTS_MAX);
}

/* Told out of order, as late facts are. */
static void what_ends_first_goes_first(void **state)
{
    (void)state;
    struct ledger ledger = empty();
    earn(&ledger, 30, 0);
    earn(&ledger, 20, 200 * DAY);
    earn(&ledger, 10, 100 * DAY);
    assert_int_equal(ledger_first_end(&ledger), 100 * DAY);
    ledger_redeem(&ledger, 15);
    assert_int_equal(ledger.account.lots.count, 2);
    assert_int_equal(ledger.account.lots.at[0].points, 15);
    assert_int_equal(ledger_expire(&ledger, 100 * DAY), 0);
    assert_int_equal(ledger_expire(&ledger, 200 * DAY), 15);
    assert_int_equal(ledger_expire(&ledger, INT64_MAX - 1), 0);         /* never is never */
    assert_int_equal(ledger.account.held, 30);
    assert_int_equal(ledger_next(&ledger), 0);
}

static void a_lot_is_reminded_of_once(void **state)
{
    (void)state;
    struct ledger ledger = empty();
    wall_ms first = 0;
    earn(&ledger, 10, 100 * DAY);
    earn(&ledger, 20, 110 * DAY);
    earn(&ledger, 40, 200 * DAY);
    assert_int_equal(ledger_next(&ledger), 70 * DAY);
    assert_int_equal(ledger_remind(&ledger, 69 * DAY, &first), 0);
    assert_int_equal(ledger_remind(&ledger, 80 * DAY, &first), 30);
    assert_int_equal(first, 100 * DAY);
    assert_int_equal(ledger_remind(&ledger, 80 * DAY, &first), 0);
    assert_int_equal(ledger_next(&ledger), 100 * DAY);
    accounts_are(&ledger, 70, -70, 0, 0, 0);
}

static void more_lots_than_there_is_room_for_are_joined_to_the_customers_favour(void **state)
{
    (void)state;
    struct ledger ledger = empty();
    for (int i = 0; i < LEDGER_LOTS_MAX; i++)
        earn(&ledger, 10, (1000 + 10 * i) * DAY);
    earn(&ledger, 5, 1201 * DAY);           /* a day after another one */
    assert_int_equal(ledger.account.lots.count, LEDGER_LOTS_MAX);
    assert_int_equal(ledger.account.held, 10 * LEDGER_LOTS_MAX + 5);
    assert_int_equal(ledger_expire(&ledger, 1200 * DAY), 200);
    assert_int_equal(ledger_expire(&ledger, 1201 * DAY), 15);
}

static void points_move_with_their_ends(void **state)
{
    (void)state;
    struct ledger one = empty(), other = empty();
    earn(&one, 10, 100 * DAY);
    earn(&other, 20, 50 * DAY);
    earn(&other, 30, 200 * DAY);
    assert_int_equal(ledger_move(&other, &one, INT64_MAX), 50);
    accounts_are(&other, 0, -50, 0, 0, 50);
    accounts_are(&one, 60, -10, 0, 0, -50);
    assert_int_equal(one.account.lots.count, 3);
    assert_int_equal(ledger_first_end(&one), 50 * DAY);
    assert_int_equal(ledger_move(&other, &one, 5), 0);
    assert_int_equal(ledger_move(&one, &other, 25), 25);        /* and back: 20 of the first, 5 of the next */
    assert_int_equal(ledger_first_end(&one), 100 * DAY);
    assert_int_equal(one.account.held + other.account.held, 60);
}

/* -------- a great many */

/* The same story as plain lots in no order, nothing put together. */
struct book { int64_t points[BOOK_LOTS_MAX]; wall_ms end[BOOK_LOTS_MAX]; size_t count; int64_t in, out; };

static void book_in(struct book *book, int64_t points, wall_ms end)
{
    size_t at = 0;
    while (at < book->count && book->points[at])
        at++;
    assert_true(at < BOOK_LOTS_MAX);
    book->count += at == book->count;
    book->points[at] = points;
    book->end[at] = end;
    book->in += points;
}

static void book_out(struct book *book, int64_t points)
{
    book->out += points;
    while (points) {
        size_t first = BOOK_LOTS_MAX;
        for (size_t i = 0; i < book->count; i++)
            if (book->points[i] && (first == BOOK_LOTS_MAX || book->end[i] < book->end[first]))
                first = i;
        assert_true(first < BOOK_LOTS_MAX);
        int64_t some = points < book->points[first] ? points : book->points[first];
        book->points[first] -= some;
        points -= some;
    }
}

static int64_t book_expire(struct book *book, wall_ms now)
{
    int64_t points = 0;
    for (size_t i = 0; i < book->count; i++)
        if (book->end[i] <= now) {
            points += book->points[i];
            book->points[i] = 0;
        }
    book->out += points;
    return points;
}

/* One operation; written down so that it can be done again. */
struct operation { int kind, customer; int64_t points; wall_ms now, end; };

enum { KIND_EARN, KIND_REDEEM, KIND_CORRECT, KIND_EXPIRE, KIND_REMIND, KINDS };

static struct operation operation_random(wall_ms now, bool many_ends)
{
    struct operation operation = {.kind = dice(KINDS), .customer = dice(CUSTOMERS), .now = now};
    int64_t month = 30 * DAY, length = many_ends ? 1 + dice(800 * 24) * (DAY / 24) : (1 + dice(ENDS - 2)) * month;
    operation.points = dice(20) ? dice(700) - 3 : INT64_MAX;
    if (operation.kind == KIND_CORRECT)
        operation.points = dice(600) - 300;
    operation.end = dice(30) ? (many_ends ? now + length : now / month * month + length) : 0;
    return operation;
}

/* How the product answers; *ret_moved: what came in (positive) or went out (negative). */
static enum ledger_refusal operation_do(struct ledger *ledger, const struct operation *operation, int64_t *ret_moved)
{
    struct ledger_grant grant = {.points = operation->points, .at = operation->now, .expires_at = operation->end,
                                 .remind_at = operation->end ? operation->end - 20 * DAY : 0};
    int64_t held = ledger->account.held;
    enum ledger_refusal refusal = LEDGER_FINE;
    wall_ms first;
    switch (operation->kind) {
    case KIND_EARN: refusal = ledger_earn(ledger, &grant); break;
    case KIND_REDEEM: refusal = ledger_redeem(ledger, operation->points); break;
    case KIND_CORRECT: refusal = ledger_correct(ledger, &grant); break;
    case KIND_EXPIRE: ledger_expire(ledger, operation->now); break;
    case KIND_REMIND: ledger_remind(ledger, operation->now, &first); break;
    }
    *ret_moved = ledger->account.held - held;
    return refusal;
}

/* As the store keeps it between two operations. */
static struct slice packed_of(const struct points_account *account)
{
    struct buffer buffer = {0};
    record_pack(&points_account_record, account, 0, &buffer);
    struct slice packed = {arena_copy(arena, buffer.at, buffer.bytes), buffer.bytes};
    buffer_free(&buffer);
    return packed;
}

static struct ledger reopened(struct slice packed, int customer)
{
    struct points_account *account = record_new(&points_account_record, arena);
    struct fault fault;
    if (packed.bytes && !record_unpack(&points_account_record, packed, arena, account, &fault))
        fail_msg("%s: %s", fault.field, fault.what);
    return ledger_open(packed.bytes ? account : NULL, arena_printf(arena, "s1/c%d", customer), arena);
}

static struct { uint8_t bytes[64 * 1024]; size_t count; } stored[CUSTOMERS], again[CUSTOMERS];
static struct book books[CUSTOMERS];

static void check(const struct operation *operation, const struct ledger *ledger, struct book *book, int64_t moved,
                  enum ledger_refusal refusal, bool exact)
{
    int64_t held = 0;
    if (moved > 0)
        book_in(book, moved, operation->end ? operation->end : INT64_MAX);
    if (moved < 0 && operation->kind != KIND_EXPIRE)
        book_out(book, -moved);
    int64_t ended = operation->kind == KIND_EXPIRE && exact ? book_expire(book, operation->now) : 0;
    if (exact && operation->kind == KIND_EXPIRE)
        assert_int_equal(ended, -moved);
    else if (operation->kind == KIND_EXPIRE)
        book_out(book, -moved);
    if (operation->kind == KIND_REDEEM)
        assert_int_equal(refusal == LEDGER_FINE, operation->points > 0 && operation->points == -moved);
    for (size_t i = 0; i < book->count; i++)
        held += book->points[i];
    assert_int_equal(held, ledger->account.held);
    assert_int_equal(book->in - book->out, held);
    assert_true(ledger_is_sound(&ledger->account));
}

static void operation_run(const struct operation *operation, typeof(stored[0]) *kept, struct book *book, bool exact)
{
    struct ledger ledger = reopened((struct slice){kept->bytes, kept->count}, operation->customer);
    int64_t moved;
    enum ledger_refusal refusal = operation_do(&ledger, operation, &moved);
    if (refusal)
        assert_int_equal(moved, 0);
    if (book)
        check(operation, &ledger, book, moved, refusal, exact);
    struct slice packed = packed_of(&ledger.account);
    assert_true(packed.bytes <= sizeof kept->bytes);
    memcpy(kept->bytes, packed.at, packed.bytes);
    kept->count = packed.bytes;
}

static void sum_of_all_is_nothing(void)
{
    int64_t sum = 0;
    for (int i = 0; i < CUSTOMERS; i++) {
        struct points_account account = reopened((struct slice){stored[i].bytes, stored[i].count}, i).account;
        assert_true(account.held >= 0);
        sum += account.held + account.earned + account.redeemed + account.expired + account.corrected;
    }
    assert_int_equal(sum, 0);
}

static void arena_anew(void)
{
    arena_free(&arena);
    arena = arena_new();
}

static void random_story(uint64_t seed, int64_t steps, bool many_ends)
{
    struct operation *story = calloc((size_t)steps, sizeof *story);
    wall_ms now = 1000 * DAY;
    dice_seed(seed);
    memset(stored, 0, sizeof stored);
    memset(again, 0, sizeof again);
    memset(books, 0, sizeof books);
    for (int64_t i = 0; i < steps; i++) {
        now += dice(6) * 3600000;
        story[i] = operation_random(now, many_ends);
        operation_run(&story[i], &stored[story[i].customer], &books[story[i].customer], !many_ends);
        if (i % STEPS_PER_ARENA == 0) {
            sum_of_all_is_nothing();
            arena_anew();
        }
    }
    sum_of_all_is_nothing();
    for (int64_t i = 0; i < steps; i++) {
        operation_run(&story[i], &again[story[i].customer], NULL, true);
        if (i % STEPS_PER_ARENA == 0)
            arena_anew();
    }
    assert_memory_equal(stored, again, sizeof stored);
    free(story);
}

static void random_entries_never_lose_a_point(void **state)
{
    (void)state;
    int64_t steps = number_of("STEPS", STEPS_DEFAULT), seed = number_of("SEED", 88172645463325252);
    print_message("SEED=%lld STEPS=%lld\n", (long long)seed, (long long)steps);
    random_story((uint64_t)seed, steps / 2, false);
    random_story((uint64_t)seed + 1, steps - steps / 2, true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_begin, arena_end)
    const struct CMUnitTest tests[] = {
        TEST(each_entry_goes_from_one_account_to_another),
        TEST(what_cannot_be_booked_changes_nothing),
        TEST(an_account_is_full_before_it_overflows),
        TEST(what_ends_first_goes_first),
        TEST(a_lot_is_reminded_of_once),
        TEST(more_lots_than_there_is_room_for_are_joined_to_the_customers_favour),
        TEST(points_move_with_their_ends),
        TEST(random_entries_never_lose_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
