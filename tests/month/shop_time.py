"""The sample shop's time, computed again from scratch: opening hours, call windows, holidays, business time."""
import datetime
import re

ZONE = datetime.timezone(datetime.timedelta(hours=8))
DAY = 86400000
BUSINESS = [(9 * 60, 18 * 60)]
CALLS = [(10 * 60, 11 * 60 + 30), (15 * 60, 17 * 60 + 30)]


class ShopTime:
    def __init__(self, ics_text):
        self.holidays, self.working = set(), set()
        for event in re.findall(r"BEGIN:VEVENT(.*?)END:VEVENT", ics_text, re.S):
            start = re.search(r"DTSTART[^:]*:(\d{8})", event).group(1)
            end = re.search(r"DTEND[^:]*:(\d{8})", event)
            day = datetime.datetime.strptime(start, "%Y%m%d").date()
            last = datetime.datetime.strptime(end.group(1), "%Y%m%d").date() if end else day + datetime.timedelta(1)
            workday = "WORKDAY" in event or "班" in (re.search(r"SUMMARY[^:]*:(.*)", event) or [""])[0]
            while day < last:
                (self.working if workday else self.holidays).add(day)
                day += datetime.timedelta(1)

    def local(self, ms):
        return datetime.datetime.fromtimestamp(ms // 1000, ZONE)

    def at(self, day, minute):
        start = datetime.datetime(day.year, day.month, day.day, tzinfo=ZONE)
        return int(start.timestamp() * 1000) + minute * 60000

    def works(self, day):
        return day in self.working or (day not in self.holidays and day.weekday() < 6)

    def openings(self, day, week):
        return [(self.at(day, a), self.at(day, b)) for a, b in week] if self.works(day) else []

    def inside(self, ms, week):
        return any(a <= ms < b for a, b in self.openings(self.local(ms).date(), week))

    def next_open(self, ms):
        """The first instant at or after `ms` that lies in business hours."""
        day = self.local(ms).date()
        while True:
            for a, b in self.openings(day, BUSINESS):
                if ms < b:
                    return max(ms, a)
            day += datetime.timedelta(1)

    def add_ms(self, ms, span):
        while True:
            ms = self.next_open(ms)
            end = next(b for a, b in self.openings(self.local(ms).date(), BUSINESS) if a <= ms < b)
            if span <= end - ms:
                return ms + span
            span -= end - ms
            ms = end

    def add_days(self, ms, days):
        """The same clock time on the n-th working day on."""
        local = self.local(ms)
        day, time_of_day = local.date(), ms - self.at(local.date(), 0)
        while days:
            day += datetime.timedelta(1)
            days -= self.works(day)
        landed = self.at(day, 0) + time_of_day
        return landed if any(a <= landed < b for a, b in self.openings(day, BUSINESS)) else self.next_open(landed)

    def between(self, start, end):
        total, day = 0, self.local(start).date()
        while self.at(day, 0) < end:
            total += sum(max(0, min(b, end) - max(a, start)) for a, b in self.openings(day, BUSINESS))
            day += datetime.timedelta(1)
        return total

    def add(self, ms, span):
        """`span` as 30m, 2h, 3d, 1w of business time."""
        number, unit = int(span[:-1]), span[-1]
        if unit in "dw":
            return self.add_days(ms, number * (7 if unit == "w" else 1))
        return self.add_ms(ms, number * {"m": 60000, "h": 3600000}[unit])
