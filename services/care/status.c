/* care status: a verdict, what is wrong and what to do about it, then the numbers. At most 100 columns wide. */
#include <stdio.h>
#include <string.h>

#include "command.h"

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* -------- how long, how much */

static const char *duration_text(const struct invocation *call, long long ms)
{
    static const struct { long long ms; const char *english, *chinese; } units[] = {
        {DAY_MS, "d", "天"}, {HOUR_MS, "h", "小时"}, {MINUTE_MS, "min", "分"}, {SECOND_MS, "s", "秒"},
        {1, "ms", "毫秒"},
    };
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof *units && ms < 2 * units[i].ms)
        i++;
    return arena_printf(call->arena, "%lld %s", ms / units[i].ms, say(call, units[i].english, units[i].chinese));
}

/* The minute, without the zone: for a place where width counts. */
static const char *minute_text(const struct invocation *call, const char *time)
{
    const char *text = arena_text(call->arena, time, strnlen(time, 16));
    char *letter = strchr(text, 'T');
    if (letter)
        *letter = ' ';
    return text;
}

/* -------- what is wrong, and what to do */

enum number_is { NOTHING, COUNT, SPAN, DAYS };

/* %s: subject, then the number. What to do has at most one %s, the subject. */
static const struct saying {
    const char *what;
    enum number_is number;
    const char *english, *chinese, *do_english, *do_chinese;
} sayings[] = {
    {"stage_missing", NOTHING,
     "no %s is running",
     "没有运行中的%s",
     "start one on any host: systemctl start careline-%s@1; its log says why it ended",
     "在任一主机上启动：systemctl start careline-%s@1；退出原因见其日志"},
    {"store_full", COUNT,
     "memory of the store: %s%s %% used, nothing is taken any more",
     "%s存储内存已用 %s%%，不再接收",
     "raise maxmemory of Redis, or let the log be trimmed (keep_hours); what was accepted is worked all the same",
     "调大 Redis 的 maxmemory，或裁剪日志（keep_hours）；已受理的照常处理"},
    {"partitions_unowned", COUNT,
     "%s: %s partitions without an owner",
     "%s：%s 个分区无人持有",
     "look again in five seconds: a dead replica's are taken over; if they stay, /readyz and log of %s",
     "五秒后再看：失效副本的分区会被接管；若仍在，查看 %s 的 /readyz 与日志"},
    {"late", SPAN,
     "%s: its oldest due time passed %s ago",
     "%s：最早到期项已晚 %s",
     "log of %s; one that waits for time to be steady says clock.jumped",
     "查看 %s 的日志；若在等待时间稳定，会有 clock.jumped"},
    {"clock_off", NOTHING,
     "the clock of %s is off Redis' by more than a second, timers wait there",
     "%s 的时钟与 Redis 相差超过一秒，该处定时任务暂停",
     "chronyc tracking or timedatectl on %s; RUNBOOK, CarelineClockOff",
     "在 %s 上查看 chronyc tracking 或 timedatectl；见 RUNBOOK 的 CarelineClockOff"},
    {"lagging", COUNT,
     "%s is %s events behind",
     "%s 积压 %s 个事件",
     "look again: it should shrink; else add a replica (careline-%s@2) or look into its log",
     "稍后再看应减少；否则增加副本（careline-%s@2）或查看日志"},
    {"quarantined", COUNT,
     "%s%s events are set aside",
     "%s有 %s 个事件被隔离",
     "listed below; RUNBOOK, CarelineQuarantined: what to look at",
     "列于下方；处理办法见 RUNBOOK 的 CarelineQuarantined"},
    {"dead_letters", COUNT,
     "%s%s messages could not be delivered",
     "%s有 %s 条通知未能送达",
     "care notices --dead; care notices resend ID",
     "care notices --dead；care notices resend 编号"},
    {"sending_stopped", COUNT,
     "%s%s messages wait because their playbook asked for too many in a minute",
     "%s%s 条消息因剧本一分钟内发送过多而被拦下",
     "care tail --type sending.stopped --from start names it; care notices resume --playbook NAME lets them go",
     "care tail --type sending.stopped --from start 查看是哪个剧本；care notices resume --playbook 名称 放行"},
    {"channel_down", SPAN,
     "channel %s does not answer; it last did %s ago",
     "渠道 %s 无应答，上次成功在 %s 前",
     "messages go by the next channel meanwhile; look at the gateway (care status says why, RUNBOOK: channel.down)",
     "期间消息改走下一渠道；请检查网关（原因见 care status，处理见 RUNBOOK：channel.down）"},
    {"consumer_silent", SPAN,
     "consumer %s has not been heard of for %s, and holds the log back",
     "订阅方 %s 已 %s 无联系，日志为其保留",
     "start it again, or care consumers forget %s",
     "重新启动它，或 care consumers forget %s"},
    {"consumer_behind", COUNT,
     "consumer %s is %s events behind",
     "订阅方 %s 积压 %s 个事件",
     "its people should look; past keep_for_consumers_hours it loses what it has not read (%s)",
     "请其负责人查看；超过 keep_for_consumers_hours 后未读部分将丢失（%s）"},
    {"store_filling", DAYS,
     "memory of the store%s is full in %s days",
     "存储内存%s约 %s 天后写满",
     "raise maxmemory of Redis, or let the log be trimmed (keep_hours)",
     "调大 Redis 的 maxmemory，或裁剪日志（keep_hours）"},
    {"store_unbounded", NOTHING,
     "Redis%s has no memory limit",
     "Redis%s 未设内存上限",
     "set maxmemory, so that intake refuses before the machine runs out",
     "设置 maxmemory，使受理在机器耗尽前停止"},
    {"builds_differ", NOTHING,
     "replicas%s are of different builds",
     "各副本%s版本不一致",
     "fine during an upgrade; finish it",
     "升级期间正常；请完成升级"},
    {"one_host_only", NOTHING,
     "every %s is on one host",
     "%s 全部在同一主机上",
     "start another elsewhere: careline-%s@2",
     "在另一主机再启动一个：careline-%s@2"},
};

