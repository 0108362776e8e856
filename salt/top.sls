# What a machine is, its slice says: one formula for each role.
base:
  '*': {{ pillar.get("lab", {}).get("roles", []) | json }}
