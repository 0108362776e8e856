#!py
"""A minion presents a key: let the admission desk look at it.  The event is a hint, its id goes on as data, never as text."""


def run():
    if data.get("act") not in ("pend", "denied"):
        return {}
    return {"admit": {"runner.lab.admit": [{"args": [{"minion": data.get("id")}]}]}}
