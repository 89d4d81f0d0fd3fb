"""The losses of a training on disk."""

from pathlib import Path

from recast.training.history import History, newest_line, read_history


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl", step=0)
    history.add(10, 1.0, {"face": 0.5})
    history.add(20, 2.0, {"face": 0.4})
    assert [line["step"] for line in read_history(tmp_path / "history.jsonl")] == [10, 20]


def test_steps_lost_with_a_crash_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    first = History(path, step=0)
    for step in (10, 20, 30):
        first.add(step, 1.0, {"face": 0.5})
    History(path, step=20).add(30, 9.0, {"face": 0.1})
    lines = read_history(path)
    assert [line["step"] for line in lines] == [10, 20, 30]
    assert lines[-1]["losses"] == {"face": 0.1}


def test_a_line_cut_off_by_a_crash_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    History(path, step=0).add(10, 1.0, {"face": 0.5})
    with path.open("a") as file:
        file.write('{"step": 20, "sec')
    assert [line["step"] for line in read_history(path)] == [10]


def test_without_a_file_there_is_no_history(tmp_path: Path) -> None:
    assert read_history(tmp_path / "none.jsonl") == []


def test_the_newest_line_is_found_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert newest_line(path) is None
    history = History(path, 0)
    for step in range(1, 400):
        history.add(step, step / 2, {"src": 0.5, "dst": 0.25})
    with path.open("a", encoding="utf-8") as file:
        file.write('{"step": 400, "sec')
    found = newest_line(path)
    assert found is not None and found["step"] == 399
    assert found == read_history(path)[-1]
