#!/usr/bin/env python3
"""Takes messages in place of the real world: an HTTP server (SMS gateways, web hooks) and an SMTP server in one process.

    sink.py --journal FILE [--http-port N] [--smtp-port N] [--fail-every N] [--delay-ms N] [--drop-answer-every N] …

Port 0 is any free one. When both listen it prints one line, `ready http=PORT smtp=PORT`. Each message taken becomes one
line of JSON in the journal, written before the answer leaves. Faults are counted over all messages, from 1: with
--drop-answer-every 5 the fifth, tenth … message is taken and journalled, but its answer never leaves.

--sends FILE tells what single attempts come to: lines of JSON with notice, attempt and result (temporary, permanent,
unknown; anything else is taken), read again whenever the file has changed.

A line has: n, at (seconds since 1970), kind (http or smtp), notice, attempt, to, text, answered (false: taken, but the answer
was dropped); http also method, path, query, headers, body; smtp also from, subject, message_id, headers. Messages refused on
purpose (--fail-every, --refuse) are not taken: they stand in the journal with taken false and the code that was given.
"""
import argparse
import asyncio
import email
import email.header
import email.policy
import json
import os
import signal
import sys
import time
import urllib.parse

LINE_MAX = 1 << 16
BODY_MAX = 1 << 20
SECONDS_MAX = 30


class Sink:
    def __init__(self, options):
        self.options = options
        self.journal = open(options.journal, "a", encoding="utf-8", buffering=1)
        self.count = 0
        self.told, self.told_at = {}, None

    def told_fate(self, notice, attempt):
        """As --sends tells it."""
        path = self.options.sends
        if not path or not os.path.exists(path):
            return None
        stands = os.stat(path)
        if self.told_at != (stands.st_mtime_ns, stands.st_size):
            self.told_at = (stands.st_mtime_ns, stands.st_size)
            with open(path, encoding="utf-8") as lines:
                sends = [json.loads(line) for line in lines]
            self.told = {(send["notice"], send["attempt"]): send["result"] for send in sends}
        return {"temporary": "fail", "permanent": "refuse", "unknown": "drop"}.get(self.told.get((notice, attempt)))

    def fate(self, to, notice, attempt):
        """Of the next message: None (taken), "drop", "fail" or "refuse"."""
        self.count += 1
        options = self.options
        told = self.told_fate(notice, attempt)
        if told:
            return told
        if options.refuse and options.refuse in to:
            return "refuse"
        if options.fail_every and self.count % options.fail_every == 0:
            return "fail"
        if options.drop_answer_every and self.count % options.drop_answer_every == 0:
            return "drop"
        return None

    def write(self, entry, fate, code):
        line = {"n": self.count, "at": time.time(), **entry, "taken": fate in (None, "drop"), "answered": fate != "drop"}
        if fate in ("fail", "refuse"):
            line["code"] = code
        self.journal.write(json.dumps(line, ensure_ascii=False) + "\n")

    async def wait(self):
        if self.options.delay_ms:
            await asyncio.sleep(self.options.delay_ms / 1000)

    # ---- HTTP

    async def http(self, reader, writer):
        try:
            await asyncio.wait_for(self.http_request(reader, writer), SECONDS_MAX)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError):
            pass
        writer.close()

    async def http_request(self, reader, writer):
        method, target, _ = (await reader.readline()).decode().split(" ", 2)
        headers = {}
        while (line := (await reader.readline()).rstrip(b"\r\n")):
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        body = (await reader.readexactly(min(length, BODY_MAX))).decode()
        await self.wait()
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        to = query.get("to", url.path)
        entry = {"kind": "http", "notice": headers.get("x-careline-notice", ""),
                 "attempt": int(headers.get("x-careline-attempt", 0)), "to": to, "text": query.get("text", body),
                 "method": method, "path": url.path, "query": query, "headers": headers, "body": body}
        fate = self.fate(to, entry["notice"], entry["attempt"])
        status = {None: 202, "drop": 202, "fail": self.options.fail_status, "refuse": 400}[fate]
        self.write(entry, fate, status)
        if fate == "drop":
            return
        answer = (self.options.answer if fate is None else "refused on purpose").encode()
        writer.write(b"HTTP/1.1 %d x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                     % (status, len(answer), answer))
        await writer.drain()

    # ---- SMTP

    async def smtp(self, reader, writer):
        try:
            await asyncio.wait_for(self.smtp_talk(reader, writer), SECONDS_MAX)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError):
            pass
        writer.close()

    async def smtp_talk(self, reader, writer):
        async def say(text):
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        sender, to = "", ""
        await say("220 sink ESMTP")
        while (line := (await reader.readline()).decode().rstrip("\r\n")):
            verb = line.upper()
            if verb.startswith(("EHLO", "HELO")):
                await say("250 sink")
            elif verb.startswith("MAIL FROM:"):
                sender = line[10:].split()[0].strip("<>")
                await say("250 ok")
            elif verb.startswith("RCPT TO:"):
                to = line[8:].split()[0].strip("<>")
                if self.options.refuse and self.options.refuse in to:
                    self.count += 1
                    self.write({"kind": "smtp", "notice": "", "attempt": 0, "to": to, "text": ""}, "refuse", 550)
                    await say("550 no such mailbox")
                else:
                    await say("250 ok")
            elif verb == "DATA":
                await say("354 go on")
                if not await self.smtp_data(reader, sender, to, say):
                    return
            elif verb == "QUIT":
                await say("221 bye")
                return
            else:
                await say("250 ok")

    async def smtp_data(self, reader, sender, to, say):
        lines, size = [], 0
        while (line := await reader.readline()) not in (b".\r\n", b""):
            size += len(line)
            if size > BODY_MAX:
                return False
            lines.append(line[1:] if line.startswith(b"..") else line)
        if line == b"":
            return False
        await self.wait()
        entry = mail_entry(b"".join(lines), sender, to)
        fate = self.fate(to, entry["notice"], entry["attempt"])
        code = {None: 250, "drop": 250, "fail": self.options.fail_code, "refuse": 550}[fate]
        self.write(entry, fate, code)
        if fate == "drop":
            return False
        await say(f"{code} {'taken' if fate is None else 'refused on purpose'}")
        return True


