"""Security groups: a site's shared ones, and a department's own. Pure.

No machine is in OpenStack's ``default`` group, and ours open nothing of themselves: what no flow declares is closed, in
both directions. (Neutron's address groups would say the same with fewer rules, but its iptables firewall takes a rule
with an address group for one without any remote, and opens it to everyone.)
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from citycloud.city.model import Site, Subnets
from citycloud.cloud.halves import Half
from citycloud.cloud.layout.openings import Keys, Openings, keys_of, rules
from citycloud.cloud.layout.values import Group, Rule
from citycloud.cloud.layout.way import name_server

PLATFORM = "platform"
METADATA = Subnets(ipv4=IPv4Network("169.254.169.254/32"), ipv6=IPv6Network("fe80::a9fe:a9fe/128"))
"""Where an instance learns its name and keys (OpenStack's metadata service, both families)."""


def shared_groups(opened: Openings, site: Site, here: Sequence[Half]) -> tuple[Group, ...]:
    """The groups that the halves on a site share, whatever their department."""
    used = dict.fromkeys(name for half in here for name in opened.shared_by(half))
    return (platform(site), *(Group(name, rules(opened.shared[name])) for name in sorted(used)))


def own_groups(opened: Openings, here: Sequence[Half]) -> tuple[tuple[Group, ...], dict[str, str]]:
    """The groups of a department's halves on a site, and each machine's own by its id.

    Machines of one system that may do the same share one; a machine of which no flow speaks by name has none.
    """
    alike: dict[tuple[str, tuple[Rule, ...]], list[Half]] = {}
    for half in here:
        if own := opened.own_rules(half):
            alike.setdefault((half.system.id, own), []).append(half)
    groups, of_machine = [], {}
    for (_, own), members in alike.items():
        name = _name(members, here)
        groups.append(Group(name, own))
        of_machine.update({half.machine.id: name for half in members})
    return tuple(groups), of_machine


def platform(site: Site) -> Group:
    """What every machine needs of the cloud itself: its metadata, and the site's name server."""
    dns = name_server(site)
    server = Subnets(ipv4=IPv4Network(dns.ipv4), ipv6=IPv6Network(dns.ipv6))
    keys: Keys = {}
    for name, protocol, port, remote in (
        ("platform: metadata", "tcp", 80, METADATA),
        ("platform: names", "udp", 53, server),
        ("platform: names", "tcp", 53, server),
    ):
        keys.update({key: [name] for key in keys_of("egress", protocol, port, remote)})
    return Group(PLATFORM, rules(keys))


def _name(members: Sequence[Half], here: Sequence[Half]) -> str:
    """The system's id, ``<system>-<role>``, or the first member's id: the widest that says exactly who is in it."""
    first = members[0]
    same = [half for half in here if half.system.id == first.system.id]
    if len(members) == len(same) > 1:
        return first.system.id
    if [half for half in same if half.machine.role == first.machine.role] == list(members):
        return f"{first.system.id}-{first.machine.role}"
    return f"{first.machine.id}-alike" if len(members) > 1 else first.machine.id
