"""
The rack: the hosts of a lab simulated on one machine, with real systemd, real wires and a power button each.

``python -m rack up`` builds it from the lab's spec; see ``rack.topology`` for what a host is, ``rack.outlet`` for
what power means, and ``rack.place`` for where everything lies.
"""
