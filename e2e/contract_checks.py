"""What schemathesis checks beside its own: whoever is refused is told which field of the request is wrong.

A document can say the form of a request, not all of its meaning: that a host of this name exists, that two parameters
exclude each other, that a time is one. So a request of the right form may be refused with 400; the answer then has to
name each wrong field, and the field has to be one that the document knows. (In the place of schemathesis' own
`positive_data_acceptance`.)
"""

import schemathesis


def named(schema, document, depth=8):
    """Names of all properties in `schema`, which may refer to others."""
    if depth == 0 or not isinstance(schema, (dict, list)):
        return set()
    if isinstance(schema, list):
        return set().union(*(named(part, document, depth) for part in schema), set())
    found = set()
    reference = schema.get("$ref", "")
    if reference.startswith("#/components/schemas/"):
        name = reference.rsplit("/", 1)[1]
        found |= named(document["components"]["schemas"].get(name), document, depth - 1)
    for key, value in schema.items():
        if key == "properties":
            found |= set(value)
        found |= named(value, document, depth) if isinstance(value, (dict, list)) else set()
    return found


def known(operation):
    """Names that a refusal of `operation` can speak of."""
    document, raw = operation.schema.raw_schema, operation.definition.raw
    item = document["paths"].get(operation.path, {})
    parameters = raw.get("parameters", []) + item.get("parameters", [])
    return {one["name"] for one in parameters if "name" in one} | named(raw.get("requestBody"), document)


@schemathesis.check
def refusals_name_a_field(ctx, response, case):
    """A request that is refused with 400 is told why, by fields of the document."""
    if response.status_code != 400:
        return
    media = response.headers.get("content-type", [""])
    media = media[0] if isinstance(media, list) else media
    assert media.startswith("application/problem+json"), f"400 as {media!r}"
    problem = response.json()
    assert problem["status"] == 400 and problem["type"].startswith("urn:decnet:problem:"), problem
    for error in problem.get("errors", []):
        assert error["message"].strip(), f"{error['field']!r} is wrong, and nothing says why"
    if not case.meta or not case.meta.generation.mode.is_positive:
        return
    assert problem.get("errors"), "a request of the right form is refused, and no field is named"
    fields = known(case.operation)
    for error in problem["errors"]:
        field = error["field"].split(".")[0].split("[")[0]
        assert not field or field in fields, f"{field!r} is wrong, which is not in the document"


@schemathesis.serializer("application/vnd.tcpdump.pcap")
def capture(ctx, value):
    """A capture is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
