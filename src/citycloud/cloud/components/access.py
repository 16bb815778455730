"""As whom a stack talks to its cloud. Credentials come from ``clouds.yaml`` and from secrets, never from code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_openstack as openstack
import yaml


@dataclass(frozen=True)
class Endpoint:
    """Where a cloud answers."""

    auth_url: str
    region: str
    cacert_file: str | None


def endpoint(clouds_yaml: Path, cloud: str) -> Endpoint:
    """Where ``cloud`` answers, by OpenStack's own client configuration. Raises RunError, saying what is missing."""
    try:
        told = yaml.safe_load(clouds_yaml.read_text())["clouds"][cloud]
        auth_url = told["auth"]["auth_url"]
    except (OSError, KeyError, TypeError, yaml.YAMLError) as fault:
        raise pulumi.RunError(
            f"{clouds_yaml}: no cloud {cloud!r} to be read there ({type(fault).__name__}); bring the lab up, "
            'and say where its clouds.yaml is: eval "$(citycloud env)"'
        ) from None
    return Endpoint(auth_url, told.get("region_name", "RegionOne"), told.get("cacert"))


def administrator(cloud: str) -> openstack.Provider:
    """The site's administrator, as ``clouds.yaml`` names it."""
    return openstack.Provider("administrator", cloud=cloud)


def department_user(
    name: str, at: Endpoint, *, domain: str, project: pulumi.Input[str], password: pulumi.Input[str]
) -> openstack.Provider:
    """The department's own user, in its own project. ``domain`` is Keystone's: the city's id."""
    return openstack.Provider(
        "department",
        auth_url=at.auth_url,
        region=at.region,
        cacert_file=at.cacert_file,
        user_name=name,
        password=password,
        tenant_id=project,
        user_domain_name=domain,
        project_domain_name=domain,
    )
