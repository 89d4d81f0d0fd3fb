"""What came of a merge: the result beside dst, its credentials, and the comparison of modes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nicegui import run, ui

from recast.errors import RecastError
from recast.language import to_say
from recast.studio.files import MEDIA_TYPES
from recast.studio.parts import tag
from recast.studio.view import View, str_of

if TYPE_CHECKING:
    from recast.provenance import Credentials
    from recast.studio.parts import Tag

VIDEOS = tuple(suffix for suffix, kind in MEDIA_TYPES.items() if kind.startswith("video/"))
STATES = {
    "valid": to_say("intact, signed by a trusted signer"),
    "valid-untrusted": to_say("intact, signed by a signer that no list of trusted ones names"),
    "altered": to_say("altered after it was signed"),
}


def result_section(view: View) -> None:
    """Drawn again whenever a result appears or changes."""
    box = tag("section", "m-result").labelled(view.say("Result"))

    def look() -> tuple[tuple[Path, int], ...]:
        workspace = view.studio.workspace()
        made = [workspace.result_as(suffix) for suffix in VIDEOS]
        there = [(path, path.stat().st_mtime_ns) for path in made if path.is_file()]
        newest = sorted(there, key=lambda one: one[1])[-1:]
        compared = workspace.compared
        if compared.is_file():
            newest.append((compared, compared.stat().st_mtime_ns))
        return tuple(newest)

    def draw() -> None:
        box.clear()
        compared = view.studio.workspace().compared
        with box:
            for path, _ in look():
                if path == compared:
                    _comparison(view, path)
                else:
                    _beside_dst(view, path)

    view.refresh_on_change(look, draw)


def _beside_dst(view: View, result: Path) -> None:
    say = view.say
    tag("h2", text=say("Result"))
    with tag("div", "r-row"):
        view.button(say("Play or pause"), lambda: None, key="Space").props("data-play")
        tag("code", "r-quiet", text=str(result))
    with tag("div", "m-videos"):
        _video(view, view.studio.address(result), say("Result"), muted=False)
        _video(view, "/take/dst", say("dst"), muted=True)
    with tag("dl", "m-credentials").labelled(say("Content credentials")) as box:
        pass
    ui.timer(0, lambda: _credentials(view, result, box), once=True)


def _video(view: View, address: str, name: str, *, muted: bool) -> None:
    with tag("figure"):
        made = tag("video", src=address, controls="", preload="metadata", data_together="")
        made.labelled(name)
        made.props.set_bool("muted", muted)
        tag("figcaption", text=name)
        unplayable = view.say("This browser cannot play this kind of video; a player can.")
        tag("p", "r-bad", text=unplayable, hidden="", data_unplayable="")


async def _credentials(view: View, result: Path, box: Tag) -> None:
    from recast.provenance import verify

    try:
        found = await run.io_bound(verify, result)
    except RecastError as error:
        with box:
            tag("dt", text=view.say("Content credentials"))
            tag("dd", "r-bad", text=f"{view.say.of(str_of(error))} {view.say.of(error.fix)}")
        return
    if found is None:  # the server closes
        return
    with box:
        for name, text in _rows(view, found):
            tag("dt", "r-quiet", text=name)
            tag("dd", text=text)


def _rows(view: View, found: Credentials) -> list[tuple[str, str]]:
    say = view.say
    rows = [
        (say("Content credentials"), say.of(STATES[found.state])),
        (say("Signed by"), ", ".join(filter(None, (found.signer, found.issuer)))),
        (say("Signed at"), f"{found.signed_at:%Y-%m-%d %H:%M %Z}" if found.signed_at else ""),
        (say("Model"), found.model or ""),
        (say("Consent"), found.consent_basis or ""),
        (say("Kind"), ", ".join(n.rpartition("/")[2] for n in found.digital_source_types)),
        *((say("Made from"), f"{one.title}, SHA-256 {one.sha256}") for one in found.ingredients),
        *((say("Trouble"), problem) for problem in found.problems),
    ]
    return [(name, text) for name, text in rows if text]


def _comparison(view: View, picture: Path) -> None:
    tag("h2", text=view.say("The modes compared"))
    with tag("div", "m-compare"):
        tag("img", src=view.studio.address(picture), alt=view.say("Some frames in every mode"))
