"""
What is read from OVSDB, as operations (RFC 7047, section 5.2), and their results as rows.  Pure.

Most columns of most rows are at their default.  So a column that is seldom set is selected
by itself, where it is set: for 1000 ports that is a quarter of the bytes of all columns.
"""

from saltext.lab.ovs.tables import EMPTY, FIELDS, KEYS, MARKED, REFS
from saltext.lab.ovs.types import MARK

NOT_OPENED = "ovs-vswitchd has not opened it; its log says why"
#: columns that nearly every row has set, or that cannot be empty
OFTEN = {
    "Port": ("name", "interfaces", "tag"),
    "Interface": ("name", "type"),
    **{"Bridge": ("name",), "Controller": ("target",), "Mirror": ("name",)},
    **dict.fromkeys(("NetFlow", "sFlow", "IPFIX"), ("targets",)),
}


def select(table, *columns, where=()):
    """Return the operation that reads *columns* of *table*."""
    return {"op": "select", "table": table, "where": list(where), "columns": list(columns)}


def _rows(table, columns):
    """Return the operations that read *columns* of all rows: ``{name: default}``."""
    often = [name for name in OFTEN.get(table, ()) if name in columns or name == KEYS.get(table)]
    seldom = {name: default for name, default in columns.items() if name not in often}
    return [
        select(table, "_uuid", *often),
        *(select(table, "_uuid", name, where=[[name, "!=", default]]) for name, default in seldom.items()),
    ]


def _refs(table):
    return {ref.column: ref.default for ref in REFS.get(table, {}).values()}


def _fields(table):
    return {column.name: column.default for column in FIELDS[table].values()}


#: the number that ovs-vswitchd has applied, and the one that is wanted
CURRENT = select("Open_vSwitch", "next_cfg", "cur_cfg")
#: interfaces that ovs-vswitchd could not open: their ofport is -1, or empty where the bridge itself could not be made.
#: A text with an ofport, such as "No usable peer", is not counted: it comes some time after ovs-vswitchd has said
#: that all is applied, and goes at each change.
FAILED = tuple(select("Interface", "_uuid", "name", "error", where=[["ofport", "==", none]]) for none in (-1, EMPTY))
_TABLES = [table for table in FIELDS if table != "Open_vSwitch"]
#: everything that ``rows.bridges`` needs
READ = (*(one for table in _TABLES for one in _rows(table, _fields(table) | _refs(table))), *FAILED)
#: what a transaction has to know besides the interfaces: which rows there are, what they refer to, and which are ours
_OURS = [["external_ids", "includes", ["map", [[MARK, "made"]]]]]
FIND = (
    *(one for table in _TABLES if table != "Interface" for one in _rows(table, _refs(table))),
    *(select(table, "_uuid", "external_ids", where=_OURS) for table in MARKED[1:]),
)
FEW = 200  #: as many interfaces are found one by one in less time than all of 1000 are read
SWITCH = select("Open_vSwitch", *(column.name for column in FIELDS["Open_vSwitch"].values()))


def find(names):
    """Return ``FIND`` with the operations that read the interfaces of *names*, or all if that is quicker."""
    few = [select("Interface", "_uuid", "name", where=[["name", "==", name]]) for name in sorted(names)]
    return (*FIND, *(few if 0 < len(few) <= FEW else [select("Interface", "_uuid", "name")]))


def collected(operations, results):
    """Return ``{table: {uuid: row}}`` of the *results* of select *operations*; a column not there is at its default."""
    tables: dict[str, dict[str, dict]] = {}
    for operation, result in zip(operations, results, strict=True):
        table = tables.setdefault(operation["table"], {})
        for row in result["rows"]:
            uuid = row.pop("_uuid")[1]
            table.setdefault(uuid, row).update(row)
    return tables


def why(row):
    """Return why ovs-vswitchd could not open the interface of *row*, which ``FAILED`` has found."""
    return row["error"] if isinstance(row["error"], str) else NOT_OPENED
