# For a machine that has no roles: a highstate without any state would be a failed one.
this machine has no roles:
  test.nop
