"""What an observation means for a move: what blocks, what has to be chosen, what to know, how large machines are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from migrate_cases import captured, chosen, move_of, wuwei

from citycloud.errors import BadInput
from citycloud.findings import Severity
from citycloud.migrate.assess import Assessment, assess, measured
from citycloud.migrate.choices import Migrations
from citycloud.migrate.seen import Filesystem, Observation, Program, Sample, SeenHost, Use


def assessed(seen: Observation | None = None, **choices: object) -> Assessment:
    water = chosen().of("water")
    assert water is not None
    theirs = water.model_copy(update={"moves": (move_of(**choices),)})
    return assess(wuwei(), theirs, seen or captured())


def changed(**changes: object) -> Observation:
    """The captured host, changed."""
    host: SeenHost = captured().hosts[0].model_copy(update=changes)
    return captured().model_copy(update={"hosts": (host,)})


def kinds(found: Assessment, bears: str = "") -> set[str]:
    return {one.kind for one in found.concerns if not bears or one.bears == bears}


def one(found: Assessment, kind: str) -> str:
    return next(f"{each.place}: {each.en}" for each in found.concerns if each.kind == kind)


CHOICES = ("keyless_tables", "large_objects", "unlogged_tables", "old_text", "addresses_in_files", "restart_source")
ASKED = dict.fromkeys(CHOICES, "ask")


def test_what_replication_does_not_carry_has_to_be_chosen_and_is_named() -> None:
    found = assessed(**ASKED)
    wanted = {"keyless-tables", "large-objects", "unlogged-tables", "old-text", "hidden-gbk", "restart-source"}
    assert wanted | {"hard-coded-addresses", "addresses-in-programs", "old-file-names"} <= {
        each.kind for each in found.open
    }
    assert "public.audit" in one(found, "keyless-tables") or "journal" in one(found, "keyless-tables")
    assert "building.contact" in one(found, "hidden-gbk")
    assert "wal_level = logical (now replica)" in one(found, "restart-source")
    assert "/opt/gauges/gauges.ini:3 (192.168.77.12 = old-db)" in one(found, "hard-coded-addresses")


def test_what_was_chosen_stands_against_the_move_no_more_and_is_told_all_the_same() -> None:
    found = assessed(
        keyless_tables="full-identity",
        large_objects="copy-at-cutover",
        unlogged_tables="leave",
        old_text="to-utf8",
        addresses_in_files="as-is",
        restart_source="in-window",
    )
    assert found.open == ()
    assert {"keyless-tables", "large-objects"} <= kinds(found)
    assert all(finding.severity is Severity.WARNING for finding in found.findings())


def test_a_restart_that_was_ruled_out_blocks() -> None:
    assert "restart-ruled-out" in kinds(assessed(restart_source="never"), "blocks")


def test_gaps_against_the_protection_levels_are_told_with_their_clause() -> None:
    found = assessed()
    wanted = {
        "empty-password",
        "weak-hash",
        "root-login",
        "no-tls",
        "trusts-anyone",
        "default-password",
        "readable-secret",
    }
    wanted |= {"open-key", "weak-key", "os-out-of-support", "database-out-of-support"}
    assert wanted <= kinds(found)
    assert all(each.clause.startswith("8.1.") for each in found.concerns if each.kind in wanted)


def test_what_could_not_be_seen_is_told_and_a_host_that_was_not_seen_blocks() -> None:
    found = assessed(sources=[{"id": "old-db"}, {"id": "another"}])
    assert [each.place for each in found.concerns if each.kind == "host-unseen"] == ["another"]
    assert "host-unseen" in kinds(found, "blocks")


def test_a_certificate_that_runs_out_before_the_way_back_is_closed_is_told() -> None:
    assert "certificate-expiring" in kinds(assessed())
    certificate = next(c for c in captured().hosts[0].certificates if c.path == "/etc/ssl/hydro.crt")
    later = certificate.model_copy(update={"expires": certificate.expires + timedelta(days=900)})
    assert "certificate-expiring" not in kinds(assessed(changed(certificates=(later,))))
    gone = certificate.model_copy(update={"expires": certificate.begins - timedelta(days=1)})
    assert "certificate-expired" in kinds(assessed(changed(certificates=(gone,))))


@pytest.mark.parametrize(("ahead", "bears"), [(0.5, ""), (10.0, "note"), (-3600.0, "blocks")])
def test_a_clock_that_is_wrong_is_told_and_blocks_where_it_is_far_off(ahead: float, bears: str) -> None:
    os = captured().hosts[0].os
    assert os is not None
    found = assessed(changed(os=os.model_copy(update={"clock_ahead_seconds": ahead, "clock_within_seconds": 1.0})))
    assert [each.bears for each in found.concerns if each.kind == "clock-skew"] == ([bears] if bears else [])


def test_a_full_disk_under_a_database_blocks() -> None:
    full = Filesystem(mount="/", device="x", kind="ext4", size_mib=1000, used_mib=980)
    assert "no-space" in kinds(assessed(changed(filesystems=(full,))), "blocks")
    server = captured().hosts[0].databases[0].model_copy(update={"log_bytes_per_second": 1e6})
    tight = Filesystem(mount="/", device="x", kind="ext4", size_mib=30_000, used_mib=20_000)
    found = assessed(changed(filesystems=(tight,), databases=(server,)))
    assert "log-fills-disk" in kinds(found, "blocks"), "10 GiB at 1 MB a second are 2.9 hours"


def test_a_whole_machine_cannot_be_lifted_to_another_architecture() -> None:
    resources = chosen().of("resources")
    assert resources is not None
    host = captured().hosts[0].model_copy(update={"id": "land-registry", "system": "land-registry"})
    seen = captured().model_copy(update={"department": "resources", "hosts": (host,)})
    city = wuwei()
    zones = {"xinchuang": True, "general": False}
    for zone, refused in zones.items():
        systems = tuple(
            each.model_copy(update={"zone": zone}) if each.id == "land-registry" else each for each in city.systems
        )
        found = assess(city.model_copy(update={"systems": systems}), resources, seen)
        assert ("lift-across-architectures" in kinds(found, "blocks")) is refused


def test_a_program_without_source_binds_only_while_it_runs() -> None:
    tool = Program(path="/opt/x/server", kind="elf", arch="aarch64", bytes=1, runs=True)
    assert "binary-only" in kinds(assessed(changed(programs=(tool,))), "blocks")
    idle = tool.model_copy(update={"runs": False})
    assert "binary-only" not in kinds(assessed(changed(programs=(idle,))))


def used(cores: float, memory_mib: float, hours: float = 48) -> Use:
    use = captured().hosts[0].use
    assert use is not None
    samples = tuple(Sample(at_seconds=n, cpu_cores=cores if n < 95 else 99, memory_mib=memory_mib) for n in range(100))
    return Use(began=use.began, seconds=hours * 3600, samples=samples)


def test_a_flavor_is_the_percentile_and_the_headroom_that_were_chosen() -> None:
    """95 % of samples at 2.0 cores: with 50 % on top 3 vCPU; 2000 MiB and half of it, and 256 MiB: 3.2 GiB, so 4."""
    found = assessed(changed(use=used(2.0, 2000)), sizing={"percentile": 95, "headroom_percent": 50})
    assert [(s.machine, s.vcpu, s.memory_gib, s.hours) for s in found.sized] == [("hydro-db", 3, 4, 48.0)]
    assert {"too small: 3 vCPU needed, 1 declared", "too small: 4 GiB memory needed, 3 declared"} <= {
        each.en for each in found.concerns if each.kind == "target-too-small"
    }
    assert "target-too-small" in {each.kind for each in found.open}


def test_figures_measured_for_too_short_are_said_to_tell_no_peak() -> None:
    assert "short-measurement" in kinds(assessed())
    assert "short-measurement" not in kinds(assessed(changed(use=used(0.1, 100))))


def test_an_observation_of_another_department_is_refused() -> None:
    with pytest.raises(BadInput):
        assessed(captured().model_copy(update={"department": "emergency"}))


def test_waves_get_what_is_to_be_sent_and_what_it_runs_on() -> None:
    water = chosen().of("water")
    assert water is not None
    theirs = Migrations(None, (water.model_copy(update={"moves": (move_of(),)}),))
    found = measured(theirs, [captured()])
    assert found["hydro"].copy_mib > 5 and found["hydro"].arches == frozenset()
    lifted = Migrations(None, (water.model_copy(update={"moves": (move_of(method="lift"),)}),))
    assert measured(lifted, [captured()])["hydro"].arches == {"x86_64"}
    assert measured(lifted, [captured()])["hydro"].copy_mib > found["hydro"].copy_mib


def test_every_concern_is_said_in_both_languages_and_what_is_open_says_what_to_do() -> None:
    for each in assessed(**ASKED).concerns:
        assert each.zh and each.en and any("一" <= sign <= "鿿" for sign in each.zh), each
        assert each.hint or not each.open, each
