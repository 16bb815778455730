"""``clouds.yaml``: how openstacksdk, the CLI and the Pulumi provider reach the lab's clouds as admin."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from citycloud.lab.openstack.keys import Keys
from citycloud.lab.openstack.settings import REGION, REGION_IPV6, Cloud


def entry(cloud: Cloud, keys: Keys, authority: Path, *, ipv6: bool) -> dict[str, Any]:
    """One cloud's entry; with ``ipv6`` every service is reached by its IPv6 address."""
    return {
        "auth": {
            "auth_url": cloud.url("identity", ipv6=ipv6) + "/v3",
            "username": "admin",
            "password": keys.password("user-admin"),
            "project_name": "admin",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": REGION_IPV6 if ipv6 else REGION,
        "interface": "public",
        "identity_api_version": 3,
        "cacert": str(authority),
    }


def write_clouds_yaml(path: Path, authority: Path, found: Iterable[Cloud], keys: Mapping[str, Keys]) -> None:
    """Write ``<site>`` and ``<site>6`` for every cloud, readable by the owner only."""
    entries = {
        cloud.site + ("6" if ipv6 else ""): entry(cloud, keys[cloud.site], authority, ipv6=ipv6)
        for cloud in found
        for ipv6 in (False, True)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        yaml.safe_dump({"clouds": entries}, file, sort_keys=True)
    fresh.rename(path)
