"""``croissant.json``: what was written, in the vocabulary that dataset search and loaders read.

Every file is listed with its SHA-256. A table of CSV is one file, a table of Parquet a set of
files; tar shards hold sets of parts, of which captions and descriptions are described as records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pentad.core.licenses import parse_license
from pentad.publish.facts import (
    ABOUT,
    CITATION,
    CREATOR,
    DATABASE_LICENSE_URL,
    KEYWORDS,
    PAGE,
    VERSION,
    citation_text,
)
from pentad.publish.markdown import plain
from pentad.publish.written import INTEGER, NUMBER, TEXT, Column, Written

NAME = "croissant.json"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_FORMATS = {
    "csv": "text/csv",
    "parquet": "application/x-parquet",
    "tar": "application/x-tar",
    "md": "text/markdown",
    "json": "application/json",
}
_TYPES = {INTEGER: "sc:Integer", NUMBER: "sc:Float", TEXT: "sc:Text"}
_SHARD_PARTS = (("txt", "text/plain", "caption"), ("json", "application/json", "description"))


def describe(
    title: str,
    name: str,
    tables: Sequence[Written],
    files: Mapping[str, Mapping[str, Any]],
    licenses: Sequence[str],
) -> dict[str, Any]:
    """Return the description as JSON-LD.

    Args:
        title: What people call the data set.
        name: Its short name.
        tables: What was written.
        files: Relative name -> bytes and SHA-256, of these and of other files.
        licenses: Licence texts of the items and captions.
    """
    sets = [entry for written in tables for entry in _file_sets(written)]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": name,
        "alternateName": plain(title),
        "description": ABOUT,
        "url": PAGE,
        "version": VERSION,
        "datePublished": "2025-10-16",
        "creator": {"@type": "sc:Organization", "name": CREATOR},
        "keywords": list(KEYWORDS),
        "license": _licenses(licenses),
        "citeAs": citation_text(CITATION),
        "isLiveDataset": False,
        "rai:dataCollection": "Items of public data sets, matched to captions by retrieval models.",
        "rai:dataUseCases": "Training and evaluation of embeddings over several modalities.",
        "distribution": [_file(file, files[file]) for file in sorted(files)] + sets,
        "recordSet": [entry for written in tables for entry in _record_sets(written)],
    }


def _licenses(texts: Sequence[str]) -> list[str]:
    """Return the license of the tables, then those of items: an address where there is one."""
    found = {parse_license(text).url or plain(text) for text in texts} - {""}
    return [DATABASE_LICENSE_URL, *sorted(found - {DATABASE_LICENSE_URL})]


def _file(name: str, info: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{info['bytes']} B",
        "encodingFormat": _FORMATS.get(name.rpartition(".")[2], "application/octet-stream"),
        "sha256": info["sha256"],
    }


def _file_sets(written: Written) -> list[dict[str, Any]]:
    if written.form == "parquet":
        folder = written.files[0].rpartition("/")[0]
        return [_file_set(f"{written.name}-files", f"{folder}/*.parquet", _FORMATS["parquet"])]
    if written.form != "tar":
        return []
    inside = {"containedIn": [{"@id": file} for file in written.files]}
    return [
        _file_set(f"{written.name}-{part}", f"*.{part}", form) | inside
        for part, form, _ in _SHARD_PARTS
    ]


def _file_set(name: str, includes: str, form: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "encodingFormat": form,
        "includes": includes,
    }


def _record_sets(written: Written) -> list[dict[str, Any]]:
    if written.form == "tar":
        return [_part_records(written, part, what) for part, _, what in _SHARD_PARTS]
    if written.form == "csv":
        source = {"fileObject": {"@id": written.files[0]}}
    else:
        source = {"fileSet": {"@id": f"{written.name}-files"}}
    fields = [_field(written.name, column, source) for column in written.columns]
    return [_record_set(written.name, fields)]


def _field(table: str, column: Column, source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column.name}",
        "name": f"{table}/{column.name}",
        "description": column.about or column.name,
        "dataType": _TYPES[column.kind],
        "source": {**source, "extract": {"column": column.name}},
    }


def _part_records(written: Written, part: str, what: str) -> dict[str, Any]:
    name = f"{written.name}-{what}s"
    source = {"fileSet": {"@id": f"{written.name}-{part}"}}
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{field}",
            "name": f"{name}/{field}",
            "description": about,
            "dataType": "sc:Text",
            "source": {**source, "extract": {"fileProperty": extract}},
        }
        for field, about, extract in (
            (
                "file",
                "name of the part; what stands before its first point is the sample",
                "filename",
            ),
            (what, f"the {what} of the sample", "content"),
        )
    ]
    return _record_set(name, fields)


def _record_set(name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}
