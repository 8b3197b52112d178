import pytest

from controller.watching.page.admission import admits

HERE = {"bound_host": "127.0.0.1", "local_host": "127.0.0.1", "local_port": 8100}
EVERYWHERE = {"bound_host": "0.0.0.0", "local_host": "192.168.1.20", "local_port": 8100}


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8100", None),
        ("localhost:8100", None),
        ("LOCALHOST:8100", "http://localhost:8100"),
        ("[::1]:8100", None),
        ("127.0.0.1:8100", "http://127.0.0.1:8100"),
    ],
)
def test_its_own_address_is_admitted(host, origin):
    assert admits(host, origin, **HERE)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (None, None),
        ("", None),
        ("127.0.0.1", None),
        ("127.0.0.1:8101", None),
        ("evil.example:8100", None),
        ("127.0.0.1.evil.example:8100", None),
        ("evil.example@127.0.0.1:9", None),
        ("192.168.1.20:8100", None),
        ("127.0.0.1:99999", None),
        ("127.0.0.1:8100", "http://evil.example"),
        ("127.0.0.1:8100", "http://127.0.0.1:9000"),
        ("127.0.0.1:8100", "https://127.0.0.1:8100"),
        ("127.0.0.1:8100", "http://localhost:8100"),
        ("127.0.0.1:8100", "null"),
        ("127.0.0.1:8100", ""),
    ],
)
def test_any_other_is_not(host, origin):
    assert not admits(host, origin, **HERE)


def test_a_phone_reaches_the_address_it_typed_but_no_name_does():
    assert admits("192.168.1.20:8100", "http://192.168.1.20:8100", **EVERYWHERE)
    assert not admits("rebound.example:8100", "http://rebound.example:8100", **EVERYWHERE)
    assert not admits("192.168.1.21:8100", None, **EVERYWHERE)


def test_a_page_on_the_default_port_has_none_in_its_host():
    assert admits("127.0.0.1", "http://127.0.0.1", bound_host="127.0.0.1", local_host="127.0.0.1", local_port=80)
