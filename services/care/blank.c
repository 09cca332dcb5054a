#include "blank.h"

#include <string.h>

/* What a field of each kind has to be filled into: lines to write on, boxes to tick. */

enum { LABEL_COLUMNS = 30, LINE_COLUMNS = 46 };

struct blank {
    const json_t *form;
    bool chinese;
    struct buffer *to;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const char *called(const struct blank *blank, const json_t *object)
{
    return text_of(object, blank->chinese ? "zh" : "en");
}

static const char *either(const struct blank *blank, const char *english, const char *chinese)
{
    return blank->chinese ? chinese : english;
}

/* The words to tick, the next at *at each time; NULL: no more. */
static const char *word_next(const struct blank *blank, const json_t *field, size_t *at)
{
    static const char *const scores[] = {"1", "2", "3", "4", "5"};
    const char *kind = text_of(field, "kind");
    size_t i = (*at)++;
    if (!strcmp(kind, "score"))
        return i < sizeof scores / sizeof *scores ? scores[i] : NULL;
    if (!strcmp(kind, "yes_no"))
        return i == 0 ? either(blank, "yes", "是") : i == 1 ? either(blank, "no", "否") : NULL;
    return json_string_value(json_array_get(json_object_get(field, "choices"), i));
}

static bool is_ticked(const struct blank *blank, const json_t *field)
{
    size_t first = 0;
    return word_next(blank, field, &first) != NULL;
}

/* What belongs onto the line, said under it. */
static const char *hint_of(const struct blank *blank, const json_t *field)
{
    static const struct { const char *kind, *english, *chinese; } hints[] = {
        {"date", "year - month - day", "年 - 月 - 日"}, {"day", "month - day", "月 - 日"},
        {"time", "year - month - day, hour : minute", "年 - 月 - 日 时 : 分"}, {"number", "whole number", "整数"},
        {"link", "number of the form", "表单编号"}, {"staff", "name", "姓名"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (!strcmp(hints[i].kind, text_of(field, "kind")))
            return either(blank, hints[i].english, hints[i].chinese);
    return "";
}

static bool is_required(const json_t *field)
{
    return json_is_true(json_object_get(field, "required"));
}

static bool is_long(const json_t *field)
{
    return !strcmp(text_of(field, "kind"), "text") && !*text_of(field, "record");
}

/* -------- HTML */

static void put_escaped(struct buffer *to, const char *text)
{
    static const struct { char of; const char *with; } escapes[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
    };
    for (; *text; text++) {
        const char *with = NULL;
        for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
            with = escapes[i].of == *text ? escapes[i].with : with;
        if (with)
            buffer_printf(to, "%s", with);
        else
            buffer_printf(to, "%c", *text);
    }
}

static void put_tag(struct buffer *to, const char *open, const char *text, const char *close)
{
    buffer_printf(to, "%s", open);
    put_escaped(to, text);
    buffer_printf(to, "%s", close);
}

static const char style[] =
    "@page{size:A4;margin:16mm 15mm}*{box-sizing:border-box}"
    "body{font:11pt/1.45 'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei',sans-serif;color:#000;max-width:180mm;"
    "margin:0 auto}header{display:flex;justify-content:space-between;align-items:flex-end;border-bottom:1.5pt solid #000;"
    "padding-bottom:2mm}h1{font-size:17pt;margin:0}header p{margin:0;font-size:9pt}"
    "table{width:100%;border-collapse:collapse;margin-top:5mm}td,th{border:.5pt solid #000;padding:2mm;vertical-align:top}"
    "th{width:34%;text-align:left;font-weight:600;background:#f2f2f2;-webkit-print-color-adjust:exact;print-color-adjust:exact}"
    "tr{break-inside:avoid}td{height:10mm}td.long{height:20mm}small{display:block;color:#555;font-size:8pt}"
    ".box{display:inline-block;width:3.6mm;height:3.6mm;border:.8pt solid #000;margin:0 1.5mm 0 0;vertical-align:-.4mm}"
    ".word{margin-right:6mm;white-space:nowrap}footer{display:flex;gap:12mm;margin-top:9mm}"
    "footer span{flex:1;border-top:.5pt solid #000;padding-top:1mm;font-size:9pt}";

static void put_row(const struct blank *blank, const json_t *field)
{
    const char *word, *hint = hint_of(blank, field);
    size_t at = 0;
    put_tag(blank->to, "<tr><th>", called(blank, field), is_required(field) ? " *</th>" : "</th>");
    buffer_printf(blank->to, "<td%s>", is_long(field) ? " class=\"long\"" : "");
    while ((word = word_next(blank, field, &at)))
        put_tag(blank->to, "<span class=\"word\"><span class=\"box\"></span>", word, "</span>");
    if (*hint)
        put_tag(blank->to, "<small>", hint, "</small>");
    buffer_printf(blank->to, "</td></tr>\n");
}

void blank_html(const json_t *form, bool chinese, struct buffer *to)
{
    struct blank blank = {form, chinese, to};
    const json_t *field;
    size_t i;
    put_tag(to, chinese ? "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>"
                        : "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", called(&blank, form), "</title>");
    buffer_printf(to, "<style>%s</style></head>\n<body>\n", style);
    put_tag(to, "<header><div><p>", text_of(form, chinese ? "shop" : "shop_en"), "</p>");
    put_tag(to, "<h1>", called(&blank, form), "</h1></div>");
    put_tag(to, "<p>", either(&blank, "No. ______________________", "编号：______________________"), "</p></header>\n<table>\n");
    json_array_foreach(json_object_get(form, "fields"), i, field)
        put_row(&blank, field);
    put_tag(to, "</table>\n<p><small>", either(&blank, "* must be filled in", "* 为必填项"), "</small></p>\n");
    put_tag(to, "<footer><span>", either(&blank, "Filled in by", "填写人"), "</span>");
    put_tag(to, "<span>", either(&blank, "Date", "日期"), "</span>");
    put_tag(to, "<span>", either(&blank, "Signature", "签名"), "</span></footer>\n</body></html>\n");
}

/* -------- text */

/* Columns on a terminal: letters of three bytes, such as Chinese ones, take two. */
static size_t columns_of(const char *text)
{
    size_t columns = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        columns += (*at & 0xc0) == 0x80 ? 0 : *at >= 0xe0 ? 2 : 1;
    return columns;
}

static void put_padded(struct buffer *to, const char *text, size_t columns)
{
    buffer_printf(to, "%s", text);
    for (size_t at = columns_of(text); at < columns; at++)
        buffer_printf(to, " ");
}

static void put_repeated(struct buffer *to, const char *text, size_t times)
{
    while (times--)
        buffer_printf(to, "%s", text);
}

static void put_line(const struct blank *blank, const json_t *field)
{
    const char *word;
    size_t at = 0;
    buffer_printf(blank->to, "%s ", is_required(field) ? "*" : " ");
    put_padded(blank->to, called(blank, field), LABEL_COLUMNS);
    if (columns_of(called(blank, field)) >= LABEL_COLUMNS) {
        buffer_printf(blank->to, "\n");
        put_repeated(blank->to, " ", LABEL_COLUMNS + 2);
    }
    if (!is_ticked(blank, field))
        put_repeated(blank->to, "_", LINE_COLUMNS);
    while ((word = word_next(blank, field, &at)))
        buffer_printf(blank->to, "[ ] %s  ", word);
    buffer_printf(blank->to, "\n");
    if (is_long(field)) {
        put_repeated(blank->to, " ", LABEL_COLUMNS + 2);
        put_repeated(blank->to, "_", LINE_COLUMNS);
        buffer_printf(blank->to, "\n");
    }
    buffer_printf(blank->to, "\n");
}

void blank_text(const json_t *form, bool chinese, struct buffer *to)
{
    struct blank blank = {form, chinese, to};
    const json_t *field;
    size_t i;
    buffer_printf(to, "%s\n%s\n", text_of(form, chinese ? "shop" : "shop_en"), called(&blank, form));
    put_repeated(to, "=", LABEL_COLUMNS + LINE_COLUMNS + 2);
    buffer_printf(to, "\n%s\n\n", either(&blank, "No. ______________________", "编号：______________________"));
    json_array_foreach(json_object_get(form, "fields"), i, field)
        put_line(&blank, field);
    buffer_printf(to, "%s\n\n%s ________________   %s ____________   %s ________________\n",
                  either(&blank, "* must be filled in", "* 为必填项"), either(&blank, "Filled in by", "填写人"),
                  either(&blank, "Date", "日期"), either(&blank, "Signature", "签名"));
}
