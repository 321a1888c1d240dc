"""RSA key pairs as files, made at a simulator's first start."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def make_pair(folder: Path, private_name: str, public_name: str) -> None:
    """The public file is written last: it says that the pair is whole."""
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = pair.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write(folder / private_name, private_pem(pair), 0o600)
    write(folder / public_name, public, 0o644)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def write(file: Path, content: bytes, mode: int) -> None:
    """All at once, so that nobody reads half of it."""
    beside = file.with_name(f".{file.name}")
    beside.write_bytes(content)
    beside.chmod(mode)
    beside.replace(file)


def load_private(file: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{file.name} is no RSA key")
    return key


def load_public(file: Path) -> rsa.RSAPublicKey:
    key = serialization.load_pem_public_key(file.read_bytes())
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(f"{file.name} is no RSA key")
    return key
