"""What a cloud holds, as frozen values: names and numbers only, so that two layouts can be compared and printed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from citycloud.city.model import Addresses, Guests, Subnets

Direction = Literal["ingress", "egress"]
Family = Literal["IPv4", "IPv6"]
FAMILIES: tuple[Family, Family] = ("IPv4", "IPv6")


@dataclass(frozen=True)
class Aggregate:
    """A zone's hosts; its name is the availability zone's. ``traits`` keep machines that do not ask for them away."""

    name: str
    hosts: tuple[str, ...]
    traits: tuple[str, ...]


@dataclass(frozen=True, order=True)
class Flavor:
    """A machine's size, on one kind of host. ``traits`` are all that a host must have."""

    name: str
    vcpu: int
    memory_mib: int
    disk_gib: int
    traits: tuple[str, ...]


@dataclass(frozen=True)
class Image:
    """An image and the file it is made from; a kernel and a ramdisk are Images too, and named here."""

    name: str
    file: str
    format: Literal["raw", "aki", "ari"] = "raw"
    kernel: str = ""
    ramdisk: str = ""
    command_line: str = ""


@dataclass(frozen=True)
class VolumeType:
    name: str
    backend: str


@dataclass(frozen=True)
class External:
    """The provider network, on which the departments' routers meet the carrier."""

    name: str
    physical_network: str
    subnets: Subnets
    gateway: Addresses


@dataclass(frozen=True)
class Network:
    """A department's network in one segment."""

    name: str
    segment: str
    subnets: Subnets
    gateway: Addresses
    name_server: Addresses
    served: bool
    """Whether DHCP and router advertisements (SLAAC) are served: where a machine runs that could ask for them."""


@dataclass(frozen=True)
class Router:
    """A department's router: it routes, it does not translate addresses."""

    name: str
    external: Addresses


@dataclass(frozen=True)
class Quota:
    """What a project may use: declared sizes, and counts that follow from the machines with room to grow."""

    vcpu: int
    memory_mib: int
    storage_gib: int
    machines: int
    networks: int
    routers: int
    groups: int
    rules: int


@dataclass(frozen=True)
class Tenant:
    """A department on a site: its project, its user, what it may use, and its networks."""

    department: str
    title: str
    quota: Quota
    router: Router | None
    networks: tuple[Network, ...]


@dataclass(frozen=True)
class Rule:
    """One opening, for one family. ``flows`` are the declared flows that it exists for."""

    direction: Direction
    family: Family
    protocol: str
    port: int | None
    remote: str
    flows: tuple[str, ...]

    @property
    def key(self) -> str:
        """Unique in its group, and stable however the flows are ordered."""
        port = "any" if self.port is None else str(self.port)
        # Pulumi's names of resources are joined by double colons
        return f"{self.direction}-{self.protocol}-{port}-{self.remote.replace(':', '.')}"


@dataclass(frozen=True)
class Group:
    """A security group: what is not opened here is closed, in both directions."""

    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class SiteLayout:
    """Everything on a site that departments share, or that only its administrator may make."""

    site: str
    city: str
    """Its id: the Keystone domain that holds all projects and users, apart from OpenStack's own."""
    external: External
    aggregates: tuple[Aggregate, ...]
    flavors: tuple[Flavor, ...]
    images: tuple[Image, ...]
    volume_types: tuple[VolumeType, ...]
    groups: tuple[Group, ...]
    """Shared with every department."""
    tenants: tuple[Tenant, ...]


@dataclass(frozen=True)
class ServerGroup:
    name: str
    policy: Literal["anti-affinity", "soft-anti-affinity"]


@dataclass(frozen=True)
class Volume:
    name: str
    size_gib: int
    type: str


@dataclass(frozen=True)
class Server:
    """A machine's half on this site, with its port and its volume."""

    machine: str
    system: str
    zone: str
    segment: str
    guests: Guests
    flavor: str
    image: str
    network: str
    served: bool
    """Whether its network gives it its IPv6 address (SLAAC); else its port is given it."""
    ipv4: str
    ipv6: str
    mac: str
    groups: tuple[str, ...]
    """The department's own."""
    shared_groups: tuple[str, ...]
    """The site's."""
    server_group: str | None
    volume: Volume | None

    @property
    def stateful(self) -> bool:
        """Keeps data: it and its volume go only when asked for by name."""
        return self.volume is not None


@dataclass(frozen=True)
class DepartmentLayout:
    """Everything of a department on a site."""

    site: str
    department: str
    keypair: str
    groups: tuple[Group, ...]
    server_groups: tuple[ServerGroup, ...]
    servers: tuple[Server, ...]


def as_json(layout: SiteLayout | DepartmentLayout) -> dict[str, Any]:
    """The layout as plain JSON values, for golden files and for people."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(layout), default=_plain))
    return plain


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, Addresses | Subnets) else str(value)
