"""On a controller: a cinder backend of declared capacity, whose volumes are sparse files that nothing is written to.

It is cinder's NFS driver with the share taken where it lies: nothing is mounted, nothing is done as root.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from cinder.volume.drivers import nfs  # type: ignore[import-not-found]
from oslo_utils import units  # type: ignore[import-not-found]

from .declared import declared

SHARE = Path("/srv/nfs/thin")

Volume: TypeAlias = Any
"""cinder.objects.Volume"""


class ThinDriver(nfs.NfsDriver):  # type: ignore[misc]
    """Counts sizes as promised, not as written, against the declared capacity."""

    def do_setup(self, context: object) -> None:
        self.shares: dict[str, str] = {}
        self._execute_as_root = False
        self.configuration.nas_secure_file_permissions = "true"
        self.configuration.nas_secure_file_operations = "true"

    def _ensure_share_mounted(self, nfs_share: str) -> None:
        """It is a directory of this host."""

    def _get_mount_point_for_share(self, nfs_share: str) -> str:
        return str(SHARE)

    def _get_capacity_info(self, nfs_share: str) -> tuple[int, int, int]:
        """Total, free and promised, in bytes."""
        total = declared("thin")["disk_gib"] * units.Gi
        promised = sum(file.stat().st_size for file in SHARE.glob("volume-*"))
        return total, max(0, total - promised), promised

    def _get_provisioned_capacity(self) -> float:
        return float(self._get_capacity_info("")[2] / units.Gi)

    def initialize_connection(self, volume: Volume, connector: object) -> dict[str, Any]:
        """What a compute without guests keeps a record of."""
        data = {"export": volume.provider_location, "name": volume.name, "format": "raw"}
        return {"driver_volume_type": self.driver_volume_type, "data": data, "mount_point_base": str(SHARE)}
