"""What machines are made of: zones with their hosts, sizes, images, kinds of storage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pulumi
from pulumi_openstack import blockstorage, compute, images

from citycloud.cloud.components.common import Component
from citycloud.cloud.layout.values import Flavor, Image, SiteLayout


class Capacity(Component):
    """A site's availability zones, flavors, images and volume types. ``folders`` are where image files may be."""

    def __init__(
        self, name: str, layout: SiteLayout, folders: Sequence[Path], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        for zone in layout.aggregates:
            compute.AggregateV2(
                f"zone-{zone.name}",
                name=zone.name,
                zone=zone.name,
                hosts=list(zone.hosts),
                metadata={f"trait:{trait}": "required" for trait in zone.traits},
                opts=self.child(),
            )
        for kind in layout.volume_types:
            blockstorage.VolumeTypeV3(
                f"volumes-{kind.name}",
                name=kind.name,
                is_public=True,
                extra_specs={"volume_backend_name": kind.backend},
                opts=self.child(),
            )
        self.flavors = {flavor.name: self._flavor(flavor) for flavor in layout.flavors}
        self.images: dict[str, images.Image] = {}
        for image in layout.images:
            self.images[image.name] = self._image(image, folders)

    def _flavor(self, flavor: Flavor) -> compute.Flavor:
        return compute.Flavor(
            f"flavor-{flavor.name}",
            name=flavor.name,
            vcpus=flavor.vcpu,
            ram=flavor.memory_mib,
            disk=flavor.disk_gib,
            is_public=True,
            extra_specs={f"trait:{trait}": "required" for trait in flavor.traits},
            opts=self.child(),
        )

    def _image(self, image: Image, folders: Sequence[Path]) -> images.Image:
        properties: dict[str, pulumi.Input[str]] = {}
        if image.kernel:
            properties["kernel_id"] = self.images[image.kernel].id
            properties["ramdisk_id"] = self.images[image.ramdisk].id
            properties["os_command_line"] = image.command_line
        return images.Image(
            f"image-{image.name}",
            name=image.name,
            container_format="bare" if image.format == "raw" else image.format,
            disk_format=image.format,
            local_file_path=str(_find(image.file, folders)),
            visibility="public",
            properties=properties,
            # Where the file lay is this machine's affair; another image has another name.
            opts=self.child(ignore_changes=["localFilePath"]),
        )


def _find(file: str, folders: Sequence[Path]) -> Path:
    found = [folder / file for folder in folders if (folder / file).exists()]
    if not found:
        raise pulumi.RunError(
            f"image file {file} is in none of {', '.join(map(str, folders))}: bring the lab up, "
            "or say where it is with `pulumi config set images DIRECTORY`"
        )
    return found[0]
