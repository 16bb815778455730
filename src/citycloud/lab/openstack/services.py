"""The services of a cloud: what runs on which host, as whom, in which unit and in which stage it is started. Pure.

Services of one project on a controller are children of one unit (onhost/launcher.py): they share what they import, or
both clouds would not fit in one machine, nor come up in time.
"""

from __future__ import annotations

from enum import StrEnum

from citycloud.city.model import Noun
from citycloud.lab.openstack.settings import METADATA_PORT, PORTS
from citycloud.lab.spec import Role


class Stage(StrEnum):
    """Stages follow one another; the units of one start side by side."""

    SERVICES = "services"
    """Whatever runs on controllers, once there are accounts."""
    HYPERVISORS = "hypervisors"
    """What calls the controllers' services as it starts, and would wait a minute if nobody answered."""


class Unit(Noun):
    """One systemd unit that we write ourselves."""

    name: str
    user: str
    stage: Stage
    command: str
    roles: tuple[Role, ...] = (Role.CONTROLLER,)


class WsgiApp(Noun):
    """An API served by uwsgi on loopback."""

    name: str
    user: str
    port: int
    script: str
    threads: int = 1
    arguments: str = ""

    def unit(self) -> Unit:
        command = f"/usr/bin/uwsgi_python3 --ini /etc/citycloud/uwsgi/{self.name}.ini"
        return Unit(name=self.name, user=self.user, stage=Stage.SERVICES, command=command)


class Service(Noun):
    """A service started by a launcher: ``main`` is ``module:function``; ``after``: queues that must be consumed."""

    name: str
    project: str
    main: str
    arguments: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def told(self) -> dict[str, object]:
        """As the launcher reads it. Each service logs to a file of its own name, not to its launcher's."""
        ours = self.main.startswith("citylab.")
        own_log = () if ours else (f"--log-file={self.name}.log",)
        return {**self.model_dump(mode="json"), "arguments": [*self.arguments, *own_log]}


BASE_UNITS = ("mariadb", "rabbitmq-server", "memcached", "haproxy", "knot")

AGENT_QUEUES = ("q-l3-plugin", "q-plugin", "q-reports-plugin")
COMPUTE_QUEUES = ("conductor",)

_NEUTRON = ("--config-file=/etc/neutron/neutron.conf",)
_ML2 = (*_NEUTRON, "--config-file=/etc/neutron/plugins/ml2/ml2_conf.ini")
_BRIDGE = (*_ML2, "--config-file=/etc/neutron/plugins/ml2/linuxbridge_agent.ini")
_HYPERVISORS = (Role.LXC, Role.QEMU)

WSGI_APPS = (
    WsgiApp(
        name="keystone",
        user="keystone",
        port=10000 + PORTS["identity"],
        script="/usr/bin/keystone-wsgi-public",
        threads=8,
    ),
    WsgiApp(
        name="placement-api",
        user="placement",
        port=10000 + PORTS["placement"],
        script="/usr/bin/placement-api",
        threads=4,
    ),
    # One thread each: these stand on eventlet.
    WsgiApp(name="nova-api", user="nova", port=10000 + PORTS["compute"], script="/usr/bin/nova-api-wsgi"),
    WsgiApp(name="nova-api-metadata", user="nova", port=METADATA_PORT, script="/usr/bin/nova-metadata-wsgi"),
    WsgiApp(
        name="neutron-api",
        user="neutron",
        port=10000 + PORTS["network"],
        script="/usr/bin/neutron-api",
        arguments=" ".join(_ML2),
    ),
    WsgiApp(name="cinder-api", user="cinder", port=10000 + PORTS["volumev3"], script="/usr/bin/cinder-wsgi"),
)

_AGENTS = "neutron.cmd.eventlet.agents"

SERVICES = (
    Service(name="nova-conductor", project="nova", main="nova.cmd.conductor:main"),
    Service(name="nova-scheduler", project="nova", main="nova.cmd.scheduler:main"),
    Service(
        name="neutron-rpc-server",
        project="neutron",
        main="neutron.cmd.eventlet.server:main_rpc_eventlet",
        arguments=_ML2,
    ),
    Service(
        name="neutron-linuxbridge-agent",
        project="neutron",
        main="neutron.cmd.eventlet.plugins.linuxbridge_neutron_agent:main",
        arguments=_BRIDGE,
        after=AGENT_QUEUES,
    ),
    *(
        Service(
            name=f"neutron-{kind}-agent",
            project="neutron",
            main=f"{_AGENTS}.{kind}:main",
            arguments=(*_NEUTRON, f"--config-file=/etc/neutron/{kind}_agent.ini"),
            after=AGENT_QUEUES,
        )
        for kind in ("dhcp", "l3", "metadata")
    ),
    Service(name="cinder-scheduler", project="cinder", main="cinder.cmd.scheduler:main"),
    Service(name="cinder-volume", project="cinder", main="cinder.cmd.volume:main", after=("cinder-scheduler",)),
)


def fake_services(computes: tuple[str, ...]) -> tuple[Service, ...]:
    """One nova-compute for each compute without guests, and one process that stands for their layer-2 agents."""
    fakes = [
        Service(
            name=f"nova-compute-{compute}",
            project="nova",
            main="nova.cmd.compute:main",
            arguments=("--config-file=/etc/nova/nova.conf", f"--config-file=/etc/nova/{compute}.conf"),
            after=COMPUTE_QUEUES,
        )
        for compute in computes
    ]
    agents = Service(
        name="layer2-agents",
        project="neutron",
        main="citylab.agents:main",
        arguments=computes,
        after=AGENT_QUEUES,
    )
    return (*fakes, agents)


def controller_services(computes: tuple[str, ...]) -> tuple[Service, ...]:
    """Every service that launchers start on a controller; ``computes``: names of the computes without guests."""
    return (*SERVICES, *(fake_services(computes) if computes else ()))


def _launchers(services: tuple[Service, ...]) -> tuple[Unit, ...]:
    projects = sorted({service.project for service in services})
    return tuple(
        Unit(
            name=f"{project}-services",
            user=project,
            stage=Stage.SERVICES,
            command="/usr/bin/python3 -m citylab.launcher "
            + " ".join(service.name for service in services if service.project == project),
        )
        for project in projects
    )


HYPERVISOR_UNITS = (
    Unit(
        name="neutron-linuxbridge-agent",
        user="neutron",
        stage=Stage.HYPERVISORS,
        roles=_HYPERVISORS,
        command=f"/usr/bin/neutron-linuxbridge-agent {' '.join(_BRIDGE)}",
    ),
    Unit(
        name="nova-compute",
        user="nova",
        stage=Stage.HYPERVISORS,
        roles=_HYPERVISORS,
        command="/usr/bin/nova-compute --config-file /etc/nova/nova.conf --config-file /etc/nova/nova-compute.conf"
        " --config-file /etc/nova/virt.conf",
    ),
)


def units(role: Role, computes: tuple[str, ...] = ()) -> tuple[Unit, ...]:
    """Every unit of ours on a host of ``role``; ``computes``: names of the site's computes without guests."""
    glance = Unit(name="glance-api", user="glance", stage=Stage.SERVICES, command="/usr/bin/glance-api")
    ours = (*(app.unit() for app in WSGI_APPS), glance, *_launchers(controller_services(computes)))
    return tuple(unit for unit in (*ours, *HYPERVISOR_UNITS) if role in unit.roles)
