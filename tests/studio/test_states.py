"""What pages say when something is missing or wrong, read by a simulated person, in both languages.

What hands do on the pages is tested in a real browser, beside this.
"""

import logging
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recast.language import Texts
from recast.studio.actions import Action, action
from recast.studio.job import Job, State
from recast.studio.pages import PAGES
from recast.studio.parts import Tag
from recast.workspace import Workspace
from tests.studio.simulation import Reader, visit
from tests.studio.test_looks import LATIN, SAME_EVERYWHERE, option_words

Begin = Callable[[Path], Workspace]
# NiceGUI looks at every object there is, for its server; torch keeps one that complains of that.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.distributed.reduce_op:FutureWarning")
EVERY = pytest.mark.parametrize("language", ["en", "ru"])


@pytest.fixture(autouse=True)
def no_trouble(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No page may break while it is built or drawn, whatever it then shows."""
    yield
    told = [one for one in caplog.get_records("call") if one.levelno >= logging.ERROR]
    # A visit ends as a server does that is killed: in the middle of what pages look at.
    wrong = [text for one in told if not (text := one.getMessage()).startswith("Could not cancel")]
    assert wrong == []


@pytest.fixture
def begun(begin: Begin, tmp_path: Path) -> Workspace:
    """A workspace in which nobody has done anything."""
    return begin(tmp_path / "job")


async def settled(reader: Reader, say: Texts) -> None:
    """Until a page has opened what it works on."""
    await reader.until(lambda: say("Opening…") not in reader.texts)


def left_in_english(reader: Reader) -> set[str]:
    paths = str(reader.studio.root.parent)
    text = re.sub(r"data_(src|dst)\S*", "", "\n".join(reader.texts).replace(paths, ""))
    return set(LATIN.findall(SAME_EVERYWHERE.sub(" ", text))) - option_words()


@EVERY
def test_without_a_workspace_every_page_is_the_beginning(language: str, tmp_path: Path) -> None:
    say = Texts(language)

    async def looks(reader: Reader) -> None:
        for page in PAGES.values():
            await reader.opens(page.path)
            assert reader.headings == [say("A new workspace")]
        assert not reader.named(say("Make the workspace")).enabled
        if language == "ru":
            assert left_in_english(reader) == set()

    visit(tmp_path / "nothing", looks, language=language)


@EVERY
@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_a_bare_workspace_says_what_is_missing(
    name: str, language: str, begun: Workspace
) -> None:
    say, page = Texts(language), PAGES[name]

    async def looks(reader: Reader) -> None:
        await reader.opens(page.path)
        await settled(reader, say)
        assert len(reader.headings) == 1
        if language == "ru":
            assert left_in_english(reader) == set()

    visit(begun.root, looks, language=language)


@pytest.mark.parametrize("path", ["/faces?side=dst&part=trash", "/faces?side=x&part=y",
                                  "/mark?side=src&list=no&frame=99999999999999999999",
                                  "/masks?name=../../etc", "/merge?frame=-1"])  # fmt: skip
def test_addresses_that_name_nothing_open_the_page_all_the_same(
    path: str, extracted: Workspace
) -> None:
    async def looks(reader: Reader) -> None:
        await reader.opens(path)
        await settled(reader, Texts("en"))
        assert len(reader.headings) == 1

    visit(extracted.root, looks)


def test_a_take_that_is_gone_is_named_on_the_overview(
    begun: Workspace, tmp_path: Path, short_takes: dict[str, Path]
) -> None:
    own = tmp_path / "mine.mp4"
    shutil.copy(short_takes["dst"], own)
    root = tmp_path / "other"
    Workspace.create(root, src=short_takes["src"], dst=own)
    own.unlink()

    async def looks(reader: Reader) -> None:
        await reader.opens("/")
        await reader.until_read("This take cannot be read")
        assert reader.reads("mine.mp4")
        assert reader.reads("Whose face is put in")  # nobody has said so here
        await reader.opens("/mark")
        await reader.until_read("mine.mp4")
        assert any(one.props.get("role") == "alert" for one in reader.shown)

    visit(root, looks)


@pytest.mark.parametrize(("file", "path"), [("marks.json", "/mark"), ("merge.json", "/merge")])
def test_a_broken_file_is_named_and_left_alone(file: str, path: str, trained: Workspace) -> None:
    broken = trained.root / "data_dst" / file
    broken.write_text("{", encoding="utf-8")

    async def looks(reader: Reader) -> None:
        await reader.opens(path)
        await settled(reader, Texts("en"))
        assert reader.reads(file)

    visit(trained.root, looks)
    assert broken.read_text(encoding="utf-8") == "{"


def test_a_wrong_number_is_named_and_training_cannot_begin(extracted: Workspace) -> None:
    async def looks(reader: Reader) -> None:
        await reader.opens("/train")
        await reader.until_read("Batch size")
        reader.named("Batch size").value = 0
        await reader.until(lambda: not reader.named("Start training").enabled)
        (trouble,) = (one for one in reader.shown if one.props.get("role") == "alert")
        assert isinstance(trouble, Tag) and trouble.text == "It must be at least 1."
        reader.named("Batch size").value = 4
        assert reader.named("Start training").enabled

    visit(extracted.root, looks)


@EVERY
def test_work_is_told_in_words_however_it_ended(language: str, begun: Workspace) -> None:
    say = Texts(language)
    ends: dict[State, str] = {
        "done": say("Done, it took {time}", time=say("{m} min {s} s", m=1, s=30)),
        "stopped": say("Stopped; the same command goes on from there"),
        "failed": say("Not done"),
        "interrupted": say("Interrupted; the same command goes on from there"),
        "stopping": say("Stopping where nothing is lost …"),
    }

    async def looks(reader: Reader) -> None:
        for number, state in enumerate(ends, 1):
            words = Action(("sort", "faces"))
            job = Job(number, words, began=1.7e9, state=state, ended=1.7e9 + 90)
            reader.studio.jobs._jobs.append(job)
        await reader.opens("/")
        for text in ends.values():
            await reader.until_read(text)

    visit(begun.root, looks, language=language)


def test_a_command_that_cannot_be_done_is_told_in_russian(begun: Workspace) -> None:
    async def looks(reader: Reader) -> None:
        nowhere = begun.root / "data_src" / "aligned"
        job = reader.studio.jobs.start(action("measure", nowhere))
        await reader.opens("/")
        await reader.until(lambda: not job.is_running)
        await reader.until_read(Texts("ru")("Not done"))
        assert left_in_english(reader) == set()

    visit(begun.root, looks, language="ru")
