"""Whom to trust: chained journals, signed decisions and reports. One changed byte is enough to be refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_plans import plan, step

from citycloud import keys
from citycloud.approvals import Decided, decide, judge, verdict
from citycloud.errors import BadInput
from citycloud.journal.entry import FIRST, Draft, Entry, What, broken_links, seal
from citycloud.journal.settings import settings
from citycloud.journal.store import RunRow
from citycloud.plan import Approval, digest
from citycloud.report import sm2
from citycloud.report.model import Outcome
from citycloud.report.run_file import sign, verify
from citycloud.report.run_report import report
from citycloud.run.gates import shut
from citycloud.run.state import State, read

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
PLAN = plan(step("a"), step("b", needs=("a",), gates=(Approval(people=("owner", "deputy"), count=2),)))
RUN = "trial-water-0001"


def chain(*drafts: Draft) -> list[Entry]:
    entries: list[Entry] = []
    for number, draft in enumerate(drafts, 1):
        previous = entries[-1].hash if entries else FIRST
        time = (NOW + timedelta(seconds=number)).isoformat(timespec="microseconds")
        entries.append(seal(RUN, number, previous, time, "me@here#1", draft))
    return entries


DONE = {"how": "acted", "seconds": 0.5, "evidence": [{"check": "c", "passed": True, "seen": "so", "host": ""}]}
DRAFTS = (
    Draft(What.OPENED, told={"digest": digest(PLAN), "inherited": []}),
    Draft(What.ATTEMPT, told={"workflow": "w", "what": "run"}),
    Draft(What.BEGUN, "a"),
    Draft(What.TOLD, "a", told={"lines": [{"at": NOW.isoformat(), "down": "portal"}]}),
    Draft(What.TOLD, "a", told={"lines": [{"at": (NOW + timedelta(seconds=1.5)).isoformat(), "up": "portal"}]}),
    Draft(What.DONE, "a", told=DONE),
)


@pytest.fixture
def people(tmp_path: Path) -> dict[str, keys.Key]:
    found = {}
    for name in ("owner", "deputy", "stranger"):
        file = tmp_path / name
        file.write_bytes(b"")
        file.unlink()
        found[name] = _key(file)
    return found


def _key(file: Path) -> keys.Key:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return keys.Key(Ed25519PrivateKey.generate())


def approval(key: keys.Key, person: str, decision: str = "approve", step_id: str = "b", run: str = RUN) -> Draft:
    told = decide(key, person, decision, run, digest(PLAN), step_id, FIRST, NOW)  # type: ignore[arg-type]
    return Draft(What.APPROVAL, step_id, told=told)


def judged(drafts: list[Draft], people: dict[str, keys.Key], plan_digest: str = "") -> list[Decided]:
    declared = {name: people[name].public for name in ("owner", "deputy")}
    return [judge(entry, plan_digest or digest(PLAN), declared) for entry in chain(*drafts)]


GATE = Approval(people=("owner", "deputy"), count=2)


def test_a_whole_journal_is_sound() -> None:
    assert list(broken_links(chain(*DRAFTS))) == []


@given(st.integers(0, 5), st.sampled_from(["time", "what", "step", "host", "by", "previous", "hash", "run"]))
def test_any_changed_field_of_any_entry_is_found(at: int, field: str) -> None:
    entries = chain(*DRAFTS)
    entries[at] = replace(entries[at], **{field: getattr(entries[at], field) + "0"})
    assert list(broken_links(entries))


@given(st.integers(0, 4))
def test_a_removed_entry_and_two_that_changed_places_are_found(at: int) -> None:
    entries = chain(*DRAFTS)
    assert list(broken_links(entries[:at] + entries[at + 1 :]))
    entries[at], entries[at + 1] = entries[at + 1], entries[at]
    assert list(broken_links(entries))


def test_two_people_with_two_keys_open_a_gate_that_wants_two(people: dict[str, keys.Key]) -> None:
    drafts = [approval(people["owner"], "owner"), approval(people["deputy"], "deputy")]
    assert verdict(GATE, "b", judged(drafts, people)).opened
    assert not verdict(GATE, "b", judged(drafts[:1], people)).opened
    assert not verdict(GATE, "b", judged([drafts[0], drafts[0]], people)).opened


def test_one_key_declared_for_two_people_counts_once(people: dict[str, keys.Key]) -> None:
    both = {"owner": people["owner"], "deputy": people["owner"]}
    drafts = [approval(people["owner"], "owner"), approval(people["owner"], "deputy")]
    assert verdict(GATE, "b", judged(drafts, both)).missing == 1


def test_a_name_that_is_typed_without_that_persons_key_does_not_count(people: dict[str, keys.Key]) -> None:
    (found,) = judged([approval(people["stranger"], "owner")], people)
    assert "not signed with the key declared" in found.fault


def test_a_refusal_keeps_the_gate_shut_until_that_person_decides_otherwise(people: dict[str, keys.Key]) -> None:
    drafts = [approval(people["owner"], "owner"), approval(people["deputy"], "deputy", "refuse")]
    found = verdict(GATE, "b", judged(drafts, people))
    assert not found.opened and found.refused == ("deputy",)
    assert verdict(GATE, "b", judged([*drafts, approval(people["deputy"], "deputy")], people)).opened


@pytest.mark.parametrize(
    ("changed", "value"), [("step", "a"), ("run", "other"), ("decision", "refuse"), ("time", "2020")]
)
def test_an_approval_counts_for_nothing_else_than_it_was_signed_for(
    people: dict[str, keys.Key], changed: str, value: str
) -> None:
    signed = approval(people["owner"], "owner")
    moved = Draft(What.APPROVAL, "b", told={**(signed.told or {}), changed: value})
    (found,) = judged([moved], people)
    assert found.fault


def test_an_approval_of_another_plan_does_not_count(people: dict[str, keys.Key]) -> None:
    (found,) = judged([approval(people["owner"], "owner")], people, plan_digest="0" * 64)
    assert found.fault


def test_a_gate_says_what_it_waits_for_and_the_command(people: dict[str, keys.Key]) -> None:
    declared = {name: key.public for name, key in people.items()}
    state = State(PLAN).take(chain(*DRAFTS, approval(people["owner"], "owner")))
    found = shut(PLAN.step("b"), state, RUN, digest(PLAN), declared, NOW)
    assert found is not None and "waits for 1 approval(s)" in found.why and "owner did" in found.why
    assert found.command == f"citycloud approve {RUN} b"


def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYCLOUD_HOME", str(tmp_path))
    file = keys.new("owner")
    assert file.stat().st_mode & 0o777 == 0o600
    assert keys.load(file).public == file.with_suffix(".pub").read_text().rsplit(" ", 1)[0]
    file.chmod(0o640)
    with pytest.raises(BadInput, match="others than its owner"):
        keys.load(file)


def test_a_key_is_never_overwritten_and_never_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYCLOUD_HOME", str(tmp_path))
    file = keys.new("owner")
    with pytest.raises(BadInput, match="nothing was overwritten"):
        keys.new("owner")
    assert "PRIVATE" not in repr(keys.load(file)) and "ssh-ed25519" in repr(keys.load(file))


def test_a_key_with_a_passphrase_opens_with_it_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYCLOUD_HOME", str(tmp_path))
    file = keys.new("owner", "correct horse")
    assert keys.load(file, "correct horse")
    for wrong in ("", "battery"):
        with pytest.raises(BadInput):
            keys.load(file, wrong)


@pytest.mark.parametrize(
    "environ",
    [
        {"CITYCLOUD_JOURNAL": "postgresql://me:secret@host/db"},
        {"CITYCLOUD_JOURNAL": "mysql://host/db"},
        {"CITYCLOUD_LEASE": "0.1"},
        {"CITYCLOUD_JOURNAL": "postgresql://host/db", "CITYCLOUD_JOURNAL_PASSWORD_FILE": "/no/such"},
    ],
)
def test_a_journal_setting_that_gives_secrets_away_or_cannot_work_is_bad_input(environ: dict[str, str]) -> None:
    with pytest.raises(BadInput) as told:
        settings(environ)
    assert "secret" not in str(told.value)


def row(state: str = "open") -> RunRow:
    return RunRow(RUN, digest(PLAN), PLAN, state, "w", NOW.isoformat(), "")


@pytest.fixture
def files(tmp_path: Path, people: dict[str, keys.Key]) -> tuple[Path, Path, keys.Key]:
    entries = chain(*DRAFTS)
    made = sign(report(row(), entries, {}, NOW), row(), entries, people["owner"], None)
    page, data = tmp_path / "r.html", tmp_path / "r.json"
    page.write_text(made.html)
    data.write_text(made.json)
    return page, data, people["owner"]


def test_a_report_holds_against_the_pinned_key(files: tuple[Path, Path, keys.Key]) -> None:
    page, data, key = files
    assert verify(page, key.public).entries == 0
    assert verify(data, key.public).entries == len(DRAFTS)


@pytest.mark.parametrize("kind", [0, 1])
def test_one_changed_byte_anywhere_is_refused(files: tuple[Path, Path, keys.Key], kind: int, tmp_path: Path) -> None:
    whole, key = files[kind].read_bytes(), files[2].public
    bad = tmp_path / f"bad{files[kind].suffix}"
    places = [*range(0, len(whole), max(len(whole) // 150, 1)), *range(len(whole) - 420, len(whole))]
    for place in places:
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BadInput):
            verify(bad, key)


@pytest.mark.parametrize("kind", [0, 1])
def test_a_cut_off_tail_and_something_added_are_refused(
    files: tuple[Path, Path, keys.Key], kind: int, tmp_path: Path
) -> None:
    whole, key = files[kind].read_bytes(), files[2].public
    bad = tmp_path / f"bad{files[kind].suffix}"
    for text in (
        *(whole[:-cut] for cut in (1, 2, 5, 100, 400, len(whole) // 2, len(whole))),
        whole + b"\n",
        whole + whole,
    ):
        bad.write_bytes(text)
        with pytest.raises(BadInput):
            verify(bad, key)


def test_a_report_signed_again_by_another_key_is_refused(
    files: tuple[Path, Path, keys.Key], people: dict[str, keys.Key], tmp_path: Path
) -> None:
    entries = chain(*DRAFTS)
    made = sign(report(row(), entries, {}, NOW), row(), entries, people["stranger"], None)
    for kind, text in ((".html", made.html), (".json", made.json)):
        forged = tmp_path / f"forged{kind}"
        forged.write_text(text)
        with pytest.raises(BadInput, match="another key"):
            verify(forged, people["owner"].public)


def test_sm2_signs_beside_and_cannot_be_taken_off(
    people: dict[str, keys.Key], tmp_path: Path, unproved: object
) -> None:
    if not sm2.available():
        assert callable(unproved)
        unproved("SM2/SM3 signatures of reports: this machine's OpenSSL does not have them.")
        return
    national, entries = tmp_path / "sm2.pem", chain(*DRAFTS)
    sm2.new(national)
    assert national.stat().st_mode & 0o777 == 0o600
    made = sign(report(row(), entries, {}, NOW), row(), entries, people["owner"], national)
    file = tmp_path / "r.json"
    file.write_text(made.json)
    assert verify(file, people["owner"].public, national.with_name("sm2.pem.pub")).sm2 == "SM2/SM3 holds"
    head, _, tail = made.json.rpartition('"sm2":{')
    file.write_text(head + '"sm2":null' + tail.partition("}")[2])
    with pytest.raises(BadInput):
        verify(file, people["owner"].public)


def test_a_report_counts_a_step_that_was_begun_without_its_approvals_as_failed(people: dict[str, keys.Key]) -> None:
    entries = chain(*DRAFTS, Draft(What.BEGUN, "b"), Draft(What.DONE, "b", told=DONE))
    made = report(row("done"), entries, {}, NOW)
    assert made.first_failure() is not None and not made.passed()
    assert any(result.id == "b: approved" and result.outcome is Outcome.FAILED for result in made.results())


def test_a_report_counts_what_is_not_done_and_tells_the_time_out_of_service() -> None:
    made = report(row(), chain(*DRAFTS), {}, NOW)
    outcomes = {result.id: result.outcome for result in made.results()}
    assert outcomes["b"] is Outcome.NOT_RUN and not made.passed()
    facts = {fact.label.en: fact.value for section in made.sections for fact in section.facts}
    assert facts["out of service"] == "1.5 s"


def test_a_journal_that_was_tampered_with_shows_in_the_report() -> None:
    entries = chain(*DRAFTS)
    entries[2] = replace(entries[2], by="another@there#9")
    made = report(row(), entries, {}, NOW)
    assert any(result.id == "journal/whole" and result.outcome is Outcome.FAILED for result in made.results())
    assert read(PLAN, entries).cell("a").ours
