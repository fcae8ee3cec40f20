"""Comparison rules of the conformance material: JSON where null and absent are the same, subsets, streams of JSON events."""
import json
import re

UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
CREATED = re.compile(r'"created":\s*\d+')


def normalised(text):
    return UUID.sub("UUID", CREATED.sub('"created":123', text))


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(element) for element in value]
    return value


def same_json(left, right):
    return without_nulls(json.loads(left)) == without_nulls(json.loads(right))


def contains(whole, part):
    """Every member of `part` is in `whole`; arrays have the same length; empty values also match an absent member."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            contains(whole[key], value) if key in whole else value in (None, "", False, 0, [], {}) for key, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(contains, whole, part))
    return whole == part


def same_stream(left, right):
    """The same events in the same order: lines equal, or JSON-equal where they carry JSON."""
    left, right = left.strip().split("\n"), right.strip().split("\n")
    return len(left) == len(right) and all(map(same_line, left, right))


def same_line(left, right):
    if left == right:
        return True
    parts = [line.partition(": ") for line in (left, right)]
    try:
        return parts[0][0] == parts[1][0] and same_json(parts[0][2], parts[1][2])
    except json.JSONDecodeError:
        return False
