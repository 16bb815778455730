"""The city's clouds: which stack this is, what it holds (the layout), and the components that build it."""

from pathlib import Path

import pulumi

from citycloud import paths
from citycloud.city.load import load_city
from citycloud.cloud.components import Department, Site, access
from citycloud.cloud.layout import department_layout, site_layout, stack_named
from citycloud.errors import BadInput

HERE = Path(__file__).resolve().parent
config = pulumi.Config()

try:
    city = load_city(HERE.parent / paths.city())
    stack = stack_named(city, pulumi.get_stack())
except (BadInput, KeyError) as fault:
    raise pulumi.RunError(str(fault)) from None

if stack.department is None:
    made: Site | Department = Site(
        site_layout(city, stack.site),
        seed=config.require_secret("seed"),
        image_folders=[Path(config.get("images") or paths.lab() / "images"), HERE / "images"],
        opts=pulumi.ResourceOptions(provider=access.administrator(stack.site)),
    )
else:
    below = pulumi.StackReference(f"organization/{pulumi.get_project()}/{stack.site}")
    user = access.department_user(
        stack.department,
        access.endpoint(paths.clouds_yaml(), stack.site),
        domain=city.id,
        project=below.require_output("projects").apply(lambda made: made[stack.department]),
        password=below.require_output("passwords").apply(lambda made: made[stack.department]),
    )
    made = Department(
        department_layout(city, stack.site, stack.department),
        domain=city.domain,
        below=below,
        public_key=Path(config.get("public-key") or paths.lab() / "ssh" / "id_ed25519.pub").read_text().strip(),
        released=config.get_object("release") or [],
        opts=pulumi.ResourceOptions(provider=user),
    )

for name, value in made.outputs().items():
    pulumi.export(name, value)
