"""A medic's key on a PKCS#11 token (SoftHSM): the key stays there, the signature is like any other."""

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pkcs11
import pytest
from asn1crypto import core
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11.util.ec import encode_named_curve_parameters

from central.authority.pki import Authority, create_authority
from central.signature.chain import SignatureError
from central.signature.provider import SigningRefused
from central.signature.token import open_token
from central.signature.verification import verify_detached

LIBRARY = "/usr/lib/softhsm/libsofthsm2.so"
LABEL, PIN = "medic", "12345678"


@pytest.fixture(scope="session")
def _soft_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A fresh software token. The library reads its configuration once in a process, hence once a session."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN]
        subprocess.run(command, check=True, capture_output=True)
        yield


@pytest.fixture(scope="session")
def token_key(_soft_token: None) -> ec.EllipticCurvePublicKey:
    token = pkcs11.lib(LIBRARY).get_token(token_label=LABEL)
    with token.open(user_pin=PIN, rw=True) as session:
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
        )
        public, _ = parameters.generate_keypair(store=True, label=LABEL)
        point = core.OctetString.load(public[pkcs11.Attribute.EC_POINT]).native
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def _certificate(folder: Path, key: ec.EllipticCurvePublicKey) -> tuple[Authority, bytes]:
    authority = create_authority(folder)
    return authority, authority.issue_medic("Луговая Зоя", "m-1", "Медпункт", key).certificate_pem


def test_token_signs_what_openssl_and_we_verify(tmp_path: Path, token_key: ec.EllipticCurvePublicKey) -> None:
    authority, certificate = _certificate(tmp_path / "authority", token_key)
    provider = open_token(LIBRARY, LABEL, certificate, PIN)
    content = '{"outcome":"admitted","имя":"я"}'.encode()
    signature = provider.sign_detached(content)
    provider.close()

    verified = verify_detached(signature, content, [authority.certificate], at=datetime.now(UTC))
    assert verified.certificate == provider.certificate
    with pytest.raises(SignatureError, match="changed after signing"):
        verify_detached(signature, content + b" ", [authority.certificate], at=datetime.now(UTC))
    for name, data in (("s.cms", signature), ("c.json", content), ("ca.pem", authority.ca_pem)):
        (tmp_path / name).write_bytes(data)
    command = (
        "openssl cms -verify -cades -binary -inform DER -in s.cms -content c.json -CAfile ca.pem -purpose any -out out"
    )
    assert subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_each_trouble_with_a_token_has_its_name(tmp_path: Path, token_key: ec.EllipticCurvePublicKey) -> None:
    _, certificate = _certificate(tmp_path / "authority", token_key)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    _, foreign = _certificate(tmp_path / "other", other)
    for label, pem, pin, code in (
        (LABEL, certificate, "87654321", "wrong_passphrase"),
        ("nothing", certificate, PIN, "token_absent"),
        (LABEL, foreign, PIN, "wrong_certificate"),
    ):
        with pytest.raises(SigningRefused) as refused:
            open_token(LIBRARY, label, pem, pin)
        assert refused.value.code == code


def test_one_that_was_pulled_out_and_put_back_opens_without_a_restart(
    tmp_path: Path, token_key: ec.EllipticCurvePublicKey
) -> None:
    """The library remembers the tokens of its start. It begins anew only while nobody's key is open: that closes all of them."""
    _, certificate = _certificate(tmp_path / "authority", token_key)
    tokens = Path(os.environ["SOFTHSM2_CONF"]).parent / "tokens"
    key = open_token(LIBRARY, LABEL, certificate, PIN)
    tokens.rename(tokens.with_name("pulled-out"))
    tokens.mkdir()
    try:
        with pytest.raises(SigningRefused) as refused:
            key.sign_detached(b"{}")
        assert refused.value.code == "token_absent"
        with pytest.raises(SigningRefused) as refused:
            open_token(LIBRARY, LABEL, certificate, PIN)
        assert refused.value.code == "token_absent"
    finally:
        tokens.rmdir()
        tokens.with_name("pulled-out").rename(tokens)
    again = open_token(LIBRARY, LABEL, certificate, PIN)
    key.close()
    assert again.sign_detached(b"{}")
    # Somebody else whose token is not there does not close this one.
    with pytest.raises(SigningRefused):
        open_token(LIBRARY, "nothing", certificate, PIN)
    assert again.sign_detached(b"{}")
    again.close()
