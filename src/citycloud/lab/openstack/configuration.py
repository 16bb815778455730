"""Every file of a lab host, rendered from its cloud and keys: pure, but for reading our own templates."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence

from citycloud.city.names import DnsZone, zone_file
from citycloud.lab.openstack.keys import Keys
from citycloud.lab.openstack.render import File, onhost, plain, secret, template
from citycloud.lab.openstack.services import BASE_UNITS, WSGI_APPS, Unit, controller_services, units
from citycloud.lab.openstack.settings import PATHS, PORTS, REGION, REGION_IPV6, Cloud
from citycloud.lab.spec import LabHost, Role

ACCOUNTS = {
    "keystone": ("keystone",),
    "glance": ("glance",),
    "placement": ("placement",),
    "nova": ("nova", "nova_api", "nova_cell0"),
    "neutron": ("neutron",),
    "cinder": ("cinder",),
}
"""Database accounts and the schemas each may use."""

NOVA_DRIVERS = "/usr/lib/python3/dist-packages/nova/virt/citylab.py"

SERVICE_USERS = ("glance", "placement", "nova", "neutron", "cinder")

_ML2 = "/etc/neutron/plugins/ml2"


def host_files(cloud: Cloud, host: LabHost, keys: Keys, authority: str) -> list[File]:
    """Files that every host of the cloud gets; ``authority``: the CA's certificate in PEM."""
    values = {"cloud": cloud, "host": host, "keys": keys}
    return [
        *onhost(),
        plain(
            NOVA_DRIVERS, '"""Nova looks for drivers below its own package only."""\nfrom citylab.compute import *\n'
        ),
        plain("/etc/citycloud/ca.pem", authority),
        plain("/etc/citycloud/declared.json", declared(cloud)),
        secret("/etc/nova/nova.conf", template("nova.conf.j2", **values), "nova"),
        secret("/etc/neutron/neutron.conf", template("neutron.conf.j2", **values), "neutron"),
        plain(f"{_ML2}/ml2_conf.ini", template("ml2_conf.ini.j2", **values)),
        plain(f"{_ML2}/linuxbridge_agent.ini", template("linuxbridge_agent.ini.j2", **values)),
        *_units(cloud, host),
    ]


def _units(cloud: Cloud, host: LabHost) -> Iterator[File]:
    for unit in host_units(cloud, host):
        text = template("unit.j2", unit=unit, after=BASE_UNITS if host.role is Role.CONTROLLER else ())
        yield plain(f"/etc/systemd/system/{unit.name}.service", text)


def host_units(cloud: Cloud, host: LabHost) -> tuple[Unit, ...]:
    return units(host.role, cloud.without_guests)


def hypervisor_files(cloud: Cloud, host: LabHost, keys: Keys, authority: str) -> list[File]:
    """Everything on a hypervisor. How it runs guests is in a file of its own, which a probe may change (probe-kvm)."""
    values = {"cloud": cloud, "host": host}
    virt_type = "lxc" if host.role is Role.LXC else "qemu"
    return [
        *host_files(cloud, host, keys, authority),
        plain("/etc/nova/virt.conf", f"[libvirt]\nvirt_type = {virt_type}\n"),
        plain("/etc/citycloud/probe-kvm", template("probe-kvm.j2")),
        plain("/etc/nova/nova-compute.conf", template("nova-compute.conf.j2", **values)),
        plain("/etc/libvirt/qemu.conf", template("qemu.conf.j2")),
        plain("/etc/libvirt/lxc.conf", template("lxc.conf.j2")),
        plain("/etc/systemd/system/lab-lxc.service", template("lab-lxc.service.j2")),
    ]


