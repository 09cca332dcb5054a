#include "help.h"

#include <stdio.h>
#include <string.h>

/* A command's place and how it is typed, as a clerk or operator would. */
struct helped {
    const char *command;
    const char *example;
};

static const struct group {
    const char *english, *chinese;
    struct helped commands[16];         /* up to the first without a name */
} groups[] = {
    {"Every day", "日常工作",
     {{"tasks", "care tasks --agent han-xue"},
      {"claim", "care claim --agent han-xue"},
      {"screen", "care screen JC9001.first-follow-up"},
      {"outcome", "care outcome JC9001.first-follow-up completed --satisfaction 5 --agent han-xue"},
      {"release", "care release JC9001.first-follow-up --reason \"shift is over\""},
      {"reassign", "care reassign JC9001.first-follow-up fang-min"},
      {"reschedule", "care reschedule JC9001.first-follow-up \"2026-03-06 16:00\""},
      {"absent", "care absent han-xue --reason ill"},
      {"forms", "care forms --open yes"},
      {"form", "care form fill member --number M1 handed_on=2026-03-02 salesperson=pan-lei"},
      {"board", "care board --day 2026-03-10"}}},
    {"Complaints", "投诉",
     {{"cases", "care cases --open yes --grade major"},
      {"complaints", "care complaints"},
      {"case", "care case C1 assign --assignee luo-peng"}}},
    {"Customers", "客户",
     {{"customers", "care customers --class key"},
      {"customer", "care customer merge K1001 K1002 --reason \"the same mobile\""},
      {"plans", "care plans JC9001.auto-dealer.0"},
      {"notices", "care notices --dead"},
      {"points", "care points redeem K1001 500 --gift umbrella"},
      {"attach", "care attach K1001 licence.pdf"},
      {"books", "care books"}}},
    {"What comes in", "录入",
     {{"post", "care post car.delivered order=JC9001 customer.name=王芳 customer.mobile=13800000001"},
      {"import", "care import --map deploy/imports/customers.yaml customers.csv"}}},
    {"Settings", "设置",
     {{"apply", "care apply --check club"},
      {"playbook", "care playbook explain deploy/playbooks/auto-dealer.yaml"},
      {"calendar", "care calendar diff china-2027.ics"},
      {"template", "care template preview delivery-thanks model=UNI-K"},
      {"simulate", "care simulate tests/flows/delivery-follow-up.yaml"}}},
    {"What happens", "查看运行",
     {{"status", "care status"},
      {"tail", "care tail --type case.opened"},
      {"trace", "care trace JC9001"},
      {"check", "care check"},
      {"consumers", "care consumers"}}},
    {"The installation", "运维",
     {{"backup", "care backup /var/backups/careline"},
      {"restore", "care restore /var/backups/careline --dir run"},
      {"keys", "care keys curve /etc/careline/curve"},
      {"functions", "care functions list"},
      {"robots", "care robots --seed 1"}}},
};
enum { GROUPS = sizeof groups / sizeof *groups };

static const struct helped *helped_of(const struct group *group, const char *name)
{
    for (const struct helped *at = group->commands; at->command; at++)
        if (!strcmp(at->command, name))
            return at;
    return NULL;
}

static void print_one(const struct invocation *call, const struct command *command)
{
    printf("  %-11s %s\n", command->name, say(call, command->english, command->chinese));
}

static void print_group(const struct invocation *call, const struct group *group)
{
    printf("\n%s\n", say(call, group->english, group->chinese));
    for (const struct helped *at = group->commands; at->command; at++)
        for (size_t i = 0; i < command_count; i++)
            if (!strcmp(commands[i].name, at->command))
                print_one(call, &commands[i]);
}

static bool is_grouped(const char *name)
{
    bool found = false;
    for (size_t i = 0; i < GROUPS; i++)
        found = found || helped_of(&groups[i], name);
    return found;
}

static void print_rest(const struct invocation *call)
{
    bool any = false;
    for (size_t i = 0; i < command_count; i++) {
        if (is_grouped(commands[i].name))
            continue;
        if (!any)
            printf("\n%s\n", say(call, "More", "其他"));
        any = true;
        print_one(call, &commands[i]);
    }
}

int help_overview(const struct invocation *call)
{
    printf("%s\n", say(call, "care: the command line of Careline.  care COMMAND [ARGUMENTS] [--json] [--dir DIR]",
                       "care：Careline 命令行。用法：care 命令 [参数] [--json] [--dir 目录]"));
    for (size_t i = 0; i < GROUPS; i++)
        print_group(call, &groups[i]);
    print_rest(call);
    printf("\n%s\n",
           say(call,
               "care COMMAND --help tells more, with an example. Common options:\n"
               "  --dir DIR    the running system's directory (or CARELINE_DIR)   --url URL   its HTTP address (or CARELINE_URL)\n"
               "  --key KEY    credential (or CARELINE_KEY)                       --actor ID  who acts, where no key says so\n"
               "  --ca FILE    whom its certificate is from, PEM (or CARELINE_CA)\n"
               "  --json       print JSON                                         --lang L    zh or en (or LANG)\n"
               "Exit codes: 0 done; 1 refused, not found or found wrong; 2 called wrongly; 3 the system does not answer;\n"
               "4 a file has mistakes or a scenario does not hold.",
               "care 命令 --help 查看详情与示例。通用选项：\n"
               "  --dir 目录   正在运行的系统目录（或 CARELINE_DIR）   --url 地址  HTTP 地址（或 CARELINE_URL）\n"
               "  --key 密钥   凭证（或 CARELINE_KEY）                 --actor 人  无密钥时的操作人\n"
               "  --ca 文件    签发其证书的 CA，PEM（或 CARELINE_CA）\n"
               "  --json       输出 JSON                               --lang L    zh 或 en（或 LANG）\n"
               "退出码：0 完成；1 被拒绝、未找到或检查出问题；2 用法错误；3 系统无响应；4 文件有错误或场景不成立。"));
    return EXIT_OK;
}

int help_command(const struct invocation *call)
{
    const struct command *command = call->command;
    printf("care %s %s\n\n  %s\n", command->name, command->usage, say(call, command->english, command->chinese));
    if (command->details)
        printf("\n%s\n", command->details);
    for (size_t i = 0; i < GROUPS; i++) {
        const struct helped *helped = helped_of(&groups[i], command->name);
        if (helped)
            printf("\n%s\n  %s\n", say(call, "Example:", "示例："), helped->example);
    }
    return EXIT_OK;
}
