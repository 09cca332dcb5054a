#include "command.h"

const struct command commands[] = {
    {"post", "TYPE key=value… | --file F", "take in a fact", "录入一件事实", " site id source at file customer ",
     "  care post car.delivered order=JC001 customer.name=王芳 customer.mobile=13800000001\n"
     "  customer.FIELD  of the customer (FIELD alone does too)   customer=ID  a customer by id, as --customer ID\n"
     "  --at TIME       when it happened: 2026-03-06 16:00 in the site's time, or RFC 3339 with its offset; else now\n"
     "  --id ID         number of the fact at its source; posting the same (source, id) again adds nothing. Left out: the\n"
     "                  number of the order, visit or complaint, or a random one\n"
     "  --source S      its source (care)      --site SITE  where it happened\n"
     "  --file F        one event or a list of them, as JSON (- for standard input); id, source and site may be left out\n"
     "Types and their fields: proto/EVENTS.md. An act (task.claim, case.assign …) is answered with what came of it.", false, run_post},
    {"import", "--map MAP FILE [--check]", "take in a front desk's CSV or XLSX file", "导入前台导出的 CSV 或 XLSX 文件",
     " map site journal !check !paced ",
     "  --map MAP       how its columns are read (deploy/imports/*.yaml)\n"
     "  --check         read and report only; needs no running system   --site SITE  whose it is\n"
     "  --paced         take each row in at its own time of the system's clock, as it happened\n"
     "  --journal F     append what was acknowledged to this file, one JSON line each", true, run_import},
    {"apply", "PATH… [--check]", "check and store playbooks, calendars, templates, staff, workshops", "检查并启用剧本、日历、模板、人员、车间",
     " site !check !move !release ", "  Files are told apart by their first key (playbook, calendar, templates, staff, workshop). A directory means all its\n"
     "  *.yaml. With a mistake in any of them nothing is stored, and what was in force\n"
     "  stays so.   --check  only check; needs no running system   --site SITE  whose they are\n"
     "  --move          then give what is planned its times anew, as care playbook diff and care calendar diff show\n"
     "  --release       instead of files, names of template sets that somebody else has proposed: puts them in force", true, run_apply},
    {"playbook", "check|explain|simulate|diff FILE", "look at a playbook before it is in force: mistakes, in words, tried, what it moves",
     "启用前查看剧本：检查、解读、试算、比较改期", " event at calendar site ",
     "  care playbook check FILE                  every mistake, with its place\n"
     "  care playbook explain FILE --lang zh      read back in sentences: on what, when, what, by whom, by when, what follows\n"
     "  care playbook simulate FILE --calendar deploy/calendars/sample.yaml --event car.delivered order=1 --at \"2026-03-06 16:00\"\n"
     "                                            what one fact would lead to, when, and why then; key=value as for care post\n"
     "  care playbook diff FILE --site SITE       which planned steps would move, and to when, were it in force and the plans that\n"
     "                                            began with another version of it put on it; changes nothing. care apply --move does it", true, run_playbook},
    {"calendar", "diff NEW.ics | NEW.yaml", "what another calendar, or other holidays, would move of what is planned", "新日历（节假日）会使哪些计划改期",
     " site ",
     "  care calendar diff holidays-2027.ics      the calendar in force with these holidays instead of its own\n"
     "  care calendar diff calendar.yaml          another calendar. Changes nothing; care apply --move calendar.yaml does it", true, run_calendar},
    {"template", "[preview NAME [key=value…]]", "the texts in force, and how one would read", "列出模板，预览一段文本",
     " site customer channel set ",
     "  preview NAME    shows the text by SMS and by mail; nothing is sent   --channel C  only as it goes by that channel\n"
     "  --lang zh|en    in which language   --customer ID  to whom   --set SET  of which set; else of the first that has it\n"
     "  key=value       what the text shows, such as field.what=… ; of what is not told its name stands there", false, run_template},
    {"tail", "[--type T] [--from SEQ|now|start]", "show events as they happen", "实时显示事件", " type from site count !once ",
     "  --type T        only this type, such as case.opened   --site SITE  only of this site\n"
     "  --from now      (default) only new ones   --from start  all   --from SEQ  of the site's log, with --site\n"
     "  --count N       end after N   --once  end at the end of the log   --json  one event a line", false, run_tail},
    {"customers", "[ID]", "list customers", "列出客户", " site class limit ",
     "  --class key|regular|potential   --limit N  at most so many   --site SITE", false, run_customers},
    {"customer", "merge A B | unmerge A B", "two records are of one person, or are not after all", "合并或拆分同一人的两条客户档案",
     " reason site ", "  A stays: it takes what B knows, and the stricter of what both allow; what is told of B from then on concerns A.\n"
     "  unmerge         each has its own again   --reason WHY   --site SITE", false, run_customer},
    {"tasks", "[ID] [--agent A]", "list work", "列出任务", " site agent role customer state limit ",
     "  --agent A       what A holds and what waits for A's roles   --state open|claimed|waiting|closed|all\n"
     "  --role R  --customer C  --site SITE   only those   --limit N  at most so many", false, run_tasks},
    {"screen", "TASK", "what to know, say and ask in a call", "通话界面：客户历史、话术、禁用语与问卷", " site lang ",
     "  Who is called and what was before, the script with its branches, phrases to avoid, the questions, what comes next.\n"
     "  --lang zh|en    in which language; the customer's if left out   --json  all of it", false, run_screen},
    {"claim", "[TASK] --agent A", "take a task, or the next of the list", "领取任务（或列表中的下一个）", " agent site ",
     "  --agent A       who takes it, by id of the staff list. Without TASK the next one that A may call now, key customers\n"
     "                  first   --site SITE", false, run_claim},
    {"release", "TASK", "give a task back", "退回任务", " reason site ", "  --reason WHY", false, run_release},
    {"reassign", "TASK AGENT", "give a task to another agent", "转派任务", " reason site ", "  --reason WHY", false, run_reassign},
    {"reschedule", "TASK TIME", "move a task", "改约任务", " reason site ",
     "  TIME            2026-03-06 16:00 in the site's time, or RFC 3339 with its offset   --reason WHY", false, run_reschedule},
    {"outcome", "TASK OUTCOME", "record what came of an attempt", "登记结果",
     " satisfaction answers complaint suggestion note understood read-back remedy at seconds agent reason site !correct ",
     "  OUTCOME: completed, no_answer, busy, wrong_number, refused, call_back\n"
     "  --satisfaction 1..5  --answers q1=5,q2=yes  --complaint TEXT  --suggestion TEXT  --note TEXT\n"
     "  --understood TEXT --read-back yes|no   what was read back to the customer, and if it was confirmed\n"
     "  --remedy TEXT   what was agreed with the customer\n"
     "  --at TIME       agreed time, with call_back (the site's, if it has no offset)\n"
     "  --agent A       who made the attempt, if not the one who says so   --seconds N  how long it took\n"
     "  --correct       put right what was recorded; --reason says why", false, run_outcome},
    {"absent", "AGENT", "somebody is not there (or --back)", "人员离岗（或 --back 返岗）", " reason site !back ",
     "  --back          the person is there again   --reason WHY   --site SITE", false, run_absent},
    {"forms", "[--form F] [--open yes]", "list forms that are being filled in, or are", "列出表单", " site form open customer limit ",
     "  --form F        only of this kind   --open yes  those in which something is missing   --customer C\n"
     "  --limit N       at most so many   --site SITE", false, run_forms},
    {"form", "ID | fill FORM FIELD=VALUE… | print FORM | blanks", "read a form, fill it in, print a blank",
     "查看、填写表单，打印空白表单", " site number task customer reason lang !text ",
     "  care form need.N1                                       what stands in it, what is missing, which forms belong to it\n"
     "  care form fill need --number N1 urgency=high            --task T  the task that asks for it   --customer C  --reason WHY\n"
     "                                                          FIELD= clears a field; without --number a new form is begun\n"
     "  care form blanks                                        which forms there are\n"
     "  care form print need --lang zh > need.html              a page of A4 to be filled in with a pen; --text as plain text", false,
     run_form},
    {"cases", "[--open yes]", "list complaints", "列出投诉", " site state open grade role assignee customer limit ",
     "  --open yes|no   --state S  received, acknowledged, assessed, assigned, in_progress, resolved, verified, closed, reopened, linked\n"
     "  --grade major|general|minor   --role R   --assignee A   --customer C   --site SITE   --limit N  at most so many", false,
     run_cases},
    {"complaints", "[--open] | pareto --month M", "all complaints with their next deadlines and promises; what a month's came from",
     "投诉总览：下一时限与承诺；按月主要原因分析", " site month by !open ",
     "  --open          only those that are open\n"
     "  pareto          --month 2026-03 by cause, category, product and employee, most first; --by cause  only one of them\n"
     "  --site SITE     only of this site", false, run_complaints},
    {"case", "ID [ACT | --file]", "show a complaint with its clocks, or act on it", "查看或处理一件投诉",
     " note reason assignee category grade at compensation amount effect-manufacturer effect-customer satisfaction root-cause attachments site !file ",
     "  --file          the whole file: every event, call, notice and attachment in order\n"
     "  ACT: acknowledge, assess, assign, start, respond, report, promise, wait, resume, escalate, propose, approve, decline,\n"
     "       resolve, verify, close, reopen, link, unlink\n"
     "  assess --category C --grade G --reason WHY · assign --assignee A · promise --at TIME · wait [--at TIME]\n"
     "  propose --compensation TEXT --amount CENTS --effect-manufacturer TEXT --effect-customer TEXT\n"
     "  verify --satisfaction 1..5 · resolve and close --root-cause TEXT · any of them --note TEXT --reason WHY\n"
     "       --attachments A,B", false, run_case},
    {"books", "[ID]", "list what forms add up to; one page with its count and sums", "列出账页：各表单的件数与合计",
     " site book limit ", "  --book BOOK  --site SITE  only those   --limit N  at most so many", false, run_books},
    {"plans", "[ID]", "list planned follow-ups; one of them with its steps and why they fall when they do", "列出回访计划，或一个计划的各步骤与缘由",
     " site customer limit ", "  --customer C  --site SITE  only those   --limit N  at most so many", false, run_plans},
    {"attach", "CUSTOMER FILE", "put a copy of a paper into a customer's record, sealed", "将证件副本加密存入客户档案", " site name ",
     "  FILE            512 KiB at most, such as a photo of the vehicle licence   --name NAME  what it is called   --site SITE", false,
     run_attach},
    {"points", "[CUSTOMER | redeem CUSTOMER N | correct CUSTOMER N | approve ENTRY | decline ENTRY]",
     "a customer's loyalty points: show, redeem, correct, decide", "客户积分：查看、兑换、更正、审批", " site entry about gift reason state limit ",
     "  Without CUSTOMER: entries of all; --state asked  those that wait for approval   --limit N  at most so many\n"
     "  redeem CUSTOMER N   --gift WHAT  for what  --entry NUMBER  of the receipt: never taken twice   --about VISIT\n"
     "  correct CUSTOMER N  --reason WHY  asks for N points more, or (-N) less; somebody else approves   --about ENTRY\n"
     "  approve ENTRY, decline ENTRY   [--reason WHY]", false, run_points},
    {"board", "[--day DATE] | --waiting [JOB]", "a workshop's day: who does what, where and when", "车间看板：谁在何时何处做什么",
     " site day !waiting ",
     "  --day DATE      as 2026-03-10; today if left out   --site SITE   --json  what a chart needs\n"
     "  --waiting       the waiting room's screen: each car's stage under a masked name; with JOB how far that one is", false,
     run_board},
    {"trace", "ID", "what led to what, and when", "追溯因果链", " site ", "  ID of an event, order, visit, complaint, task, case, plan or notice: what it led to and what led to it   --site SITE", false, run_trace},
    {"notices", "[resend ID | pause | resume]", "list messages; send dead letters again; stop and start sending", "列出通知；重发死信；暂停与恢复发送",
     " site state customer limit reason playbook !dead ",
     "  --dead: dead letters only   --playbook NAME  resume: what waits because this playbook asked for too many messages", false, run_notices},
    {"status", "", "the installation at a glance: is it well, and what to do if not", "系统概况：是否正常，异常如何处理", " !check ",
     "  --check         exit code 1 unless all is good", false, run_status},
    {"consumers", "[forget NAME]", "other teams' programs that read events; forget one that does not come back",
     "列出订阅方；移除不再使用的订阅方", " !force ",
     "  forget NAME     the log waits for it no longer; what it had not read it may miss\n"
     "  --force         though it was heard of within the last minute", false, run_consumers},
    {"check", "", "does every open entity have its timer and list entry", "一致性检查", " site ", "  --site SITE     only of this site", false, run_check},
    {"backup", "OUT", "copy all state of a run's directory", "备份", " ",
     "  OUT/log holds the log, state and gateways; OUT/keys the customers' keys and API keys: keep it apart, so that an erasure\n"
     "  stays one. Needs --dir of a system on this machine.", true, run_backup},
    {"restore", "OUT", "put a backup into an empty run's directory", "恢复备份", " ",
     "  --dir DIR must not be running and must hold no state.", true, run_restore},
    {"keys", "curve DIR [--name N] | redis DIR", "make keys for ZeroMQ between machines, users of Redis",
     "生成机器间 ZeroMQ 通信的密钥、Redis 用户", " name may public ",
     "  care keys curve DIR                                      this machine's own key: DIR/own.key, allowed/HOSTNAME.pub\n"
     "  care keys curve DIR --name erp --may post                a key for somebody else: DIR/erp.secret is to be carried there\n"
     "  care keys curve DIR --name bi --public KEY --may consume one that was made elsewhere is let in\n"
     "  --may LIST      daemon (one of the installation) · listen (hears the events of all sites) · post (brings facts) ·\n"
     "                  consume (asks replay); with commas. Left out: daemon for an own key, else listen,consume\n"
     "A file that is taken out of DIR/allowed ends what its key had open, within seconds.\n"
     "  care keys redis DIR     DIR/store/users.acl and DIR/keys/users.acl for the two Redis (aclfile), and a password for each\n"
     "                          program; those that are there stay: remove a .password to have a new one", true, run_keys},
    {"functions", "[list | load | remove]", "the functions in Redis: one library for each version", "Redis 中的函数库（每个版本一套）",
     " store user password-file ca ",
     "  list     each with how many daemons call it\n"
     "  load     this version's, at every master: before daemons of this version are started\n"
     "  remove   those that no daemon calls and that are not this version's; should one come back, it loads its own\n"
     "  --store ADDRESS  --user NAME  --password-file F   else what DIR/endpoints says", true, run_functions},
    {"simulate", "FILE…", "run scenarios in memory, in virtual time", "在虚拟时间中运行场景",
     " shift deploy sends !quiet !live !span ",
     "  --deploy DIR    where playbooks, calendars, templates are (./deploy, or that beside the build)\n"
     "  --shift N       move each expected time by N minutes, one after the other: shows that the scenario can fail\n"
     "  --live          play them on a running system whose time is stepped, each in a site of its own, and compare how they end\n"
     "  --sends F       with --live: F says of each attempt to send what it is to come to, for the gateways\n"
     "  --span          tell when each begins and ends\n"
     "  --quiet         tell only what fails", true, run_simulate},
    {"robots", "--seed N", "play the staff of a site, for demos and tests", "机器人员工（演示与测试）", " seed site until every journal ",
     "  Works through the public interface only.\n"
     "  --every MIN     looks at the lists that often (5)   --until TIME  ends then   --site SITE\n"
     "  --journal F     append what was acknowledged to this file, one JSON line each", false, run_robots},
};
const size_t command_count = sizeof commands / sizeof *commands;
