"""The local cluster lets nobody else in: it listens on this machine alone, to those with its certificate."""

from __future__ import annotations

import builtins
import gc
import http.client
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.sweep.cluster import connected

psutil = pytest.importorskip("psutil")


@pytest.fixture(scope="module")
def open_sockets():
    """(address, port) of all sockets on which this process and those it starts here listen, and the scheduler's."""
    pytest.importorskip("cryptography", reason="the extra for sweeps is not installed")
    mine = psutil.Process()
    before = _listening([mine, *mine.children(recursive=True)])  # a virtual screen may be among them
    with connected(None, 1, 1, n_workers=1) as client:
        client.wait_for_workers(1)
        yield _listening([mine, *mine.children(recursive=True)]) - before, client.scheduler.address


def _listening(processes):
    found = set()
    for process in processes:
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                found.add((connection.laddr.ip, connection.laddr.port))
    return found


def test_all_processes_listen_on_this_machine_alone(open_sockets):
    sockets, _ = open_sockets
    assert len(sockets) >= 3  # scheduler, worker and the process beside it
    assert {ip for ip, _ in sockets} <= {"127.0.0.1", "::1"}


def test_who_has_another_certificate_or_none_is_not_let_in(open_sockets):
    from distributed import Client, Security

    _, address = open_sockets
    assert address.startswith("tls://")
    with pytest.raises(OSError, match=r"imed out|certificate|SSL"):
        Client(address, timeout=2, set_as_default=False, security=Security.temporary())
    with pytest.raises(OSError, match=r"imed out|closed"):
        Client(address.replace("tls://", "tcp://"), timeout=2, set_as_default=False)


def test_an_encrypted_scheduler_without_certificates_of_ours_is_told(open_sockets):
    _, address = open_sockets
    with pytest.raises(DataError, match="the certificates in Dask's settings"), connected(address, 1, 1):
        pass


@pytest.mark.slow
def test_workers_do_not_run_a_script_again_that_has_no_guard(tmp_path):
    script, ran = tmp_path / "script.py", tmp_path / "ran"
    script.write_text(
        f"open({str(ran)!r}, 'a').write('once ')\n"
        "from napari_trsmi.sweep.cluster import connected\n"
        "with connected(None, 1, 1, n_workers=1) as client:\n"
        "    assert client.submit(len, 'abc').result() == 3\n"
        "assert __file__ and __spec__ is None\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert ran.read_text() == "once "


def test_the_web_servers_have_no_pages(open_sockets):
    sockets, _ = open_sockets
    pages = ("", "status", "health", "info/main/workers.html", "api/v1/retire_workers", "json/counts.json")
    answers = {_answer(f"http://{ip}:{port}/{page}") for ip, port in sockets for page in pages}
    assert answers <= {404, None}


def _answer(url):
    """The status that a web server answers with, None where there is none."""
    try:
        return urllib.request.urlopen(url, timeout=2).status
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, http.client.HTTPException):
        return None


@pytest.mark.parametrize("missing", ["distributed", pytest.param("cryptography", marks=pytest.mark.slow)])
def test_a_missing_package_is_told_with_the_way_to_install_it(monkeypatch, missing):
    known = builtins.__import__

    def refuse(name, *rest):
        if name.split(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)
        return known(name, *rest)

    gc.collect()  # clients of other tests import as they go
    monkeypatch.setattr(builtins, "__import__", refuse)
    for name in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    if missing == "cryptography":
        pytest.importorskip("distributed")
    with (
        pytest.raises(ConfigError, match=rf"found no {missing}.*napari-trsmi\[sweep\]"),
        connected(None, 1, 1, n_workers=1),
    ):
        pass


@pytest.mark.parametrize("address", ["foo", "http://127.0.0.1:1"])
def test_what_is_no_address_is_told_and_leaves_no_client_behind(address, monkeypatch):
    monkeypatch.setattr("distributed.Client", lambda *args, **kwargs: pytest.fail("a client was made"))
    with (
        pytest.raises(DataError, match=f"Expected a Dask scheduler that answers at {address}"),
        connected(address, 1, 1),
    ):
        pass
