"""What choices have to keep to: against the City, and with each other. Every Finding at once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from citycloud.city.model import City, Person
from citycloud.city.places import Mark, Step, did_you_mean
from citycloud.findings import Finding, Place, Severity
from citycloud.migrate.choices.model import DepartmentChoices, LineHours, MoveChoices, WaveChoices, minutes

Marks = Mapping[str, Mark]


def check(
    city: City, waves: WaveChoices | None, departments: Sequence[DepartmentChoices], marks: Marks
) -> list[Finding]:
    """Every Finding of what was read. ``marks`` are by department's id, and ``waves``."""
    found = list(_twice(departments, marks))
    if waves is not None:
        found += _waves(city, waves, marks.get("waves", Mark(Place(object="waves"))))
    for chosen in departments:
        if waves is not None:
            found += _rehearsals(waves, chosen, marks.get(chosen.department, Mark(Place(object=chosen.department))))
        mark = marks.get(chosen.department, Mark(Place(object=chosen.department)))
        found += _department(city, chosen, mark)
    return found


def _known(word: str, known: Iterable[str], what: str, place: Place) -> Iterator[Finding]:
    names = set(known)
    if word not in names:
        yield Finding("unknown-reference", place, f"there is no {what} {word!r}", did_you_mean(word, names))


def _twice(departments: Sequence[DepartmentChoices], marks: Marks) -> Iterator[Finding]:
    for id_, times in Counter(one.department for one in departments).items():
        if times > 1:
            said = f"{id_} has {times} files of choices"
            yield Finding("duplicate-id", marks[id_].at("department"), said, "keep one of them")


def _department(city: City, chosen: DepartmentChoices, mark: Mark) -> Iterator[Finding]:
    department = next((one for one in city.departments if one.id == chosen.department), None)
    if department is None:
        known = [one.id for one in city.departments]
        yield from _known(chosen.department, known, "department", mark.at("department"))
        return
    people = {person.id: person for one in city.departments for person in one.people}
    for field in ("owner", "decides"):
        yield from _known(getattr(chosen, field), people, "person", mark.at(field))
    if chosen.stands_in is not None:
        yield from _known(chosen.stands_in, people, "person", mark.at("stands_in"))
    for field, values in _repeated(chosen):
        yield Finding("duplicate-id", mark.at("moves"), f"{field} {values} is there twice", "make it one")
    shared = sum(move.bandwidth_percent for move in chosen.moves)
    if len(chosen.moves) > 1 and shared > 100:
        hint = "moves of one department that run at once share the line; they may also wait for each other"
        said = f"bandwidth shares sum to {shared} percent"
        yield Finding("bad-value", mark.at("moves"), said, hint, Severity.WARNING)
    for at, move in enumerate(chosen.moves):
        yield from _move(city, chosen, move, mark, at, people)


def _rehearsals(waves: WaveChoices, chosen: DepartmentChoices, mark: Mark) -> Iterator[Finding]:
    for at, move in enumerate(chosen.moves):
        if move.rehearsal.times and move.rehearsal.days_before > waves.ahead_days:
            said = (
                f"rehearsed {move.rehearsal.days_before} days before, and data is there {waves.ahead_days} days before"
            )
            place = mark.at("moves", at, "rehearsal", "days_before")
            yield Finding("rehearsal-too-early", place, said, "rehearse later, or raise ahead_days in waves.yaml")


def _repeated(chosen: DepartmentChoices) -> Iterator[tuple[str, str]]:
    for field in ("system", "order"):
        counts = Counter(str(getattr(move, field)) for move in chosen.moves)
        yield from ((field, value) for value, times in counts.items() if times > 1)
    hosts = Counter(source.id for move in chosen.moves for source in move.sources)
    yield from (("source", value) for value, times in hosts.items() if times > 1)


