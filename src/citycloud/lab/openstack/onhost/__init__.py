"""Code that runs on lab hosts, inside OpenStack's own services, as the package ``citylab``. Not imported here."""
