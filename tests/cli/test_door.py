import json
import signal
import threading
import warnings

import pytest

from recast import Note, Progress, Stopped
from recast.cli import main
from recast.cli.door import door


def test_the_first_ctrl_c_stops_at_the_next_report() -> None:
    with pytest.raises(Stopped) as stop, door(json=True) as opened:
        opened.report(Progress(1, 3))
        signal.raise_signal(signal.SIGINT)
        opened.report(Progress(2, 3))
        pytest.fail("the report should have stopped the stage")
    assert stop.value.exit_code == 130
    assert "the same command goes on" in stop.value.fix


def test_what_was_reported_before_a_stop_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Stopped), door(json=True) as opened:
        signal.raise_signal(signal.SIGINT)
        opened.report(Note("one more face"))
    assert json.loads(capsys.readouterr().out)["text"] == "one more face"


def test_the_second_ctrl_c_strikes_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), door(json=True):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the second Ctrl-C should have struck")


def test_ctrl_c_is_as_before_when_the_door_has_closed() -> None:
    before = signal.getsignal(signal.SIGINT)
    with door(json=True):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_that_hears_no_signals_can_use_the_door() -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(["verify", "nowhere.mp4"])))
    thread.start()
    thread.join()
    assert codes == [1]


def test_warnings_of_libraries_stay_inside() -> None:
    with door(json=True):
        warnings.warn("something a user cannot act on", stacklevel=1)
