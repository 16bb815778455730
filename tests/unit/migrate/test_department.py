"""A department's plan, whole, in both languages. To renew the records: ``python test_department.py`` (here)."""

from __future__ import annotations

import base64
import sys
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from migrate_cases import CAPTURED, chosen, wuwei

from citycloud.action import World
from citycloud.errors import BadInput
from citycloud.kinds import kinds_of
from citycloud.migrate.actions.forward import Forward, rules
from citycloud.migrate.actions.postgres_beside import BATCH, batches
from citycloud.migrate.actions.postgres_pair import scram
from citycloud.migrate.actions.postgres_target import _wanted
from citycloud.migrate.choices import Migrations, MoveChoices
from citycloud.migrate.department import plan_department
from citycloud.migrate.seen import Observation, from_json
from citycloud.migrate.world import ways
from citycloud.plan import Approval, Plan, Weekly, check, describe, digest, dumps, loads

GOLDEN = Path(__file__).parent / "golden"
Language = Literal["zh", "en"]


@cache
def seen() -> Observation:
    """Observed on a real machine room of the lab."""
    return from_json(CAPTURED / "hydro.seen.json")


def with_move(**changes: object) -> Migrations:
    """Water's choices with hydro's move changed."""
    water = chosen().of("water")
    assert water is not None
    move = MoveChoices.model_validate({**water.moves[0].model_dump(), **changes})
    return Migrations(chosen().waves, (water.model_copy(update={"moves": (move,)}),))


@cache
def water() -> Plan:
    return plan_department(wuwei(), chosen(), "water", seen())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_plan_of_waters_move_is_the_one_on_record(language: Language) -> None:
    assert describe(water(), language) == (GOLDEN / f"water.plan.{language}.txt").read_text()


def test_the_plans_actions_are_the_ones_on_record() -> None:
    assert dumps(water()) == (GOLDEN / "water.plan.json").read_text()


def test_the_same_input_gives_the_same_digest_and_another_input_another() -> None:
    again = plan_department(wuwei(), chosen(), "water", Observation.model_validate(seen().model_dump()))
    assert digest(again) == digest(water())
    other = plan_department(wuwei(), with_move(refused_seconds=3), "water", seen())
    assert digest(other) != digest(water())


def test_a_plan_has_no_faults_and_comes_back_from_its_file_unchanged() -> None:
    people = {person.id: "" for department in wuwei().departments for person in department.people}
    found = check(water(), kinds_of(water()), people, wuwei().id)
    assert {one.kind for one in found} <= {"no-key"}
    assert loads(dumps(water()), "water.plan.json") == water()


def test_nothing_stops_before_people_have_said_yes_in_the_window() -> None:
    gates = water().step("water/hydro/cutover").gates
    assert any(isinstance(gate, Approval) and gate.count == 2 for gate in gates)
    assert any(isinstance(gate, Weekly) and gate.days == ("tue", "thu") for gate in gates)


def test_windows_are_kept_to_unless_the_plan_says_why_not() -> None:
    plan = plan_department(wuwei(), chosen(), "water", seen(), "the lab has no users")
    assert not any(isinstance(gate, Weekly) for step in plan.steps for gate in step.gates)
    assert any(isinstance(gate, Approval) for gate in plan.step("water/hydro/cutover").gates)
    assert "the lab has no users" in describe(plan, "en") and digest(plan) != digest(water())


def test_only_the_last_step_cannot_be_undone_and_two_people_stand_before_it() -> None:
    assert [step.id for step in water().steps if step.action.irreversible] == ["water/hydro/decommission"]
    gate = water().steps[-1].gates[0]
    assert isinstance(gate, Approval) and gate.count == 2


def test_the_cutover_comes_after_all_data_and_the_way_back_before_acceptance() -> None:
    order = [step.id.rpartition("/")[2] for step in water().steps]
    assert order.index("replicate") < order.index("forecast") < order.index("rehearse") < order.index("cutover")
    assert order.index("cutover") < order.index("reverse") < order.index("accept") < order.index("decommission")


