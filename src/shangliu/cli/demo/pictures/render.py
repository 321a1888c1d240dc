"""From drawings to the files that pages show."""

from __future__ import annotations

import colorsys
import hashlib
import io
import json
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import resvg_py
from PIL import Image, ImageOps

from shangliu.cli.demo.pictures.album import Drawing, Picture, album
from shangliu.cli.demo.pictures.ink import SIDE, Sheet, lit
from shangliu.cli.demo.pictures.solids import ground
from shangliu.domain.catalog.queries import PICTURE_SIZES

QUALITY = 84
DONE = "drawn.json"
CENTRE = (600.0, 640.0)


def render_all(target: Path, progress: Callable[[int, int], None] | None = None) -> int:
    """Render every picture whose drawing changed into `target/<key>-<size>.webp`.

    `progress` hears how many are done and how many there are. Answers how many were rendered.
    """
    pictures = _same_drawings_together(album())
    drawn = _drawn(target)
    rendered = 0
    for at, (key, picture) in enumerate(pictures.items(), start=1):
        mark = _mark(picture)
        if drawn.get(key) != mark or not all(file.exists() for file in _files(target, key)):
            save(target, key, picture)
            drawn[key] = mark
            rendered += 1
        if progress is not None:
            progress(at, len(pictures))
    (target / DONE).write_text(json.dumps(drawn, indent=0), encoding="utf-8")
    return rendered


def save(target: Path, key: str, picture: Picture) -> None:
    """Write one picture in all sizes."""
    image = render(picture)
    for size, file in zip(PICTURE_SIZES, _files(target, key), strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        small = image if size == SIDE else image.resize((size, size), Image.Resampling.LANCZOS)
        small.save(file, "WEBP", quality=QUALITY, method=3)


def render(picture: Picture) -> Image.Image:
    """The picture at its full size."""
    back = _ground_pixels(picture.ground).copy()
    front = _object_pixels(picture.draw, picture.scale)
    if picture.plain:
        front = _plain(front, picture.ground)
    back.paste(front, mask=front.getchannel("A"))
    return back


def _plain(image: Image.Image, colour: str) -> Image.Image:
    """In the tones of the ground: a sign for a kind of thing, not the picture of one."""
    tinted = ImageOps.colorize(
        image.convert("RGB").convert("L"),
        black=_tone(colour, lightness=0.27, strength=0.20),
        mid=_tone(colour, lightness=0.63, strength=0.17),
        white=lit(colour, 0.8),
    )
    tinted.putalpha(image.getchannel("A"))
    return tinted


def _tone(colour: str, *, lightness: float, strength: float) -> str:
    """The hue of `colour`, stronger."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue = colorsys.rgb_to_hls(red, green, blue)[0]
    return "#" + "".join(
        f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, lightness, strength)
    )


def _ground(colour: str) -> str:
    sheet = Sheet()
    ground(sheet, colour)
    return sheet.svg()


@cache
def _ground_pixels(colour: str) -> Image.Image:
    """Rendered small and enlarged: it has no edge that could suffer."""
    small = _pixels(_ground(colour), SIDE // 3).convert("RGB")
    return small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _object(draw: Drawing, scale: float) -> str:
    sheet = Sheet()
    with sheet.moved(0, -44, scale=scale, around=CENTRE):
        draw(sheet)
    return sheet.svg()


@lru_cache(maxsize=1)
def _object_pixels(draw: Drawing, scale: float) -> Image.Image:
    return _pixels(_object(draw, scale))


def _same_drawings_together(pictures: dict[str, Picture]) -> dict[str, Picture]:
    """A plain picture follows the one whose drawing it shares, which is then rendered once."""
    first: dict[int, int] = {}
    for at, picture in enumerate(pictures.values()):
        first.setdefault(id(picture.draw), at)
    return dict(sorted(pictures.items(), key=lambda item: first[id(item[1].draw)]))


def _pixels(svg: str, side: int = SIDE) -> Image.Image:
    data = bytes(
        resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True)
    )
    return Image.open(io.BytesIO(data)).convert("RGBA")


def _mark(picture: Picture) -> str:
    said = (
        f"{_ground(picture.ground)}{_object(picture.draw, picture.scale)}{picture.plain}{QUALITY}"
    )
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _files(target: Path, key: str) -> list[Path]:
    return [target / f"{key}-{size}.webp" for size in PICTURE_SIZES]


def _drawn(target: Path) -> dict[str, str]:
    """What an earlier run left; a torn file counts as nothing, and all is drawn again."""
    try:
        found = json.loads((target / DONE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(key): str(mark) for key, mark in found.items()} if isinstance(found, dict) else {}
