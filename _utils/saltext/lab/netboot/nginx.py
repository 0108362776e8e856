"""The configuration of nginx as text.  Pure."""

ROOT = "/srv/netboot/http"


def conf(addresses):
    """Return the server that hands out what is below ``ROOT`` on *addresses*, and lists nothing."""
    listen = "".join(f"  listen {address}:80;\n" for address in addresses)
    return f"server {{\n{listen}  root {ROOT};\n  sendfile on;\n}}\n"
