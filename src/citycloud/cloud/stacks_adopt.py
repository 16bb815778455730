"""What a killed Pulumi had begun to make: found in the cloud again, so that it is taken in rather than made twice.

Pulumi writes down that it is about to make a resource, makes it, and writes down what became of it. Killed in between,
it does not know. For each kind of resource there is one way to recognise it by what it was asked to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from openstack.connection import Connection

Asked = Mapping[str, Any]
"""A resource's inputs, as Pulumi recorded them."""
IMAGE = "openstack:images/image:Image"
Finder = Callable[[Any, Asked, str | None], Iterable[Any]]
"""What may be it, given the cloud (as administrator), the inputs, and the project of the stack's user."""


def find(
    cloud: Connection, kind: str, asked: Asked, project: str | None, *, since: datetime | None = None
) -> str | None:
    """The id of the one resource of that kind that is as asked; None where there is none, or no telling which.

    With ``since``, only what the cloud says was made from then on: somebody else's is not taken for ours.
    """
    finder = _FINDERS.get(kind)
    found = list(finder(cloud, asked, project)) if finder else []
    if since is not None:
        found = [thing for thing in found if _made(thing) >= since]
    return str(found[0].id) if len(found) == 1 else None


def cut_off(cloud: Any, kind: str, asked: Asked) -> list[Any]:  # noqa: ANN401  # openstacksdk tells no types
    """What was begun and can never be finished: an image whose octets came from the Pulumi that is gone.

    Everything else that was begun is finished by the cloud itself.
    """
    if kind != IMAGE:
        return []
    return [one for one in cloud.image.images(name=asked["name"]) if one.status in ("queued", "saving", "uploading")]


def _made(thing: Any) -> datetime:  # noqa: ANN401  # openstacksdk's resources have no common type
    """When the cloud says that it was made (UTC); the beginning of time where it does not say."""
    told = getattr(thing, "created_at", None)
    if not told:
        return datetime.min.replace(tzinfo=UTC)
    return datetime.fromisoformat(str(told).replace("Z", "+00:00")).replace(tzinfo=UTC)


def _project(thing: Any) -> str | None:  # noqa: ANN401
    return getattr(thing, "project_id", None)


def _named(service: str, listing: str, *, own: bool = False) -> Finder:
    """By name, and in its project: that it was asked to be in, or (``own``) that of the stack's user."""

    def finder(cloud: Any, asked: Asked, project: str | None) -> list[Any]:  # noqa: ANN401
        where = asked.get("tenantId") or (project if own else None)
        things = getattr(getattr(cloud, service), listing)()
        return [one for one in things if one.name == asked["name"] and where in (None, _project(one))]

    return finder


def _in_domain(listing: str) -> Finder:
    def finder(cloud: Any, asked: Asked, project: str | None) -> list[Any]:  # noqa: ANN401
        things = getattr(cloud.identity, listing)()
        return [one for one in things if (one.name, one.domain_id) == (asked["name"], asked.get("domainId"))]

    return finder


def _of_all_projects(service: str, listing: str) -> Finder:
    def finder(cloud: Any, asked: Asked, project: str | None) -> list[Any]:  # noqa: ANN401
        things = getattr(getattr(cloud, service), listing)(all_projects=True, name=asked["name"])
        return [one for one in things if one.name == asked["name"] and project in (None, _project(one))]

    return finder


def _image(cloud: Any, asked: Asked, project: str | None) -> list[Any]:  # noqa: ANN401
    return [one for one in cloud.image.images(name=asked["name"]) if one.status == "active"]


def _subnet(cloud: Any, asked: Asked, project: str | None) -> Iterable[Any]:  # noqa: ANN401
    return cloud.network.subnets(network_id=asked["networkId"], name=asked["name"])  # type: ignore[no-any-return]


def _port(cloud: Any, asked: Asked, project: str | None) -> Iterable[Any]:  # noqa: ANN401
    return cloud.network.ports(network_id=asked["networkId"], name=asked["name"])  # type: ignore[no-any-return]


def _interface(cloud: Any, asked: Asked, project: str | None) -> list[Any]:  # noqa: ANN401
    return [port for port in cloud.network.ports(device_id=asked["routerId"]) if port.id == asked["portId"]]


def _rule(cloud: Any, asked: Asked, project: str | None) -> list[Any]:  # noqa: ANN401
    wanted = {
        "direction": asked["direction"],
        "ether_type": asked["ethertype"],
        "protocol": asked["protocol"],
        "port_range_min": asked.get("portRangeMin"),
        "remote_ip_prefix": asked["remoteIpPrefix"],
    }
    rules = cloud.network.security_group_rules(security_group_id=asked["securityGroupId"])
    return [rule for rule in rules if all(getattr(rule, name) == value for name, value in wanted.items())]


def _sharing(cloud: Any, asked: Asked, project: str | None) -> Iterable[Any]:  # noqa: ANN401
    return cloud.network.rbac_policies(  # type: ignore[no-any-return]
        object_id=asked["objectId"], action=asked["action"]
    )


def _server_group(cloud: Any, asked: Asked, project: str | None) -> list[Any]:  # noqa: ANN401
    groups = cloud.compute.server_groups(all_projects=True)
    return [one for one in groups if one.name == asked["name"] and one.project_id == project]


@dataclass(frozen=True)
class _Attachment:
    id: str
    created_at: str = "9999-01-01T00:00:00"
    """Between a server and a volume of ours there is no other one."""


def _attachment(cloud: Any, asked: Asked, project: str | None) -> list[Any]:  # noqa: ANN401
    server, volume = asked["instanceId"], asked["volumeId"]
    attached = cloud.compute.volume_attachments(server)
    return [_Attachment(f"{server}/{volume}") for one in attached if one.volume_id == volume]


_FINDERS: dict[str, Finder] = {
    "openstack:networking/network:Network": _named("network", "networks"),
    "openstack:networking/subnet:Subnet": _subnet,
    "openstack:networking/router:Router": _named("network", "routers"),
    "openstack:networking/routerInterface:RouterInterface": _interface,
    "openstack:networking/port:Port": _port,
    "openstack:networking/secGroup:SecGroup": _named("network", "security_groups", own=True),
    "openstack:networking/secGroupRule:SecGroupRule": _rule,
    "openstack:networking/rbacPolicyV2:RbacPolicyV2": _sharing,
    "openstack:compute/instance:Instance": _of_all_projects("compute", "servers"),
    "openstack:compute/serverGroup:ServerGroup": _server_group,
    "openstack:compute/volumeAttach:VolumeAttach": _attachment,
    "openstack:compute/flavor:Flavor": _named("compute", "flavors"),
    "openstack:compute/aggregateV2:AggregateV2": _named("compute", "aggregates"),
    "openstack:blockstorage/volume:Volume": _of_all_projects("block_storage", "volumes"),
    "openstack:blockstorage/volumeTypeV3:VolumeTypeV3": _named("block_storage", "types"),
    IMAGE: _image,
    "openstack:identity/project:Project": _in_domain("projects"),
    "openstack:identity/user:User": _in_domain("users"),
}
