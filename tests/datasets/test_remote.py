"""What is fetched is checked; nothing unchecked is left behind, and errors say what to do."""

import hashlib
import logging
import os
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pooch
import pytest

from sklearn_dgex.datasets import _remote
from sklearn_dgex.datasets._remote import RemoteFile, fetch_file


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder without a word; a file named cut.txt ends before it should."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        if not self.path.endswith("cut.txt"):
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"expression")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def remote(server, tmp_path, monkeypatch):
    monkeypatch.delenv(_remote.MIRROR_VARIABLE, raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    folder, url = server
    source = folder / "source.txt"
    source.write_text("expression")
    digest = hashlib.sha256(b"expression").hexdigest()
    return RemoteFile("file.txt", digest, f"{url}/source.txt"), source, tmp_path / "home"


def test_file_is_downloaded_once(remote):
    file, source, home = remote
    path = fetch_file(file, data_home=home)
    assert path.read_text() == "expression"
    source.unlink()
    assert fetch_file(file, data_home=home) == path
    assert os.listdir(home) == ["file.txt"]


def test_download_is_silent_and_pooch_keeps_its_level(remote):
    file, _, home = remote
    logger, records = pooch.get_logger(), []
    handler = logging.Handler()
    handler.emit = records.append
    level = logger.level
    logger.addHandler(handler)
    try:
        fetch_file(file, data_home=home)
    finally:
        logger.removeHandler(handler)
    assert records == []
    assert logger.level == level


def test_home_may_be_written_with_a_tilde(remote, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert fetch_file(remote[0], data_home="~/home") == tmp_path / "home" / "file.txt"


def test_changed_download_is_refused_and_not_kept(remote):
    file, source, home = remote
    source.write_text("other")
    with pytest.raises(OSError, match=f"must have the sha256 {file.sha256}") as caught:
        fetch_file(file, data_home=home)
    assert hashlib.sha256(b"other").hexdigest() in str(caught.value.__cause__)
    assert os.listdir(home) == []


def test_damaged_copy_is_replaced(remote):
    file, _, home = remote
    home.mkdir()
    (home / "file.txt").write_text("damaged")
    assert fetch_file(file, data_home=home).read_text() == "expression"


@pytest.mark.parametrize("name", ["no_such.txt", "cut.txt", "no_server"])
def test_failed_download_says_how_to_do_without(remote, name):
    file, _, home = remote
    url = file.url.replace("source.txt", name)
    if name == "no_server":
        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
            url = f"http://127.0.0.1:{closed.server_address[1]}/file.txt"
    with pytest.raises(OSError, match=r"file\.txt must be had from") as caught:
        fetch_file(RemoteFile("file.txt", file.sha256, url), data_home=home)
    for word in (url, file.sha256, str(home), "SKLEARN_DGEX_DATA"):
        assert word in str(caught.value)
    assert type(caught.value) is OSError
    assert os.listdir(home) == []


def test_missing_file_is_named_if_no_download_is_wanted(remote):
    file, _, home = remote
    with pytest.raises(OSError, match=r"file.txt must lie in .*download_if_missing=True"):
        fetch_file(file, data_home=home, download_if_missing=False)
    assert not home.exists()


def test_pooch_is_asked_for_only_where_a_download_is_needed(remote, monkeypatch):
    file, _, home = remote
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn_dgex\[fetch\]'"):
        fetch_file(file, data_home=home)
    assert not home.exists()
    home.mkdir()
    (home / "file.txt").write_text("expression")
    assert fetch_file(file, data_home=home) == home / "file.txt"
    monkeypatch.setenv(_remote.MIRROR_VARIABLE, str(home))
    assert fetch_file(file, data_home=home / "other") == home / "file.txt"


def test_mirror_is_searched_by_name_and_content(remote, monkeypatch, tmp_path):
    file, _, home = remote
    mirror = tmp_path / "mirror"
    for folder, content in [("a", "damaged"), ("b", "expression")]:
        (mirror / folder).mkdir(parents=True)
        (mirror / folder / "file.txt").write_text(content)
    monkeypatch.setenv(_remote.MIRROR_VARIABLE, str(mirror))
    assert fetch_file(file, data_home=home) == mirror / "b" / "file.txt"
    assert not home.exists()
