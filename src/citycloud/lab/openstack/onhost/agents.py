"""On a controller: tells neutron that a live layer-2 agent stands on every compute without guests.

Without one, ports of servers on these computes would not bind. One process reports for all hosts named on the command
line, over the same RPC topic that real agents use.
"""

from __future__ import annotations

import sys
import time

from neutron.agent import rpc  # type: ignore[import-not-found]
from neutron.common import config  # type: ignore[import-not-found]
from neutron.conf.agent import common  # type: ignore[import-not-found]
from neutron_lib import context  # type: ignore[import-not-found]
from neutron_lib.agent import topics  # type: ignore[import-not-found]
from oslo_config import cfg  # type: ignore[import-not-found]
from oslo_log import log  # type: ignore[import-not-found]

LOG = log.getLogger(__name__)
INTERVAL = 20
"""Seconds between reports; neutron holds an agent for dead after 75."""


def state(host: str, first: bool) -> dict[str, object]:
    """What the Linux bridge agent of ``host`` would report."""
    report: dict[str, object] = {
        "binary": "neutron-linuxbridge-agent",
        "host": host,
        "topic": "N/A",
        "agent_type": "Linux bridge agent",
        "configurations": {
            "bridge_mappings": {},
            "interface_mappings": {},
            "tunnel_types": ["vxlan"],
            "tunneling_ip": "127.0.0.1",
            "l2_population": False,
            "extensions": [],
            "devices": 0,
        },
    }
    return {**report, "start_flag": True} if first else report


def main() -> None:
    """Never returns."""
    hosts = sys.argv[1:]
    common.register_agent_state_opts_helper(cfg.CONF)
    config.register_common_config_options()
    config.init(["--config-file", "/etc/neutron/neutron.conf", "--log-file=layer2-agents.log"])
    config.setup_logging()
    server = rpc.PluginReportStateAPI(topics.REPORTS)
    admin = context.get_admin_context_without_session()
    fresh = set(hosts)
    while True:
        for host in hosts:
            try:
                server.report_state(admin, state(host, host in fresh), True)
                fresh.discard(host)
            except Exception:
                LOG.exception("%s: the report was not taken", host)
        time.sleep(INTERVAL)
