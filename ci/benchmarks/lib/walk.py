#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-only
"""walk.py ROUNDS FILES MIB NAME=CONFIG=PROGRAM...: the rows of the benchmark `walk`, each on all builds in turns."""
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import time
import urllib.request
from nine import Client, text

MIB = 1 << 20
FILE_BYTES = 4096
COUNTED = re.compile(r'^zerofs_store_(requests|bytes)_total\{.*operation="(\w+)".*\} (\S+)$', re.M)


class Pipeline(Client):
    """A connection with several chains of requests in flight. A chain is a generator of requests that receives the answers."""

    def __init__(self, port):
        super().__init__(port)
        self.call(100, 0xFFFF, struct.pack("<I", MIB + 24) + text(b"9P2000.L"))
        self.call(104, 0, struct.pack("<II", 0, 0xFFFFFFFF) + text(b"root") + text(b"/") + struct.pack("<I", 0))
        self.data = bytearray()

    def answer(self):
        """Returns tag and body of the next answer."""
        while len(self.data) < 4 or len(self.data) < struct.unpack_from("<I", self.data)[0]:
            part = self.socket.recv(MIB)
            if not part:
                raise EOFError
            self.data += part
        length = struct.unpack_from("<I", self.data)[0]
        message = bytes(self.data[:length])
        del self.data[:length]
        if message[4] == 7:
            raise SystemExit(f"9P error {os.strerror(struct.unpack_from('<I', message, 7)[0])}")
        return struct.unpack_from("<H", message, 5)[0], message[7:]

    def run(self, chains, width):
        """Runs functions that make a chain from the fid that it may use, this many at a time."""
        chains, running = iter(chains), {}

        def go_on(tag, answer):
            request = None
            while request is None and (answer is not None or (chain := next(chains, None))):
                if answer is None:
                    running[tag] = chain(tag + 1)
                try:
                    request = running[tag].send(answer)
                except StopIteration:
                    del running[tag]
                answer = None
            if request:
                kind, body = request
                self.socket.sendall(struct.pack("<IBH", 7 + len(body), kind, tag) + body)

        for tag in range(width):
            go_on(tag, None)
        while running:
            go_on(*self.answer())


def once(kind, body):
    yield kind, body


def opened(fid, *names, flags=0):
    yield 110, struct.pack("<IIH", 0, fid, len(names)) + b"".join(text(name) for name in names)
    yield 12, struct.pack("<II", fid, flags)


def small_file(directory, name):
    def chain(fid):
        yield from opened(fid, directory, name)
        data = yield 116, struct.pack("<IQI", fid, 0, FILE_BYTES)
        if len(data) != 4 + FILE_BYTES:
            raise SystemExit(f"a file has {len(data) - 4} bytes")
        yield 120, struct.pack("<I", fid)

    return chain


def entries(connection, *path):
    """Returns the names of a directory."""
    names = []

    def chain(fid):
        yield from opened(fid, *path)
        offset = 0
        while True:
            data = yield 40, struct.pack("<IQI", fid, offset, 60_000)
            at = 4
            while at < len(data):
                offset, _, length = struct.unpack_from("<QBH", data, at + 13)
                names.append(data[at + 24:at + 24 + length])
                at += 24 + length
            if len(data) == 4:
                break
        yield 120, struct.pack("<I", fid)

    connection.run([chain], 1)
    return [name for name in names if name not in (b".", b"..")]


def attributes(directory, name):
    def chain(fid):
        yield 110, struct.pack("<IIH", 0, fid, 2) + text(directory) + text(name)
        yield 24, struct.pack("<IQ", fid, 0x7FF)
        yield 120, struct.pack("<I", fid)

    return chain


def blocks(connection, name, mebibytes, kind):
    """Reads or writes a file of the root by four requests of 1 MiB in flight."""
    fid = 100
    connection.run([lambda _: opened(fid, name, flags=2)], 1)
    data = os.urandom(MIB) if kind == 118 else b""

    def block(at):
        def chain(_):
            answer = yield kind, struct.pack("<IQI", fid, at * MIB, MIB) + data
            if struct.unpack_from("<I", answer)[0] != MIB:
                raise SystemExit(f"a block has {struct.unpack_from('<I', answer)[0]} bytes")

        return chain

    connection.run(map(block, range(mebibytes)), 4)
    if kind == 118:
        connection.run([lambda _: once(50, struct.pack("<II", fid, 0))], 1)
    connection.run([lambda _: once(120, struct.pack("<I", fid))], 1)


