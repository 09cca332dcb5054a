"""Faults planted in a month that passed, to show that the checker would have seen them. Each takes a copy of the month, spoils
it, and returns what it spoiled (None: the month has nothing of the kind)."""
from promises import (acknowledged_is_logged, calls_are_in_their_window, clocks_warn_breach_and_climb, dissatisfaction_becomes_a_complaint,
                      every_task_ends_once, every_visit_is_followed, log_is_whole, messages_match_notices)

HOUR = 3600000


def drop(month, kind, which=lambda e: True):
    for e in month.events:
        if e["type"] == kind and which(e):
            month.read([x for x in month.events if x is not e])
            return e
    return None


def event_dropped(month):
    return drop(month, "car.delivered")


def event_dropped_and_closed_up(month):
    """Cut out so that sequence and chain look whole: only the journal of acknowledgements knows."""
    gone = next((e for e in month.events if e["type"] == "visit.finished"), None)
    for e in month.events:
        if gone and e["partition"] == gone["partition"] and e["seq"] > gone["seq"]:
            if e["seq"] == gone["seq"] + 1:
                e["prev"] = gone["prev"]
            e["seq"] -= 1
    month.read([e for e in month.events if e is not gone])
    return gone


def call_moved(month):
    for e in month.events:
        if e["type"] == "task.claimed":
            e["time"] += 3 * HOUR
            return e
    return None


def task_forgotten(month):
    return drop(month, "task.closed")


def plan_forgotten(month):
    return drop(month, "plan.made", lambda e: e["data"]["about"] in month.visits)


def called_twice(month):
    claimed = next((e for e in month.events if e["type"] == "task.claimed"), None)
    if claimed:
        month.read(month.events + [{**claimed, "seq": max(e["seq"] for e in month.events if e["partition"] == claimed["partition"]) + 1}])
    return claimed


def complaint_forgotten(month):
    return drop(month, "complaint.received", lambda e: e["data"].get("task"))


def climb_left_out(month):
    return drop(month, "case.escalated", lambda e: e["data"].get("clock"))


def breach_left_out(month):
    """One with nothing else in its millisecond: an act in that very moment would have been in time without it."""
    def alone(breach):
        return all(e["cause_seq"] == breach["cause_seq"] or e["time"] != breach["time"] for e in month.cases[breach["data"]["case_id"]])
    return drop(month, "case.breached", alone)


def warned_late(month):
    for e in month.events:
        if e["type"] == "case.warned":
            e["time"] += 60000
            return e
    return None


def message_doubled(month):
    if month.messages:
        month.messages.append(month.messages[0])
        return month.messages[0]
    return None


def message_lost(month):
    return month.messages.pop() if month.messages else None


PLANTED = [
    ("an event dropped", event_dropped, log_is_whole),
    ("an acknowledged event cut out without a trace", event_dropped_and_closed_up, acknowledged_is_logged),
    ("a call moved out of its window", call_moved, calls_are_in_their_window),
    ("a task that never ends", task_forgotten, every_task_ends_once),
    ("a visit without follow-up", plan_forgotten, every_visit_is_followed),
    ("a customer called again after the end", called_twice, every_task_ends_once),
    ("a dissatisfied answer without complaint", complaint_forgotten, dissatisfaction_becomes_a_complaint),
    ("a climb left out", climb_left_out, clocks_warn_breach_and_climb),
    ("a breach left out", breach_left_out, clocks_warn_breach_and_climb),
    ("a warning a minute late", warned_late, clocks_warn_breach_and_climb),
    ("a message doubled", message_doubled, messages_match_notices),
    ("a message lost", message_lost, messages_match_notices),
]
