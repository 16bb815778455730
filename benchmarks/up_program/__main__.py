"""What the benchmark makes, as a Pulumi program. ``benchmarks/up.py`` makes the same with openstacksdk."""

import pulumi
from pulumi_openstack import networking

sets = pulumi.Config().require_int("sets")
router = networking.Router("router", name="bench")
for n in range(sets):
    network = networking.Network(f"network-{n}", name=f"bench-{n}")
    ipv4 = networking.Subnet(
        f"ipv4-{n}", name=f"bench-{n}-4", network_id=network.id, ip_version=4, cidr=f"10.250.{n}.0/24"
    )
    networking.Subnet(
        f"ipv6-{n}",
        name=f"bench-{n}-6",
        network_id=network.id,
        ip_version=6,
        cidr=f"2001:db8:be:{n:x}::/64",
        ipv6_address_mode="slaac",
        ipv6_ra_mode="slaac",
    )
    networking.RouterInterface(f"way-{n}", router_id=router.id, subnet_id=ipv4.id)
    group = networking.SecGroup(f"group-{n}", name=f"bench-{n}", delete_default_rules=True)
    for family, prefix in (("IPv4", "10.200.0.0/24"), ("IPv6", "2001:db8:ff::/48")):
        networking.SecGroupRule(
            f"rule-{n}-{family}",
            security_group_id=group.id,
            direction="ingress",
            ethertype=family,
            protocol="tcp",
            port_range_min=22,
            port_range_max=22,
            remote_ip_prefix=prefix,
        )
