# What a machine is, its slice says: one formula for each role.  A machine without a slice matches nothing, and is told.
base:
  '*': {{ (pillar.lab.roles or ["idle"]) | json if pillar.lab is defined else [] }}
