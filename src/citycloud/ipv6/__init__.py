"""The extranet's move to IPv6 (电子政务外网 IPv6 升级改造). Here: its address plan (地址规划), pure."""
