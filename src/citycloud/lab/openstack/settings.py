"""What one site's cloud consists of, derived from the lab's spec: pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address

from citycloud.city.model import City, Guests, Host, Noun
from citycloud.lab.spec import LabHost, LabSpec, Role

REGION = "RegionOne"
REGION_IPV6 = "RegionSix"
"""The same services by their IPv6 addresses, for clients that have no IPv4."""

PORTS = {
    "identity": 5000,
    "compute": 8774,
    "image": 9292,
    "network": 9696,
    "placement": 8778,
    "volumev3": 8776,
}
"""Public port of each service; the service itself listens on 10000 more, on loopback."""

METADATA_PORT = 18775

PATHS = {
    "identity": "/v3",
    "compute": "/v2.1",
    "image": "",
    "network": "",
    "placement": "",
    "volumev3": "/v3/%(project_id)s",
}

GUESTS_TRAIT = {
    Guests.NONE: "CUSTOM_GUESTS_NONE",
    Guests.LXC: "CUSTOM_GUESTS_LXC",
    Guests.QEMU: "CUSTOM_GUESTS_QEMU",
    Guests.KVM: "CUSTOM_GUESTS_QEMU",
}


class Compute(Noun):
    """A compute host as placement is to see it."""

    name: str
    vcpu: int
    memory_mib: int
    disk_gib: int
    arch: str
    traits: tuple[str, ...]


class Cloud(Noun):
    """One site's cloud."""

    site: str
    domain: str
    controller: LabHost
    hypervisors: tuple[LabHost, ...]
    computes: tuple[Compute, ...]
    """Every compute host of the site, hypervisors too."""
    without_guests: tuple[str, ...]
    default_zone: str

    @property
    def name(self) -> str:
        """The name of the APIs."""
        return f"api.{self.site}.{self.domain}"

    @property
    def hosts(self) -> tuple[LabHost, ...]:
        return (self.controller, *self.hypervisors)

    def url(self, service: str, ipv6: bool = False) -> str:
        """The public address of a service, its path not included."""
        addresses = self.controller.addresses
        address = addresses.ipv6 if ipv6 else addresses.ipv4
        shown = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        return f"https://{shown}:{PORTS[service]}"

    def compute(self, name: str) -> Compute:
        """The compute of that name. Raises KeyError."""
        return {compute.name: compute for compute in self.computes}[name]

    def thin_gib(self) -> int:
        """Declared capacity of the ``thin`` volumes: the storage of computes without guests."""
        return sum(self.compute(name).disk_gib for name in self.without_guests)


def _compute(host: Host) -> Compute:
    arch = f"COMPUTE_ARCH_{host.arch.value.upper()}"
    traits = {GUESTS_TRAIT[host.guests], *host.traits}
    if arch != "COMPUTE_ARCH_LOONGARCH64":  # not among the traits that placement knows
        traits.add(arch)
    return Compute(
        name=host.id,
        vcpu=host.capacity.vcpu,
        memory_mib=host.capacity.memory_gib * 1024,
        disk_gib=host.capacity.storage_gib,
        arch=host.arch.value,
        traits=tuple(sorted(traits)),
    )


def _cloud(city: City, spec: LabSpec, site: str) -> Cloud:
    zones = next(each for each in city.sites if each.id == site).zones
    hosts = [host for zone in zones for host in zone.hosts]
    return Cloud(
        site=site,
        domain=city.domain,
        controller=spec.controller(site),
        hypervisors=tuple(host for host in spec.site_hosts(site) if host.role is not Role.CONTROLLER),
        computes=tuple(_compute(host) for host in hosts),
        without_guests=tuple(host.id for host in hosts if host.guests is Guests.NONE),
        default_zone=zones[0].id,
    )


def clouds(spec: LabSpec) -> Iterator[Cloud]:
    """The clouds of the lab, in the order of the declaration."""
    for carrier in spec.carriers:
        yield _cloud(spec.city, spec, carrier.site)
