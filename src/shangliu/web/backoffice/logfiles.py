"""Logs that staff brought along: taking them in, listing them, throwing them away."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from shangliu.insight.mining.files import (
    Columns,
    from_csv,
    from_ocel,
    from_xes,
    header,
    import_log,
    object_types,
)
from shangliu.platform.errors import NotFound, Refused
from shangliu.platform.text import Text
from shangliu.process.roles import Role
from shangliu.web.backoffice.access import page, staff

_PAGE = "backoffice/bring_log.html"
LARGEST = 500 * 1024 * 1024
_KINDS = (".csv", ".xes", ".json", ".jsonocel", ".sqlite")
_OBJECTS = (".json", ".jsonocel", ".sqlite")  # files that tell of several types of objects
_GUESSES = {
    "case": ("case", "case_id", "case:concept:name", "订单", "订单号", "案例"),
    "activity": ("activity", "concept:name", "event", "活动", "动作", "步骤"),
    "at": ("timestamp", "time", "time:timestamp", "at", "时间"),
    "role": ("role", "org:role", "角色"),
    "actor": ("resource", "org:resource", "actor", "user", "操作者"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A log that was taken in."""

    name: str
    size: int


def kept() -> list[Kept]:
    return [Kept(file.stem, file.stat().st_size) for file in sorted(_folder().glob("*.parquet"))]


def file_of(name: str) -> Path | None:
    return next((one for one in _folder().glob("*.parquet") if one.stem == name), None)


def role_label(value: str) -> str:
    try:
        return str(Role(value).label)
    except ValueError:
        return value


@staff(Role.OPERATIONS)
@never_cache
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """First the file, then, where it needs telling, what its columns or objects mean."""
    if request.method == "GET":
        return page(request, _PAGE, {"kinds": ", ".join(_KINDS)})
    file = None
    try:
        if incoming := request.POST.get("incoming", ""):
            file = _incoming(incoming)
            return _take_in(request, file)
        return _ask(request)
    except Refused as refused:
        context: dict[str, object] = {
            "kinds": ", ".join(_KINDS),
            "reasons": [str(reason) for reason in refused.reasons],
        }
        if file is not None:
            context |= _questions(file) | {"name": request.POST.get("name", "")}
        return page(request, _PAGE, context, status=409)


@staff(Role.OPERATIONS)
@require_POST
def forget_log(request: HttpRequest, name: str) -> HttpResponse:
    file = file_of(name)
    if file is None:
        raise NotFound
    file.unlink()
    messages.success(request, _("已删除导入的日志 {name}").format(name=name))
    return redirect("staff_mining")


def _ask(request: HttpRequest) -> HttpResponse:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile) or not upload.name:
        raise Refused(Text("请选择一个文件", "Choose a file"))
    suffix = Path(upload.name).suffix.lower()
    if suffix not in _KINDS:
        raise Refused(
            Text(f"只支持 {'、'.join(_KINDS)} 文件", f"Only {', '.join(_KINDS)} can be read")
        )
    if (upload.size or 0) > LARGEST:
        raise Refused(Text("文件超过 500 MB", "The file is larger than 500 MB"))
    file = _folder() / "incoming" / f"{secrets.token_hex(16)}{suffix}"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        for chunk in upload.chunks():
            out.write(chunk)
    name = slugify(Path(upload.name).stem, allow_unicode=True)[:40] or "log"
    return page(request, _PAGE, _questions(file) | {"name": name})


def _questions(file: Path) -> dict[str, object]:
    """What must be known of a file that was uploaded. Not under `token`: each page has one."""
    found: dict[str, object] = {"incoming": file.name}
    if file.suffix == ".csv":
        columns = header(file)
        found |= {"columns": columns, "guesses": _guess(columns)}
    elif file.suffix in _OBJECTS:
        found["types"] = _types(file)
    return found


def _types(file: Path) -> list[str]:
    try:
        return object_types(file)
    except Exception as wrong:
        raise Refused(Text("这不是 OCEL 2.0 文件", "This is not an OCEL 2.0 file")) from wrong


def _take_in(request: HttpRequest, file: Path) -> HttpResponse:
    said = request.POST
    name = slugify(said.get("name", ""), allow_unicode=True)[:40] or "log"
    if name == "own" or file_of(name) is not None:
        raise Refused(Text(f"名称“{name}”已被使用", f"The name “{name}” is taken"))
    target = _folder() / f"{name}.parquet"
    if file.suffix == ".csv":
        columns = Columns(
            case=said.get("case", ""),
            activity=said.get("activity", ""),
            at=said.get("at", ""),
            role=said.get("role", ""),
            actor=said.get("actor", ""),
        )
        count = import_log(from_csv(file, columns), target)
    elif file.suffix == ".xes":
        count = import_log(from_xes(file), target)
    else:
        count = import_log(from_ocel(file, said.get("object_type", "")), target)
    file.unlink()
    messages.success(request, _("已导入 {n} 条事件").format(n=count))
    return redirect(f"{reverse('staff_mining')}?log={name}")


def _incoming(name: str) -> Path:
    waiting = _folder() / "incoming"
    found = next((one for one in waiting.glob("*") if one.name == name), None)
    if found is None:
        raise Refused(Text("文件已过期，请重新上传", "The file is gone; upload it again"))
    return found


def _guess(columns: list[str]) -> dict[str, str]:
    return {
        what: next((one for one in columns if one.strip().lower() in names), "")
        for what, names in _GUESSES.items()
    }


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT).parent / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clear() -> None:
    """Throw away all that was brought along (for tests)."""
    shutil.rmtree(_folder(), ignore_errors=True)