def _move(
    city: City, chosen: DepartmentChoices, move: MoveChoices, mark: Mark, at: int, people: Mapping[str, Person]
) -> Iterator[Finding]:
    def place(*path: Step) -> Place:
        return mark.at("moves", at, *path)

    systems = {system.id: system for system in city.systems}
    yield from _known(move.system, systems, "system", place("system"))
    system = systems.get(move.system)
    if system and system.department != chosen.department:
        said = f"{move.system} is {system.department}'s system, not {chosen.department}'s"
        yield Finding("not-theirs", place("system"), said, "a department moves its own systems only")
    machines = {machine.id for machine in city.machines if machine.system == move.system}
    for nth, source in enumerate(move.sources):
        for one in source.becomes:
            yield from _known(one, machines, f"machine of {move.system}", place("sources", nth, "becomes"))
    yield from _approvers(move, people, place)
    if move.way_back_days < move.accept_days:
        said = f"the way back closes after {move.way_back_days} days, acceptance takes {move.accept_days}"
        yield Finding("bad-value", place("way_back_days"), said, "as long as acceptance, at least")
    for nth, window in enumerate(move.windows):
        if window.length < move.cutover_minutes:
            said = f"the window is {window.length} min, the cutover takes {move.cutover_minutes}"
            yield Finding("window-too-short", place("windows", nth), said, "a longer window, or a shorter cutover")
    if move.method == "lift" and len(move.sources) > 1:
        said = "a whole machine is lifted one at a time"
        yield Finding("bad-value", place("sources"), said, "one source, or method: replicate")


def _approvers(move: MoveChoices, people: Mapping[str, Person], place: Callable[..., Place]) -> Iterator[Finding]:
    for what in ("cutover", "accept", "decommission"):
        signers: tuple[str, ...] = getattr(move.approvals, what)
        where = place("approvals", what)
        for id_ in signers:
            yield from _known(id_, people, "person", where)
            if id_ in people and not people[id_].key:
                said = f"{id_} is to approve the {what}, and has no key to sign with"
                yield Finding("no-key", where, said, "add `key:` to the person", Severity.WARNING)
        if len(set(signers)) < len(signers):
            yield Finding("bad-value", where, f"the {what} is to be approved twice by one person", "name two people")


def _waves(city: City, waves: WaveChoices, mark: Mark) -> Iterator[Finding]:
    if waves.ends <= waves.begins:
        said = f"the moves end on {waves.ends}, before they begin on {waves.begins}"
        yield Finding("bad-value", mark.at("ends"), said, "a later day")
    clouds = {site.id: site for site in city.sites if site.zones}
    departments = [one.id for one in city.departments]
    systems = [one.id for one in city.systems]
    for at, line in enumerate(waves.lines):
        yield from _known(line.site, clouds, "site with a cloud", mark.at("lines", at, "site"))
        yield from _hours(line.hours, mark.at("lines", at, "hours"))
    for at, delivery in enumerate(waves.deliveries):
        yield from _known(delivery.site, clouds, "site with a cloud", mark.at("deliveries", at, "site"))
        if delivery.site in clouds:
            zones = [zone.id for zone in clouds[delivery.site].zones]
            yield from _known(delivery.zone, zones, f"zone at {delivery.site}", mark.at("deliveries", at, "zone"))
    for name in ("teams", "frozen"):
        for at, one in enumerate(getattr(waves, name)):
            for id_ in one.departments:
                yield from _known(id_, departments, "department", mark.at(name, at, "departments"))
    for at, group in enumerate(waves.together):
        for id_ in group:
            yield from _known(id_, systems, "system", mark.at("together", at))
    for at, system in enumerate(waves.systems):
        yield from _known(system.id, systems, "system", mark.at("systems", at, "id"))
    yield from _doubled(waves, mark)


def _hours(hours: Sequence[LineHours], place: Place) -> Iterator[Finding]:
    """Hours of a line: within a day, in order, not over each other."""
    spans = [(minutes(one.begins), minutes(one.ends)) for one in hours]
    for begins, ends in spans:
        if ends <= begins:
            yield Finding("bad-value", place, "hours of a line end after they begin", "split them at midnight")
    for (_, ends), (begins, _) in pairwise(sorted(spans)):
        if begins < ends:
            yield Finding("bad-value", place, "hours of a line lie over each other", "each time of day once")


def _doubled(waves: WaveChoices, mark: Mark) -> Iterator[Finding]:
    named = {
        "lines": [line.site for line in waves.lines],
        "teams": [team.id for team in waves.teams],
        "systems": [system.id for system in waves.systems],
        "together": [id_ for group in waves.together for id_ in group],
    }
    for name, ids in named.items():
        for id_, times in Counter(ids).items():
            if times > 1:
                yield Finding("duplicate-id", mark.at(name), f"{id_} is there {times} times", "keep one")
    for at, frozen in enumerate(waves.frozen):
        if frozen.ends < frozen.begins:
            yield Finding("bad-value", mark.at("frozen", at), "it ends before it begins", "a later day")
