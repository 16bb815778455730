"""On a controller: cinder backends over a directory of this host that the site's hosts share.

They are cinder's NFS driver with the share taken where it lies: nothing is mounted here, and nothing is done as root
(each command of a root helper would cost a second). Nova still attaches a volume by mounting the share.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

from cinder.volume.drivers import nfs  # type: ignore[import-not-found]
from oslo_utils import units  # type: ignore[import-not-found]

from .declared import declared

Volume: TypeAlias = Any
"""cinder.objects.Volume"""


class DiskDriver(nfs.NfsDriver):  # type: ignore[misc]
    """Real storage: as much as the directory's file system has."""

    share = Path("/srv/nfs/disk")

    def do_setup(self, context: object) -> None:
        self.shares: dict[str, None] = {}
        self._execute_as_root = False
        self.configuration.nas_secure_file_permissions = "true"
        # What the driver asks of it is whether snapshots may be offered.
        self.configuration.nas_secure_file_operations = "false"

    def _ensure_share_mounted(self, nfs_share: str) -> None:
        """It is a directory of this host."""

    def _get_mount_point_for_share(self, nfs_share: str) -> str:
        return str(self.share)

    def _sizes(self) -> list[os.stat_result]:
        return [file.stat() for file in self.share.glob("volume-*")]

    def _get_capacity_info(self, nfs_share: str) -> tuple[int, int, int]:
        """Total, free and promised, in bytes."""
        disk = os.statvfs(self.share)
        promised = sum(size.st_size for size in self._sizes())
        return disk.f_frsize * disk.f_blocks, disk.f_frsize * disk.f_bavail, promised

    def _get_provisioned_capacity(self) -> float:
        return float(self._get_capacity_info("")[2] / units.Gi)

    def _qemu_img_info(self, path: str, volume_name: str) -> Any:  # noqa: ANN401  oslo's own type
        return self._qemu_img_info_base(path, volume_name, str(self.share), force_share=True, run_as_root=False)


class ThinDriver(DiskDriver):
    """Declared capacity: sparse files that nothing is written to, counted as promised."""

    share = Path("/srv/nfs/thin")

    def _get_capacity_info(self, nfs_share: str) -> tuple[int, int, int]:
        total = declared("thin")["disk_gib"] * units.Gi
        promised = sum(size.st_size for size in self._sizes())
        return total, max(0, total - promised), promised

    def initialize_connection(self, volume: Volume, connector: object) -> dict[str, Any]:
        """What a compute without guests keeps a record of."""
        data = {"export": volume.provider_location, "name": volume.name, "format": "raw"}
        return {"driver_volume_type": self.driver_volume_type, "data": data, "mount_point_base": str(self.share)}
