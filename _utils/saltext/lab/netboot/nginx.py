"""The configuration of nginx as text.  Pure."""

from saltext.lab.admit.told import LONGEST

ROOT = "/srv/netboot/http"
#: What machines tell, as small files: each only of itself, by its address, and only such words.
TOLD = """\
  location ~ "^/told/(?<who>[0-9.]+)/%s$" {
    set $whose "$who=$remote_addr";
    if ($whose !~ "^(.+)=\\1$") { return 403; }
    dav_methods PUT;
    create_full_put_path on;
    client_max_body_size %s;
  }
"""
ENROL = "enrol"  #: the word by which a machine says who it is, and which key it has
WORDS = {"(tried-[0-9]|healthy|installed)-[0-9a-f]{1,12}": "1k", ENROL: f"{LONGEST}"}


def conf(addresses):
    """Return the server that hands out what is below ``ROOT`` on *addresses*, and lists nothing."""
    listen = "".join(f"  listen {address}:80;\n" for address in addresses)
    told = "".join(TOLD % word for word in WORDS.items())
    return f"server {{\n{listen}  root {ROOT};\n  sendfile on;\n{told}}}\n"
