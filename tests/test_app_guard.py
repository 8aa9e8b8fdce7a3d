"""Who may ask the app: hosts, origins, headers, tokens, sizes, addresses; and what every answer forbids a page."""

import json
import signal
import socket

import pytest
from serving import HEADER, Server, client, raw

from redqueen.cli import main

TOKEN = "a-token-that-nobody-guesses"
CHANGING = [("POST", "/api/strengths"), ("PUT", "/api/files?name=a.csv"), ("DELETE", "/api/files/0123456789abcdef")]


@pytest.fixture
def page(tmp_path):
    with client(tmp_path / "folder") as asked:
        yield asked


@pytest.fixture
def elsewhere(tmp_path):
    with client(tmp_path / "folder", host="0.0.0.0", token=TOKEN, address="http://192.0.2.7:8123") as asked:
        yield asked


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("served") / "folder", "--port", "0") as served:
        yield served


def faults(answer):
    """Give the messages of a refusal, which always has the same shape."""
    document = answer.json()
    assert set(document) == {"heading", "faults"} and document["faults"]
    for fault in document["faults"]:
        assert set(fault) == {"message", "file", "line", "field", "remedy"} and fault["message"]
    return [fault["message"] for fault in document["faults"]]


# Host


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8123", "localhost:8123", "LOCALHOST:8123", "[::1]:8123", "localhost", "127.0.0.1:9000"]
)
def test_this_machine_is_answered_by_each_of_its_names(page, host):
    assert page.get("/api/about", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8123", "127.0.0.1.evil.example", "localhost.evil.example:8123", "192.0.2.7:8123", "",
     "127.0.0.1:8123, evil", "localhost@evil.example", "localhost:8123/evil", "[::2]:8123"],
)
@pytest.mark.parametrize("path", ["/", "/api/about", "/static/assets/app.js"])
def test_a_name_that_was_made_to_point_here_is_refused(page, host, path):
    answer = page.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert "name" in faults(answer)[0]


def test_two_hosts_in_one_request_are_refused(server):
    found = raw(server.port, "GET /api/about HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert not found.startswith(b"HTTP/1.1 200")
    assert raw(server.port, "GET /api/about HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


# Origin


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:8123", "https://127.0.0.1.evil.example:8123",
        "file://"
    ]
)
@pytest.mark.parametrize("method, path", [*CHANGING, ("GET", "/api/about"), ("GET", "/")])
def test_another_page_may_not_ask(page, origin, method, path):
    answer = page.request(method, path, headers={**HEADER, "Origin": origin})
    assert answer.status_code == 403
    assert faults(answer) == ["another page may not ask this server"]


def test_its_own_page_may_ask(page):
    answer = page.post("/api/strengths", headers={**HEADER, "Origin": "http://127.0.0.1:8123"}, json={})
    assert answer.status_code == 422


