"""
A network change is taken back by the host itself unless it is confirmed.

``store`` is what waits on disk, ``tables`` and ``links`` are pure, ``host`` reads and puts back, ``reach`` says whether
the master answers, ``watch`` is the program that waits beside the minion and takes back.
"""
