"""Open vSwitch through OVSDB: ``model`` what may be; ``queries``, ``rows``, ``shape``, ``ops`` pure; ``db`` talks."""
