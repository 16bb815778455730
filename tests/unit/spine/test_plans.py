"""Plans are values: one input, one digest; every fault at once; readable in two languages; comparable."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citycloud.drivers.fake import Cutover, Put, PutOnHosts, Wipe
from citycloud.errors import BadInput
from citycloud.kinds import Kinds
from citycloud.plan import (
    Approval,
    Fleet,
    Plan,
    Step,
    Weekly,
    Window,
    check,
    describe,
    diff,
    digest,
    digest_of,
    dumps,
    loads,
)
from citycloud.plan.model import ActionValue
from citycloud.report.model import Text

HERE = Path(__file__).parent
LIMIT = timedelta(minutes=15)
KINDS = Kinds.of([Put, PutOnHosts, Wipe, Cutover])
PEOPLE = {"owner": "ssh-ed25519 AAAA1", "deputy": "ssh-ed25519 AAAA2", "keyless": ""}


def step(id_: str, **given: object) -> Step:
    whole = {"goal": Text(f"{id_} 成立", f"{id_} holds"), "action": Put(name=id_), "time_limit": LIMIT, **given}
    return Step.model_validate({"id": id_, **whole})


def plan(*steps: Step, **given: object) -> Plan:
    whole = {"city": "wuwei", "domain": "trial", "subject": "water", "title": Text("水务迁移", "Water moves"), **given}
    return Plan.model_validate({"inputs": digest_of("city", "choices"), "steps": steps, **whole})


def sample() -> Plan:
    window = Weekly(days=("sat", "sun"), opens="22:00", length=timedelta(hours=8))
    return plan(
        step("water/seed", why=Text("先复制", "copying comes first")),
        step(
            "water/cutover",
            action=Cutover(name="portal", parts=2),
            needs=("water/seed",),
            gates=(Approval(people=("owner",)), window),
            why=Text("数据已同步", "the data is there by then"),
        ),
        step(
            "water/units",
            action=PutOnHosts(name="v6"),
            hosts=("r1", "r2", "r3"),
            fleet=Fleet(batch=1, at_once=2, stop_over=0.1),
        ),
        step(
            "water/wipe",
            action=Wipe(name="old"),
            needs=("water/cutover",),
            gates=(Approval(people=("owner", "deputy"), count=2),),
            time_limit=timedelta(seconds=90),
        ),
        notes=(Text("序列须在切换时设置", "Sequences are set at cutover"),),
    )


def kinds_of(found: Plan, people: dict[str, str] | None = None, city: str | None = None) -> set[str]:
    return {finding.kind for finding in check(found, KINDS, PEOPLE if people is None else people, city)}


def test_the_same_input_gives_the_same_digest_in_another_process_with_another_hash_seed() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_plans import sample\nfrom citycloud.plan import digest\nprint(digest(sample()))"
    )
    for seed in ("0", "1"):
        argv = [sys.executable, "-c", code, str(HERE)]
        seen = subprocess.run(
            argv, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, timeout=120, check=True
        )
        assert seen.stdout.strip() == digest(sample())


def test_the_order_in_which_needs_and_choices_are_given_does_not_change_the_digest() -> None:
    one = plan(step("a"), step("b"), step("c", needs=("a", "b")), choices={"x": 1, "y": 2})
    other = plan(step("a"), step("b"), step("c", needs=("b", "a")), choices={"y": 2, "x": 1})
    assert digest(one) == digest(other)


def test_a_plans_file_gives_back_the_plan() -> None:
    assert loads(dumps(sample())) == sample()


def test_a_plan_that_was_edited_in_its_file_is_refused() -> None:
    edited = dumps(sample()).replace("water/seed", "water/sead")
    with pytest.raises(BadInput, match="altered") as told:
        loads(edited, "water.plan.json")
    assert told.value.exit_code == 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"digest": "", "plan": {}}', '{"digest": 1, "plan": 2, "x": 3}']
)
def test_what_is_no_plan_is_bad_input_and_never_a_traceback(text: str) -> None:
    with pytest.raises(BadInput):
        loads(text)


def test_every_wrong_field_of_a_plans_file_is_told_at_once() -> None:
    whole = json.loads(dumps(sample()))
    whole["plan"]["steps"][0]["time_limit"] = "-PT1S"
    whole["plan"]["steps"][1]["id"] = "Not An Id"
    whole["plan"]["extra"] = 1
    with pytest.raises(BadInput) as told:
        loads(json.dumps(whole))
    assert len(told.value.findings) >= 3


def test_a_good_plan_has_no_findings() -> None:
    assert check(sample(), KINDS, PEOPLE, "wuwei") == []


PLANTED = {
    "no-steps": plan(),
    "duplicate-step": plan(step("a"), step("a")),
    "missing-need": plan(step("a", needs=("zz",))),
    "wrong-order": plan(step("a", needs=("b",)), step("b")),
    "cycle": plan(step("a", needs=("b",)), step("b", needs=("a",))),
    "unapproved": plan(step("a", action=Wipe(name="x"))),
    "unknown-approver": plan(step("a", gates=(Approval(people=("nobody",)),))),
    "duplicate-approver": plan(step("a", gates=(Approval(people=("owner", "owner"), count=2),))),
    "too-few-approvers": plan(step("a", gates=(Approval(people=("owner",), count=2),))),
    "no-key": plan(step("a", gates=(Approval(people=("keyless",)),))),
    "window-too-short": plan(step("a", gates=(Weekly(days=("sat",), opens="22:00", length=timedelta(minutes=5)),))),
    "no-day": plan(step("a", gates=(Weekly(days=(), opens="22:00", length=timedelta(hours=1)),))),
    "unknown-zone": plan(step("a", gates=(Weekly(days=("sat",), opens="22:00", length=LIMIT, zone="Mars/Base"),))),
    "duplicate-host": plan(step("a", action=PutOnHosts(name="x"), hosts=("h", "h"))),
    "no-hosts": plan(step("a", fleet=Fleet(batch=2))),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_each_planted_fault_is_found(kind: str) -> None:
    assert kind in kinds_of(PLANTED[kind])


def test_a_window_that_closes_before_it_opens_is_found() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert "closed-window" in kinds_of(plan(step("a", gates=(Window(opens=now, closes=now - LIMIT),))))


def test_an_unknown_action_wrong_parameters_and_a_hidden_irreversible_one_are_found() -> None:
    for value in (
        ActionValue(kind="trial/none"),
        ActionValue(kind="trial/put", parameters={"name": 7}),
        ActionValue(kind="trial/wipe", parameters={"name": "x"}, irreversible=False),
    ):
        assert "bad-action" in kinds_of(plan(step("a", action=value)))


def test_a_plan_for_another_city_is_found() -> None:
    assert "other-city" in kinds_of(sample(), city="lanzhou")


def test_all_faults_are_told_at_once() -> None:
    bad = plan(
        step("a", needs=("zz",), gates=(Approval(people=("nobody",)),)),
        step("a", action=Wipe(name="x")),
        step("b", needs=("b",)),
    )
    assert {"missing-need", "unknown-approver", "duplicate-step", "unapproved", "cycle"} <= kinds_of(bad)


def test_a_step_over_hosts_needs_a_window_for_all_its_batches() -> None:
    window = Weekly(days=("sat",), opens="22:00", length=timedelta(minutes=40))
    fleet = Fleet(batch=1, at_once=1)
    many = step("a", action=PutOnHosts(name="x"), hosts=("h1", "h2", "h3"), fleet=fleet, gates=(window,))
    assert "window-too-short" in kinds_of(plan(many))
    assert "window-too-short" not in kinds_of(plan(many.model_copy(update={"fleet": Fleet(batch=1, at_once=3)})))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_plan_reads_as_the_golden_file_says(language: Literal["en", "zh"]) -> None:
    assert describe(sample(), language) == (HERE / f"golden_plan.{language}.txt").read_text()


def test_a_difference_names_what_came_went_moved_and_changed() -> None:
    old = plan(step("a"), step("b"), step("c"))
    new = plan(step("b"), step("a"), step("c", tries=3), step("d"))
    told = {str(change).split(":")[0] for change in diff(old, new)}
    assert {"> a", "> b", "~ c", "+ d"} == told
    assert {str(change)[0] for change in diff(new, old)} == {">", "~", "-"}
    assert diff(old, old) == []


TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))
DAYS = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1, unique=True).map(tuple)
WEEKLIES = st.builds(
    Weekly,
    days=DAYS,
    opens=st.times().map(lambda time: f"{time:%H:%M}"),
    length=st.integers(1, 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "UTC"]),
)


@given(WEEKLIES, TIMES)
def test_a_weekly_window_is_open_from_its_opening_for_its_length_and_not_longer(window: Weekly, now: datetime) -> None:
    opens = window.next(now)
    assert opens is not None and now < opens <= now + timedelta(days=8)
    assert window.room(opens) >= window.length - timedelta(seconds=1)
    local = opens.astimezone(ZoneInfo(window.zone))
    assert ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()] in window.days
    assert timedelta(0) <= window.room(now) <= window.length


@given(st.timedeltas(timedelta(0), timedelta(days=2)))
def test_a_window_has_as_much_room_as_is_left_of_it(since: timedelta) -> None:
    opens = datetime(2026, 3, 1, tzinfo=UTC)
    window = Window(opens=opens, closes=opens + timedelta(days=1))
    assert window.room(opens + since) == max(timedelta(days=1) - since, timedelta(0))
    assert window.room(opens - timedelta(seconds=1)) == timedelta(0)


def test_planning_imports_no_driver_no_database_and_no_runner() -> None:
    code = (
        "import sys\nimport citycloud.plan, citycloud.action\n"
        "bad = [n for n in sys.modules if n.split('.')[0] in "
        "('dbos', 'psycopg', 'pulumi', 'openstack', 'paramiko', 'pyinfra', 'testinfra', 'sqlite3')"
        " or n.startswith(('citycloud.drivers', 'citycloud.run', 'citycloud.journal', 'citycloud.proc'))]\n"
        "print(bad)"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert seen.stdout.strip() == "[]"
