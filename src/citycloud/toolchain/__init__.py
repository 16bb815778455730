"""The Pulumi engine, the OpenStack provider and the Python language host: found, fetched, or built."""
