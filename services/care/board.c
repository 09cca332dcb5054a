/* board: a workshop's day in the terminal: a row for each technician and bay, a column for each quarter of an hour. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { COLUMN_MIN = 15, DAY_MIN = 24 * 60, COLUMNS_MAX = DAY_MIN / COLUMN_MIN, NAME_WIDTH = 14 };

struct board {
    const json_t *day;
    int from_min, to_min;           /* what is drawn */
};

/* Minutes of the site's day of a time such as 2026-03-10T09:15:00.000+08:00; one on a later day is its end. */
static int minute_of(const struct board *board, const json_t *time)
{
    const char *text = json_string_value(time), *date = json_string_value(json_object_get(board->day, "day"));
    int hour = 0, minute = 0;
    if (!text || strlen(text) < 16 || !date)
        return -1;
    if (strncmp(text, date, 10))
        return DAY_MIN;
    return sscanf(text + 11, "%2d:%2d", &hour, &minute) == 2 ? 60 * hour + minute : -1;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void widen(struct board *board, const json_t *from, const json_t *to)
{
    int from_min = minute_of(board, from), to_min = minute_of(board, to);
    if (from_min < 0 || to_min < 0)
        return;
    board->from_min = from_min < board->from_min ? from_min : board->from_min;
    board->to_min = to_min > board->to_min ? to_min : board->to_min;
}

static struct board board_over(const json_t *day)
{
    struct board board = {day, DAY_MIN, 0};
    const json_t *technician, *span, *job;
    size_t i, k;
    json_array_foreach(json_object_get(day, "technicians"), i, technician)
        json_array_foreach(json_object_get(technician, "hours"), k, span)
            widen(&board, json_object_get(span, "from"), json_object_get(span, "to"));
    json_array_foreach(json_object_get(day, "jobs"), i, job)
        widen(&board, json_object_get(job, "start_at"), json_object_get(job, "end_at"));
    if (board.from_min > board.to_min)
        board.from_min = board.to_min;          /* closed all day */
    board.from_min -= board.from_min % 60;
    board.to_min = (board.to_min + 59) / 60 * 60;
    return board;
}

/* -------- rows */

static void paint(const struct board *board, char *row, const json_t *from, const json_t *to, char with)
{
    int first = minute_of(board, from), last = minute_of(board, to);
    for (int minute = board->from_min; first >= 0 && minute < board->to_min; minute += COLUMN_MIN)
        if (minute + COLUMN_MIN > first && minute < last)
            row[(minute - board->from_min) / COLUMN_MIN] = with;
}

/* The number of the order over the job's own columns, as far as it fits; a rework in exclamation marks. */
static void paint_job(const struct board *board, char *row, const json_t *job)
{
    static const struct { const char *state; char mark; } marks[] = {{"planned", '='}, {"started", '#'}, {"done", '-'}};
    char mark = '?';
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (!strcmp(marks[i].state, text_of(job, "state")))
            mark = marks[i].mark;
    const json_t *from = json_object_get(job, "start_at"), *to = json_object_get(job, "end_at");
    paint(board, row, from, to, json_is_true(json_object_get(job, "rework")) ? '!' : mark);
    const char *number = text_of(job, "job");
    int first = (minute_of(board, from) - board->from_min) / COLUMN_MIN;
    int last = (minute_of(board, to) - board->from_min) / COLUMN_MIN;
    for (int column = first + 1; *number && column >= 1 && column < last; column++)
        row[column] = *number++;
}

static void draw_row(const struct board *board, const char *name, const char *key, const json_t *hours)
{
    char row[COLUMNS_MAX + 1];
    const json_t *span, *absence, *job;
    size_t i;
    int columns = (board->to_min - board->from_min) / COLUMN_MIN;
    memset(row, hours ? ' ' : '.', sizeof row);
    row[columns] = 0;
    json_array_foreach(hours, i, span)
        paint(board, row, json_object_get(span, "from"), json_object_get(span, "to"), '.');
    json_array_foreach(json_object_get(board->day, "absences"), i, absence)
        if (!strcmp(text_of(absence, "who"), name))
            paint(board, row, json_object_get(absence, "from_at"), json_object_get(absence, "to_at"), 'x');
    json_array_foreach(json_object_get(board->day, "jobs"), i, job)
        if (!strcmp(text_of(job, key), name))
            paint_job(board, row, job);
    printf("%-*.*s|%s|\n", NAME_WIDTH, NAME_WIDTH - 1, name, row);
}

static void draw_hours(const struct board *board)
{
    printf("%*s ", NAME_WIDTH, "");
    for (int minute = board->from_min; minute < board->to_min; minute += 60)
        printf("%02d  ", minute / 60);
    puts("");
}

static void draw(const struct invocation *call, const struct board *board)
{
    const json_t *technician, *bay;
    size_t i;
    printf("%s %s, %s %lld\n", text_of(board->day, "site"), text_of(board->day, "day"), say(call, "revision", "第几版"),
           (long long)json_integer_value(json_object_get(board->day, "revision")));
    draw_hours(board);
    json_array_foreach(json_object_get(board->day, "technicians"), i, technician)
        draw_row(board, text_of(technician, "id"), "technician", json_object_get(technician, "hours"));
    puts("");
    json_array_foreach(json_object_get(board->day, "bays"), i, bay)
        draw_row(board, text_of(bay, "id"), "bay", NULL);
    puts(say(call, "= planned  # at work  - done  ! rework  x away  . free\n",
             "= 已排  # 施工中  - 完工  ! 返修  x 不在  . 空闲\n"));
    print_list(call, json_object_get(board->day, "jobs"),
               "job=Job/工单,state=State/状态,technician=Technician/技师,bay=Bay/工位,start_at=Begins/开始,"
               "end_at=Ends/结束,hand_over_at=Hand-over/交车,rework=Rework/返修,customer=Customer/客户");
}

/* The screen of the waiting room; of one job, whoever asks how far it is. */
static void draw_waiting(const struct invocation *call, const json_t *body)
{
    json_t *one = json_is_object(body) ? json_pack("[O]", body) : NULL;
    print_list(call, one ? one : body,
               say(call, "job=Job/工单,name=Name/客户,en=Stage/进度,since=Since/开始,hand_over_at=Ready/预计交车,late=Late/超时",
                   "job=Job/工单,name=Name/客户,zh=Stage/进度,since=Since/开始,hand_over_at=Ready/预计交车,late=Late/超时"));
    json_decref(one);
}

static const char *waiting_path(struct invocation *call)
{
    const char *job = argument(call, 0);
    if (!option(call, "waiting"))
        return "";
    return job ? arena_printf(call->arena, "/waiting/%s", url_text(call->arena, job)) : "/waiting";
}

int run_board(struct invocation *call)
{
    const char *site = site_of_call(call, NULL), *day = option(call, "day");
    if (!site)
        return EXIT_USAGE;
    const char *path = arena_printf(call->arena, "/v1/workshop%s?site=%s%s%s", waiting_path(call), url_text(call->arena, site),
                                    day ? "&day=" : "", day ? url_text(call->arena, day) : "");
    struct client_answer answer = client_get(call->client, path);
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK && option(call, "waiting"))
        draw_waiting(call, answer.body);
    else if (code == EXIT_OK) {
        struct board board = board_over(answer.body);
        draw(call, &board);
    }
    json_decref(answer.body);
    return code;
}
