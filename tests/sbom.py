#!/usr/bin/env python3
"""The bill of materials that tools/sbom writes: what SPDX 2.3 asks of a document,
every file with its true checksums, the same bytes twice.  With spdx-tools of
PyPI, its verdict too.

usage: sbom.py
"""
import hashlib
import json
import os
import re
import subprocess
import sys

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
DOCUMENT = ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo")
PACKAGE = ("name", "SPDXID", "downloadLocation", "filesAnalyzed", "licenseConcluded",
           "licenseDeclared", "copyrightText")
FILE = ("fileName", "SPDXID", "checksums", "licenseConcluded", "licenseInfoInFiles",
        "copyrightText")


def write():
    return subprocess.run([sys.executable, "tools/sbom"], check=True, capture_output=True).stdout


def check(holds, words):
    if not holds:
        sys.exit(f"sbom: {words}")


def check_file(entry):
    for key in FILE:
        check(key in entry, f"{entry.get('fileName')} lacks {key}")
    with open(entry["fileName"], "rb") as stream:
        content = stream.read()
    for checksum in entry["checksums"]:
        want = hashlib.new(checksum["algorithm"].lower(), content).hexdigest()
        check(checksum["checksumValue"] == want, f"{entry['fileName']}: another checksum")


def check_document(document):
    for key in DOCUMENT:
        check(document.get(key), f"the document lacks {key}")
    check(document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0",
          "another version or license of the data")
    check(re.fullmatch(TIME, document["creationInfo"]["created"]), "created is not a time")
    check(re.match(r"(Tool|Person|Organization): .", document["creationInfo"]["creators"][0]),
          "a creator without its kind")
    for package in document["packages"]:
        for key in PACKAGE:
            check(key in package, f"{package.get('name')} lacks {key}")
    for entry in document["files"]:
        check_file(entry)
    elements = document["packages"] + document["files"] + [document]
    ids = [element["SPDXID"] for element in elements]
    check(len(ids) == len(set(ids)), "two elements have one id")
    check(all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in ids), "a bad id")
    for relation in document["relationships"]:
        for end in ("spdxElementId", "relatedSpdxElement"):
            check(relation[end] in ids, f"a relationship with {relation[end]}")
    named = set(document["packages"][0]["hasFiles"])
    check(named == {entry["SPDXID"] for entry in document["files"]}, "files of no package")


def main():
    text = write()
    document = json.loads(text)
    check_document(document)
    check(write() == text, "other bytes the second time")
    paths = {entry["fileName"] for entry in document["files"]}
    for path in ("./LICENSE", "./src/paper/paper.c", "./weights/default.pith"):
        check(path in paths, f"{path} is not in it")
    try:
        from spdx_tools.spdx.parser.parse_anything import parse_file
        from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
        os.makedirs("build", exist_ok=True)
        with open("build/pith.spdx.json", "wb") as stream:
            stream.write(text)
        faults = validate_full_spdx_document(parse_file("build/pith.spdx.json"))
        check(not faults, f"spdx-tools: {[fault.validation_message for fault in faults][:5]}")
        print("sbom: spdx-tools finds no fault")
    except ImportError:
        pass
    print(f"sbom: {len(document['files'])} files of {len(document['packages'])} packages")


if __name__ == "__main__":
    main()
