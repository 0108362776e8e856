"""Values as OVSDB has them (RFC 7047, section 5.1) and as the model has them.  Pure."""


def plain(value, many=False):
    """Return an OVSDB *value* as a scalar, list (sorted; always if *many*) or dict; an empty optional one is None."""
    match value:
        case ["map", pairs]:
            return dict(pairs)
        case ["set", items]:
            return sorted(map(plain, items)) if many else None
        case ["uuid", uuid]:
            value = uuid
    return [value] if many else value


def wire(value, default=("set", [])):
    """Return plain *value* as OVSDB takes it; None is the *default* of its column."""
    if value is None:
        return default
    if isinstance(value, dict):
        return ["map", [[key, part] for key, part in value.items() if part is not None]]
    return ["set", value] if isinstance(value, list) else value
