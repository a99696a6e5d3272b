"""Models of the Hugging Face hub as folders of this machine: fetched once, safetensors only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import InputError
from pentad.encoders.families.hf_model import quiet
from pentad.encoders.families.why import why

_ROBOT, _OFFER = "SFconvertbot", "Adding `safetensors`"
_NAME = re.compile(r"[\w.-]+/[\w.-]+")
# Settings, vocabularies, weights that cannot run code. Never pickles, never Python files.
_WANTED = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "README.md")


@dataclass(frozen=True)
class HubName:
    """A model on the hub.

    Attributes:
        repo: ``USER/NAME``.
        revision: Branch, tag or commit; None for the newest.
    """

    repo: str
    revision: str | None = None

    @property
    def short(self) -> str:
        """The name without its user."""
        return self.repo.partition("/")[2]


def parse_hub_name(text: str) -> HubName:
    """Return ``USER/NAME`` or ``USER/NAME@REVISION``, read.

    Raises:
        InputError: It is neither.
    """
    repo, at, revision = text.partition("@")
    if not _NAME.fullmatch(repo) or ".." in repo or (at and not revision):
        raise InputError(
            "wrong name of a model on the hub",
            expected="USER/NAME or USER/NAME@REVISION",
            seen=repr(text),
        )
    return HubName(repo, revision or None)


def fetch_model(name: HubName) -> tuple[Path, str]:
    """Return the folder of a model and its commit, fetched if it is not on this machine yet.

    The folder lies in the hub's own cache, where every library finds it. With ``HF_HUB_OFFLINE=1``
    nothing is fetched. Some models have pickled weights alone; the hub's own robot then offers the
    same numbers as safetensors in a pull request, and that is what is taken, unless a revision is
    named.

    Raises:
        InputError: There is no such model or revision, it asks for consent or a login, the hub
            cannot be reached, or the model has no safetensors.
    """
    try:
        folder = _snapshot(name.repo, name.revision)
        if not _has_weights(folder) and name.revision is None:
            folder = converted(name.repo, folder) or folder
    except Exception as error:
        raise InputError(_why(name, error)) from error
    if not _has_weights(folder):
        at = f" at revision {name.revision!r}" if name.revision else ""
        raise InputError(
            f"hf:{name.repo}{at} has no weights as safetensors; others can run code when they are "
            "read and are not fetched. Convert them with the library that made them "
            "(save_pretrained), and give the folder's path"
        )
    return folder, folder.name


def converted(repo: str, folder: Path) -> Path | None:
    """Return the model as the hub's robot converted it; None where it did not.

    Args:
        repo: ``USER/NAME``.
        folder: Its main revision, in the hub's cache.
    """
    from huggingface_hub import HfApi, errors

    try:
        found = HfApi().get_repo_discussions(repo, author=_ROBOT, discussion_type="pull_request")
        numbers = [d.num for d in found if d.author == _ROBOT and d.title.startswith(_OFFER)]
    except (errors.OfflineModeIsEnabled, OSError):
        return _converted_before(folder)
    return _snapshot(repo, f"refs/pr/{max(numbers)}") if numbers else None


def _converted_before(folder: Path) -> Path | None:
    """Return a conversion that is on this machine already."""
    cache = folder.parents[1]
    for ref in sorted(cache.glob("refs/refs/pr/*")):
        there = cache / "snapshots" / ref.read_text(encoding="utf-8").strip()
        if _has_weights(there):
            return there
    return None


def _snapshot(repo: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download

    with quiet():
        return Path(snapshot_download(repo, revision=revision, allow_patterns=list(_WANTED)))


def _has_weights(folder: Path) -> bool:
    return any(next(folder.glob(at), None) for at in ("*.safetensors", "*/*.safetensors"))


def _why(name: HubName, error: Exception) -> str:
    from huggingface_hub import errors

    at = f" at revision {name.revision!r}" if name.revision else ""
    if isinstance(error, errors.GatedRepoError):
        return f"hf:{name.repo} asks for consent: accept its terms on the hub, then 'hf auth login'"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"hf:{name.repo} has no revision {name.revision!r}"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"there is no model hf:{name.repo} (or it is private: 'hf auth login')"
    line = why(error)
    return (
        f"hf:{name.repo}{at} cannot be fetched ({line}); give the path of a folder that holds the "
        "model, or try again when the hub can be reached"
    )
