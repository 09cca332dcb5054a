"""The promises that a month is held against. Each takes a Month and yields what is broken, one line each.

Nothing here asks Careline: plans, clocks, windows and climbs are computed again from the input files, the journal of
acknowledgements, the log and what the sinks received."""
import collections

from shop_time import CALLS, DAY

HOUR = 3600000
LADDER = ["follow-up-agent", "service-advisor", "reception-supervisor", "service-manager", "general-manager"]
CLOCKS = {                                  # of business time; grade -> span
    "acknowledged": {"major": "30m", "general": "2h", "minor": "1d"},
    "assessed": {"major": "2h", "general": "1d", "minor": "2d"},
    "first_response": {"major": "4h", "general": "1d", "minor": "2d"},
    "progress": {"major": "1d", "general": "2d", "minor": "1w"},
    "resolved": {"major": "3d", "general": "7d", "minor": "15d"},
    "verified": {"major": "1d", "general": "3d", "minor": "7d"},
}
RETRY_GAPS = [2 * HOUR, DAY]
MISSED = ("no_answer", "busy")


def stamp(month, ms):
    return month.time.local(ms).strftime("%m-%d %H:%M:%S")


def acknowledged_is_logged(month):
    """Every acknowledged event is in the log, where the acknowledgement said."""
    for event, answer in month.acknowledged:
        found = month.by_place.get((answer["partition"], answer["seq"]))
        if not found:
            yield f"{event['source']} {event['id']}: acknowledged at {answer['partition']}/{answer['seq']}, not in the log"
        elif (found["source"], found["id"]) != (event["source"], event["id"]):
            yield f"{event['source']} {event['id']}: another event stands at {answer['partition']}/{answer['seq']}"


def log_is_whole(month):
    """Sequences are dense, the chain of ids is unbroken, and no fact stands twice."""
    last, seen = {}, set()
    for e in month.events:
        seq, chain = last.get(e["partition"], (0, "0" * 16))
        if e["seq"] != seq + 1:
            yield f"partition {e['partition']}: {e['seq']} follows {seq}"
        if e["prev"] != chain:
            yield f"partition {e['partition']} seq {e['seq']}: does not name the event before it"
        last[e["partition"]] = (e["seq"], e["chain"])
        key = (e["partition"], e["source"], e["id"])
        if key in seen:
            yield f"{e['source']} {e['id']} ({e['type']}) stands twice in the log"
        seen.add(key)


def every_visit_is_followed(month):
    """Each delivery and visit of the input files has its follow-ups; each ends once: in one outcome, or skipped with a reason."""
    wanted = [(n, ["delivery-thanks", "first-follow-up", "week-care"]) for n in month.deliveries]
    wanted += [(n, ["repair-follow-up"]) for n in month.visits]
    for number, steps in wanted:
        plans = [e for e in month.of_type("plan.made") if e["data"]["about"] == number]
        if len(plans) != 1 or [s["name"] for s in plans[0]["data"]["steps"]] != steps:
            yield f"{number}: {len(plans)} plans instead of one with {steps}"
            continue
        # a step whose task was cancelled ended with that task
        skipped = {e["data"]["step"] for e in month.of_type("plan.step_skipped")
                   if e["data"]["plan"] == plans[0]["data"]["plan"] and e["data"].get("outcome") != "cancelled"}
        skipped |= {s["name"] for s in plans[0]["data"]["steps"] if s.get("state") == "skipped"}
        for step in steps:
            ident = f"{month.site}/{number}.{step}"
            ends = len(month.closings[ident]) if step != "delivery-thanks" else len(month.notice_ends[ident])
            if ends + (step in skipped) != 1:
                yield f"{ident}: ended {ends} times{' and skipped' if step in skipped else ''}"


def every_task_ends_once(month):
    """A task is opened once and closed once, with an outcome; after that it is not touched, and nobody is called again."""
    for task, events in month.tasks.items():
        kinds = [e["type"] for e in events]
        if kinds.count("task.opened") != 1 or kinds.count("task.closed") != 1:
            yield f"{task}: opened {kinds.count('task.opened')} times, closed {kinds.count('task.closed')} times"
            continue
        if not events[kinds.index("task.closed")]["data"].get("outcome"):
            yield f"{task}: closed without an outcome"
        after = [k for k in kinds[kinds.index("task.closed") + 1:] if k not in ("task.corrected", "task.overdue")]
        if after:
            yield f"{task}: {after} after it was closed"


