"""What is around every request and answer: who asks, in which mode, signed by whom."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Response

from simulators.alipay.certificates import Certificates
from simulators.alipay.notices import Account
from simulators.alipay.signing import Keys

Content = dict[str, Any]
_NEEDED = ("app_id", "method", "sign_type", "sign", "timestamp", "version")
_NAMES = {"sign": "signature", "sign_type": "signature-type", "app_id": "app-id"}


class InvalidError(Exception):
    """The request itself is wrong: 40001 (something is missing) or 40002 (something is invalid)."""

    def __init__(self, code: str, sub_code: str, sub_msg: str) -> None:
        super().__init__(sub_msg)
        self.code, self.sub_code, self.sub_msg = code, sub_code, sub_msg

    def content(self) -> Content:
        msg = "Missing Required Arguments" if self.code == "40001" else "Invalid Arguments"
        return {"code": self.code, "msg": msg, "sub_code": self.sub_code, "sub_msg": self.sub_msg}


@dataclass(frozen=True, kw_only=True)
class Envelope:
    keys: Keys
    certificates: Certificates
    account: Account

    def opened(self, params: Mapping[str, str], methods: Collection[str]) -> dict[str, str]:
        """The business content of a request that is the merchant's."""
        _check_complete(params)
        if params["app_id"] != self.account.app_id:
            raise InvalidError("40002", "isv.invalid-app-id", "无效的AppID参数")
        if params["method"] not in methods:
            raise InvalidError("40002", "isv.invalid-method", "不存在的方法名")
        if params["sign_type"] != "RSA2":
            raise InvalidError("40002", "isv.invalid-signature-type", "无效的签名类型")
        if is_certified(params):
            self._check_certificates(params)
        if not self.keys.is_merchants(params):
            raise InvalidError("40002", "isv.invalid-signature", "验签出错，请确认签名内容与密钥")
        return _content(params.get("biz_content") or "{}")

    def sealed(
        self, method: str, content: Content, *, certified: bool, probe: bool = False
    ) -> Response:
        """HTTP 200 whatever the content says. Who is not known gets no signature. `probe`: the
        signature is of something else."""
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        signed = f"{text} " if probe else text
        if content.get("sub_code") == "isv.invalid-app-id":
            tail = ""
        elif certified:
            sn, sign = self.certificates.sn, self.certificates.sign(signed)
            tail = f',"alipay_cert_sn":"{sn}","sign":"{sign}"'
        else:
            tail = f',"sign":"{self.keys.sign(signed)}"'
        return _answer(f"{method.replace('.', '_')}_response", f"{text}{tail}")

    def unknown(self, content: Content) -> Response:
        """To a method that does not exist."""
        return _answer("error_response", json.dumps(content, ensure_ascii=False))

    def _check_certificates(self, params: Mapping[str, str]) -> None:
        if params.get("app_cert_sn") != self.certificates.app_sn:
            raise InvalidError("40002", "isv.invalid-app-cert-sn", "无效的应用公钥证书序列号")
        if params.get("alipay_root_cert_sn") != self.certificates.root_sn:
            raise InvalidError("40002", "isv.invalid-root-cert-sn", "无效的支付宝根证书序列号")


def _answer(name: str, rest: str) -> Response:
    return Response(f'{{"{name}":{rest}}}', content_type="text/html;charset=utf-8")


def _check_complete(params: Mapping[str, str]) -> None:
    for name in _NEEDED:
        if not params.get(name):
            label = _NAMES.get(name, name)
            raise InvalidError("40001", f"isv.missing-{label}", f"缺少{name}参数")


def _content(text: str) -> dict[str, str]:
    try:
        biz = json.loads(text)
    except ValueError:
        raise InvalidError("40002", "isv.invalid-parameter", "业务参数不是合法的JSON") from None
    if not isinstance(biz, dict):
        raise InvalidError("40002", "isv.invalid-parameter", "业务参数不是JSON对象")
    return {name: v if isinstance(v, str) else json.dumps(v) for name, v in biz.items()}


def is_certified(params: Mapping[str, str]) -> bool:
    return bool(params.get("app_cert_sn") or params.get("alipay_root_cert_sn"))
