"""On a lab host: nova drivers that report the declared capacity and traits, with guests and without."""

from __future__ import annotations

from typing import Any, TypeAlias

from nova.conf import CONF  # type: ignore[import-not-found]
from nova.virt import fake  # type: ignore[import-not-found]
from nova.virt.libvirt import driver as libvirt  # type: ignore[import-not-found]

from .declared import declared, inventory, resources

Tree: TypeAlias = Any
"""nova.compute.provider_tree.ProviderTree"""


class _Declared:
    """What both drivers report the same way."""

    def _report(self, provider_tree: Tree, nodename: str) -> None:
        host = declared(CONF.host)
        provider_tree.update_inventory(nodename, inventory(host))
        provider_tree.add_traits(nodename, *host["traits"])


class DeclaredFakeDriver(_Declared, fake.FakeDriver):  # type: ignore[misc]
    """A compute without guests: servers are records only, so that placement, quotas and zones work at full size."""

    def __init__(self, virtapi: object, read_only: bool = False) -> None:
        totals = resources(declared(CONF.host))
        self.vcpus, self.memory_mb, self.local_gb = totals["vcpus"], totals["memory_mb"], totals["local_gb"]
        super().__init__(virtapi, read_only)
        arch = declared(CONF.host)["arch"]
        self.host_status_base["supported_instances"] = [(arch, "fake", "hvm")]

    def update_provider_tree(self, provider_tree: Tree, nodename: str, allocations: object = None) -> None:
        self._report(provider_tree, nodename)


class DeclaredLibvirtDriver(_Declared, libvirt.LibvirtDriver):  # type: ignore[misc]
    """libvirt as it is, lending what the city declares instead of what this machine has."""

    def update_provider_tree(self, provider_tree: Tree, nodename: str, allocations: object = None) -> None:
        super().update_provider_tree(provider_tree, nodename, allocations)
        self._report(provider_tree, nodename)

    def get_available_resource(self, nodename: str) -> dict[str, Any]:
        found: dict[str, Any] = super().get_available_resource(nodename)
        return {**found, **resources(declared(CONF.host)), "disk_available_least": None}
