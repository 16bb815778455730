"""Asking the sites' name servers, each over IPv4 and IPv6, which must agree."""

from __future__ import annotations

from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.reversename

from citycloud.city.model import City
from citycloud.cloud.requirements_cloud import clouds
from citycloud.cloud.requirements_flows import name_server

SECONDS = 3.0
TRIES = 2


@dataclass(frozen=True)
class Names:
    """The name servers of the City's sites."""

    city: City

    def ask(self, site: str, name: str, kind: str) -> list[str]:
        """The answers of ``kind`` (A, AAAA, PTR), sorted; none where the name has none.

        Raises AssertionError where a server does not answer with authority, or differently over the two families.
        """
        answers = {server: _ask(server, name, kind) for server in self._servers(site)}
        first = next(iter(answers.values()))
        assert all(answer == first for answer in answers.values()), f"not the same over both families: {answers}"
        return first

    def ask_back(self, site: str, address: str) -> list[str]:
        """The names that an address belongs to."""
        return self.ask(site, str(dns.reversename.from_address(address)), "PTR")

    def _servers(self, site: str) -> tuple[str, str]:
        own = next(one for one in clouds(self.city) if one.id == site).management
        assert own is not None, f"site {site} declares no management range"
        server = name_server(own)
        return str(server.ipv4), str(server.ipv6)


def _ask(server: str, name: str, kind: str) -> list[str]:
    query = dns.message.make_query(name, kind)
    query.flags &= ~dns.flags.RD
    for left in reversed(range(TRIES)):
        try:
            answer, _ = dns.query.udp_with_fallback(query, server, timeout=SECONDS)
            break
        except (dns.exception.DNSException, OSError) as fault:
            assert left, f"name server {server} does not answer for {name} {kind}: {fault or type(fault).__name__}"
    assert answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN), (
        f"{server} says {dns.rcode.to_text(answer.rcode())}"
    )
    assert answer.flags & dns.flags.AA, f"{server} answers for {name} without authority"
    wanted = dns.rdatatype.from_text(kind)
    return sorted(str(data).rstrip(".") for found in answer.answer if found.rdtype == wanted for data in found)
