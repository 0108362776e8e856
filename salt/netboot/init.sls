{%- set netboot = pillar.lab.netboot %}
{%- set etc = "/etc/saltext-lab/netboot" %}
{%- set http = "/srv/netboot/http" %}
{%- set tftp = "/srv/netboot/tftp" %}

netboot-packages:
  pkg.installed:
    - pkgs: {{ netboot.packages | json }}

{%- macro kept(folder, files, reread=false) %}

# Its files, and no others.
{{ folder }}:
  file.directory:
    - makedirs: true
    - clean: true
    - require:
      - pkg: netboot-packages
      {%- for name in files %}
      - file: {{ folder }}/{{ name }}
      {%- endfor %}
    {%- if reread %}
    - require_in:
      - service: dnsmasq-running
    - watch_in:
      - service: dnsmasq-reread
    {%- endif %}
{%- for name, text in files.items() %}

{{ folder }}/{{ name }}:
  file.managed:
    - contents: {{ text | json }}
    - makedirs: true
    {%- if reread %}
    - watch_in:
      - service: dnsmasq-reread
    {%- endif %}
{%- endfor %}
{%- endmacro %}

{%- if netboot.dnsmasq is defined %}
{%- if netboot.dnsmasq.tftp %}
{%- set cfg = netboot.dnsmasq.get("pxelinux", {}) %}
{%- set pxelinux = {"lpxelinux.0": "/usr/lib/PXELINUX", "ldlinux.c32": "/usr/lib/syslinux/modules/bios"} %}
{%- set loaders = {"undionly.kpxe": "/usr/lib/ipxe", "snponly.efi": "/usr/lib/ipxe"} %}
{%- if cfg %}
{%- do loaders.update(pxelinux) %}
{%- else %}
{%- for file in pxelinux %}

{{ tftp }}/{{ file }}:
  file.absent
{%- endfor %}
{%- endif %}
{{- kept(tftp ~ "/pxelinux.cfg", cfg) }}

{%- for file, folder in loaders.items() %}

{{ tftp }}/{{ file }}:
  file.managed:
    - source: {{ folder }}/{{ file }}
    - makedirs: true
    - show_changes: false
    - require:
      - pkg: netboot-packages
    - require_in:
      - service: dnsmasq-running
{%- endfor %}
{%- endif %}

/etc/dnsmasq.d/saltext-lab.conf:
  file.managed:
    - contents: {{ netboot.dnsmasq.conf | json }}
    - makedirs: true
    - require:
      - pkg: netboot-packages

/etc/logrotate.d/saltext-lab-dnsmasq:
  file.managed:
    - contents: |
        # Managed by Salt: pillar lab:netboot
        /var/log/saltext-lab-dnsmasq.log {
          weekly
          rotate 4
          compress
          delaycompress
          missingok
          postrotate
            systemctl kill --signal=USR2 dnsmasq
          endscript
        }

dnsmasq-running:
  service.running:
    - name: dnsmasq
    - enable: true
    - watch:
      - file: /etc/dnsmasq.d/saltext-lab.conf

# Without a restart: what is new it has seen by itself, for what has changed or gone it has to read all again.
dnsmasq-reread:
  service.running:
    - name: dnsmasq
    - reload: true
    - require:
      - service: dnsmasq-running

# iPXE asks for an IPv6 network first, and waits 16 s where nobody answers; these addresses let dnsmasq answer.
{%- for link, address in netboot.dnsmasq.get("links", {}).items() %}

/etc/systemd/network/20-lab-{{ link }}.network.d/netboot.conf:
  file.managed:
    - contents: |
        # Managed by Salt: pillar lab:netboot
        [Network]
        LinkLocalAddressing=ipv6
        Address={{ address }}
    - makedirs: true
    - watch_in:
      - service: netboot-networkd
{%- if loop.last %}

netboot-networkd:
  service.running:
    - name: systemd-networkd
    - reload: true
{%- endif %}
{%- endfor %}

{%- for link, address in netboot.dnsmasq.get("card", {}).items() %}

# How its first card is set up is not ours to know; this adds one address to it at each boot.
/etc/systemd/system/saltext-lab-announce.service:
  file.managed:
    - contents: |
        # Managed by Salt: pillar lab:netboot
        [Unit]
        Description=The address from which {{ link }} announces IPv6 to machines that boot
        After=systemd-networkd.service networking.service NetworkManager.service network-online.target
        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=ip -6 address replace {{ address }} dev {{ link }} nodad
        [Install]
        WantedBy=multi-user.target

