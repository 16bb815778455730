"""Places within one prefix, given sparsely: those that come early lie as far from each other as can be.

The order is RFC 3531's "leftmost" (section 3.1): place numbers are counted with their bits reversed, 0, 1/2, 1/4,
3/4, 1/8 of the way and so on. So the space behind each that is given stays free for as long as possible, beyond what
is reserved for it anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Network


def sparse(bits: int) -> Iterator[int]:
    """All numbers of ``bits`` bits, in RFC 3531's leftmost order."""
    for count in range(1 << bits):
        yield int(f"{count:0{bits}b}"[::-1], 2) if bits else 0


@dataclass(frozen=True)
class Former:
    """A place that was given back: by whom, and whether it rests still."""

    id: str
    place: IPv6Network
    rests: bool


@dataclass
class Places:
    """The places of ``length`` in ``parent`` as they are given out. Raises nothing: who finds none is ``without``."""

    parent: IPv6Network
    length: int
    given: dict[str, IPv6Network] = field(default_factory=dict)
    former: Sequence[Former] = ()
    blocked: Mapping[IPv6Network, str] = field(default_factory=dict)
    """Prefixes in use and who uses them: nobody else is given a place that overlaps one."""
    without: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._taken = set(self.given.values())
        self._used = {one.place for one in self.former}
        kept = [*self.blocked.items(), *((one.place, one.id) for one in self.former if one.rests)]
        self._wide = [(place, id_) for place, id_ in kept if place.prefixlen < self.length]
        self._narrow: dict[IPv6Network, set[str]] = {}
        for place, id_ in kept:
            if place.prefixlen >= self.length:
                self._narrow.setdefault(place.supernet(new_prefix=self.length), set()).add(id_)

    def is_free(self, place: IPv6Network, id_: str) -> bool:
        """Whether ``id_`` may have it: nobody has it, uses a part of it, or had it too lately."""
        if place in self._taken or not place.subnet_of(self.parent):
            return False
        users = self._narrow.get(place, set()) | {user for wide, user in self._wide if place.subnet_of(wide)}
        return users <= {id_}

    def give(self, wanted: Mapping[str, IPv6Network], members: Collection[str]) -> None:
        """A place for each of ``members``: what it holds; what it wants; what it had last; the next one in order, and
        one that another had only where there is no other."""
        for id_ in sorted(set(members) & set(wanted) - set(self.given)):
            self._take(id_, wanted[id_])
        for one in reversed(self.former):
            if one.id in members and one.id not in self.given and one.place.prefixlen == self.length:
                self._take(one.id, one.place)
        order, passed = self._in_order(), list[IPv6Network]()
        for id_ in sorted(set(members) - set(self.given)):
            for place in order:
                if place not in self._used and self.is_free(place, id_):
                    self._take(id_, place)
                    break
                passed.append(place)
            else:
                self._second_choice(id_, passed)

    def _second_choice(self, id_: str, passed: list[IPv6Network]) -> None:
        place = next((one for one in passed if self.is_free(one, id_)), None)
        if place is None:
            self.without.append(id_)
        else:
            self._take(id_, place)
            passed.remove(place)

    def _take(self, id_: str, place: IPv6Network) -> None:
        if self.is_free(place, id_):
            self.given[id_] = place
            self._taken.add(place)

    def _in_order(self) -> Iterator[IPv6Network]:
        begins, size = int(self.parent.network_address), 128 - self.length
        for number in sparse(max(self.length - self.parent.prefixlen, 0)):
            yield IPv6Network((begins + (number << size), self.length))