class Daemon:
    """A build with its configuration."""

    process = None

    def __init__(self, name, config, program):
        self.name, self.config, self.program = name, config, program
        self.toml = open(config).read()
        self.port, self.metrics = (int(open(f"{config}.{kind}").read()) for kind in ("ninep", "metrics"))

    def start(self):
        with open(f"{self.config}.log", "ab") as log:
            command = [self.program, "run", "-c", self.config]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        began = time.monotonic()
        while True:
            try:
                return Pipeline(self.port)
            except (OSError, EOFError):
                if self.process.poll() is not None or time.monotonic() - began > 180:
                    raise SystemExit(f"{self.name} does not answer")
                time.sleep(0.01)

    def counts(self):
        """Processor seconds, requests, and MiB of bodies since the start."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rpartition(")")[2].split()
        counted = {"requests": 0.0, "bytes": 0.0}
        for what, _, value in COUNTED.findall(self.page()):
            counted[what] += float(value)
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return used, counted["requests"], counted["bytes"] / MIB

    def page(self):
        """Returns the metrics. A daemon on an overloaded machine may close the connection first."""
        for attempt in range(10):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics") as page:
                    return page.read().decode()
            except OSError:
                time.sleep(0.2 * attempt)
        raise SystemExit(f"{self.name} has no metrics")

    def stop(self):
        self.process.terminate()
        if self.process.wait(60):
            raise SystemExit(f"{self.name} ended with {self.process.returncode}")

    def forget(self):
        shutil.rmtree(re.search(r'^dir = "(.*)"$', self.toml, re.M)[1], ignore_errors=True)


def measured(daemon, work):
    before, began = daemon.counts(), time.monotonic()
    work()
    took = time.monotonic() - began
    return [took] + [now - then for now, then in zip(daemon.counts(), before)]


def one_round(daemon, mebibytes):
    """Returns seconds, processor seconds, requests and MiB of each row."""
    rows = {}

    def listing():
        connection = daemon.start()
        for directory in directories:
            chains = (attributes(directory, name) for name in entries(connection, directory))
            connection.run(chains, 1)

    daemon.forget()
    connection = daemon.start()
    directories = [name for name in entries(connection) if name.startswith(b"d")]
    files = [(directory, name) for directory in directories for name in entries(connection, directory)]
    rows["read in order, cold"] = measured(daemon, lambda: blocks(connection, b"big", mebibytes, 116))
    rows["read again"] = measured(daemon, lambda: blocks(connection, b"big", mebibytes, 116))
    rows["written and synced"] = measured(daemon, lambda: blocks(connection, b"other", mebibytes, 118))
    daemon.stop()
    for width in (1, 16):
        daemon.forget()
        connection = daemon.start()
        work = lambda: connection.run((small_file(*file) for file in files), width)
        rows[f"small files cold, {width} in flight"] = measured(daemon, work)
        daemon.stop()
    for cache in ("empty", "warm"):
        if cache == "empty":
            daemon.forget()
        began = time.monotonic()
        listing()
        rows[f"start and ls -lR, {cache} cache"] = [time.monotonic() - began, *daemon.counts()]
        daemon.stop()
    return rows


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main():
    rounds, mebibytes = int(sys.argv[1]), int(sys.argv[2])
    daemons = [Daemon(*argument.split("=")) for argument in sys.argv[3:]]
    results = {}
    try:
        for _ in range(rounds):
            for daemon in daemons:
                for row, values in one_round(daemon, mebibytes).items():
                    results.setdefault(row, {}).setdefault(daemon.name, []).append(values)
                    print(f"{daemon.name}, {row}: " + " ".join(f"{value:.2f}" for value in values), file=sys.stderr)
    finally:
        for daemon in daemons:
            if daemon.process and daemon.process.poll() is None:
                daemon.process.kill()
    for row, builds in results.items():
        print(row)
        for i, what in enumerate(("s", "s of processor time", "requests", "MiB")):
            columns = {name: [values[i] for values in rounds] for name, rounds in builds.items()}
            line = "; ".join(f"{name} {spread(values)}" for name, values in columns.items())
            if len(columns) == 2:
                line += "; ratio " + spread([a / b if b else 1 for a, b in zip(*columns.values())])
            print(f"  {what}: {line}")


main()