@pytest.mark.parametrize("site, status", [("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403)])
def test_what_a_browser_says_of_the_asking_site_is_heeded_for_answers(page, site, status):
    assert page.get("/api/about", headers={"Sec-Fetch-Site": site}).status_code == status


def test_a_link_on_another_site_may_lead_to_the_page(page):
    assert page.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code in (200, 503)


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:8124"}]
)
def test_a_websocket_of_another_page_or_of_none_is_refused(page, headers):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), page.websocket_connect("/live", headers=headers):
        pass


def test_a_websocket_under_a_foreign_host_is_refused_as_a_program(server):
    opening = (
        "GET /live HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    mine = f"127.0.0.1:{server.port}"
    for host, origin in ((mine, "http://evil.example"), ("evil.example", "http://evil.example"), (mine, "null")):
        assert raw(server.port, opening.format(host=host, origin=origin)).startswith(b"HTTP/1.1 403")


# The header


@pytest.mark.parametrize("method, path", CHANGING)
@pytest.mark.parametrize("value", [None, "0", "", "true"])
def test_what_changes_something_needs_a_header_that_no_form_sends(tmp_path, method, path, value):
    with client(tmp_path / "folder") as page:
        page.headers.pop("X-Redqueen")
        answer = page.request(method, path, headers={} if value is None else {"X-Redqueen": value})
        assert answer.status_code == 403
        assert "X-Redqueen" in faults(answer)[0]


# Token


@pytest.mark.parametrize("path", ["/", "/api/about", "/api/files", "/static/assets/app.js", "/api/nothing"])
def test_without_the_token_nothing_is_answered(elsewhere, path):
    answer = elsewhere.get(path)
    assert answer.status_code == 401
    assert "token" in faults(answer)[0]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é"])
def test_a_wrong_token_is_refused_wherever_it_stands(elsewhere, token):
    assert elsewhere.get("/", params={"token": token}).status_code == 401
    assert elsewhere.get("/api/about", headers={"Authorization": f"Bearer {token}".encode()}).status_code == 401
    assert elsewhere.get("/api/about", headers={"Cookie": f"{name_of_cookie()}={token}".encode()}).status_code == 401


def name_of_cookie():
    from redqueen.app.guard import Guard

    return Guard(None, names=(), numbers=False, token=TOKEN, limit_of=None).cookie


def test_the_token_in_the_address_becomes_a_cookie_and_leaves_the_address(elsewhere):
    answer = elsewhere.get("/", params={"token": TOKEN, "case": "hsinchu"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?case=hsinchu")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert elsewhere.get("/api/about").status_code == 200, "the cookie is enough from then on"


def test_the_token_is_taken_from_the_address_of_the_page_alone(elsewhere):
    assert elsewhere.get("/api/about", params={"token": TOKEN}).status_code == 401
    assert elsewhere.post("/", params={"token": TOKEN}).status_code == 401
    assert elsewhere.get(f"/?token={TOKEN}&token=wrong").status_code == 401


def test_a_websocket_needs_the_token(elsewhere):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), elsewhere.websocket_connect("/live", headers={"Origin": "http://192.0.2.7:8123"}):
        pass


def test_the_token_does_not_stand_for_the_origin(elsewhere):
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert elsewhere.get("/api/about", headers=bearer).status_code == 200
    assert elsewhere.get("/api/about", headers={**bearer, "Origin": "http://evil.example"}).status_code == 403
    assert elsewhere.get("/api/about", headers={**bearer, "Host": "evil.example"}).status_code == 421


def test_elsewhere_the_folder_is_not_told(elsewhere, tmp_path):
    answer = elsewhere.get("/api/about", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.json()["folder"] == "" and not answer.json()["local"]
    assert str(tmp_path) not in answer.text


# Size


def test_a_body_is_refused_by_what_its_header_says(server):
    head = f"POST /api/strengths HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX-Redqueen: 1\r\nContent-Length: {1 << 40}\r\n\r\n"
    assert raw(server.port, head + "{").startswith(b"HTTP/1.1 413")


def test_a_body_is_refused_by_what_arrives_whatever_is_said(server):
    head = f"POST /api/strengths HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX-Redqueen: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    assert raw(server.port, head.encode() + chunk * 17 + b"0\r\n\r\n").startswith(b"HTTP/1.1 413")


def test_a_file_that_is_too_large_is_refused_while_it_is_sent_and_nothing_is_left(tmp_path):
    with client(tmp_path / "folder", upload_bytes=1000) as page:
        for body in (b"x" * 1001, (b"x" * 100 for _ in range(11))):
            answer = page.put("/api/files?name=big.csv", content=body)
            assert answer.status_code == 413
            assert "1000 bytes" in faults(answer)[0]
        assert list((tmp_path / "folder" / "files").iterdir()) == []


def test_what_a_page_may_send_is_told(tmp_path):
    with client(tmp_path / "folder", upload_bytes=1000) as page:
        assert page.get("/api/about").json()["limits"]["upload_bytes"] == 1000


# Addresses


@pytest.mark.parametrize(
    "path",
    ["/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py", "/static//etc/passwd", "/static/%2fetc%2fpasswd",
     "/static/..%5cserver.py", "/static/%00", "/static/index.html%00.js", "/api/files/..", "/api/files/%2e%2e",
     "/api/jobs/..%2f..%2fetc",
     "/api/goals/%2e%2e%2f%2e%2e", "/api/goals/0123456789ABCDEF", "/api/jobs/%00"],
)
def test_no_address_leads_out_of_what_is_served(server, path):
    for method in ("GET", "DELETE"):
        text = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Redqueen: 1\r\nConnection: close\r\n\r\n"
        found = raw(server.port, text)
        assert found.split(b" ")[1] in (b"404", b"405"), found[:200]
        assert b"root:" not in found and b"make_app" not in found


# What every answer says


@pytest.mark.parametrize(
    "path, host", [("/", None), ("/api/about", None), ("/api/nothing", None), ("/api/about", "evil.example"), ("/static/x", None)]
)
def test_every_answer_forbids_what_a_page_could_be_made_to_do(page, path, host):
    answer = page.get(path, headers={} if host is None else {"Host": host})
    policy = answer.headers["content-security-policy"]
    for rule in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "connect-src 'self'"):
        assert rule in policy
    assert "http:" not in policy and "unsafe-eval" not in policy and "script-src" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers
    if path.startswith("/api"):
        assert answer.headers["cache-control"] == "no-store"


def test_a_browser_that_asks_whether_another_page_may_is_told_nothing(page):
    answer = page.options(
        "/api/strengths",
        headers={
            "Origin": "http://evil.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-redqueen"
        },
    )
    assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers


def test_there_are_no_pages_that_load_from_elsewhere(page):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert page.get(path).status_code == 404


# Errors


def test_a_fault_of_redqueen_is_one_sentence_and_its_trace_stays_here(page, monkeypatch):
    def broken(*asked):
        raise ZeroDivisionError("/secret/place")

    monkeypatch.setattr("redqueen.app.files.listed", broken)
    answer = page.get("/api/files")
    assert answer.status_code == 500
    assert "redqueen itself" in faults(answer)[0] and "secret" not in answer.text and "Traceback" not in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"a": NaN}', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(page, body):
    answer = page.post("/api/strengths", content=body)
    assert answer.status_code == 422 and len(faults(answer)) >= 1


# The command


def test_the_command_says_goodbye(tmp_path):
    server = Server(tmp_path / "folder", "--port", "0")
    assert server.ask("/api/about")[0] == 200
    code, said = server.end(signal.SIGINT)
    assert code == 130 and "Goodbye" in said and "Traceback" not in said


def test_the_next_free_port_is_taken_unless_one_is_named(tmp_path, capsys):
    with Server(tmp_path / "one", "--port", "0") as first, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert main(["app", "--no-browser", "--folder", str(tmp_path / "two"), "--port", str(first.port)]) == 2
        said = capsys.readouterr().err
        assert f"{first.port} is not free" in said and "Traceback" not in said
        with Server(tmp_path / "two") as second, Server(tmp_path / "three") as third:
            assert second.port != third.port and second.ask("/api/about")[0] == third.ask("/api/about")[0] == 200


def test_serving_elsewhere_needs_a_token(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("REDQUEEN_TOKEN", raising=False)
    assert main(["app", "--no-browser", "--host", "0.0.0.0", "--folder", str(tmp_path)]) == 2
    assert "--token" in capsys.readouterr().err
    with Server(tmp_path / "folder", "--port", "0", "--host", "0.0.0.0", "--token", TOKEN) as server:
        assert raw(
            server.port, "GET /api/about HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        ).startswith(b"HTTP/1.1 401")


def test_every_fault_of_the_command_is_told_at_once(tmp_path, capsys):
    assert main(
        ["app", "hsinshu", "--port", "99999", "--seeds", "1", "--token", "a b", "--folder", str(tmp_path), "--no-browser"]
    ) == 2
    said = capsys.readouterr().err
    assert "4 faults" in said and "hsinchu" in said and "--port" in said and "--seeds" in said and "--token" in said


def test_two_servers_do_not_share_a_folder(tmp_path, capsys):
    with Server(tmp_path / "folder", "--port", "0") as server:
        assert main(["app", "--no-browser", "--folder", str(tmp_path / "folder"), "--port", "0"]) == 2
        said = capsys.readouterr().err
        assert server.address in said and "--folder" in said
        server.end()
    with Server(tmp_path / "folder", "--port", "0") as again:
        assert again.ask("/api/about")[0] == 200, "a server that was killed leaves no lock behind"


def test_the_case_that_is_named_opens_first(tmp_path):
    with Server(tmp_path / "folder", "hsinchu", "--port", "0", "--seeds", "12") as server:
        told = server.ask("/api/about")[1]
        assert (told["case"], told["seeds"], told["local"]) == ("hsinchu", 12, True)
        assert json.dumps(told)
