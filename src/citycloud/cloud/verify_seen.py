"""What a cloud holds, seen through its APIs by its administrator: read once for a whole verification, then compared.

Everything is asked with plain GETs, several at a time. Values are the APIs' own JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from openstack.config import OpenStackConfig
from openstack.connection import Connection
from openstack.proxy import Proxy
from requests import Response

from citycloud import paths
from citycloud.errors import CitycloudError

Thing = Mapping[str, Any]
API_SECONDS = 30
"""Time limit of one API call."""
SIDE_BY_SIDE = 6
PLACEMENT = "1.17"
"""Placement's microversion: the first with traits on providers is 1.6."""
COMPUTE = "2.53"
"""Nova's: server groups, hypervisors by name, quota sets; flavors are told within servers since 2.47."""


@dataclass(frozen=True)
class Provider:
    """A compute host as placement sees it."""

    name: str
    inventories: Mapping[str, Thing]
    traits: frozenset[str]


@dataclass(frozen=True)
class Seen:
    """One cloud. Lists hold every project's things."""

    site: str
    providers: tuple[Provider, ...] = ()
    zones: tuple[Thing, ...] = ()
    aggregates: tuple[Thing, ...] = ()
    projects: tuple[Thing, ...] = ()
    assignments: tuple[Thing, ...] = ()
    quotas: Mapping[str, Thing] = field(default_factory=dict)
    """By project name: cores, ram (MiB), gigabytes."""
    networks: tuple[Thing, ...] = ()
    subnets: tuple[Thing, ...] = ()
    routers: tuple[Thing, ...] = ()
    ports: tuple[Thing, ...] = ()
    groups: tuple[Thing, ...] = ()
    servers: tuple[Thing, ...] = ()
    volumes: tuple[Thing, ...] = ()

    def project(self, name: str) -> Thing:
        return only(self.projects, f"project {name}", name=name)

    def server(self, name: str) -> Thing:
        """The server of that name. Raises AssertionError where there is none, or more than one."""
        return only(self.servers, f"server {name}", name=name)

    def ports_of(self, server: Thing) -> list[Thing]:
        return [port for port in self.ports if port["device_id"] == server["id"]]


def only(things: Iterable[Thing], what: str, **having: object) -> Thing:
    """The one thing with these values. Raises AssertionError in a person's words."""
    found = [thing for thing in things if all(thing.get(key) == value for key, value in having.items())]
    assert found, f"{what}: there is none"
    assert len(found) == 1, f"{what}: there are {len(found)}"
    return found[0]


def connect(site: str) -> Connection:
    """The site's cloud, as its administrator, by the lab's own clouds.yaml and nothing from the environment.

    Raises CitycloudError where that file has no such cloud.
    """
    file = paths.clouds_yaml()
    if not file.is_file():
        raise CitycloudError(f"{file} is not there: is the lab up? (citycloud lab status)")
    known = OpenStackConfig(config_files=[str(file)], load_envvars=False)
    if site not in known.get_cloud_names():
        raise CitycloudError(f"{file} has no cloud {site}: is the lab of this city up? (citycloud lab status)")
    return Connection(config=known.get_one(cloud=site, api_timeout=API_SECONDS))


def observe(site: str, cloud: Connection) -> Seen:
    """Read the whole cloud. Raises whatever openstacksdk raises where an API does not answer."""
    cloud.authorize()
    network, identity = cloud.network, cloud.identity
    compute = _getter(cloud.compute, COMPUTE)
    asked: dict[str, Callable[[], Any]] = {
        "providers": lambda: _providers(cloud),
        "zones": lambda: compute("/os-availability-zone/detail")["availabilityZoneInfo"],
        "aggregates": lambda: compute("/os-aggregates")["aggregates"],
        # OpenStack's own are in Keystone's default domain, and one of them is called like a department
        "projects": lambda: [one for one in _get(identity, "/projects")["projects"] if one["domain_id"] != "default"],
        "assignments": lambda: _get(identity, "/role_assignments?include_names=true")["role_assignments"],
        "networks": lambda: _get(network, "/networks")["networks"],
        "subnets": lambda: _get(network, "/subnets")["subnets"],
        "routers": lambda: _get(network, "/routers")["routers"],
        "ports": lambda: _get(network, "/ports")["ports"],
        "groups": lambda: _get(network, "/security-groups")["security_groups"],
        "servers": lambda: compute("/servers/detail?all_tenants=1")["servers"],
        "volumes": lambda: _get(cloud.block_storage, "/volumes/detail?all_tenants=1")["volumes"],
    }
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        tasks = {name: pool.submit(ask) for name, ask in asked.items()}
        found = {name: task.result() for name, task in tasks.items()}
        quotas = dict(pool.map(lambda project: (project["name"], _quota(cloud, project["id"])), found["projects"]))
    return Seen(site, quotas=quotas, **{name: tuple(things) for name, things in found.items()})


def console(cloud: Connection, server: str) -> str:
    """A server's console log, by its id."""
    answer = cloud.compute.post(f"/servers/{server}/action", json={"os-getConsoleOutput": {}})
    _told(answer)
    return str(answer.json()["output"] or "")


def _getter(api: Proxy, microversion: str) -> Callable[[str], Thing]:
    return lambda path: _get(api, path, microversion)


def _get(api: Proxy, path: str, microversion: str | None = None) -> Thing:
    answer = api.get(path, microversion=microversion) if microversion else api.get(path)
    _told(answer)
    told: Thing = answer.json()
    return told


def _told(answer: Response) -> None:
    if answer.status_code >= 400:
        raise CitycloudError(f"{answer.url}: {answer.status_code} {answer.text[:200]}")


def _providers(cloud: Connection) -> list[Provider]:
    get = _getter(cloud.placement, PLACEMENT)

    def one(provider: Thing) -> Provider:
        base = f"/resource_providers/{provider['uuid']}"
        return Provider(
            provider["name"], get(f"{base}/inventories")["inventories"], frozenset(get(f"{base}/traits")["traits"])
        )

    return [one(provider) for provider in get("/resource_providers")["resource_providers"]]


def _quota(cloud: Connection, project: str) -> Thing:
    compute = _get(cloud.compute, f"/os-quota-sets/{project}")["quota_set"]
    volume = _get(cloud.block_storage, f"/os-quota-sets/{project}")["quota_set"]
    network = _get(cloud.network, f"/quotas/{project}")["quota"]
    return {
        **{key: compute[key] for key in ("cores", "ram", "instances")},
        "gigabytes": volume["gigabytes"],
        **{key: network[key] for key in ("network", "port", "security_group_rule")},
    }
