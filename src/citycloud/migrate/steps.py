"""What the domain ``migrate`` brings to the runner: its actions, and how a plan's World is made."""

from __future__ import annotations

from citycloud.action import Action
from citycloud.kinds import Domain
from citycloud.migrate.actions.accept import Accept, Decommission, Probe
from citycloud.migrate.actions.carry import Carry
from citycloud.migrate.actions.cutover import Cutover
from citycloud.migrate.actions.files import Files
from citycloud.migrate.actions.openings import Openings
from citycloud.migrate.actions.postgres_back import PostgresReverse
from citycloud.migrate.actions.postgres_beside import PostgresLargeObjects
from citycloud.migrate.actions.postgres_prepare import PostgresIdentity, PostgresPublish, PostgresSettings
from citycloud.migrate.actions.postgres_rehearse import PostgresForecast, PostgresRehearse
from citycloud.migrate.actions.postgres_replicate import PostgresReplicate
from citycloud.migrate.actions.postgres_target import PostgresTarget
from citycloud.migrate.actions.provision import Provision
from citycloud.migrate.world import make_world

ACTIONS: tuple[type[Action], ...] = (
    *(Provision, Openings, PostgresSettings, PostgresIdentity, PostgresPublish, PostgresTarget, PostgresReplicate),
    *(PostgresLargeObjects, PostgresForecast, PostgresRehearse, Files, Carry),
    *(Cutover, Probe, PostgresReverse, Accept, Decommission),
)
DOMAIN = Domain("migrate", ACTIONS, make_world)
