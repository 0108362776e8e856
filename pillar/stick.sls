# yaml-language-server: $schema=../docs/reference/spec.schema.json
# A lab that is empty yet: what a USB stick starts, docs/stick.md. Any machine that boots on lan runs from its memory.
lab:
  name: seed
  domain: seed.example
  masters: {physical: stick, virtual: stick}      # one machine is both

  networks:
    lan: {subnet: 10.66.0.0/24, netboot: true, dhcp: {range: 100-199}}

  hosts:
    stick: {mac: "52:54:00:00:03:01", address: lan+1}

  images:
    ram: {kind: ram}

  classes:
    fresh: {image: ram, nics: [lan], boot: ram}

  netboot: {dhcp: stick, default: fresh}          # whom nobody named boots this class, 5 s after its menu
