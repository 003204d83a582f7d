"""One line of progress: where it is shown, and where not."""

import io
import re
import sys
import types

import pytest

from sklearn_dgex.utils.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def on_a_terminal(monkeypatch):
    """``on_a_terminal()`` gives one; in the test itself, after pytest has set its own stderr."""

    def begin():
        monkeypatch.setattr(sys, "stderr", screen := Terminal())
        return screen

    return begin


@pytest.fixture
def outputs(monkeypatch):
    """The outputs of a notebook's cell, each as the states that it had."""
    shown = []

    class Handle:
        def __init__(self, bundle):
            self.states = [bundle]

        def update(self, bundle, raw):
            assert raw
            self.states.append(bundle)

    def display(bundle, raw, display_id):
        assert raw
        assert display_id
        shown.append(Handle(bundle))
        return shown[-1]

    package, module = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    package.get_ipython = lambda: types.SimpleNamespace(kernel="of a notebook")
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def run(n_steps=3, n_done=0, **parameters):
    bar = ProgressBar(2000, "fit", "epoch", n_done, **parameters)
    for step in range(n_steps):
        bar.mininterval = 0  # every step is drawn
        bar.advance(1, f"loss {step}.000")
    bar.close()


def test_a_terminal_has_one_line(on_a_terminal):
    terminal = on_a_terminal()
    run()
    written = terminal.getvalue()
    assert written.count("\n") == 1
    assert written.endswith("\n")
    states = written.strip("\r\n").split("\r")
    assert re.match(r"fit: .* epoch 0/2,000, \? left$", states[0])
    assert re.match(r"fit: .* epoch 2/2,000, loss 1\.000, \d\d:\d\d left$", states[2].rstrip())
    assert re.match(r"fit: .* epoch 3/2,000, loss 2\.000, took 00:00$", states[-1].rstrip())


def test_a_terminal_without_columns_has_a_line_of_usual_length(monkeypatch):
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    reader, writer = pty.openpty()  # which has 0 columns until someone says otherwise
    with open(writer, "w") as terminal, open(reader, "rb", buffering=0) as screen:
        monkeypatch.setattr(sys, "stderr", terminal)
        run()
        terminal.flush()
        states = screen.read(10_000).decode().strip("\r\n").split("\r")
    assert re.match(r"fit: .* epoch 3/2,000, loss 2\.000, took 00:00$", states[-1].rstrip())
    assert max(map(len, states)) == 80 - 2


def test_steps_done_before_count(on_a_terminal):
    terminal = on_a_terminal()
    run(n_done=1000)
    assert " epoch 1,003/2,000, " in terminal.getvalue()


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_logs_are_spared(stream, monkeypatch, capfd):
    monkeypatch.setattr(sys, "stderr", stream)
    run()
    assert stream is None or stream.getvalue() == ""
    assert capfd.readouterr() == ("", "")


def test_bars_of_rich_are_left_alone(monkeypatch):
    class FileProxy(Terminal):
        __module__ = "rich.file_proxy"

    monkeypatch.setattr(sys, "stderr", stream := FileProxy())
    run()
    assert stream.getvalue() == ""


def test_a_notebook_has_one_output_a_bar(outputs, capfd):
    run()
    run(1)
    assert [len(output.states) >= 2 for output in outputs] == [True, True]
    (last,) = outputs[0].states[-1].items()
    assert last[0] == "text/plain"
    assert re.match(r"fit: .* epoch 3/2,000, loss 2\.000, took 00:00$", last[1])
    assert capfd.readouterr() == ("", "")


def test_ipython_in_a_terminal_is_a_terminal(outputs, on_a_terminal):
    terminal = on_a_terminal()
    sys.modules["IPython"].get_ipython = object
    run()
    assert not outputs
    assert "epoch 3/2,000" in terminal.getvalue()


def test_unwanted_it_shows_nowhere(outputs, on_a_terminal):
    terminal = on_a_terminal()
    run(wanted=False)
    assert not outputs
    assert terminal.getvalue() == ""
