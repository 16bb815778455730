"""The services of a cloud as systemd units: what runs where, as whom, and in which stage it is started: pure."""

from __future__ import annotations

from enum import StrEnum

from citycloud.city.model import Noun
from citycloud.lab.openstack.settings import METADATA_PORT, PORTS
from citycloud.lab.spec import Role


class Stage(StrEnum):
    """Stages follow one another; the services of one start side by side."""

    BASE = "base"
    """Database, message queue, cache, TLS, names: Debian's own units."""
    IDENTITY = "identity"
    APIS = "apis"
    """Whatever needs identity, and serves the agents."""
    AGENTS = "agents"
    """Agents whose first call would be lost, and a minute with it, if nobody answered yet."""


class Service(Noun):
    """One unit that we write ourselves."""

    name: str
    user: str
    stage: Stage
    command: str
    roles: tuple[Role, ...] = (Role.CONTROLLER,)
    before: tuple[str, ...] = ()
    """Commands run as root first."""
    notifies: bool = False
    """Tells systemd when it is ready."""


class WsgiApp(Noun):
    """An API served by uwsgi on loopback."""

    name: str
    user: str
    port: int
    script: str
    threads: int
    stage: Stage = Stage.APIS
    arguments: str = ""

    def service(self) -> Service:
        ini = f"/etc/citycloud/uwsgi/{self.name}.ini"
        return Service(name=self.name, user=self.user, stage=self.stage, command=f"/usr/bin/uwsgi_python3 --ini {ini}")


BASE_UNITS = ("mariadb", "rabbitmq-server", "memcached", "haproxy", "knot")

WSGI_APPS = (
    WsgiApp(
        name="keystone",
        user="keystone",
        port=10000 + PORTS["identity"],
        script="/usr/bin/keystone-wsgi-public",
        threads=8,
        stage=Stage.IDENTITY,
    ),
    WsgiApp(
        name="placement-api",
        user="placement",
        port=10000 + PORTS["placement"],
        script="/usr/bin/placement-api",
        threads=4,
    ),
    # One thread: nova's API stands on eventlet.
    WsgiApp(name="nova-api", user="nova", port=10000 + PORTS["compute"], script="/usr/bin/nova-api-wsgi", threads=1),
    WsgiApp(name="nova-api-metadata", user="nova", port=METADATA_PORT, script="/usr/bin/nova-metadata-wsgi", threads=1),
    WsgiApp(
        name="neutron-api",
        user="neutron",
        port=10000 + PORTS["network"],
        script="/usr/bin/neutron-api",
        threads=1,
        arguments=("--config-file=/etc/neutron/neutron.conf --config-file=/etc/neutron/plugins/ml2/ml2_conf.ini"),
    ),
    WsgiApp(name="cinder-api", user="cinder", port=10000 + PORTS["volumev3"], script="/usr/bin/cinder-wsgi", threads=1),
)

_NEUTRON = "--config-file /etc/neutron/neutron.conf"
_ML2 = "--config-file /etc/neutron/plugins/ml2/ml2_conf.ini"
_HYPERVISORS = (Role.LXC, Role.QEMU)


def _neutron_agent(name: str, roles: tuple[Role, ...] = (Role.CONTROLLER,), files: tuple[str, ...] = ()) -> Service:
    configuration = " ".join(f"--config-file /etc/neutron/{file}" for file in files)
    return Service(
        name=f"neutron-{name}-agent",
        user="neutron",
        stage=Stage.AGENTS,
        roles=roles,
        command=f"/usr/bin/neutron-{name}-agent {_NEUTRON} {configuration}",
    )


DAEMONS = (
    Service(name="glance-api", user="glance", stage=Stage.APIS, command="/usr/bin/glance-api"),
    Service(name="nova-conductor", user="nova", stage=Stage.APIS, command="/usr/bin/nova-conductor", notifies=True),
    Service(name="nova-scheduler", user="nova", stage=Stage.APIS, command="/usr/bin/nova-scheduler", notifies=True),
    Service(
        name="neutron-rpc-server",
        user="neutron",
        stage=Stage.APIS,
        command=f"/usr/bin/neutron-rpc-server {_NEUTRON} {_ML2}",
    ),
    Service(name="cinder-scheduler", user="cinder", stage=Stage.APIS, command="/usr/bin/cinder-scheduler"),
    Service(name="cinder-volume", user="cinder", stage=Stage.AGENTS, command="/usr/bin/cinder-volume"),
    _neutron_agent(
        "linuxbridge",
        (Role.CONTROLLER, *_HYPERVISORS),
        ("plugins/ml2/ml2_conf.ini", "plugins/ml2/linuxbridge_agent.ini"),
    ),
    _neutron_agent("dhcp", files=("dhcp_agent.ini",)),
    _neutron_agent("l3", files=("l3_agent.ini",)),
    _neutron_agent("metadata", files=("metadata_agent.ini",)),
    Service(
        name="nova-compute",
        user="nova",
        stage=Stage.AGENTS,
        roles=_HYPERVISORS,
        command="/usr/bin/nova-compute --config-file /etc/nova/nova.conf --config-file /etc/nova/nova-compute.conf",
        notifies=True,
    ),
)


def fake_services(computes: tuple[str, ...]) -> tuple[Service, ...]:
    """One nova-compute for each compute without guests, and one process that stands for their layer-2 agents."""
    fakes = [
        Service(
            name=f"nova-compute-{compute}",
            user="nova",
            stage=Stage.AGENTS,
            command=(f"/usr/bin/nova-compute --config-file /etc/nova/nova.conf --config-file /etc/nova/{compute}.conf"),
            notifies=True,
        )
        for compute in computes
    ]
    agents = Service(
        name="layer2-agents",
        user="neutron",
        stage=Stage.AGENTS,
        command=f"/usr/bin/python3 -m citylab.agents {' '.join(computes)}",
    )
    return (*fakes, agents)


def services(role: Role, computes: tuple[str, ...] = ()) -> tuple[Service, ...]:
    """Every unit of ours on a host of ``role``; ``computes``: names of the site's computes without guests."""
    apis = tuple(app.service() for app in WSGI_APPS)
    every = (*apis, *DAEMONS, *(fake_services(computes) if computes else ()))
    return tuple(service for service in every if role in service.roles)
