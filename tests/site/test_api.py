"""The published data: they follow their schemas, say what is known, and old addresses lead on."""

import dataclasses
import json
import re
import xml.etree.ElementTree as ElementTree

import jsonschema
import pytest

from mpscheck.bugs import catalogue
from mpscheck.known import exposure, releases
from mpscheck.site import api
from mpscheck.site import files as pages
from mpscheck.site.inputs import read_inputs


@pytest.mark.parametrize("name", ["bugs", "known-bad"])
def test_the_data_follow_their_schema(files, name):
    schema = json.loads(files[f"api/v1/{name}.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(files[f"api/v1/{name}.json"]), schema, jsonschema.Draft202012Validator)


def test_known_bad_says_what_transformerlens_needs(files):
    found = json.loads(files["api/v1/known-bad.json"])
    assert found["broken_for"]["TransformerLens"] == [[2, 8]]
    assert "linear-noncontiguous-weight" in found["torch"]["2.8"]["met_through"]["TransformerLens"]
    assert found["torch"]["2.8"]["silent"] and found["torch"]["2.8"]["unknown"] > 0
    smallest = found["smallest_for"]["TransformerLens"]
    assert (smallest["known"], smallest["possible"]) == ([2, 14], [2, 14])
    assert smallest["unknown"] > 0


def test_a_doubtful_match_breaks_no_library():
    doubtful = {"slug": "x", "doubt": "asks for mps"}
    data = {
        "one": {
            "provenance": {"versions": {"transformer_lens": "1", "transformers": "1"}, "bugs": {}},
            "records": [
                {"entry": "HookedTransformer", "model": exposure.MODEL, "uses": {"f": {"findings": [doubtful]}}}
            ],
        }
    }
    assert api.met_through(data)["TransformerLens"] == set()


def test_a_minor_is_sick_if_one_of_its_releases_is(files, known):
    found = json.loads(files["api/v1/known-bad.json"])["torch"]
    assert list(found) == list(dict.fromkeys(release.minor for release in releases.load()))
    for minor in found.values():
        assert len(minor["affected"]) + minor["unknown"] + minor["not_affected"] == len(known)
        assert all(set(bug["releases"]) <= set(minor["releases"]) for bug in minor["affected"])


def test_the_feed_has_dates_of_the_data_and_one_id_an_entry(files, known):
    feed = ElementTree.fromstring(files["api/feed.xml"])
    atom = {"a": "http://www.w3.org/2005/Atom"}
    ids = [element.text for element in feed.findall("a:entry/a:id", atom)]
    assert len(set(ids)) == len(ids) == api.FEED_LENGTH
    dates = {f"{one.date}T00:00:00Z" for one in known}
    assert {element.text for element in feed.findall("a:entry/a:updated", atom)} <= dates


def test_links_are_absolute_only_where_there_is_an_address(files):
    data = {name: text for name, text in files.items() if name.startswith("api/v1/bugs.json") or name in ("llms.txt",)}
    assert not any(
        "://" in re.sub(r"https?://(json-schema|github|discuss|www|blog|[\w.-]+)\S*", "", text)
        for text in data.values()
    )
    inputs = dataclasses.replace(read_inputs(), site_url="https://site.example/mps/")
    there = pages.files(inputs)
    assert '"page": "https://site.example/mps/bugs/linear' in there["api/v1/known-bad.json"]
    assert 'href="https://site.example/mps/api/feed.xml"' in there["api/feed.xml"]
    assert "(https://site.example/mps/api/v1/bugs.json)" in there["llms.txt"]


def test_a_renamed_bug_leads_on():
    found = api.redirects({"old-name": "new-name"}, {"new-name"})
    assert list(found) == ["bugs/old-name/index.html"]
    assert 'url=../new-name/"' in found["bugs/old-name/index.html"]


@pytest.mark.parametrize(("renamed", "told"), [({"a": "b"}, "remove the line"), ({"c": "d"}, "no bug")])
def test_a_rename_that_leads_nowhere_is_refused(renamed, told):
    with pytest.raises(api.BadRename, match=told):
        api.redirects(renamed, {"a", "b"})


def test_the_renames_of_the_catalogue_lead_somewhere():
    api.redirects(json.loads(api.RENAMED.read_text()), {bug.slug for bug in catalogue.all_bugs()})
