#include "why.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "buffer.h"

/* The first that fits counts: longer phrases stand before those that they begin with. */
static const struct phrase { const char *english, *chinese; } phrases[] = {
    /* days */
    {"Mon ", "周一 "}, {"Tue ", "周二 "}, {"Wed ", "周三 "}, {"Thu ", "周四 "}, {"Fri ", "周五 "}, {"Sat ", "周六 "}, {"Sun ", "周日 "},
    /* where a step is placed */
    {" business = ", " 工作时间 = "},
    {", past its deadline, so from now ", "，已过期限，从现在起 "},
    {", already past, so from now ", "，时间已过，从现在起 "},
    {", open ", "，在时段内 "},
    {", window closed", "，时段不开放"},
    {", left for the business hours ", "，改用营业时间 "},
    {", closed", "，不在时段内"},
    {" (holiday: ", " (节假日："},
    {" (holiday)", " (节假日)"},
    {", next opening ", "，下一时段 "},
    {" from then to ", "，从那时到 "},
    {", last opening before: ", "，期限前最后的时段："},
    {", too late for ", "，晚于期限 "},
    {", no opening within ", "，没有时段，查找范围 "},
    {" days", " 天"},
    {" to ", " 至 "},
    /* what became of it */
    {"; then not possible, moved to ", "；当时不可行，改到 "},
    {"the end of quiet hours", "免打扰时段之后"},
    {"its date is not known yet", "日期尚未知"},
    {"every ", "重复："},
    {"attempt ", "第 "},
    {" missed; again after ", " 次未接通；相隔 "},
    {", in the next opening", "，在下一时段再拨"},
    {" of business time from ", " 工作时间，起于 "},
    {" of business time left", " 工作时间剩余"},
    {" of ", "/"},
    {"agreed with the customer", "与客户约定"},
    /* complaints */
    {"major: ", "重大："}, {"general: ", "一般："}, {"minor: ", "轻微："},
    {": nobody has this role", "：无此岗位人员"},
    {" is absent", " 不在岗"}, {" is off duty", " 不当班"}, {" stands in", " 代为负责"},
    {"promised to the customer on ", "对客户的承诺，作于 "},
    {"waiting for the customer since ", "等待客户，自 "},
    {", when the measure was done", "（措施完成时）"},
    {", when it was received", "（受理时）"},
    {", when it was opened again", "（重新打开时）"},
    {", the start of this round", "（本轮开始）"},
    {", and ", "，另加 "},
    {" more for waiting for the customer", "（等待客户）"},
    {"; ", "；"},
};

static const struct { char unit; const char *chinese; } units[] = {
    {'w', "周"}, {'d', "天"}, {'h', "小时"}, {'m', "分钟"}, {'s', "秒"},
};

/* 30m, 2h, 3d: a number with its unit and nothing after it. Returns its bytes; 0: it is none. */
static size_t span_at(const char *at, struct buffer *to)
{
    size_t digits = strspn(at, "0123456789");
    char after = digits ? at[digits + (at[digits] != 0)] : 0;
    for (size_t i = 0; digits && !isalnum((unsigned char)after) && i < sizeof units / sizeof units[0]; i++)
        if (at[digits] == units[i].unit) {
            buffer_append(to, at, digits);
            buffer_string(to, units[i].chinese);
            return digits + 1;
        }
    return 0;
}

static size_t phrase_at(const char *at, struct buffer *to)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        size_t bytes = strlen(phrases[i].english);
        if (strncmp(at, phrases[i].english, bytes))
            continue;
        buffer_string(to, phrases[i].chinese);
        return bytes;
    }
    return 0;
}

const char *why_in(const char *why, const char *language, struct arena *arena)
{
    struct buffer text = {0};
    bool in_number = false;         /* 2026-03-06, v2h: a number in a word is no time span */
    if (strncmp(language, "zh", 2))
        return why;
    while (*why) {
        size_t bytes = phrase_at(why, &text);
        if (!bytes && !in_number)
            bytes = span_at(why, &text);
        if (!bytes) {
            buffer_append(&text, why, 1);
            bytes = 1;
        }
        in_number = isalnum((unsigned char)why[bytes - 1]) || why[bytes - 1] == '-' || why[bytes - 1] == '.';
        why += bytes;
    }
    const char *kept = arena_string(arena, buffer_text(&text));
    buffer_free(&text);
    return kept;
}
