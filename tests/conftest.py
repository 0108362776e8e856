"""The order of all tests."""

#: What takes minutes begins first, the longest before the others: at the end no processor is idle.
LONG = ("test_stick", "test_install", "test_rack", "test_storm", "test_fifty_minions", "test_netboot_pxelinux")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))