def calls_are_in_their_window(month):
    """No call is taken up outside its window, but for a time agreed with the customer; no retry before its gap is over."""
    for task, events in month.tasks.items():
        agreed, earliest, missed = None, 0, 0
        for e in events:
            if e["type"] == "task.claimed":
                if agreed and e["time"] < agreed:
                    yield f"{task}: called {stamp(month, e['time'])}, before the agreed time"
                if not agreed and not month.time.inside(e["time"], CALLS):
                    yield f"{task}: called {stamp(month, e['time'])}, outside its window"
                if e["time"] < earliest:
                    yield f"{task}: called again {stamp(month, e['time'])}, before the gap was over"
            elif e["type"] == "task.attempted":
                outcome = e["data"]["outcome"]
                agreed = e["data"]["due_at"] if outcome == "call_back" else None
                if outcome in MISSED:
                    earliest = e["time"] + RETRY_GAPS[min(missed, len(RETRY_GAPS) - 1)]
                    missed += 1
                else:
                    earliest = 0


def nobody_is_called_by_two(month):
    """While an agent holds a customer's call, no other agent takes one of the same customer; nobody takes what is taken."""
    line = {}
    for e in month.events:
        if not e["type"].startswith("task.") or "task" not in e["data"] or e["source"] in month.outside:
            continue
        task, customer = e["data"]["task"], e.get("customer")
        if e["type"] == "task.claimed":
            holder = line.get(customer)
            if holder and holder[1] != e["data"]["assignee"]:
                yield f"{task}: taken by {e['data']['assignee']} while {holder[1]} has {holder[0]} of the same customer"
            line[customer] = (task, e["data"]["assignee"])
        elif e["type"] in ("task.released", "task.attempted", "task.closed", "task.reassigned") and line.get(customer, ("",))[0] == task:
            del line[customer]


def dissatisfaction_becomes_a_complaint(month):
    """Every dissatisfied answer opened one complaint and one case, or the case it was about again."""
    unhappy = {}
    for task, events in month.tasks.items():
        for e in events:
            if e["type"] == "task.closed" and (e["data"].get("outcome") == "dissatisfied" or 1 <= e["data"].get("satisfaction", 5) <= 2):
                unhappy[task] = e
    said = collections.Counter(e["data"].get("task") for e in month.of_type("complaint.received") if e["data"].get("task"))
    for task, closed in unhappy.items():
        if task in month.reopening:
            continue
        if said[task] != 1:
            yield f"{task}: dissatisfied, {said[task]} complaints"
        number = task.split("/", 1)[1]
        opened = [e for e in month.of_type("case.opened") if e["data"]["case_id"].split("/", 1)[1] == number]
        if len(opened) != 1:
            yield f"{task}: its complaint opened {len(opened)} cases"
    for task in said:
        if task not in unhappy:
            yield f"{task}: a complaint, but nobody was dissatisfied"
    for body, answer in month.acts:
        data = body["data"]
        if body["type"] == "task.outcome" and answer and 1 <= data.get("satisfaction", 5) <= 2 and data["task"] not in unhappy:
            yield f"{data['task']}: the agent recorded {data['satisfaction']}, the task does not say so"


