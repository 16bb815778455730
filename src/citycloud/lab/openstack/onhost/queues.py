"""On a controller: waits until somebody consumes the queues named on the command line.

Agents that start earlier lose their first call, and wait a minute before they make the next.
"""

from __future__ import annotations

import configparser
import sys
import time
from urllib.parse import urlsplit

import amqp  # type: ignore[import-not-found]

LIMIT = 120
"""Seconds."""


def connect() -> amqp.Connection:
    configuration = configparser.ConfigParser(strict=False, interpolation=None)
    configuration.read("/etc/neutron/neutron.conf")
    address = urlsplit(configuration["DEFAULT"]["transport_url"])
    connection = amqp.Connection(f"{address.hostname}:{address.port}", address.username, address.password)
    connection.connect()
    return connection


def consumers(connection: amqp.Connection, queue: str) -> int:
    """How many consume ``queue``; none where it does not exist yet."""
    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue, passive=True).consumer_count)
    except amqp.exceptions.NotFound:
        return 0
    finally:
        if channel.is_open:
            channel.close()


def main(queues: list[str]) -> None:
    connection = connect()
    end = time.monotonic() + LIMIT
    for queue in queues:
        while not consumers(connection, queue):
            if time.monotonic() > end:
                sys.exit(f"nobody consumes {queue} after {LIMIT} s")
            time.sleep(0.3)


if __name__ == "__main__":
    main(sys.argv[1:])
