"""What a Requirement is, and the kinds there are, with their titles in the report. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from citycloud.report import Text


class Kind(StrEnum):
    """A kind of check. Each has one function in checks.py and at least one planted fault that it must catch."""

    API = "api"
    CAPACITY_HOST = "capacity-host"
    CAPACITY_SITE = "capacity-site"
    CAPACITY_CITY = "capacity-city"
    HOST_TRAITS = "host-traits"
    ZONE = "zone"
    AGGREGATE = "aggregate"
    PROJECT = "project"
    QUOTA = "quota"
    NETWORK = "network"
    ROUTER = "router"
    DNS = "dns"
    SERVER = "server"
    PORT = "port"
    SECURITY = "security"
    VOLUME = "volume"
    APART = "apart"
    STANDBY = "standby"
    SSH = "ssh"
    HOSTNAME = "hostname"
    INSIDE_ADDRESSES = "inside-addresses"
    INSIDE_SIZE = "inside-size"
    INSIDE_VCPU = "inside-vcpu"
    CLOCK = "clock"
    LOGIN = "login"
    LISTENING = "listening"
    OPEN = "open"
    SHUT = "shut"


@dataclass(frozen=True)
class Requirement:
    """One demand."""

    kind: Kind
    site: str
    """Empty where it is of the whole city."""
    subject: str
    """What it is about: unique within its kind and site."""
    sentence: Text
    want: Mapping[str, Any] = field(default_factory=dict)
    """What has to be seen, as JSON values."""
    unprovable: Text | None = None
    """Why nothing here can show it; the check is not run then, and it never counts as passed."""

    @property
    def id(self) -> str:
        """Stable from run to run and over re-orderings of the City."""
        return "/".join(filter(None, (str(self.kind), self.site, self.subject)))


TITLES: dict[Kind, Text] = {
    Kind.API: Text("云接口：TLS，IPv4 与 IPv6", "Cloud APIs: TLS, over IPv4 and IPv6"),
    Kind.CAPACITY_HOST: Text("主机容量恰如申报", "Hosts lend exactly what is declared"),
    Kind.CAPACITY_SITE: Text("站点容量恰如申报", "Sites lend exactly what is declared"),
    Kind.CAPACITY_CITY: Text("全城容量恰如规划", "The city lends exactly what its plan says"),
    Kind.HOST_TRAITS: Text("主机特征", "Hosts' traits"),
    Kind.ZONE: Text("可用区", "Availability zones"),
    Kind.AGGREGATE: Text("主机聚合", "Host aggregates"),
    Kind.PROJECT: Text("部门的项目与用户", "Departments' projects and users"),
    Kind.QUOTA: Text("部门配额", "Departments' quotas"),
    Kind.NETWORK: Text("双栈网络", "Dual-stack networks"),
    Kind.ROUTER: Text("路由器（不做地址转换）", "Routers, without address translation"),
    Kind.DNS: Text("域名解析：两地的服务器", "Names, asked of both sites' servers"),
    Kind.SERVER: Text("服务器：规格与所在主机", "Servers: size and host"),
    Kind.PORT: Text("服务器的地址", "Servers' addresses"),
    Kind.SECURITY: Text("安全组：只开放已申报的连接", "Security groups open declared flows only"),
    Kind.VOLUME: Text("数据盘", "Data volumes"),
    Kind.APART: Text("反亲和", "Anti-affinity"),
    Kind.STANDBY: Text("备用的一半在另一站点", "Standby halves at the other site"),
    Kind.SSH: Text("真实实例：以申报的名字登录", "Real instances: SSH under the declared name"),
    Kind.HOSTNAME: Text("真实实例：主机名", "Real instances: hostname"),
    Kind.INSIDE_ADDRESSES: Text("真实实例：内部所见地址", "Real instances: addresses seen inside"),
    Kind.INSIDE_SIZE: Text("真实实例：内部所见内存与数据盘", "Real instances: memory and data disk seen inside"),
    Kind.INSIDE_VCPU: Text("真实实例：内部所见 vCPU", "Real instances: vCPU seen inside"),
    Kind.CLOCK: Text("真实实例：时钟", "Real instances: clock"),
    Kind.LOGIN: Text("真实实例：禁止口令登录", "Real instances: no login by password"),
    Kind.LISTENING: Text("真实实例：监听端口", "Real instances: listening ports"),
    Kind.OPEN: Text("真实报文：已申报的连接能通", "Real packets: declared flows pass"),
    Kind.SHUT: Text("真实报文：未申报的连接被丢弃", "Real packets: undeclared flows are dropped"),
}
