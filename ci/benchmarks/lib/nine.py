#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-only
"""The little of 9P2000.L that the benchmarks of single operations need. Messages wait for their answers."""
import os
import socket
import struct


def text(t):
    return struct.pack("<H", len(t)) + t


class Client:
    """A connection that has attached to the root as fid 0."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.call(100, 0xFFFF, struct.pack("<I", 65536) + text(b"9P2000.L"))
        self.call(104, 0, struct.pack("<II", 0, 0xFFFFFFFF) + text(b"root") + text(b"/") + struct.pack("<I", 0))

    def call(self, kind, tag, body):
        self.socket.sendall(struct.pack("<IBH", 7 + len(body), kind, tag) + body)
        data = b""
        while len(data) < 4 or len(data) < struct.unpack_from("<I", data)[0]:
            part = self.socket.recv(65536)
            if not part:
                raise EOFError
            data += part
        if data[4] == 7:
            raise SystemExit(f"9P error {os.strerror(struct.unpack_from('<I', data, 7)[0])}")

    def getattr(self):
        self.call(24, 0, struct.pack("<IQ", 0, 0x7FF))

    def create(self, name):
        """Makes a file and opens it as fid 1."""
        self.call(110, 0, struct.pack("<IIH", 0, 1, 0))
        self.call(14, 0, struct.pack("<I", 1) + text(name) + struct.pack("<III", 2, 0o644, 0))

    def write(self, offset, data):
        self.call(118, 0, struct.pack("<IQI", 1, offset, len(data)) + data)

    def fsync(self):
        self.call(50, 0, struct.pack("<II", 1, 0))