def controller_files(
    cloud: Cloud, keys: Keys, authority: str, certificate: bytes, zones: Sequence[DnsZone]
) -> list[File]:
    """Everything on a controller; ``certificate``: the APIs' certificate and key in one PEM."""
    values = {"cloud": cloud, "host": cloud.controller, "keys": keys}
    private = [
        ("/etc/keystone/keystone.conf", "keystone"),
        ("/etc/glance/glance-api.conf", "glance"),
        ("/etc/placement/placement.conf", "placement"),
        ("/etc/cinder/cinder.conf", "cinder"),
        ("/etc/neutron/metadata_agent.ini", "neutron"),
    ]
    open_files = {
        "/etc/mysql/mariadb.conf.d/90-lab.cnf": "mariadb.cnf.j2",
        "/etc/rabbitmq/rabbitmq-env.conf": "rabbitmq-env.conf.j2",
        "/etc/rabbitmq/rabbitmq.conf": "rabbitmq.conf.j2",
        "/etc/memcached.conf": "memcached.conf.j2",
        "/etc/neutron/dhcp_agent.ini": "dhcp_agent.ini.j2",
        "/etc/neutron/l3_agent.ini": "l3_agent.ini.j2",
    }
    return [
        *host_files(cloud, cloud.controller, keys, authority),
        *(secret(path, template(f"{path.rsplit('/', 1)[1]}.j2", **values), group) for path, group in private),
        *(plain(path, template(name, **values)) for path, name in open_files.items()),
        secret("/etc/rabbitmq/definitions.json", _definitions(keys), "rabbitmq"),
        plain("/etc/haproxy/haproxy.cfg", template("haproxy.cfg.j2", ports=sorted(PORTS.values()))),
        File(path="/etc/haproxy/api.pem", content=certificate, mode=0o600),
        *_apps(),
        plain("/etc/citycloud/services.json", services_table(cloud)),
        *_fernet(keys),
        *_fakes(cloud),
        *_shares(),
        *_names(cloud, zones),
    ]


def _apps() -> Iterator[File]:
    for app in WSGI_APPS:
        yield plain(f"/etc/citycloud/uwsgi/{app.name}.ini", template("uwsgi.ini.j2", app=app))


def _fernet(keys: Keys) -> Iterator[File]:
    for kind in ("fernet", "credential"):
        for number in (0, 1):
            path = f"/etc/keystone/{kind}-keys/{number}"
            key = keys.fernet(f"{kind}-{number}").encode()
            yield File(path=path, content=key, mode=0o600, user="keystone", group="keystone")


def _fakes(cloud: Cloud) -> Iterator[File]:
    for compute in cloud.without_guests:
        yield plain(f"/etc/nova/{compute}.conf", template("fake.conf.j2", compute=compute))


def _shares() -> Iterator[File]:
    for backend in ("thin", "disk"):
        yield plain(f"/etc/cinder/shares.{backend}", f"127.0.0.1:/{backend}\n")


def _names(cloud: Cloud, zones: Sequence[DnsZone]) -> Iterator[File]:
    names = [zone.name for zone in zones]
    yield secret("/etc/knot/knot.conf", template("knot.conf.j2", host=cloud.controller, zones=names), "knot")
    for zone in zones:
        yield plain(f"/etc/knot/zones/{zone.name.rstrip('.')}.zone", zone_file(zone))


def services_table(cloud: Cloud) -> str:
    """``/etc/citycloud/services.json``, as onhost/launcher.py reads it."""
    table = {one.name: one.told() for one in controller_services(cloud.without_guests)}
    return json.dumps(table, indent=1)


def declared(cloud: Cloud) -> str:
    """``/etc/citycloud/declared.json``, as onhost/declared.py reads it."""
    computes = {
        compute.name: compute.model_dump(mode="json", exclude={"name"}) | {"traits": list(compute.traits)}
        for compute in cloud.computes
    }
    return json.dumps({**computes, "thin": {"disk_gib": cloud.thin_gib()}}, indent=1)


def _definitions(keys: Keys) -> str:
    """RabbitMQ's account, with its password's salted SHA-256 (rabbitmq.com, "Passwords")."""
    salt = bytes.fromhex(keys.password("rabbit-salt")[:8])
    hashed = base64.b64encode(salt + hashlib.sha256(salt + keys.password("rabbit").encode()).digest()).decode()
    user = {
        "name": "openstack",
        "password_hash": hashed,
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": [],
    }
    may = {"user": "openstack", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    return json.dumps({"users": [user], "vhosts": [{"name": "/"}], "permissions": [may]})


def sql(keys: Keys) -> str:
    """Statements that make the database accounts what they are to be, however often they are run."""
    return template("sql.j2", accounts=ACCOUNTS, keys=keys)


def identity(cloud: Cloud, keys: Keys) -> str:
    """What onhost/identity.py puts into keystone: users with their passwords, and the catalogue."""
    names = {"identity": "keystone", "image": "glance", "compute": "nova", "network": "neutron"}
    services = {
        kind: {
            "name": names.get(kind, {"volumev3": "cinderv3"}.get(kind, kind)),
            "endpoints": [
                *([REGION, interface, cloud.url(kind) + path] for interface in ("public", "internal", "admin")),
                [REGION_IPV6, "public", cloud.url(kind, ipv6=True) + path],
            ],
        }
        for kind, path in PATHS.items()
    }
    passwords = {user: keys.password(f"user-{user}") for user in SERVICE_USERS}
    return json.dumps({"admin": keys.password("user-admin"), "services": services, "users": passwords})