def mail_entry(raw, sender, to):
    mail = email.message_from_bytes(raw, policy=email.policy.default)

    def header(name):
        return str(email.header.make_header(email.header.decode_header(str(mail.get(name, "")))))

    return {"kind": "smtp", "notice": header("X-Careline-Notice"), "attempt": int(mail.get("X-Careline-Attempt", 0)), "to": to,
            "text": mail.get_content(), "from": sender, "subject": header("Subject"), "message_id": header("Message-ID"),
            "headers": {name.lower(): str(value) for name, value in mail.items()}}


def arguments():
    parser = argparse.ArgumentParser(description="takes SMS, web hook calls and mails, and writes them down")
    parser.add_argument("--journal", required=True)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--fail-every", type=int, default=0, metavar="N", help="answer each N-th with a temporary failure")
    parser.add_argument("--fail-status", type=int, default=503, help="HTTP status of those")
    parser.add_argument("--fail-code", type=int, default=451, help="SMTP code of those")
    parser.add_argument("--drop-answer-every", type=int, default=0, metavar="N", help="take each N-th, but close without an answer")
    parser.add_argument("--delay-ms", type=int, default=0, help="before each answer")
    parser.add_argument("--refuse", default="", metavar="TEXT", help="refuse recipients that have this text in them, for good")
    parser.add_argument("--sends", default="", metavar="FILE", help="what single attempts come to")
    parser.add_argument("--answer", default="0: Accepted for delivery", help="text of a good HTTP answer")
    return parser.parse_args()


async def main():
    sink = Sink(arguments())
    http = await asyncio.start_server(sink.http, sink.options.host, sink.options.http_port, limit=LINE_MAX)
    smtp = await asyncio.start_server(sink.smtp, sink.options.host, sink.options.smtp_port, limit=LINE_MAX)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"ready http={http.sockets[0].getsockname()[1]} smtp={smtp.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
    sys.exit(0)
