"""Who the merchant is, and how the platform says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SERIAL_NO = "444F4864EA9B34415A39DE1BE16D1F0F6C2C1D3E"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092026112300388800000015"


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """`serial_no` is that of the merchant's own certificate."""

    app_id: str = "wxd678efh567hg6787"
    mch_id: str = "1900000109"
    serial_no: str = SERIAL_NO
    public_key_id: str = PUBLIC_KEY_ID


class RefusalError(Exception):
    """An HTTP status and a code of the documentation; `field` is the JSON pointer at fault."""

    def __init__(self, status: int, code: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field

    def content(self) -> dict[str, Any]:
        said: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field:
            said["detail"] = {"location": "body", "field": self.field, "issue": self.message}
        return said


def wrong(message: str, field: str = "") -> RefusalError:
    return RefusalError(400, "PARAM_ERROR", message, field=field)
