#!py
"""A minion has started: give it its first highstate of this boot.  The desk knows whether it is due."""


def run():
    return {"welcome": {"runner.lab.welcome": [{"args": [{"minion": data.get("id")}]}]}}
