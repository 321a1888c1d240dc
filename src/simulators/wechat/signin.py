"""Telling the merchant who is browsing: web authorisation, silent (`snsapi_base`)."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode, urlsplit, urlunsplit

from werkzeug.exceptions import BadRequest
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from simulators.common.clock import Clock
from simulators.common.store import Store
from simulators.common.web import App
from simulators.wechat.account import Account
from simulators.wechat.signing import Keys, compact

SCHEMA = """
CREATE TABLE IF NOT EXISTS open_ids (openid TEXT PRIMARY KEY, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS tickets (
    code TEXT PRIMARY KEY, openid TEXT NOT NULL, scope TEXT NOT NULL, expires REAL NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
);
"""
CODE_LIVES = 300
COOKIE = "wechat_openid"


class SignIn:
    """A browser keeps its openid in a cookie, as a phone keeps its account."""

    def __init__(
        self, *, app: App, store: Store, clock: Clock, keys: Keys, account: Account
    ) -> None:
        self._store, self._clock, self._keys, self._account = store, clock, keys, account
        app.add("/connect/oauth2/authorize", self.authorize)
        app.add("/sns/oauth2/access_token", self.exchange)

    def knows(self, openid: str) -> bool:
        return self._store.row("SELECT 1 FROM open_ids WHERE openid = ?", openid) is not None

    def make(self, openid: str = "") -> str:
        made = openid or f"o{secrets.token_urlsafe(21)[:27]}"
        self._store.run(
            "INSERT OR IGNORE INTO open_ids (openid, created) VALUES (?, ?)",
            made,
            self._clock.now(),
        )
        return made

    def authorize(self, request: Request) -> Response:
        asked = request.args
        if asked.get("appid") != self._account.app_id or asked.get("response_type") != "code":
            raise BadRequest("appid 参数错误")
        if asked.get("scope") not in ("snsapi_base", "snsapi_userinfo"):
            raise BadRequest("scope 参数错误或没有 scope 权限")
        back = urlsplit(asked.get("redirect_uri", ""))
        if back.scheme not in ("http", "https") or not back.netloc:
            raise BadRequest("redirect_uri 参数错误")
        known = request.cookies.get(COOKIE, "")
        openid = known if self.knows(known) else self.make()
        code = secrets.token_hex(16)
        self._store.insert(
            "tickets",
            code=code,
            openid=openid,
            scope=asked["scope"],
            expires=self._clock.now() + CODE_LIVES,
        )
        more = urlencode({"code": code, "state": asked.get("state", "")})
        query = f"{back.query}&{more}" if back.query else more
        answer = redirect(urlunsplit(back._replace(query=query)), 302)
        answer.set_cookie(COOKIE, openid, max_age=365 * 86400, httponly=True, samesite="Lax")
        return answer

    def exchange(self, request: Request) -> Response:
        """HTTP 200 whatever the content says, and JSON called plain text."""
        return Response(compact(self._exchanged(request)), content_type="text/plain")

    def _exchanged(self, request: Request) -> dict[str, object]:
        asked = request.args
        if asked.get("appid") != self._account.app_id:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if not secrets.compare_digest(asked.get("secret", ""), self._keys.app_secret):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if asked.get("grant_type") != "authorization_code":
            return {"errcode": 40002, "errmsg": "invalid grant_type"}
        code = asked.get("code", "")
        found = self._store.row("SELECT * FROM tickets WHERE code = ?", code)
        if found is None or found["expires"] <= self._clock.now():
            return {"errcode": 40029, "errmsg": "invalid code"}
        if not self._store.run("UPDATE tickets SET used = 1 WHERE code = ? AND used = 0", code):
            return {"errcode": 40163, "errmsg": "code been used"}
        return {
            "access_token": secrets.token_urlsafe(64),
            "expires_in": 7200,
            "refresh_token": secrets.token_urlsafe(64),
            "openid": found["openid"],
            "scope": found["scope"],
        }
