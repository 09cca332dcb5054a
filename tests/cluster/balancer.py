#!/usr/bin/env python3
"""What stands before the intakes of several hosts: takes TCP connections and gives each to a host whose intake answers.

    balancer.py --hosts ADDRESS,… --health PORT --ports PORT,…

Listens on 127.0.0.1 at the same ports that the hosts have. A host is asked `GET /healthz` once a second; after two
questions without an answer its connections are closed, so that whoever waits there asks again elsewhere. Prints `ready`
when it listens.
"""
import argparse
import asyncio
import itertools
import signal

ASK_SECONDS, ANSWER_SECONDS, MISSES_MAX = 1.0, 2.5, 2
CONNECT_SECONDS = 1.0


class Host:
    def __init__(self, address):
        self.address, self.misses, self.writers = address, MISSES_MAX, set()

    async def watch(self, port):
        while True:
            try:
                good = await asyncio.wait_for(self.ask(port), ANSWER_SECONDS)
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
                good = False
            self.misses = 0 if good else self.misses + 1
            if self.misses == MISSES_MAX:
                for writer in list(self.writers):
                    writer.transport.abort()
            await asyncio.sleep(ASK_SECONDS)

    async def ask(self, port):
        reader, writer = await asyncio.open_connection(self.address, port)
        try:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: intake\r\nConnection: close\r\n\r\n")
            return b" 200 " in await reader.readline()
        finally:
            writer.transport.abort()


class Balancer:
    def __init__(self, options):
        self.options = options
        self.hosts = [Host(address) for address in options.hosts.split(",")]
        self.turn = itertools.count()

    def order(self):
        """Those that answer, another one first each time."""
        first = next(self.turn)
        turned = [self.hosts[(first + i) % len(self.hosts)] for i in range(len(self.hosts))]
        return [host for host in turned if host.misses < MISSES_MAX]

    async def serve(self, port, reader, writer):
        for host in self.order():
            try:
                there, back = await asyncio.wait_for(asyncio.open_connection(host.address, port), CONNECT_SECONDS)
            except (OSError, asyncio.TimeoutError):
                continue
            await self.carry(host, (reader, back), (there, writer))
            return
        writer.transport.abort()

    async def carry(self, host, *ways):
        writers = {writer for _, writer in ways}
        host.writers |= writers
        tasks = [asyncio.ensure_future(copy(*way)) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for writer in writers:
            writer.transport.abort()
        await asyncio.wait(tasks)
        host.writers -= writers

    async def run(self):
        watching = [asyncio.ensure_future(host.watch(self.options.health)) for host in self.hosts]
        for port in map(int, self.options.ports.split(",")):
            await asyncio.start_server(lambda r, w, port=port: self.serve(port, r, w), "127.0.0.1", port)
        print("ready", flush=True)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
        for task in watching:
            task.cancel()


async def copy(reader, writer):
    try:
        while (data := await reader.read(1 << 16)):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="spreads connections over the intakes of several hosts")
    parser.add_argument("--hosts", required=True)
    parser.add_argument("--health", type=int, required=True)
    parser.add_argument("--ports", required=True)
    asyncio.run(Balancer(parser.parse_args()).run())
