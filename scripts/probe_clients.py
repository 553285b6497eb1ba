#!/usr/bin/env python3
"""Compares what really leaves a client library's call with what `rules/library/` says that it raises.

Usage: pip install requests httpx aiohttp urllib3 redis pymongo pymysql pymemcache pika websockets websocket-client; then
probe_clients.py RULES_LIBRARY. What is not installed is left out.

A server of this script's own misbehaves on the loopback: it refuses, resets, never answers, answers garbage, breaks off in
the middle, or talks HTTP with a body that is no JSON. Each call is made against each of them. An exception is covered where
one of its bases is among the `raises` of the call's table, by the installed library's own classes. Exit code 1 tells that
something leaves that no table names. A development tool: no test runs it.
"""

import asyncio
import contextlib
import ftplib
import http.client
import imaplib
import itertools
import pathlib
import poplib
import smtplib
import socket
import ssl
import struct
import sys
import threading
import tomllib
import urllib.request
import xmlrpc.client

# An address that no parser reads, in a redirection, ends in a ValueError of urllib.parse in several libraries; bytes of
# another codec end in a UnicodeDecodeError of those that decode what they read. The tables leave both out: nearly every
# ValueError of a call that does IO is a mistake in the program.
LEFT_OUT = {
    ("redirects to nowhere", ValueError),
    ("greets with garbage", UnicodeDecodeError),
    ("no utf-8", UnicodeDecodeError),
}

GARBAGE = b"\x00\xffgarbage\r\n\r\n" * 8


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answers(data):
    def answer(connection):
        connection.recv(65536)
        connection.sendall(data)

    return answer


def late(connection):
    connection.recv(65536)
    threading.Event().wait(3)


