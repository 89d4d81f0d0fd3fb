"""The jobs of this server as rows: what each does, how far it is, and how it ended."""

from __future__ import annotations

import time
from datetime import datetime

from recast.studio.job import Job
from recast.studio.parts import Tag, tag
from recast.studio.view import View, commanded

SHOWN, SHOWN_OF_ONE = 8, 3  # the newest; fewer where a page is about one command


class JobRows:
    """Draws the jobs, and follows them. Rows are changed in place, so that focus stays."""

    def __init__(self, view: View, command: str = "") -> None:
        self._view = view
        self._command = command
        self._rows: dict[int, _Row] = {}
        self._box = tag("section", "r-jobs").labelled(view.say("Running and finished work"))
        view.refresh_on_change(lambda: (view.studio.jobs.version, int(time.time() / 5)), self._draw)

    def _draw(self) -> None:
        jobs = [j for j in self._view.studio.jobs.all() if self._command in ("", j.command)]
        shown = jobs[-(SHOWN_OF_ONE if self._command else SHOWN) :]
        for number in self._rows.keys() - {job.number for job in shown}:
            self._rows.pop(number).box.delete()
        for job in shown:
            if job.number not in self._rows:
                with self._box:
                    self._rows[job.number] = _Row(self._view, job)
                self._rows[job.number].box.move(target_index=0)
            self._rows[job.number].draw()


class _Row:
    def __init__(self, view: View, job: Job) -> None:
        self._view, self._job = view, job
        self.box = tag("div", "r-job")
        with self.box:
            with tag("div", "r-row"):
                self._name = tag("strong", text=view.job_name(job))
                self._about = tag("span", "r-quiet", text=job.about)
                tag(
                    "span",
                    "r-quiet r-small",
                    text=f"{datetime.fromtimestamp(job.began):%Y-%m-%d %H:%M}",
                )
                tag("div", "r-space")
                self._state = tag("span", role="status")
                self._stop = view.button(view.say("Stop"), self._ask_to_stop)
            self._bar = tag("progress", "r-progress", max="1").labelled(view.job_name(job))
            self._trouble = tag("p", "r-bad")
            self._notes = tag("ul", "r-notes")
        commanded(self.box, job.action)

    def _ask_to_stop(self) -> None:
        self._view.studio.jobs.tell(self._job, "stop")

    def draw(self) -> None:
        job, view = self._job, self._view
        self._about.text = job.about
        self._state.text = state_text(view, job)
        self._stop.set_visibility(job.is_running)
        self._bar.set_visibility(job.is_running)
        if job.share is not None:
            self._bar.props["value"] = f"{job.share:.4f}"
            self._bar.update()
        self._trouble.text = f"{view.say.of(job.what)} {view.say.of(job.fix)}".strip()
        self._trouble.set_visibility(job.state == "failed")
        self._draw_notes()

    def _draw_notes(self) -> None:
        warnings = [text for text, is_warning in self._job.notes if is_warning]
        if len(self._notes.default_slot.children) != len(warnings):
            self._notes.clear()
            with self._notes:
                for text in warnings:
                    tag("li", text=self._view.say.of(text))


def state_text(view: View, job: Job) -> str:
    """How far a job is, such as "40 of 120 frames, 12 s left"."""
    say = view.say
    if job.state == "stopping":
        return say("Stopping where nothing is lost …")
    if job.state == "done":
        return say("Done, it took {time}", time=duration(view, (job.ended or 0) - job.began))
    if job.state == "stopped":
        return say("Stopped; the same command goes on from there")
    if job.state == "failed":
        return say("Not done")
    if job.state == "interrupted":
        return say("Interrupted; the same command goes on from there")
    parts = []
    if job.training:
        parts.append(say("step {n}", n=job.training["step"]))
    elif job.total:
        parts.append(say("{done} of {total}", done=job.done, total=job.total))
    else:
        parts.append(say("getting ready"))
    left = job.seconds_left
    if left is not None:
        parts.append(say("{time} left", time=duration(view, left)))
    return ", ".join(parts)


def duration(view: View, seconds: float) -> str:
    """A time in the two units that matter: "40 s", "3 min 20 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return view.say("{h} h {m} min", h=hours, m=minutes)
    if minutes:
        return view.say("{m} min {s} s", m=minutes, s=rest)
    return view.say("{s} s", s=rest)


def picture(address: str, name: str, classes: str = "") -> Tag:
    """A picture with the words that stand for it."""
    return tag("img", classes, src=address, alt=name, loading="lazy")


def show_picture(element: Tag, address: str) -> None:
    """Let a picture show another one; none hides it."""
    element.set_visibility(bool(address))
    if address and element.props.get("src") != address:
        element.props["src"] = address
        element.update()
