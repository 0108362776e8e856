# Nothing is given to minions from here: the spec (demo.sls) is compiled by the ext_pillar `lab`,
# which hands each minion its own slice and nothing else.  Pillar data of your own may be assigned as usual.
base: {}
