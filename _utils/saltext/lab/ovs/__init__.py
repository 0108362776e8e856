"""Open vSwitch through OVSDB: ``model`` what may be, ``rows`` and ``ops`` pure, ``rpc`` and ``db`` talk."""
