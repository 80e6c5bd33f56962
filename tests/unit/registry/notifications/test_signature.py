"""The signature on a webhook."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest

from vaxcert.errors import SettingsError
from vaxcert.registry.notifications.signature import parse_secret, sign_webhook

AT = datetime(2021, 2, 25, 16, 26, 40, tzinfo=UTC)


def test_a_known_signature() -> None:
    # Computed apart, by openssl dgst -sha256 -hmac over msg_1.1614270400.{"a":1}
    headers = sign_webhook(b"invented secret of a webhook", message="msg_1", body=b'{"a":1}', at=AT)
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1614270400",
        "webhook-signature": "v1,Sl71iuerZltyCb5pWfxu0vcmut0gIz2/bfLKee9j3kg=",
    }


def test_a_secret_is_read_as_it_is_written_down() -> None:
    secret = bytes(range(32))
    assert parse_secret(f"whsec_{b64encode(secret).decode()}\n") == secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "whsec_???",
        "whsec_" + b64encode(b"x" * 23).decode(),
        "whsec_" + b64encode(b"x" * 65).decode(),
        b64encode(b"x" * 32).decode(),
        "whsec_" + b64encode(b"x" * 32).decode() + "!",
    ],
)
def test_another_form_of_secret_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_secret(text)
    assert text.strip()[:12] not in str(refused.value) or not text


def test_each_part_counts() -> None:
    def signature(message: str = "a", body: bytes = b"{}", at: datetime = AT, secret: bytes = b"k" * 24) -> str:
        return sign_webhook(secret, message=message, body=body, at=at)["webhook-signature"]

    others = [
        signature(message="b"),
        signature(body=b"[]"),
        signature(at=AT.replace(second=41)),
        signature(secret=b"l" * 24),
    ]
    assert len({signature(), *others}) == 5
