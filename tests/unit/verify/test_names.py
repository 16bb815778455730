"""Asking name servers: both families, with authority, and saying so where one differs or is silent."""

from __future__ import annotations

from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rrset
import pytest
from small_cities import small_city

from citycloud.cloud.verify_names import Names

Answer = Callable[[dns.message.Message, str], dns.message.Message]
FOUR, SIX = "10.201.0.10", "2001:db8:1000::10"


def answering(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> Names:
    """Name servers that answer so."""

    def asked(query: dns.message.Message, where: str, timeout: float) -> tuple[dns.message.Message, bool]:
        assert timeout > 0, "a question without a time limit"
        return answer(query, where), False

    monkeypatch.setattr(dns.query, "udp_with_fallback", asked)
    return Names(small_city())


def told(query: dns.message.Message, *values: str, authority: bool = True) -> dns.message.Message:
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA if authority else 0
    if values:
        question = query.question[0]
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", question.rdtype, *values))
    return answer


def test_both_families_of_the_sites_own_server_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(query: dns.message.Message, where: str) -> dns.message.Message:
        asked.append(where)
        return told(query, "10.0.0.2", "10.0.0.1")

    assert answering(monkeypatch, answer).ask("east", "web.example", "A") == ["10.0.0.1", "10.0.0.2"]
    assert asked == [FOUR, SIX]


def test_a_server_that_answers_differently_over_ipv6_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    names = answering(monkeypatch, lambda query, where: told(query, "10.0.0.1" if where == FOUR else "10.0.0.9"))
    with pytest.raises(AssertionError, match="not the same over both families"):
        names.ask("east", "web.example", "A")


def test_an_answer_without_authority_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    names = answering(monkeypatch, lambda query, where: told(query, "10.0.0.1", authority=False))
    with pytest.raises(AssertionError, match="without authority"):
        names.ask("east", "web.example", "A")


def test_a_silent_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(query: dns.message.Message, where: str) -> dns.message.Message:
        raise dns.exception.Timeout

    with pytest.raises(AssertionError, match=f"{FOUR} does not answer"):
        answering(monkeypatch, answer).ask("east", "web.example", "A")


def test_a_name_that_is_not_there_has_no_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answering(monkeypatch, lambda query, where: told(query)).ask("east", "web.example", "AAAA") == []


def test_names_of_an_address_come_back_without_the_last_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    names = answering(monkeypatch, lambda query, where: told(query, "web.example."))
    assert names.ask_back("east", "10.0.0.1") == ["web.example"]