def test_a_source_that_can_be_replicated_from_already_is_not_started_anew() -> None:
    told = seen().model_dump()
    for host in told["hosts"]:
        for server in host["databases"]:
            server["settings"]["wal_level"] = "logical"
    plan = plan_department(wuwei(), chosen(), "water", Observation.model_validate(told))
    assert "water/hydro/source-settings" not in {step.id for step in plan.steps}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"keyless_tables": "ask"}, "keyless-tables"),
        ({"large_objects": "ask"}, "large-objects"),
        ({"restart_source": "never"}, "restart-ruled-out"),
        ({"keyless_tables": "copy-at-cutover"}, "not-supported"),
        ({"method": "lift"}, "not-supported"),
    ],
)
def test_what_is_undecided_or_not_supported_is_refused_and_said(changes: dict[str, object], kind: str) -> None:
    with pytest.raises(BadInput) as refused:
        plan_department(wuwei(), with_move(**changes), "water", seen())
    assert kind in {one.kind for one in refused.value.findings}


def test_a_host_that_was_not_seen_is_refused() -> None:
    told = seen().model_copy(update={"hosts": tuple(host for host in seen().hosts if host.id != "old-hydro-web")})
    with pytest.raises(BadInput) as refused:
        plan_department(wuwei(), chosen(), "water", told)
    assert "host-unseen" in {one.kind for one in refused.value.findings}


def test_a_departments_world_has_its_own_hosts_and_no_others() -> None:
    department = chosen().of("water")
    assert department is not None
    names = {"old-hydro-web", "old-hydro-db", "old-hydro-files", "hydro-web", "hydro-db", "hydro-files"}
    assert set(ways(wuwei(), department)) == names


def test_a_forged_step_finds_no_way_to_another_departments_host() -> None:
    from citycloud.drivers.postgres import Postgres
    from citycloud.drivers.ssh import Ssh

    department = chosen().of("water")
    assert department is not None
    ssh = Ssh(ways(wuwei(), department))
    forged = (
        water()
        .step("water/hydro/source-settings")
        .action.model_copy(
            update={"parameters": {"host": "old-fire-db", "settings": {"wal_level": "logical"}, "what": "x"}}
        )
    )
    action = kinds_of(water()).action(forged)
    with pytest.raises(LookupError, match="no way to old-fire-db"):
        action.reached(World({Ssh: ssh, Postgres: Postgres(ssh)}))


@given(st.dictionaries(st.integers(1, 10_000), st.integers(0, 3 * BATCH), max_size=60))
def test_every_large_object_is_in_one_batch_and_no_batch_of_several_is_too_large(sizes: dict[int, int]) -> None:
    found = batches(sizes)
    assert [oid for batch in found for oid in batch] == list(sizes)
    assert all(len(batch) == 1 or sum(sizes[oid] for oid in batch) <= BATCH for batch in found)


def test_a_password_is_kept_as_rfc_7677_says() -> None:
    """The user ``user`` with the password ``pencil`` of section 3."""
    told = scram("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    assert told == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_roles_come_over_with_their_grants_and_the_superuser_stays_as_it_is() -> None:
    dump = [
        "CREATE ROLE postgres;",
        "ALTER ROLE postgres WITH SUPERUSER;",
        "CREATE ROLE citycloud_move;",
        "GRANT owner TO citycloud_move GRANTED BY postgres;",
        "CREATE ROLE there;",
        "ALTER ROLE there WITH LOGIN PASSWORD 'md5x';",
        'CREATE ROLE "水务";',
        'GRANT there TO "水务" GRANTED BY postgres;',
        "SELECT pg_sleep(1);",
    ]
    assert _wanted(dump, {"postgres", "citycloud_move"}, {"there"}) == [
        "ALTER ROLE there WITH LOGIN PASSWORD 'md5x';",
        'CREATE ROLE "水务";',
        'GRANT there TO "水务";',
    ]


def test_forwarding_leads_only_the_named_ports_of_the_hosts_own_addresses() -> None:
    told = rules(Forward(host="old", address="10.1.2.3", ports=(80, 443), units=("nginx",)))
    assert told.count("tcp dport { 80, 443 } fib daddr type local") == 2
    assert told.count("dnat to 10.1.2.3") == 2 and "masquerade" in told


if __name__ == "__main__":
    for language in ("zh", "en"):
        (GOLDEN / f"water.plan.{language}.txt").write_text(describe(water(), language))  # type: ignore[arg-type]
    (GOLDEN / "water.plan.json").write_text(dumps(water()))
    sys.stdout.write("written\n")
