"""What is said of E-MM1 wherever a published copy describes itself."""

from __future__ import annotations

from collections.abc import Mapping

DATABASE_LICENSE = "odc-by"
DATABASE_LICENSE_URL = "https://opendatacommons.org/licenses/by/1-0/"
PAGE = "https://github.com/encord-team/E-MM1"
CREATOR = "Encord"
VERSION = "1.0.0"
LANGUAGE = "en"
TASKS = ("feature-extraction", "zero-shot-classification", "any-to-any")
KEYWORDS = ("multimodal", "retrieval", "text", "image", "video", "audio", "point cloud")
ABOUT = (
    "Groups of a caption, an image, a video, a sound and a point cloud, or rated triplets of them, "
    "from the tables of E-MM1. Items were matched to captions by retrieval models; triplets were "
    "rated by people as good, partial or bad matches. It holds ids, captions and names of files "
    "with source and license; media are with their sources."
)
CITATION: Mapping[str, str] = {
    "title": "EBind: a practical approach to space binding",
    "author": "Broadbent, Jim and Cohen, Felix and Hvilsh{\\o}j, Frederik and Landau, Eric and "
    "Sasoglu, Eren",
    "journal": "arXiv preprint arXiv:2511.14229",
    "year": "2025",
}


def citation_text(citation: Mapping[str, str]) -> str:
    """Return a citation as BibTeX."""
    fields = ",\n".join(f"  {name} = {{{value}}}" for name, value in citation.items())
    return f"@article{{ebind2025,\n{fields}\n}}"
