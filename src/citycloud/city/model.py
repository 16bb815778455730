"""The nouns of a City. Frozen values, no I/O; sizes are GiB and vCPU unless a name says otherwise."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SCHEMA_VERSION = 1

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")]
Trait = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9_]{1,255}$")]
Grade = Annotated[int, Field(ge=1, le=4)]
"""等保 level (GB/T 22239-2019)."""
Protocol = Literal["tcp", "udp", "icmp"]


class Noun(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Arch(StrEnum):
    X86_64 = "x86_64"
    AARCH64 = "aarch64"
    LOONGARCH64 = "loongarch64"


class Guests(StrEnum):
    """What a compute host runs: ``none`` lends capacity only (the lab's computes without guests)."""

    NONE = "none"
    LXC = "lxc"
    QEMU = "qemu"
    KVM = "kvm"


class Capacity(Noun):
    vcpu: int = Field(gt=0)
    memory_gib: int = Field(gt=0)
    storage_gib: int = Field(gt=0)


class Host(Noun):
    """A compute host of a zone, as placement sees it."""

    id: Id
    guests: Guests
    capacity: Capacity
    arch: Arch = Arch.X86_64
    traits: tuple[Trait, ...] = ()


class Zone(Noun):
    """A part of a Site's cloud with hardware and rules of its own: an availability zone (可用区)."""

    id: Id
    name: str
    grades: tuple[Grade, ...]
    """Levels of the systems that may stand here."""
    hosts: tuple[Host, ...]


class Subnets(Noun):
    """One dual-stack range."""

    ipv4: IPv4Network
    ipv6: IPv6Network


class Carrier(Noun):
    id: Id
    name: str


class Site(Noun):
    """A data centre, and the Carrier whose network it is on. A Site without zones holds no cloud (the witness's)."""

    id: Id
    name: str
    carrier: Id
    management: Subnets | None = None
    """Where the cloud's APIs and hosts are (/24, /64)."""
    external: Subnets | None = None
    """The provider network, where the departments' routers meet the carrier (at least /24, /64)."""
    tenant: Subnets | None = None
    """Departments' networks are cut from here (/16, /48); see cloud/addresses.py."""
    zones: tuple[Zone, ...] = ()


class Link(Noun):
    """The line between two Sites."""

    sites: tuple[Id, Id]
    megabits: int = Field(gt=0)


class Segment(Noun):
    """A network zone (网络区域): internet-facing, government-public, department-only."""

    id: Id
    name: str
    number: int = Field(ge=0, le=3)
    may_reach: tuple[Id, ...]
    """Segments that a Flow from here may go to (itself too, only where it is named)."""
    from_any: bool = False
    """Whether a Flow from ``any`` may end here."""
    own_department_only: bool = False
    """Whether a Flow that ends here has to start in the same Department (or at the operators)."""


class Person(Noun):
    id: Id
    name: str
    role: str
    key: str = ""
    """Ed25519 public key that this person signs approvals with."""


class Quota(Noun):
    """What a Department may use on one Site."""

    site: Id
    vcpu: int = Field(gt=0)
    memory_gib: int = Field(gt=0)
    storage_gib: int = Field(gt=0)


class Department(Noun):
    """A tenant."""

    id: Id
    name: str
    number: int = Field(ge=0, le=62)
    """Fixes the department's address ranges; never reused."""
    owner: Id
    people: tuple[Person, ...]
    quotas: tuple[Quota, ...]


class Machine(Noun):
    """A server of a System; the standby half, where there is one, repeats it on the other Site."""

    id: Id
    system: Id
    role: str
    number: int = Field(ge=10, le=249)
    """Fixes its addresses within the department's segment."""
    segment: Id
    guests: Guests
    vcpu: int = Field(gt=0)
    memory_gib: int = Field(gt=0)
    system_disk_gib: int = Field(gt=0)
    data_disk_gib: int = Field(ge=0)


class System(Noun):
    """A department's business system (业务系统)."""

    id: Id
    name: str
    department: Id
    site: Id
    """The primary Site."""
    zone: Id
    grade: Grade
    dr_level: int | None = Field(default=None, ge=1, le=6)
    """GB/T 20988 level."""
    needs: tuple[Id, ...] = ()
    """Systems that this one cannot serve without."""
    wave: Literal["first", "later"] = "later"
    """``first``: one of the first 20 systems in use, whose machines are declared."""
    on_both: bool = False
    """Served from both Sites at once (多云部署)."""
    source: Literal["plan", "synthetic"] = "synthetic"


class Flow(Noun):
    """A permitted connection.

    ``source`` and ``target`` are a machine, a system (all its machines), or a segment (every department's machines in
    it). Two more sources: ``any``, and ``operations``, the prefixes that operators' hosts connect from.
    """

    source: str
    target: str
    protocol: Protocol
    port: int | None = Field(default=None, ge=1, le=65535)
    why: str = ""


class Region(Noun):
    id: Id
    name: str
    units: int = Field(ge=0)


class Unit(Noun):
    """A body connected to the extranet (接入单位)."""

    id: Id
    name: str
    region: Id


class Pair(Noun):
    """Two Sites, each the other's disaster recovery (同城异网互为灾备), and the Systems held for each other."""

    id: Id
    sites: tuple[Id, Id]
    systems: tuple[Id, ...]


class PlanSums(Noun):
    """Figures of the city's plan that the declaration must meet."""

    systems: int
    units: int
    capacity: Capacity
    first_systems: int
    first_vcpu: int
    first_memory_gib: int
    first_system_disk_gib: int
    first_data_disk_gib: int


class City(Noun):
    """Everything declared."""

    schema_version: Literal[1]
    id: Id
    name: str
    domain: Domain
    """The DNS zone of the city's names, without the dot."""
    synthetic: bool
    """Whether what the city's plan does not say was made up."""
    dr_edition: Literal["2007"] = "2007"
    plan: PlanSums
    carriers: tuple[Carrier, ...]
    sites: tuple[Site, ...]
    links: tuple[Link, ...]
    operations: tuple[Subnets, ...] = ()
    """What the Flow source ``operations`` stands for: where operators' hosts, and verification, connect from."""
    segments: tuple[Segment, ...]
    departments: tuple[Department, ...]
    systems: tuple[System, ...]
    machines: tuple[Machine, ...]
    flows: tuple[Flow, ...]
    regions: tuple[Region, ...]
    units: tuple[Unit, ...]
    pairs: tuple[Pair, ...]


class Addresses(Noun):
    """The two addresses of one thing."""

    ipv4: IPv4Address
    ipv6: IPv6Address
