"""The configuration of nginx as text.  Pure."""

ROOT = "/srv/netboot/http"
#: What machines tell, as empty files: each only of itself, by its address, and only such words.
TOLD = """\
  location ~ "^/told/(?<who>[0-9.]+)/(tried-[0-9]|healthy|installed)-[0-9a-f]{1,12}$" {
    set $whose "$who=$remote_addr";
    if ($whose !~ "^(.+)=\\1$") { return 403; }
    dav_methods PUT;
    create_full_put_path on;
    client_max_body_size 1k;
  }
"""


def conf(addresses):
    """Return the server that hands out what is below ``ROOT`` on *addresses*, and lists nothing."""
    listen = "".join(f"  listen {address}:80;\n" for address in addresses)
    return f"server {{\n{listen}  root {ROOT};\n  sendfile on;\n{TOLD}}}\n"