static const struct saying *saying_of(const char *what)
{
    for (size_t i = 0; i < sizeof sayings / sizeof *sayings; i++)
        if (!strcmp(sayings[i].what, what))
            return &sayings[i];
    return NULL;
}

/* The text with its first two %s replaced, the second by what `number` says. */
static const char *filled(const struct invocation *call, const char *text, const char *subject, const char *number)
{
    const char *const values[] = {subject, number};
    for (size_t i = 0; i < 2; i++) {
        const char *mark = strstr(text, "%s");
        if (mark)
            text = arena_printf(call->arena, "%.*s%s%s", (int)(mark - text), text, values[i], mark + 2);
    }
    for (const char *twice = strstr(text, "%%"); twice; twice = strstr(text, "%%"))
        text = arena_printf(call->arena, "%.*s%s", (int)(twice - text), text, twice + 1);
    return text;
}

static const char *finding_text(const struct invocation *call, const json_t *finding, const char **ret_do)
{
    const struct saying *saying = saying_of(text_of(finding, "what"));
    long long number = number_of(finding, "number");
    *ret_do = "";
    if (!saying)                                /* a newer intake knows more */
        return arena_printf(call->arena, "%s %s %lld", text_of(finding, "what"), text_of(finding, "subject"), number);
    const char *subject = text_of(finding, "subject");
    const char *amount =
        saying->number == SPAN ? duration_text(call, number) : arena_printf(call->arena, "%lld", number);
    *ret_do = filled(call, say(call, saying->do_english, saying->do_chinese), subject, amount);
    return filled(call, say(call, saying->english, saying->chinese), subject, amount);
}

