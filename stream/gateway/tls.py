"""TLS between socket and connection, over memory buffers, so that a PROXY header may stand before it."""

from __future__ import annotations

import ssl
from pathlib import Path

from stream.errors import ServiceError

_READ_BYTES = 64 * 1024


def server_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """TLS 1.2 and later with our certificate. Raises ServiceError, naming the setting."""
    if certificate is None:
        raise ServiceError("gateway.tls_port needs a certificate: set gateway.tls_certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        raise ServiceError(
            f"certificate {certificate} or its key {key or certificate} cannot be used: {error}; "
            "set gateway.tls_certificate and gateway.tls_key to PEM files that belong together"
        ) from None
    return context


class TlsLayer:
    """One connection's TLS. Bytes of the wire on one side, bytes of the protocol on the other. Mutable."""

    __slots__ = ("_incoming", "_object", "_outgoing", "_shaken", "_unsent")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaken = False
        self._unsent = b""

    def receive(self, data: bytes) -> bytes:
        """Bytes from the wire; returns the plain bytes they complete. Raises ssl.SSLError."""
        self._incoming.write(data)
        parts = []
        try:
            if not self._shaken:
                self._object.do_handshake()
                self._shaken = True
                if self._unsent:
                    self._object.write(self._unsent)
                    self._unsent = b""
            while part := self._object.read(_READ_BYTES):
                parts.append(part)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            pass  # its side is closed; the socket will say so
        return b"".join(parts)

    def send(self, data: bytes) -> bytes:
        """Plain bytes; returns what is to be written for them, and for what was received."""
        if not self._shaken:
            self._unsent += data
        elif data:
            self._object.write(data)
        return self.to_write()

    def to_write(self) -> bytes:
        """What TLS itself has to say."""
        return self._outgoing.read()
