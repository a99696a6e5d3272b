"""Models of the Hugging Face hub as folders of this machine: fetched once, safetensors only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import InputError
from pentad.encoders.families.hf_model import quiet

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
    nothing is fetched.

    Raises:
        InputError: There is no such model or revision, it asks for consent or a login, the hub
            cannot be reached, or the model has no safetensors.
    """
    from huggingface_hub import snapshot_download

    try:
        with quiet():
            folder = snapshot_download(
                name.repo, revision=name.revision, allow_patterns=list(_WANTED)
            )
    except Exception as error:
        raise InputError(_why(name, error)) from error
    path = Path(folder)
    return path, path.name


def _why(name: HubName, error: Exception) -> str:
    from huggingface_hub import errors

    at = f" at revision {name.revision!r}" if name.revision else ""
    if isinstance(error, errors.GatedRepoError):
        return f"hf:{name.repo} asks for consent: accept its terms on the hub, then 'hf auth login'"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"hf:{name.repo} has no revision {name.revision!r}"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"there is no model hf:{name.repo} (or it is private: 'hf auth login')"
    line = next(iter(str(error).splitlines()), type(error).__name__)[:160]
    return (
        f"hf:{name.repo}{at} cannot be fetched ({line}); give the path of a folder that holds the "
        "model, or try again when the hub can be reached"
    )
