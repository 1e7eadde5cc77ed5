"""What the benchmarks need of NBD: servers, and a client that takes liberties."""

import os
import socket
import struct
import subprocess
import time

OPTION = 0x49484156454F5054
MEBIBYTE = 1 << 20
EXPORT_NAME, ABORT, LIST, GO, STRUCTURED_REPLY, SET_META_CONTEXT = 1, 2, 3, 7, 8, 10
READ, BLOCK_STATUS = 0, 7


class Server:
    """A server, and what the system knows of its process."""

    def __init__(self, command, folder=None):
        """Listens on a unix socket in a folder, or on a port of the loopback."""
        if folder:
            self.address = os.path.join(folder, "socket")
            place = ["-U", self.address]
        else:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.address = probe.getsockname()
            place = ["-i", "127.0.0.1", "-p", str(self.address[1])]
        self.process = subprocess.Popen(
            [*command[:1], "-f", *place, *command[1:]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        deadline = time.time() + 10
        while not self.is_ready() and time.time() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)

    def is_ready(self):
        try:
            socket_to(self.address).close()
            return True
        except OSError:
            return False

    def status(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name))

    def is_alive(self):
        return self.process.poll() is None

    def end(self):
        """Sends SIGTERM; seconds until the end, at most 5."""
        start = time.time()
        if self.is_alive():
            self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        elapsed = time.time() - start
        # A server that died leaves its socket, which the next one needs.
        if isinstance(self.address, str) and os.path.exists(self.address):
            os.unlink(self.address)
        return elapsed


def socket_to(address, timeout=10):
    """A socket that is connected, over which nothing was said."""
    client = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    client.settimeout(timeout)
    client.connect(address)
    if not isinstance(address, str):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def receive(client, count):
    data = b""
    while len(data) < count:
        piece = client.recv(count - len(data))
        if not piece:
            raise ConnectionError("the server closed the connection")
        data += piece
    return data


def connect(address):
    """A client that has exchanged flags."""
    client = socket_to(address)
    receive(client, 18)
    client.sendall(struct.pack(">I", 3))
    return client


def option_bytes(code, data=b""):
    return struct.pack(">QII", OPTION, code, len(data)) + data


def option(client, code, data=b""):
    client.sendall(option_bytes(code, data))
    while True:
        _, _, kind, count = struct.unpack(">QIII", receive(client, 20))
        receive(client, count)
        if kind == 1 or kind >> 31:
            return


GO_DATA = struct.pack(">IH", 0, 0)


def go(client):
    """Structured replies, block status, and the default export."""
    option(client, STRUCTURED_REPLY)
    name = b"base:allocation"
    option(client, SET_META_CONTEXT, struct.pack(">III", 0, 1, len(name)) + name)
    option(client, GO, GO_DATA)
    return client


def request(kind, length, cookie=1, offset=0):
    return struct.pack(">IHHQQI", 0x25609513, 0, kind, cookie, offset, length)
