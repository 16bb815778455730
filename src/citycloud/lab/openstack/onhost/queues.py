"""Waits until somebody consumes certain message queues: those named on the command line, or given to ``wait``."""

from __future__ import annotations

import configparser
import sys
import time
from urllib.parse import urlsplit

import amqp  # type: ignore[import-not-found]

LIMIT = 300
"""Seconds."""


def connect() -> amqp.Connection:
    configuration = configparser.ConfigParser(strict=False, interpolation=None)
    configuration.read(["/etc/nova/nova.conf", "/etc/neutron/neutron.conf", "/etc/cinder/cinder.conf"])
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


def wait(queues: list[str]) -> None:
    """Return when each queue has a consumer. Raises SystemExit after LIMIT seconds."""
    connection = connect()
    end = time.monotonic() + LIMIT
    for queue in queues:
        while not consumers(connection, queue):
            if time.monotonic() > end:
                sys.exit(f"nobody consumes {queue} after {LIMIT} s")
            time.sleep(0.3)
    connection.close()


if __name__ == "__main__":
    wait(sys.argv[1:])
