"""Where a name leads right now, asked of the DNS again and again, so that a cutover is followed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence

import dns.exception
import dns.resolver

from citycloud.errors import CitycloudError

FOLLOW = 1.0
"""Seconds after which a name is asked for again; a client that opens a connection for each request does no less."""
AT_ONCE = 0.1
"""The same after a failure."""
LIMIT = 2.0
"""Seconds for one question."""


class NoAddress(CitycloudError):
    """The name leads nowhere."""


Ask = Callable[[str], Sequence[str]]
"""The addresses of a name, IPv4 first. Raises NoAddress."""


def fixed(address: str) -> Ask:
    """Always ``address``, whatever the DNS says."""
    return lambda name: (address,)


def system() -> Ask:
    """As this machine's own resolver says."""

    def ask(name: str) -> Sequence[str]:
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except OSError as fault:
            raise NoAddress(f"{name}: {fault}") from fault
        return tuple(dict.fromkeys(str(one[4][0]) for one in sorted(found, key=lambda one: one[0] != socket.AF_INET)))

    return ask


def of(servers: Sequence[str], port: int = 53) -> Ask:
    """As the name servers at these addresses say; no cache of anyone's in between."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = list(servers)
    resolver.port = port
    resolver.lifetime, resolver.timeout = LIMIT, LIMIT / 2

    def ask(name: str) -> Sequence[str]:
        for kind in ("A", "AAAA"):
            try:
                return tuple(str(one) for one in resolver.resolve(f"{name}.", kind))
            except dns.resolver.NoAnswer:
                continue
            except dns.exception.DNSException as fault:
                raise NoAddress(f"{name}: {fault}") from fault
        raise NoAddress(f"{name} has no address")

    return ask


class Names:
    """One name, followed by many threads: one asks, the others go by the last answer meanwhile."""

    def __init__(self, name: str, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self._ask, self._clock = name, ask, clock
        self._found: tuple[str, ...] = ()
        self._asked = float("-inf")
        self._asking = threading.Lock()

    def addresses(self, *, failed: bool = False) -> tuple[str, ...]:
        """Where the name leads; asked anew after FOLLOW seconds, or at once where the last answer ``failed``.

        When the DNS itself fails, the last answer stands. Raises NoAddress where there never was one.
        """
        age = AT_ONCE if failed else FOLLOW
        if self._clock() - self._asked < age:
            return self._found
        if not self._asking.acquire(blocking=not self._found):
            return self._found
        try:
            if self._clock() - self._asked >= age:
                self._renew()
        finally:
            self._asking.release()
        return self._found

    def _renew(self) -> None:
        try:
            self._found = tuple(self._ask(self.name))
        except NoAddress:
            if not self._found:
                raise
        self._asked = self._clock()
