"""Probes: real sockets on this machine's loopback; what a listener that is missing, or a filter, looks like."""

from __future__ import annotations

import contextlib
import json
import shlex
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from citycloud import proc
from citycloud.cloud import checks_packets, probes, probes_guest
from citycloud.cloud.requirements import Kind, Requirement
from citycloud.report import both


@pytest.fixture
def free_port() -> Iterator[int]:
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as line:
        line.bind(("::1", 0))
        port = line.getsockname()[1]
    yield port


def wanted(kind: Kind, port: int, family: str, target: str = "web.east") -> Requirement:
    address = "127.0.0.1" if family == "ipv4" else "::1"
    want = {"source": "operators", "target": target, "address": address, "family": family, "port": port}
    return Requirement(kind, "east", f"{target}/{port}/{family}", both("?"), want)


def ask_here(end: str, verb: str, given: Mapping[str, Any]) -> object:
    """Every end is this machine."""
    return json.loads(json.dumps(probes.here(verb, given)))


def checked(requirement: Requirement, packets: probes.Packets) -> str:
    """What the requirement's check says: nothing where it holds."""
    check = checks_packets.test_open if requirement.kind is Kind.OPEN else checks_packets.test_shut
    try:
        check(requirement, packets, lambda text: None)
    except AssertionError as fault:
        return str(fault)
    return ""


def test_a_connection_that_passes_is_answered_by_our_own_listener_over_both_families(free_port: int) -> None:
    tries = [wanted(Kind.OPEN, free_port, family) for family in ("ipv4", "ipv6")]
    packets = probes.probe(tries, ask_here)
    assert [packets.tries[each.id][0] for each in tries] == ["answered", "answered"]
    assert [checked(each, packets) for each in tries] == ["", ""]


def test_listeners_are_gone_afterwards(free_port: int) -> None:
    probes.probe([wanted(Kind.OPEN, free_port, "ipv4")], ask_here)
    assert probes_guest.connect("127.0.0.1", free_port, 1)[0] == "refused"


def test_an_open_port_is_caught_where_it_should_be_shut(free_port: int) -> None:
    leak = wanted(Kind.SHUT, free_port, "ipv6")
    assert "not dropped: answered" in checked(leak, probes.probe([leak], ask_here))


def test_a_refusal_is_no_drop() -> None:
    shut = wanted(Kind.SHUT, 9, "ipv4")
    packets = probes.Packets(tries={shut.id: ("refused", 0.0)}, home={shut.id: ("answered", "answered")})
    assert "not dropped: refused" in checked(shut, packets)


def test_a_drop_proves_nothing_where_no_listener_was_there_all_along() -> None:
    shut = wanted(Kind.SHUT, 9, "ipv4")
    for home in (("refused", "answered"), ("answered", "refused")):
        packets = probes.Packets(tries={shut.id: ("timeout", 3.0)}, home={shut.id: home})
        assert "proves nothing" in checked(shut, packets)


def test_a_drop_proves_nothing_where_declared_connections_do_not_come_through_either() -> None:
    shut = wanted(Kind.SHUT, 9, "ipv4")
    packets = probes.Packets(tries={shut.id: ("timeout", 3.0)}, home={shut.id: ("answered", "answered")})
    assert checked(shut, packets) == ""
    packets.ways[probes.way(shut)] = False
    assert "proves nothing" in checked(shut, packets)


def test_a_dropped_declared_connection_is_caught() -> None:
    pass_ = wanted(Kind.OPEN, 9, "ipv4")
    packets = probes.Packets(tries={pass_.id: ("timeout", 3.0)}, home={pass_.id: ("answered", "answered")})
    assert "did not come through: timeout" in checked(pass_, packets)


def test_a_port_that_another_service_holds_counts_as_listened_to() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as service:
        port = service.getsockname()[1]
        held = wanted(Kind.OPEN, port, "ipv4")
        assert probes_guest.listen([port], 1)["taken"] == [port]
        threading.Thread(target=_hang_up, args=(service,), daemon=True).start()
        assert checked(held, probes.probe([held], ask_here)) == ""


def _hang_up(service: socket.socket) -> None:
    """Accept and say nothing, until the service is closed."""
    with contextlib.suppress(OSError):
        while True:
            service.accept()[0].close()


def test_an_end_that_cannot_take_part_fails_its_requirements_and_no_others(free_port: int) -> None:
    def ask(end: str, verb: str, given: Mapping[str, Any]) -> object:
        assert end != "dead.east", "no route to host"
        return ask_here(end, verb, given)

    dead, fine = wanted(Kind.SHUT, 9, "ipv4", "dead.east"), wanted(Kind.OPEN, free_port, "ipv4")
    packets = probes.probe([dead, fine], ask)
    assert "dead.east could not take part: no route to host" in checked(dead, packets)
    assert checked(fine, packets) == ""


def test_the_guest_program_runs_as_one_shell_command() -> None:
    command = probes.guest_command("connect", {"tries": [["127.0.0.1", 9]], "seconds": 1})
    done = proc.run(shlex.split(command), timeout=20)
    assert json.loads(done.stdout)[0][0] == "refused"
