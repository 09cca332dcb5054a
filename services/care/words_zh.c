/* How the catalogue's words are said in tables in Chinese; JSON always has the words themselves. */
#include <string.h>

#include "command.h"

static const struct { const char *word, *chinese; } words[] = {
    {"key", "重点"}, {"regular", "一般"}, {"potential", "潜在"},
    {"product_quality", "产品质量"}, {"service_quality", "服务质量"}, {"price", "价格"}, {"delivery_time", "交付时间"}, {"other", "其他"},
    {"major", "重大"}, {"general", "一般"}, {"minor", "轻微"},
    {"phone", "电话"}, {"in_person", "当面"}, {"letter", "信函"}, {"chat", "聊天"}, {"email", "邮件"}, {"manufacturer", "厂家转办"},
    {"media", "媒体"}, {"web_forum", "网络论坛"}, {"consumer_association", "消费者协会"}, {"follow_up", "回访"},
    {"social_media", "社交媒体"}, {"review", "点评"}, {"complaint", "投诉"}, {"opinion", "意见"}, {"suggestion", "建议"},
    {"received", "已接收"}, {"acknowledged", "已告知"}, {"assessed", "已评估"}, {"assigned", "已分派"}, {"in_progress", "处理中"},
    {"resolved", "已解决"}, {"verified", "已验证"}, {"closed", "已结束"}, {"reopened", "重新打开"}, {"linked", "已并入"},
    {"first_response", "首次答复"}, {"progress", "进展通报"},
    {"running", "计时中"}, {"paused", "暂停"}, {"met", "按时"}, {"breached", "超时"}, {"cancelled", "取消"},
    {"open", "待领取"}, {"claimed", "已领取"}, {"waiting", "等待"},
    {"completed", "完成"}, {"reached", "接通"}, {"no_answer", "无人接听"}, {"busy", "占线"}, {"wrong_number", "号码错误"},
    {"refused", "拒访"}, {"call_back", "约定再拨"}, {"unreachable", "联系不上"}, {"dissatisfied", "不满意"},
    {"call", "电话"}, {"message", "短信通知"}, {"form", "表单"}, {"deadline", "期限"},
    {"wait", "等待事件"}, {"approval", "审批"}, {"checklist", "清单"}, {"set", "改档案"}, {"set", "改档案"}, {"limit", "时限"}, {"blocked", "未到"},
    {"arrived", "已到"}, {"late", "逾期"}, {"approved", "同意"}, {"declined", "驳回"},
    {"pending", "待办"}, {"started", "进行中"}, {"done", "完成"}, {"skipped", "略过"},
    {"sending", "发送中"}, {"retrying", "重试中"}, {"held", "待人工"}, {"sent", "已发"}, {"dead", "死信"},
    {"follow-up-agent", "回访员"}, {"service-advisor", "服务顾问"}, {"reception-supervisor", "接待主管"}, {"service-manager", "服务经理"},
    {"general-manager", "总经理"}, {"sales-consultant", "销售顾问"}, {"supervisor", "督导"}, {"manager", "经理"}, {"regional-office", "大区"},
    {"scheduler", "排程"}, {"follow-up", "回访"}, {"complaint-router", "投诉"}, {"notifier", "通知"},
    {"asked", "待审批"}, {"booked", "已入账"}, {"earned", "获得"}, {"redeemed", "兑换"}, {"expired", "到期"}, {"corrected", "更正"},
    {"planned", "已排"}, {"displaced", "无位"},
    {"yes", "是"}, {"no", "否"},
};

const char *word_said(const struct invocation *call, const char *word)
{
    for (size_t i = 0; call->chinese && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].chinese;
    return word;
}
