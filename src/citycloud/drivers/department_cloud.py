"""A department's own project at a site's cloud, by the department's own credential, which reaches nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openstack.config import OpenStackConfig
from openstack.connection import Connection

from citycloud import paths, proc
from citycloud.errors import CitycloudError

API_SECONDS = 30
TOLD_SECONDS = 60


@dataclass
class DepartmentCloud:
    """``domain`` is Keystone's (the City's id); ``project`` is where Pulumi.yaml is, for the site's secret."""

    department: str
    domain: str
    project: Path
    _open: dict[str, Connection] = field(default_factory=dict, repr=False)

    def rules(self, site: str, address: str, mark: str) -> list[dict[str, Any]]:
        """Rules of the groups of the machine at ``address`` whose description is ``mark``."""
        group = self._group(site, address)
        found = self._cloud(site).network.security_group_rules(security_group_id=group)
        return [rule.to_dict() for rule in found if rule.description == mark]

    def open(self, site: str, address: str, mark: str, direction: str, port: int, remote: str) -> None:
        """One rule for TCP, IPv4. ``remote`` is an address."""
        self._cloud(site).network.create_security_group_rule(
            security_group_id=self._group(site, address),
            direction=direction,
            ether_type="IPv4",
            protocol="tcp",
            port_range_min=port,
            port_range_max=port,
            remote_ip_prefix=f"{remote}/32",
            description=mark,
        )

    def close_again(self, site: str, address: str, mark: str) -> None:
        for rule in self.rules(site, address, mark):
            self._cloud(site).network.delete_security_group_rule(rule["id"], ignore_missing=True)

    def _group(self, site: str, address: str) -> str:
        """The machine's own group: the one of its port's that is the department's, and not shared with it."""
        network, ours = self._cloud(site).network, self._cloud(site).current_project_id
        port = next(iter(network.ports(fixed_ips=f"ip_address={address}")), None)
        if port is None:
            raise CitycloudError(f"{self.department} has no port with {address} at {site}")
        for id_ in port.security_group_ids:
            if network.get_security_group(id_).project_id == ours:
                return str(id_)
        raise CitycloudError(f"the port with {address} at {site} has no group of {self.department}'s own")

    def _cloud(self, site: str) -> Connection:
        if site not in self._open:
            from citycloud.cloud.components.tenant import password

            at = OpenStackConfig(config_files=[str(paths.clouds_yaml())], load_envvars=False).get_one(cloud=site)
            self._open[site] = Connection(
                auth={
                    "auth_url": at.config["auth"]["auth_url"],
                    "username": self.department,
                    "password": password(self._seed(site), site, self.department),
                    "project_name": self.department,
                    "user_domain_name": self.domain,
                    "project_domain_name": self.domain,
                },
                region_name=at.config.get("region_name"),
                cacert=at.config.get("cacert"),
                interface="public",
                load_yaml_config=False,
                load_envvars=False,
                api_timeout=API_SECONDS,
            )
        return self._open[site]

    def _seed(self, site: str) -> str:
        """From the site's own configuration, decrypted by Pulumi: on standard output only."""
        from citycloud.cloud.env import exports

        argv = ["pulumi", "config", "get", "seed", "--stack", site, "--non-interactive"]
        done = proc.run(argv, timeout=TOLD_SECONDS, env={**os.environ, **exports()}, cwd=self.project)
        return done.stdout.strip()

    def close(self) -> None:
        for cloud in self._connections():
            cloud.close()

    def _connections(self) -> Iterator[Connection]:
        yield from self._open.values()