BEHAVIOURS = {
    "refuses": None,
    "resets": reset,
    "closes": lambda connection: None,
    "times out": late,
    "garbage": answers(GARBAGE),
    "greets with garbage": lambda connection: connection.sendall(GARBAGE),
    "greets with a refusal": lambda connection: connection.sendall(b"500 go away\r\n"),
    "greets, then closes": lambda connection: connection.sendall(b"220 hello\r\n"),
    "breaks off": answers(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"),
    "bad chunks": answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx"),
    "bad encoding": answers(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
    "redirects for ever": answers(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    "redirects to nowhere": answers(b"HTTP/1.1 302 Found\r\nLocation: http://[x/\r\nContent-Length: 0\r\n\r\n"),
    "not found": answers(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    "no json": answers(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n{nok"),
    "no utf-8": answers(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n\"\xff\xfe\""),
    "endless line": answers(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000),
}


@contextlib.contextmanager
def server(behave):
    """A port on which every connection is treated that way."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    if behave is None:
        listener.close()
        yield port
        return

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=treat, args=(connection,), daemon=True).start()

    def treat(connection):
        with connection, contextlib.suppress(OSError):
            behave(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield port
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def probes():
    """Pairs of the calls whose tables count and a function of the port that makes them."""
    url = "http://127.0.0.1:{}/"
    yield ["urllib.request.urlopen"], lambda port: urllib.request.urlopen(url.format(port), timeout=1)
    yield (
        ["urllib.request.urlopen", "http.client.HTTPResponse.read"],
        lambda port: urllib.request.urlopen(url.format(port), timeout=1).read(),
    )

    def plain(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/")
        return connection.getresponse().read()

    yield (
        ["http.client.HTTPConnection.request", "http.client.HTTPConnection.getresponse", "http.client.HTTPResponse.read"],
        plain,
    )
    yield from plain_probes()
    with contextlib.suppress(ImportError):
        import requests

        yield ["requests.get"], lambda port: requests.get(url.format(port), timeout=1)
        yield ["requests.Session.get"], lambda port: requests.Session().get(url.format(port), timeout=1)
        yield ["requests.get", "requests.Response.json"], lambda port: requests.get(url.format(port), timeout=1).json()
        yield (
            ["requests.get", "requests.Response.raise_for_status"],
            lambda port: requests.get(url.format(port), timeout=1).raise_for_status(),
        )
        yield (
            ["requests.get", "requests.Response.iter_content"],
            lambda port: list(requests.get(url.format(port), timeout=1, stream=True).iter_content(10)),
        )
    with contextlib.suppress(ImportError):
        import httpx

        yield ["httpx.get"], lambda port: httpx.get(url.format(port), timeout=1, follow_redirects=True)
        yield ["httpx.Client.get"], lambda port: httpx.Client(timeout=1).get(url.format(port))
        yield ["httpx.get", "httpx.Response.json"], lambda port: httpx.get(url.format(port), timeout=1).json()
    with contextlib.suppress(ImportError):
        import redis

        def client(port):
            return redis.Redis(port=port, socket_timeout=1, socket_connect_timeout=1, retry=None)

        yield ["redis.Redis.get"], lambda port: client(port).get("k")
        yield ["redis.Redis.set"], lambda port: client(port).set("k", "v", ex=1)
        yield ["redis.client.Pipeline.execute"], lambda port: client(port).pipeline().set("k", "v", ex=1).execute()
        yield ["redis.Redis.ping"], lambda port: client(port).ping()
    with contextlib.suppress(ImportError):
        import pymongo

        def collection(port):
            options = {"serverSelectionTimeoutMS": 1000, "connectTimeoutMS": 500, "socketTimeoutMS": 500}
            return pymongo.MongoClient("127.0.0.1", port, **options)["d"]["c"]

        yield ["pymongo.collection.Collection.find_one"], lambda port: collection(port).find_one({})
        yield ["pymongo.collection.Collection.insert_one"], lambda port: collection(port).insert_one({})
    with contextlib.suppress(ImportError):
        import pymysql

        yield (
            ["pymysql.connect"],
            lambda port: pymysql.connect(host="127.0.0.1", port=port, user="u", connect_timeout=1, read_timeout=1),
        )


def plain_probes():
    """Those of the standard library that speak no HTTP."""

    def stream(port):
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"x" * 65536)
            while connection.recv(65536):
                pass

    yield ["socket.create_connection", "socket.socket.sendall", "socket.socket.recv"], stream

    def encrypted(port):
        context = ssl.create_default_context()
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            context.wrap_socket(connection, server_hostname="localhost")

    yield ["socket.create_connection", "ssl.SSLContext.wrap_socket"], encrypted

    def mail(port):
        smtplib.SMTP("127.0.0.1", port, timeout=1).sendmail("a@localhost", ["b@localhost"], "text")

    yield ["smtplib.SMTP", "smtplib.SMTP.sendmail"], mail

    def transfer(port):
        with ftplib.FTP(timeout=1) as client:
            client.connect("127.0.0.1", port)
            client.login()

    yield ["ftplib.FTP.connect", "ftplib.FTP.login"], transfer
    yield ["poplib.POP3"], lambda port: poplib.POP3("127.0.0.1", port, timeout=1)
    yield ["imaplib.IMAP4"], lambda port: imaplib.IMAP4("127.0.0.1", port, timeout=1)
    proxy = "http://127.0.0.1:{}/"
    yield ["xmlrpc.client.ServerProxy.*"], lambda port: xmlrpc.client.ServerProxy(proxy.format(port)).system.ping()


def waiting_probes():
    """Those that are awaited, and those of message queues, caches and web sockets."""
    url = "http://127.0.0.1:{}/"
    with contextlib.suppress(ImportError):
        import aiohttp

        async def fetch(port, read):
            timeout = aiohttp.ClientTimeout(total=1)
            async with aiohttp.ClientSession(timeout=timeout) as session:
                async with session.get(url.format(port)) as response:
                    return await read(response)

        get = "aiohttp.ClientSession.get"
        yield [get, "aiohttp.ClientResponse.text"], lambda port: asyncio.run(fetch(port, lambda answer: answer.text()))
        yield [get, "aiohttp.ClientResponse.json"], lambda port: asyncio.run(fetch(port, lambda answer: answer.json()))
    with contextlib.suppress(ImportError):
        import httpx

        async def ask(port):
            async with httpx.AsyncClient(timeout=1) as client:
                return await client.get(url.format(port))

        yield ["httpx.AsyncClient.get"], lambda port: asyncio.run(ask(port))
    with contextlib.suppress(ImportError):
        import urllib3

        pool = urllib3.PoolManager(timeout=1, retries=False)
        yield ["urllib3.PoolManager.request"], lambda port: pool.request("GET", url.format(port))
    with contextlib.suppress(ImportError):
        import redis.asyncio

        async def look(port):
            return await redis.asyncio.Redis(port=port, socket_timeout=1, retry=None).get("k")

        yield ["redis.asyncio.Redis.get"], lambda port: asyncio.run(look(port))
    with contextlib.suppress(ImportError):
        from pymemcache.client.base import Client

        yield (
            ["pymemcache.client.base.Client.get"],
            lambda port: Client(("127.0.0.1", port), connect_timeout=1, timeout=1).get("k"),
        )
    with contextlib.suppress(ImportError):
        import pika

        def queue(port):
            parameters = pika.ConnectionParameters(
                "127.0.0.1", port, socket_timeout=1, stack_timeout=1, blocked_connection_timeout=1
            )
            pika.BlockingConnection(parameters)

        yield ["pika.BlockingConnection"], queue
    with contextlib.suppress(ImportError):
        import websocket

        yield (
            ["websocket.create_connection"],
            lambda port: websocket.create_connection(f"ws://127.0.0.1:{port}/", timeout=1),
        )
    with contextlib.suppress(ImportError):
        import websockets

        async def connect(port):
            async with websockets.connect(f"ws://127.0.0.1:{port}/", open_timeout=1):
                pass

        yield ["websockets.connect"], lambda port: asyncio.run(connect(port))


def tables(folder):
    """What each call raises, and what each alias stands for."""
    raises, aliases = {}, {}
    for path in sorted(pathlib.Path(folder).glob("*.toml")):
        table = tomllib.loads(path.read_text())
        aliases |= table.get("alias", {})
        for call in table.get("call", []):
            for name in call.get("names", []):
                known = raises.setdefault(name, set())
                known.update(call.get("raises", []))
                for also in call.get("raises_if", []):
                    known.update(also["raises"] if also["when"] == "rarely" else [])
    return raises, aliases


def names_of(error, aliases):
    """The names by which the tables may call an exception's classes."""
    for base in type(error).__mro__:
        name = base.__qualname__ if base.__module__ == "builtins" else f"{base.__module__}.{base.__qualname__}"
        short = f"{base.__module__.split('.')[0]}.{base.__qualname__}"
        yield from (name, short, aliases.get(name), aliases.get(short))
        if base is OSError:
            yield from ("IOError", "socket.error", "OSError")


def main(folder):
    raises, aliases = tables(folder)
    misses = 0
    for names, call in itertools.chain(probes(), waiting_probes()):
        told = set()
        for name in names:
            known = raises.get(name, raises.get(aliases.get(name)))
            if known is None:
                print(f"unknown   {name}")
                misses += 1
                known = set()
            told |= known | {aliases.get(error, error) for error in known}
        for behaviour, behave in BEHAVIOURS.items():
            with server(behave) as port:
                try:
                    call(port)
                except Exception as error:
                    covered = told.intersection(filter(None, names_of(error, aliases)))
                    kind = f"{type(error).__module__}.{type(error).__qualname__}"
                    left_out = (behaviour, type(error)) in LEFT_OUT
                    verdict = "covered" if covered else "left out" if left_out else "MISSED"
                    print(f"{verdict:9} {names[-1]:45} {behaviour:20} {kind}")
                    misses += verdict == "MISSED"
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
