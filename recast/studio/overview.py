"""The workspace as the path of a frame: each stage with its state and one next action."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from recast.language import to_say
from recast.sides import SIDES, Side
from recast.studio.actions import Action, action
from recast.studio.beginning import beginning
from recast.studio.consent_form import BASES, consent_form
from recast.studio.job_rows import JobRows, duration, picture, show_picture
from recast.studio.parts import tag
from recast.studio.view import View, commanded

if TYPE_CHECKING:
    from recast.stages.standing import Standing

_ABOUT = {
    "src": to_say("src: the face that is put in"),
    "dst": to_say("dst: the take that is changed"),
}


async def build(view: View) -> None:
    if not view.studio.exists:
        beginning(view)
        return
    tag("h1", text=view.say("Overview"))
    tag("p", "r-quiet", text=str(view.studio.root))
    form = consent_form(view)
    with tag("div", "r-path"):
        takes = {side: _TakeCard(view, side) for side in SIDES}
        faces = {side: _FacesCard(view, side) for side in SIDES}
        train, merge = _TrainCard(view), _MergeCard(view)
    tag("h2", text=view.say("Work"))
    JobRows(view)

    def draw(found: Standing) -> None:
        form.set_visibility(found.consent is None)
        for side in SIDES:
            takes[side].draw(found)
            faces[side].draw(found)
        train.draw(found)
        merge.draw(found)

    def look() -> Standing:
        from recast.stages.standing import standing

        return standing(view.studio.workspace())

    await view.follow(look, draw)


class _Card:
    """One stage: a picture, what is there, and what can be done next. Changed in place."""

    def __init__(self, view: View, title: str, place: str) -> None:
        self.view = view
        with tag("section", f"r-card r-at-{place}").labelled(title) as self.box:
            self.picture = picture("", title, "r-card-picture")
            self.picture.set_visibility(False)
            tag("h2", text=title)
            self.state = tag("p")
            self.detail = tag("p", "r-quiet")
            self.actions = tag("div", "r-row")

    def tell(self, state: str, detail: str = "", *, is_next: bool = False) -> None:
        self.state.text, self.detail.text = state, detail
        self.box.classes(add="r-next" if is_next else "", remove="" if is_next else "r-next")


class _TakeCard(_Card):
    def __init__(self, view: View, side: Side) -> None:
        super().__init__(view, view.say.of(_ABOUT[side]), f"take-{side}")
        self._side: Side = side

    def draw(self, found: Standing) -> None:
        take, say = found.takes[self._side], self.view.say
        if take.path is None:
            self.tell(say("This take cannot be read"), take.trouble)
            show_picture(self.picture, "")
            return
        width, height = take.size
        about = say("{w} x {h}, {n} frames, {rate} a second, {time}", w=width, h=height,
                    n=take.length, rate=f"{take.rate:.6g}",
                    time=duration(self.view, take.seconds))  # fmt: skip
        self.tell(take.path.name, about)
        if self._side == "src" and found.consent is not None:
            basis = say.of(BASES[found.consent.basis])
            self.detail.text = f"{about}. {found.consent.person}: {basis}"
        show_picture(self.picture, f"/frames/{self._side}/{take.length // 2}?width=480")


class _FacesCard(_Card):
    def __init__(self, view: View, side: Side) -> None:
        say = view.say
        title = say("Faces of {side}", side=side)
        super().__init__(view, title, f"faces-{side}")
        self._side: Side = side
        with self.actions:
            self._find = view.button(
                say("Find faces"),
                partial(view.start, self._action()),
                key="1" if side == "src" else "2",
                action=self._action(),
            )
            self._look = tag("a", "r-link", text=say("Look at them"), href=f"/faces?side={side}")

    def _action(self) -> Action:
        return action("extract", self.view.studio.root, self._side, holds=[f"faces {self._side}"])

    def draw(self, found: Standing) -> None:
        take, say = found.takes[self._side], self.view.say
        state = say.plural("{n} face", "{n} faces", take.faces) if take.faces else say("None yet")
        detail = ""
        if 0 < take.searched < take.wanted:
            detail = say("{done} of {total} frames searched", done=take.searched, total=take.wanted)
        self.tell(state, detail, is_next=found.next == f"extract {self._side}")
        self._find.set_visibility(not take.is_searched)
        self._look.set_visibility(take.faces > 0)
        show_picture(self.picture, self.view.studio.address(take.face) if take.face else "")


class _TrainCard(_Card):
    def __init__(self, view: View) -> None:
        super().__init__(view, view.say("Training"), "train")
        with self.actions:
            link = tag("a", "r-link", text=view.say("Train"), href="/train")
            commanded(link, action("train", view.studio.root))

    def draw(self, found: Standing) -> None:
        say, trainings = self.view.say, found.trainings
        if not trainings:
            self.tell(say("None yet"), is_next=found.next == "train")
            show_picture(self.picture, "")
            return
        newest = max(trainings, key=lambda one: one.preview.stat().st_mtime if one.preview else 0)
        detail = "; ".join(
            say("{name}: {model} at {side} px, step {n}", name=one.name, model=one.model,
                side=one.resolution, n=one.step)
            for one in trainings
        )  # fmt: skip
        state = say.plural("{n} training", "{n} trainings", len(trainings))
        self.tell(state, detail, is_next=found.next == "train")
        shown = newest.preview
        show_picture(self.picture, self.view.studio.address(shown) if shown else "")


class _MergeCard(_Card):
    def __init__(self, view: View) -> None:
        super().__init__(view, view.say("Result"), "merge")
        merge = action("merge", view.studio.root, holds=["result"])
        with self.actions:
            self._merge = view.button(
                view.say("Merge"), partial(view.start, merge), key="3", action=merge
            )

    def draw(self, found: Standing) -> None:
        say = self.view.say
        state = found.result.name if found.result else say("None yet")
        self.tell(state, is_next=found.next == "merge")
        able = any(one.can_merge for one in found.trainings)
        self._merge.set_visibility(able)
        show_picture(self.picture, self.view.studio.address(found.sheet) if found.sheet else "")