class Clock:
    """One deadline, as the rules say."""

    def __init__(self, month, name, grade, start):
        self.name, self.start, self.grade, self.running = name, start, grade, True
        self.due = month.time.add(start, CLOCKS[name][grade])
        business = month.time.between(start, self.due)
        # with no business time in between (received on a Sunday, due when Monday opens) the warning goes by the plain clock
        self.warn = month.time.add_ms(start, business * 80 // 100) if business else start + (self.due - start) * 80 // 100


class Case:
    """Walks the events of one case and says which warnings, breaches and climbs there must be."""

    def __init__(self, month, first):
        self.month, self.clocks, self.expected = month, {}, []
        self.grade = first["data"]["grade"]
        for name in ("acknowledged", "assessed", "first_response", "progress", "resolved"):
            self.begin(name, first["time"])

    def begin(self, name, start):
        self.clocks[name] = Clock(self.month, name, self.grade, start)

    def stop(self, now, *names):
        self.tick(now)
        for name in names or list(self.clocks):
            if name in self.clocks:
                self.clocks[name].running = False

    def tick(self, now):
        """Everything that falls due before `now`."""
        while True:
            due = [c for c in self.clocks.values() if c.running and c.due < now]
            if not due:
                break
            clock = min(due, key=lambda c: c.due)
            self.expected += [("case.warned", clock.name, clock.warn, clock.due), ("case.breached", clock.name, clock.due, clock.due)]
            clock.running = False
            if clock.name == "progress":
                self.begin("progress", clock.due)
        for clock in self.clocks.values():
            warned = ("case.warned", clock.name, clock.warn, clock.due)
            if clock.running and clock.warn < now and warned not in self.expected:
                self.expected.append(warned)

    def on(self, e):
        kind, now = e["type"], e["time"]
        if kind in ("case.warned", "case.breached"):
            self.tick(now + 1)          # what is done in the very millisecond of the deadline counts by its place in the log
        elif kind in ("case.acknowledged", "case.assessed"):
            self.stop(now, kind[5:])
        elif kind == "case.responded":
            self.stop(now, "first_response")
        elif kind == "case.reported":
            self.stop(now, "progress")
            self.begin("progress", now)
        elif kind == "case.resolved":
            self.stop(now, "acknowledged", "assessed", "first_response", "progress", "resolved")
            self.begin("verified", now)
        elif kind == "case.verified":
            self.stop(now, "verified")
        elif kind in ("case.closed", "case.linked"):
            self.stop(now)
        elif kind == "case.reopened":
            self.stop(now, "verified")
            self.begin("resolved", now)
            self.begin("progress", now)


def clocks_warn_breach_and_climb(month):
    """Every missed deadline was warned of once, told once, and climbed one rung, at the very millisecond."""
    for case_id, events in month.cases.items():
        if events[0]["type"] != "case.opened" or any(e["type"] == "case.linked" for e in events):
            continue
        case, said = Case(month, events[0]), []
        for e in events:
            case.on(e)
            if e["type"] in ("case.warned", "case.breached"):
                said.append((e["type"], e["data"]["clock"], e["time"], e["data"]["due_at"]))
        case.tick(month.end)
        for missing in sorted(set(case.expected) - set(said)):
            yield f"{case_id}: no {missing[0]} of {missing[1]} at {stamp(month, missing[2])}"
        for extra in sorted(set(said) - set(case.expected)):
            yield f"{case_id}: {extra[0]} of {extra[1]} at {stamp(month, extra[2])}, which the rules do not say"
        for twice, count in collections.Counter(said).items():
            if count > 1:
                yield f"{case_id}: {twice[0]} of {twice[1]} said {count} times"
        yield from climbs(month, case_id, events)


def climbs(month, case_id, events):
    role = None
    for i, e in enumerate(events):
        if e["type"] == "case.breached":
            climb = [x for x in events[i + 1:] if x["cause_seq"] == e["cause_seq"] and x["type"] == "case.escalated"
                     and x["data"].get("clock") == e["data"]["clock"] and x["data"].get("due_at") == e["data"]["due_at"]]
            top = role == LADDER[-1]
            if len(climb) != (0 if top else 1):
                yield f"{case_id}: {e['data']['clock']} breached at {stamp(month, e['time'])} as {role}, climbed {len(climb)} times"
            elif climb and LADDER.index(climb[0]["data"]["role"]) <= LADDER.index(role):
                yield f"{case_id}: climbed from {role} to {climb[0]['data']['role']}"
        role = e["data"].get("role", role) if e["type"] != "case.breached" else role


def messages_match_notices(month):
    """What the sinks received is what the log says was sent, one to one; a message that came twice had an attempt without
    a recorded answer."""
    attempts = collections.Counter(e["data"]["notice"] for e in month.of_type("notice.attempted"))
    unknown = collections.Counter(e["data"]["notice"] for e in month.of_type("send.finished") if e["data"]["result"] == "unknown")
    answered = collections.Counter(e["data"]["notice"] for e in month.of_type("send.finished"))
    sent = {e["data"]["notice"]: e for e in month.of_type("notice.sent")}
    received = collections.Counter(m["notice"] for m in month.messages)
    month.doubled = sum(count - 1 for count in received.values() if count > 1)
    for notice in sent:
        if not received[notice]:
            yield f"{notice}: said to be sent, no sink has it"
    for notice, count in received.items():
        open_ended = unknown[notice] + attempts[notice] - answered[notice]
        if notice not in sent and not open_ended:
            yield f"{notice}: a sink has it, the log does not say so"
        if count > 1 + open_ended:
            yield f"{notice}: {count} times at the sinks, {open_ended} attempts without a recorded answer"
    for notice, count in collections.Counter(e["data"]["notice"] for e in month.of_type("notice.sent")).items():
        if count > 1:
            yield f"{notice}: said to be sent {count} times"


PROMISES = [acknowledged_is_logged, log_is_whole, every_visit_is_followed, every_task_ends_once, calls_are_in_their_window,
            nobody_is_called_by_two, dissatisfaction_becomes_a_complaint, clocks_warn_breach_and_climb, messages_match_notices]
