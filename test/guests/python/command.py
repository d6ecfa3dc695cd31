"""A test guest in Python: sys, os, time, random, and the socket module on wasi-libc's sockets.

`serve PORT` is a service: it answers each line with its upper case, one client after the other with blocking calls.
`serve_many PORT` does so for many clients at once with selectors.
`ask PORT TEXT` is a client.
"""

import os
import random
import selectors
import socket
import sys
import time

from wit_world import exports


class Run(exports.Run):
    def run(self) -> None:
        match sys.argv[1:]:
            case ["serve", port]:
                serve(int(port))
            case ["serve_many", port]:
                serve_many(int(port))
            case ["ask", port, text]:
                print(ask(int(port), text))
            case ["exit", code]:
                sys.exit(int(code))
            case ["raise"]:
                raise ValueError("as asked")
            case ["files", at]:
                use_files(at)
            case _:
                tell()


def tell() -> None:
    print("args", sys.argv[1:])
    print("NAME", os.environ.get("NAME"))
    before = time.monotonic()
    time.sleep(0.02)
    print("slept", time.monotonic() - before >= 0.02)
    print("after 2020", time.time() > 1577836800)
    print("random differs", random.SystemRandom().random() != random.SystemRandom().random())
    print("to stderr", file=sys.stderr)


def use_files(at: str) -> None:
    """What programs do with files, below the folder at."""
    path = os.path.join(at, "python.txt")
    try:
        with open(path, "w") as file:
            file.write("hello\n")
    except OSError as error:
        print("write", error.strerror)
        return
    with open(path, "a") as file:
        file.write("world\n")
    with open(path) as file:
        print("read", repr(file.read()))
    os.mkdir(os.path.join(at, "sub"))
    moved = os.path.join(at, "sub", "moved.txt")
    os.rename(path, moved)
    link = os.path.join(at, "link")
    os.symlink("sub/moved.txt", link)
    print("readlink", os.readlink(link), os.path.getsize(link))
    try:
        open(os.path.join(at, "..", "etc", "passwd"))
    except OSError as error:
        print("out", error.strerror)
    print("entries", sorted(os.listdir(at)), [entry.is_dir() for entry in os.scandir(at) if entry.name == "sub"])
    os.remove(link)
    os.remove(moved)
    os.rmdir(os.path.join(at, "sub"))
    print("left", os.listdir(at))


def listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(128)
    return listener


def serve(port: int) -> None:
    with listening(port) as listener:
        while True:
            client, _ = listener.accept()
            with client, client.makefile("rwb") as lines:
                for line in lines:
                    lines.write(line.upper())
                    lines.flush()


def serve_many(port: int) -> None:
    selector = selectors.DefaultSelector()
    listener = listening(port)
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                client, _ = listener.accept()
                client.setblocking(False)
                selector.register(client, selectors.EVENT_READ)
                continue
            try:
                data = key.fileobj.recv(65536)
                if data:
                    key.fileobj.sendall(data.upper())
                    continue
            except ConnectionError:
                pass
            selector.unregister(key.fileobj)
            key.fileobj.close()


def ask(port: int, text: str) -> str:
    try:
        # Not create_connection: it asks the resolver even for an address, which a workload without "dns" may not.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as service:
            service.settimeout(5)
            service.connect(("127.0.0.1", port))
            service.sendall(text.encode() + b"\n")
            service.shutdown(socket.SHUT_WR)
            reply = b""
            while chunk := service.recv(65536):
                reply += chunk
            return reply.decode().rstrip("\n")
    except OSError as error:
        return f"error {error.errno}: {error.strerror}"
