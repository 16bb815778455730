"""The city's DNS zones: what a resolver would be told, from the declaration alone."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import dns.zone
import pytest
from planting import WUWEI

from citycloud.city.load import load_city
from citycloud.city.model import Addresses, City
from citycloud.city.names import DnsZone, Record, zone_file, zones
from citycloud.cloud.halves import halves

CONTROLLERS = {
    "east": Addresses(ipv4=IPv4Address("10.201.0.10"), ipv6=IPv6Address("2001:db8:1000::10")),
    "west": Addresses(ipv4=IPv4Address("10.202.0.10"), ipv6=IPv6Address("3fff:200::10")),
}


@pytest.fixture(scope="module")
def wuwei() -> City:
    return load_city(WUWEI)


@pytest.fixture(scope="module")
def served(wuwei: City) -> tuple[DnsZone, ...]:
    return zones(wuwei, CONTROLLERS)


def values(served: tuple[DnsZone, ...], name: str, kind: str) -> list[str]:
    return [record.value for zone in served for record in zone.records if (record.name, record.type) == (name, kind)]


def test_every_half_of_every_machine_has_both_addresses(wuwei: City, served: tuple[DnsZone, ...]) -> None:
    for half in halves(wuwei):
        name = f"{half.machine.id}.{half.site.id}.wuwei.example."
        assert values(served, name, "A") == [str(half.addresses.ipv4)]
        assert values(served, name, "AAAA") == [str(half.addresses.ipv6)]


def test_addresses_point_back_to_the_machine(wuwei: City, served: tuple[DnsZone, ...]) -> None:
    for half in halves(wuwei):
        for address in (half.addresses.ipv4, half.addresses.ipv6):
            found = values(served, f"{address.reverse_pointer}.", "PTR")
            assert found == [f"{half.machine.id}.{half.site.id}.wuwei.example."]


def test_a_systems_name_is_its_primary_halfs_first_machine(served: tuple[DnsZone, ...]) -> None:
    primary = values(served, "hydro-web.east.wuwei.example.", "A")
    assert values(served, "hydro.wuwei.example.", "A") == primary
    assert primary != values(served, "hydro-web.west.wuwei.example.", "A")


def test_a_system_served_from_both_sites_has_both_addresses(served: tuple[DnsZone, ...]) -> None:
    east, west = (values(served, f"tianma-app-web.{site}.wuwei.example.", "AAAA") for site in ("east", "west"))
    assert sorted(values(served, "tianma-app.wuwei.example.", "AAAA")) == sorted(east + west)
    assert len(east + west) == 2


def test_apis_and_name_servers_are_at_the_controllers(served: tuple[DnsZone, ...]) -> None:
    for site, addresses in CONTROLLERS.items():
        for label in ("api", "ns"):
            assert values(served, f"{label}.{site}.wuwei.example.", "A") == [str(addresses.ipv4)]
            assert values(served, f"{label}.{site}.wuwei.example.", "AAAA") == [str(addresses.ipv6)]


def test_every_zone_is_served_by_both_sites(served: tuple[DnsZone, ...]) -> None:
    for zone in served:
        assert values((zone,), zone.name, "NS") == ["ns.east.wuwei.example.", "ns.west.wuwei.example."]


def test_a_zone_file_is_what_a_name_server_reads(served: tuple[DnsZone, ...]) -> None:
    for zone in served:
        parsed = dns.zone.from_text(zone_file(zone), relativize=False)
        found = {
            Record(str(name), kind, str(value))
            for kind in ("A", "AAAA", "NS", "PTR")
            for name, _, value in parsed.iterate_rdatas(kind)
        }
        assert found == set(zone.records)


def test_names_stay_within_their_zones_and_addresses_are_addresses(served: tuple[DnsZone, ...]) -> None:
    for zone in served:
        for record in zone.records:
            assert record.name == zone.name or record.name.endswith(f".{zone.name}")
            if record.type in ("A", "AAAA"):
                assert ip_address(record.value).version == (4 if record.type == "A" else 6)


def test_a_serial_changes_with_the_records(wuwei: City, served: tuple[DnsZone, ...]) -> None:
    moved = CONTROLLERS | {"west": CONTROLLERS["west"].model_copy(update={"ipv4": IPv4Address("10.202.0.20")})}
    assert zones(wuwei, CONTROLLERS)[0].serial == served[0].serial
    assert zones(wuwei, moved)[0].serial != served[0].serial