static const char *verdict_word(const struct invocation *call, const char *word)
{
    static const struct { const char *word, *english, *chinese; } words[] = {
        {"good", "GOOD", "正常"},     {"degraded", "DEGRADED", "有异常"},
        {"broken", "BROKEN", "有故障"}, {"note", "note", "提示"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(words[i].word, word))
            return say(call, words[i].english, words[i].chinese);
    return word;
}

/* One line that tells whether to read on. */
static void print_verdict(const struct invocation *call, const json_t *body)
{
    const json_t *findings = json_object_get(body, "findings");
    const char *verdict = text_of(body, "verdict"), *todo;
    printf("%s: ", verdict_word(call, verdict));
    if (strcmp(verdict, "good"))
        printf("%s; ", finding_text(call, json_array_get(findings, 0), &todo));
    printf(say(call, "processes %zu, hosts %zu, partitions %lld, %s UTC\n", "进程 %zu，主机 %zu，分区 %lld，%s UTC\n"),
           json_array_size(json_object_get(body, "members")), json_array_size(json_object_get(body, "hosts")),
           number_of(body, "partitions"), minute_text(call, text_of(body, "now")));
}

static void print_findings(const struct invocation *call, const json_t *body)
{
    size_t i;
    json_t *finding;
    json_array_foreach(json_object_get(body, "findings"), i, finding) {
        const char *todo, *text = finding_text(call, finding, &todo);
        printf("  %s: %s\n", verdict_word(call, text_of(finding, "level")), text);
        if (*todo)
            printf("      %s %s\n", say(call, "do:", "处理："), todo);
    }
}

/* -------- the numbers */

static void print_stages(const struct invocation *call, const json_t *stages)
{
    json_t *rows = json_deep_copy(stages), *row;
    size_t i;
    json_array_foreach(rows, i, row) {
        const char *owned =
            arena_printf(call->arena, "%lld/%lld", number_of(row, "partitions"), number_of(row, "of"));
        json_object_set_new(row, "owned", json_string(owned));
        long long late = number_of(row, "late_ms");
        json_object_set_new(row, "late", json_string(late >= SECOND_MS ? duration_text(call, late) : "-"));
        json_object_set_new(row, "due", json_string(minute_text(call, text_of(row, "oldest_due"))));
    }
    puts("");
    print_list(call, rows, "stage=Stage/环节,replicas=Replicas/副本,owned=Partitions/分区,lag=Lag/积压,"
                           "due=Next due/最早到期,late=Late/已晚");
    json_decref(rows);
}

/* "2 (64)": two replicas with 64 partitions between them; intake owns none. */
static const char *program_cell(const struct invocation *call, const json_t *programs, const char *name)
{
    size_t i;
    const json_t *program;
    json_array_foreach(programs, i, program) {
        if (strcmp(text_of(program, "program"), name))
            continue;
        long long replicas = number_of(program, "replicas"), partitions = number_of(program, "partitions");
        return partitions ? arena_printf(call->arena, "%lld (%lld)", replicas, partitions)
                          : arena_printf(call->arena, "%lld", replicas);
    }
    return "-";
}

static void print_hosts(const struct invocation *call, const json_t *hosts)
{
    static const char *const programs[] = {"intake", "scheduler", "follow-up", "complaint-router", "notifier"};
    json_t *rows = json_array();
    const json_t *host;
    size_t i;
    json_array_foreach(hosts, i, host) {
        json_t *row = json_pack("{s:s}", "host", text_of(host, "host"));
        for (size_t p = 0; p < sizeof programs / sizeof *programs; p++)
            json_object_set_new(row, programs[p],
                                json_string(program_cell(call, json_object_get(host, "programs"), programs[p])));
        json_array_append_new(rows, row);
    }
    puts("");
    print_list(call, rows, "host=Host/主机,intake=intake/受理,scheduler=scheduler/排程,follow-up=follow-up/回访,"
                           "complaint-router=complaint-router/投诉,notifier=notifier/通知");
    json_decref(rows);
}

static void print_work(const struct invocation *call, const json_t *body)
{
    const json_t *log = json_object_get(body, "log");
    printf(say(call, "\ntimers %lld, dead letters %lld, being sent %lld, set aside %zu%s\n",
               "\n计时 %lld，死信 %lld，发送中 %lld，被隔离 %zu%s\n"),
           number_of(body, "timers"), number_of(body, "dead_letters"), number_of(body, "sending"),
           json_array_size(json_object_get(body, "quarantined")),
           json_is_true(json_object_get(body, "quarantined_complete")) ? "" : say(call, " or more", "（或更多）"));
    printf(say(call, "log: %lld events, %lld kept", "日志：%lld 个事件，保留 %lld 个"), number_of(log, "events"),
           number_of(log, "kept"));
    if (*text_of(log, "first_at"))
        printf(say(call, " since %s UTC", "，自 %s UTC 起"), minute_text(call, text_of(log, "first_at")));
    if (number_of(log, "keep_hours"))
        printf(say(call, "; trimmed after %s, for consumers after %s", "；%s 后裁剪，为订阅方至多保留 %s"),
               duration_text(call, number_of(log, "keep_hours") * HOUR_MS),
               duration_text(call, number_of(log, "keep_for_consumers_hours") * HOUR_MS));
    else
        printf("%s", say(call, "; nothing is trimmed", "；不裁剪"));
    puts("");
}

static void print_store(const struct invocation *call, const json_t *store)
{
    long long limit = number_of(store, "limit_bytes"), days = number_of(store, "days_left");
    printf("%s: %.1f MB", say(call, "Redis", "Redis 存储"), (double)number_of(store, "used_bytes") / 1e6);
    if (limit)
        printf(say(call, " of %.1f MB", " / %.1f MB"), (double)limit / 1e6);
    else
        printf("%s", say(call, ", no limit set", "，未设上限"));
    if (days >= 0)
        printf(say(call, ", full in %lld days at this pace", "，按目前速度约 %lld 天后写满"), days);
    puts(json_is_true(json_object_get(store, "reachable")) ? "" : say(call, ", does not answer", "，无响应"));
}

static void print_titled(const struct invocation *call, const json_t *list, const char *title, const char *columns)
{
    if (!json_array_size(list))
        return;
    printf("\n%s\n", title);
    print_list(call, list, columns);
}

static void print_channels(const struct invocation *call, const json_t *channels)
{
    json_t *rows = json_deep_copy(channels), *row;
    size_t i;
    json_array_foreach(rows, i, row) {
        const char *success = text_of(row, "success_at");
        json_object_set_new(row, "state", json_string(json_is_true(json_object_get(row, "up")) ? say(call, "up", "正常")
                                                                                               : say(call, "down", "无应答")));
        json_object_set_new(row, "success", json_string(*success ? minute_text(call, success) : "-"));
    }
    print_titled(call, rows, say(call, "Channels", "渠道"),
                 "channel=Channel/渠道,gateway=Gateway/网关,state=State/状态,success=Last success (UTC)/上次成功（UTC）,detail=Why/原因");
    json_decref(rows);
}

static void print_status(const struct invocation *call, const json_t *body)
{
    print_verdict(call, body);
    print_findings(call, body);
    print_stages(call, json_object_get(body, "stages"));
    print_hosts(call, json_object_get(body, "hosts"));
    print_work(call, body);
    print_store(call, json_object_get(body, "store"));
    print_channels(call, json_object_get(body, "channels"));
    print_titled(call, json_object_get(body, "quarantined"), say(call, "Events set aside", "被隔离的事件"),
                 "stage=Stage/环节,partition=Partition/分区,seq=Seq/序号,type=Type/类型");
    print_titled(call, json_object_get(body, "consumers"), say(call, "Consumers", "订阅方"), consumer_columns);
}

int run_status(struct invocation *call)
{
    struct client_answer answer = client_get(call->client, "/v1/status");
    int code = answer.status == 200 ? EXIT_OK : answer_failed(call, &answer);
    if (code == EXIT_NO_ANSWER)
        fputs(say(call, "      do: is intake running (systemctl status careline-intake@1), and Redis?\n",
                  "      处理：受理（systemctl status careline-intake@1）与 Redis 是否在运行？\n"), stderr);
    if (code == EXIT_OK && call->json)
        print_json(answer.body);
    else if (code == EXIT_OK)
        print_status(call, answer.body);
    if (code == EXIT_OK && option(call, "check") && strcmp(text_of(answer.body, "verdict"), "good"))
        code = EXIT_REFUSED;
    json_decref(answer.body);
    return code;
}
