"""Reads exports with the libraries of OASIS (stix2, stix2-validator) and of MISP (pymisp), and says what is wrong.

Usage: validate.py FOLDER. Files in it: NAME.stix (a bundle), NAME.misp ({"response": [...]}), folders NAME.feed."""

import copy
import json
import sys
from pathlib import Path

import stix2
import stix2validator
from pymisp import MISPEvent
from stix2.pattern_visitor import create_pattern_object

# What is strictly a recommendation and not kept: 103 wants random ids (ours are made of names, so that what is exported
# again is the same), 302 wants hashes of pages that are referred to (MITRE's change).
NOT_KEPT = "103,302"
OBSERVABLES = {"ipv4-addr", "ipv6-addr", "file", "user-account"}


def references(value):
    """Every id that an object refers to."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.endswith("_ref"):
                yield inner
            elif name.endswith("_refs"):
                yield from inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def check_bundle(path):
    text = path.read_text()
    options = stix2validator.ValidationOptions(version="2.1", strict=True, disabled=NOT_KEPT)
    results = stix2validator.validate_string(text, options)
    assert results.is_valid, f"{path.name}: {[str(error) for error in results.errors]}"
    bundle = stix2.parse(text, allow_custom=False, version="2.1")
    objects = json.loads(text)["objects"]
    assert len(bundle.objects) == len(objects)
    ids = {one["id"] for one in objects}
    for one in objects:
        # The library makes the same id of the same properties.
        if one["type"] in OBSERVABLES:
            rest = {name: value for name, value in one.items() if name not in ("id", "type", "spec_version")}
            made = stix2.registry.STIX2_OBJ_MAPS["2.1"]["observables"][one["type"]](**rest)
            assert made["id"] == one["id"], f"{made['id']} is not {one['id']}"
        missing = set(references(one)) - ids
        assert not missing, f"{one['id']} refers to {missing}"
        if one["type"] == "indicator":
            create_pattern_object(one["pattern"], version="2.1")
    # Whoever adds it twice has it once.
    memory = stix2.MemoryStore()
    memory.add(bundle)
    first = len(memory.query())
    memory.add(stix2.parse(text, version="2.1"))
    assert first == len(memory.query()) == len(ids), (first, len(ids))
    return len(objects)


def check_event(event):
    misp = MISPEvent()
    # Types and categories that MISP does not know are refused here.
    misp.load(copy.deepcopy(event))
    body = event["Event"]
    assert misp.uuid == body["uuid"]
    assert len(misp.attributes) == len(body["Attribute"]) and len(misp.objects) == len(body["Object"])
    for attribute in misp.attributes:
        if hasattr(attribute, "first_seen"):
            assert attribute.first_seen <= attribute.last_seen
    return misp


def check_export(path):
    events = json.loads(path.read_text())["response"]
    return sum(len(check_event(event).attributes) for event in events)


def check_feed(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    hashes = (folder / "hashes.csv").read_text().splitlines()
    expected = []
    for uuid, entry in manifest.items():
        misp = check_event(json.loads((folder / f"{uuid}.json").read_text()))
        made = json.loads(json.dumps(misp.manifest[uuid], default=str))
        for name in ("info", "date", "analysis", "threat_level_id", "timestamp"):
            assert str(made[name]) == str(entry[name]), (name, made[name], entry[name])
        assert made["Orgc"] == entry["Orgc"], (made["Orgc"], entry["Orgc"])
        assert [tag["name"] for tag in made["Tag"]] == [tag["name"] for tag in entry["Tag"]]
        expected += [f"{value},{uuid}" for value in misp.attributes_hashes("md5")]
        assert uuid in misp.to_feed(with_meta=True)["Event"]["_manifest"]
    assert sorted(hashes) == sorted(expected), (hashes, expected)
    files = {path.name for path in folder.iterdir()} - {"manifest.json", "hashes.csv"}
    assert files == {f"{uuid}.json" for uuid in manifest}
    return len(manifest)


def main():
    folder = Path(sys.argv[1])
    bundles, exports, feeds = (sorted(folder.glob(f"*.{kind}")) for kind in ("stix", "misp", "feed"))
    objects = sum(check_bundle(path) for path in bundles)
    attributes = sum(check_export(path) for path in exports)
    events = sum(check_feed(path) for path in feeds)
    print(f"{objects} objects, {attributes} attributes, {events} events of feeds are as they should be")
    print(f"{len(bundles)} bundles, {len(exports)} exports, {len(feeds)} feeds")


main()
