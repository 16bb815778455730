"""On a controller: what keystone holds before anyone asks it for something, put in by keystone's own managers.

Reads ``{"admin": PASSWORD, "users": {NAME: PASSWORD}, "services": {TYPE: {"name": NAME, "endpoints": [[REGION,
INTERFACE, URL]]}}}`` from standard input. Running it again changes only what differs. One process instead of forty
requests, and keystone need not be up.
"""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

import keystone.conf  # type: ignore[import-not-found]
from keystone.cmd import bootstrap  # type: ignore[import-not-found]
from keystone.common import provider_api, sql  # type: ignore[import-not-found]

PROVIDERS = provider_api.ProviderAPIs


def _bootstrapped(password: str) -> tuple[str, str]:
    """Domain, admin and roles, by keystone's own procedure; gives the ids of the admin role and the domain."""
    work = bootstrap.Bootstrapper()
    work.admin_password, work.admin_username = password, "admin"
    work.project_name, work.admin_role_name = "admin", "admin"
    work.immutable_roles = True
    work.bootstrap()
    return work.admin_role_id or _role("admin"), work.default_domain_id or "default"


def _role(name: str) -> str:
    for role in PROVIDERS.role_api.list_roles():
        if role["name"] == name:
            return str(role["id"])
    role = {"id": uuid.uuid4().hex, "name": name, "domain_id": None, "options": {}}
    return str(PROVIDERS.role_api.create_role(role["id"], role)["id"])


def _project(name: str, domain: str) -> str:
    for project in PROVIDERS.resource_api.list_projects_in_domain(domain):
        if project["name"] == name:
            return str(project["id"])
    project = {
        "id": uuid.uuid4().hex,
        "name": name,
        "domain_id": domain,
        "parent_id": domain,
        "is_domain": False,
        "enabled": True,
        "description": "Services of the cloud itself",
    }
    return str(PROVIDERS.resource_api.create_project(project["id"], project)["id"])


def _users(passwords: dict[str, str], domain: str, roles: list[str]) -> None:
    project = _project("service", domain)
    known = {user["name"]: user["id"] for user in PROVIDERS.identity_api.list_users(domain_scope=domain)}
    for name, password in passwords.items():
        if name not in known:
            user = {"name": name, "password": password, "domain_id": domain, "enabled": True}
            known[name] = PROVIDERS.identity_api.create_user(user)["id"]
        held = PROVIDERS.assignment_api.get_roles_for_user_and_project(known[name], project)
        for role in set(roles) - set(held):
            PROVIDERS.assignment_api.add_role_to_user_and_project(known[name], project, role)


def _regions(services: dict[str, Any]) -> None:
    known = {region["id"] for region in PROVIDERS.catalog_api.list_regions()}
    for region in {one[0] for service in services.values() for one in service["endpoints"]} - known:
        PROVIDERS.catalog_api.create_region({"id": region})


def _catalogue(services: dict[str, Any]) -> None:
    _regions(services)
    known = {service["type"]: service["id"] for service in PROVIDERS.catalog_api.list_services()}
    found = PROVIDERS.catalog_api.list_endpoints()
    there = {(one["service_id"], one["region_id"], one["interface"]) for one in found}
    for kind, service in services.items():
        if kind not in known:
            known[kind] = uuid.uuid4().hex
            entry = {"id": known[kind], "type": kind, "name": service["name"], "enabled": True}
            PROVIDERS.catalog_api.create_service(entry["id"], entry)
        for region, interface, url in service["endpoints"]:
            if (known[kind], region, interface) in there:
                continue
            entry = {
                "id": uuid.uuid4().hex,
                "service_id": known[kind],
                "region_id": region,
                "interface": interface,
                "url": url,
                "enabled": True,
            }
            PROVIDERS.catalog_api.create_endpoint(entry["id"], entry)


def main() -> None:
    wanted = json.load(sys.stdin)
    keystone.conf.configure()
    sql.initialize()
    keystone.conf.set_default_for_default_log_levels()
    keystone.conf.CONF(["--config-file", "/etc/keystone/keystone.conf"], project="keystone")
    admin, domain = _bootstrapped(wanted["admin"])
    _users(wanted["users"], domain, [admin, _role("service")])
    _catalogue(wanted["services"])


if __name__ == "__main__":
    main()