saltext-lab-announce:
  service.running:
    - enable: true
    - watch:
      - file: /etc/systemd/system/saltext-lab-announce.service
{%- endfor %}

{%- for name in ("hosts", "options", "names") %}
{%- if netboot.dnsmasq[name] is defined %}
{{- kept(etc ~ "/" ~ name, netboot.dnsmasq[name], true) }}
{%- endif %}
{%- endfor %}
{%- if netboot.dnsmasq.hosts is defined %}

# It tells who asks for an address for the first time; dnsmasq does not wait for it.
/etc/systemd/system/saltext-lab-seen.service:
  file.managed:
    - source: salt://netboot/seen.service.j2
    - template: jinja

saltext-lab-seen:
  service.running:
    - enable: true
    - watch:
      - file: /etc/systemd/system/saltext-lab-seen.service
    - require:
      - service: dnsmasq-running
{%- endif %}
{%- endif %}

{%- if netboot.nginx is defined %}

/etc/nginx/conf.d/saltext-lab.conf:
  file.managed:
    - contents: {{ netboot.nginx.conf | json }}
    - makedirs: true
    - require:
      - pkg: netboot-packages

# When a host boots, nginx may come before the addresses that it listens on.
/etc/systemd/system/nginx.service.d/saltext-lab.conf:
  file.managed:
    - contents: |
        # Managed by Salt: pillar lab:netboot
        [Unit]
        StartLimitIntervalSec=0
        [Service]
        Restart=on-failure
        RestartSec=1
    - makedirs: true

nginx:
  service.running:
    - enable: true
    - reload: true
    - require:
      - file: /etc/systemd/system/nginx.service.d/saltext-lab.conf
    - watch:
      - file: /etc/nginx/conf.d/saltext-lab.conf

{{ http }}/ipxe.efi:
  file.managed:
    - source: /boot/ipxe.efi
    - makedirs: true
    - show_changes: false
    - require:
      - pkg: netboot-packages

{%- for network, scripts in netboot.nginx.boot.items() %}
{{- kept(http ~ "/boot/" ~ network, scripts) }}
{%- endfor %}

{%- for machine, files in netboot.nginx.get("cloud", {}).items() %}
{{- kept(http ~ "/cloud/" ~ machine, files) }}
{%- endfor %}

{%- for image, versions in netboot.nginx.images.items() %}
{%- for version in versions %}
{%- for file, sha256 in version.files.items() %}

{{ http }}/images/{{ image }}/{{ version.id }}/{{ file }}:
  file.managed:
    - source: salt://{{ version.at }}/{{ file }}?saltenv=images
    {%- if sha256 %}
    - source_hash: {{ sha256 }}
    {%- endif %}
    - makedirs: true
    - show_changes: false
    - require:
      - pkg: netboot-packages
    # A script is there when what it boots is.
    - require_in:
      {%- for network in netboot.nginx.boot %}
      - file: {{ http }}/boot/{{ network }}
      {%- endfor %}
{%- endfor %}
{%- endfor %}

# The versions that are served, and no others.
{{ http }}/images/{{ image }}:
  file.directory:
    - clean: true
    - require:
      {%- for version in versions %}
      {%- for file in version.files %}
      - file: {{ http }}/images/{{ image }}/{{ version.id }}/{{ file }}
      {%- endfor %}
      {%- endfor %}
{%- endfor %}
{%- if netboot.nginx.verify %}
{%- for file in ("lab.0", "lab.efi") %}

{{ http }}/grub/{{ file }}:
  file.managed:
    - source: salt://grub/{{ file }}?saltenv=images
    - makedirs: true
    - show_changes: false
{%- endfor %}
{%- endif %}
{%- for name, sha256 in netboot.nginx.overlays.items() %}

{{ http }}/overlays/{{ name }}.tar.gz:
  file.managed:
    - source: salt://overlays/{{ name }}.tar.gz?saltenv=images
    - source_hash: {{ sha256 }}
    - makedirs: true
    - show_changes: false
    - require:
      - pkg: netboot-packages
{%- endfor %}
{%- for what in netboot.nginx.missing %}

{{ what }} is not on the master:
  test.fail_without_changes:
    - comment: "nobody can boot with {{ what }}: put it where the master has its images; see docs/images.md"
{%- endfor %}

# What machines tell of themselves (see saltext/lab/netboot/nginx.py).
{{ http }}/told:
  file.directory:
    - user: www-data
    - group: www-data
    - makedirs: true
    - require:
      - pkg: netboot-packages
    - require_in:
      - service: nginx
{%- endif %}
