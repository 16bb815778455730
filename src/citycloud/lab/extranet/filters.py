"""What an access router lets through before IPv6 (访问控制): nftables, IPv4 only. Pure.

Every rule counts, and says by a comment what it is: that the same is allowed and refused over IPv6 is compared rule by
rule later. A unit's host may reach the extranet; from there come answers, pings, and the unit's own pages.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from citycloud.lab.extranet.spec import ExtranetSpec, Router

OFFERED = (80, 443)
"""TCP ports that a unit offers to the others."""


def _set(networks: tuple[IPv4Network, ...]) -> str:
    return "{ " + ", ".join(map(str, sorted(networks))) + " }"


def ruleset(spec: ExtranetSpec, router: Router) -> str:
    """For ``nft -f``. Raises ValueError for a router that no unit is behind."""
    if router.lan is None:
        raise ValueError(f"{router.name} has no unit behind it")
    operators = _set(spec.operations)
    offered = ", ".join(map(str, OFFERED))
    return f"""table ip extranet
delete table ip extranet
table ip extranet {{
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ct state established,related counter accept comment "answers"
    iifname "lan0" ip saddr != {router.lan} counter drop comment "spoofed"
    iifname "lan0" oifname "wan0" ct state new counter accept comment "out"
    iifname "wan0" oifname "lan0" icmp type echo-request counter accept comment "ping"
    iifname "wan0" oifname "lan0" ip saddr {spec.range} tcp dport {{ {offered} }} counter accept comment "offered"
    iifname "wan0" oifname "lan0" ip saddr {operators} tcp dport 22 counter accept comment "management"
    counter drop comment "refused"
  }}
  chain input {{
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related counter accept comment "answers"
    iifname "wan0" ip protocol 89 counter accept comment "ospf"
    icmp type {{ echo-request, destination-unreachable, time-exceeded }} counter accept comment "icmp"
    iifname "wan0" ip saddr {operators} tcp dport 22 counter accept comment "management"
    counter drop comment "refused"
  }}
}}
"""
