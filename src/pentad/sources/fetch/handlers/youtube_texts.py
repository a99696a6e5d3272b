"""What yt-dlp says when it fails, as a reason."""

from __future__ import annotations

import re

from pentad.sources.fetch.errors import FetchError, FetchReason

# The first line that fits counts, so what is narrower comes first. Sites word these anew at times:
# what fits nothing is ``tool-failed``, which is tried again with the next version of the tool.
_TEXTS: tuple[tuple[FetchReason, str], ...] = (
    (FetchReason.TOOL_MISSING, r"ffmpeg (is )?not (installed|found)|ffmpeg is required"),
    (FetchReason.TOOL_MISSING, r"could not be found.{0,40}ffmpeg"),
    (FetchReason.RATE_LIMITED, r"confirm you.{1,8}re not a bot|too many requests|error 429"),
    (FetchReason.RATE_LIMITED, r"rate.?limit|try again later"),
    (FetchReason.SIGN_IN, r"confirm your age|age.?restricted|inappropriate for some users"),
    (FetchReason.PRIVATE, r"private video|video is private|members.only|join this channel"),
    (FetchReason.PRIVATE, r"members on level|requires payment|requires purchase"),
    (FetchReason.GEO_BLOCKED, r"in your (country|location|region)|geo.?restrict|geo.?block"),
    (FetchReason.GONE, r"has been (removed|terminated|deleted)|no longer available|was deleted"),
    (FetchReason.GONE, r"removed by the (user|uploader)|violat|copyright|account .{0,40}closed"),
    (FetchReason.GONE, r"video unavailable|video is (not|un)available|does not exist"),
    (FetchReason.GONE, r"incomplete youtube id|not a valid url|content isn.{1,4}t available"),
    (FetchReason.SIGN_IN, r"sign in|log ?in|cookies"),
    (FetchReason.TIMEOUT, r"timed out|timeout"),
    (FetchReason.CONNECTION, r"connection (reset|refused|aborted)|name resolution|unreachable"),
    (FetchReason.CONNECTION, r"failed to resolve|getaddrinfo"),
    (FetchReason.SERVER_ERROR, r"error 5\d\d"),
)
_HIDDEN = re.compile(r"(?i)(--cookies\S*|cookie\S*:|authorization:)\s*\S+")


def youtube_error(name: str, stderr: str, code: int) -> FetchError:
    """Return what a failed run of yt-dlp means, with the line that says so.

    Examples:
        >>> youtube_error("x", "ERROR: [youtube] x: Private video. Sign in", 1).reason.value
        'private'
    """
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    lines = [line for line in lines if line.upper().startswith("ERROR")] or lines[-3:]
    for reason, pattern in _TEXTS:
        for line in lines:
            if re.search(pattern, line, re.IGNORECASE):
                return FetchError(reason, f"{name}: {_shown(line)}")
    text = _shown(lines[-1]) if lines else "it said nothing"
    return FetchError(FetchReason.TOOL_FAILED, f"{name}: yt-dlp ended with {code}: {text}")


def _shown(line: str) -> str:
    return _HIDDEN.sub(r"\1 ...", line.removeprefix("ERROR:").strip())[:300]
