"""Every check of a City's clouds, as plain test functions: one for each Kind of Requirement, called once for each.

``citycloud verify`` runs them, and so does pytest on its own::

    pytest src/citycloud/cloud/checks.py                 # the City of CITYCLOUD_CITY, the lab of CITYCLOUD_LAB
    pytest --pyargs citycloud.cloud.checks -k hydro
"""

from citycloud.cloud.checks_cloud import (
    test_aggregate,
    test_api,
    test_capacity_city,
    test_capacity_host,
    test_capacity_site,
    test_host_traits,
    test_network,
    test_project,
    test_quota,
    test_router,
    test_zone,
)
from citycloud.cloud.checks_instances import (
    test_clock,
    test_hostname,
    test_inside_addresses,
    test_inside_size,
    test_inside_vcpu,
    test_listening,
    test_login,
    test_ssh,
)
from citycloud.cloud.checks_machines import (
    test_apart,
    test_dns,
    test_port,
    test_security,
    test_server,
    test_standby,
    test_volume,
)
from citycloud.cloud.checks_packets import test_open, test_shut

pytest_plugins = ["citycloud.cloud.verify_plugin"]

__all__ = [
    "test_aggregate",
    "test_apart",
    "test_api",
    "test_capacity_city",
    "test_capacity_host",
    "test_capacity_site",
    "test_clock",
    "test_dns",
    "test_host_traits",
    "test_hostname",
    "test_inside_addresses",
    "test_inside_size",
    "test_inside_vcpu",
    "test_listening",
    "test_login",
    "test_network",
    "test_open",
    "test_port",
    "test_project",
    "test_quota",
    "test_router",
    "test_security",
    "test_server",
    "test_shut",
    "test_ssh",
    "test_standby",
    "test_volume",
    "test_zone",
]
