"""Pictures, videos and downloads. Names in a URL are looked up, never joined into a path."""

import io
import logging
import tempfile
import zipfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from flask import Flask, Response, request, send_file
from werkzeug.http import http_date, is_resource_modified

from dashboard.page import Place, View
from dashboard.services import Services
from pipeline.api import SkeinError

logger = logging.getLogger(__name__)
LARGEST_PART = 4 << 20
"""Bytes of one partial answer: a browser asks for ``bytes=0-`` and would otherwise hold a thread for the whole file."""
_WIDTHS = range(16, 8193)


def register(server: Flask, services: Services) -> None:
    """Add the routes."""

    @server.get("/media/frame")
    @_explained
    def frame() -> Response:
        view = _view(services)
        assert view.experiment is not None
        assert view.recording is not None
        data, tag = services.media.picture(
            view.experiment, view.recording, _camera(view), _number("frame", 0), _width()
        )
        return _picture(data, tag)

    @server.get("/media/video")
    @_explained
    def video() -> Response:
        view = _view(services)
        assert view.experiment is not None
        assert view.recording is not None
        return partial_file(services.proxy(view.experiment, view.recording, _camera(view)), "video/mp4")

    @server.get("/media/view")
    @_explained
    def calibration_view() -> Response:
        view = _view(services, recording=False)
        assert view.experiment is not None
        path = services.calibration_picture(view.experiment, request.args.get("name", ""))
        return send_file(path, conditional=True, max_age=0)

    @server.get("/download/<what>")
    @_explained
    def download(what: str) -> Response:
        view = _view(services)
        assert view.experiment is not None
        assert view.recording is not None
        kind = request.args.get("format", "csv")
        with tempfile.TemporaryDirectory(prefix="skein-") as folder:
            files = services.export(view.experiment, what, kind, Path(folder), [view.recording])
            return _attachment(files, f"{view.key}-{view.recording}-{what}")


def partial_file(path: Path, mimetype: str) -> Response:
    """A file in answer to this request: the range that it asks for, but at most :data:`LARGEST_PART` bytes of it."""
    state = path.stat()
    tag = f"{state.st_mtime_ns:x}-{state.st_size:x}"
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "no-cache", "Last-Modified": http_date(state.st_mtime)}
    wanted = request.range
    if wanted is None or request.if_range.etag not in (None, tag):
        response = send_file(path, mimetype, conditional=False, etag=False)
        response.headers.update(headers)
        response.set_etag(tag)
        response.make_conditional(request, accept_ranges=False)
        return response
    span = wanted.range_for_length(state.st_size) if wanted.units == "bytes" else None
    if span is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{state.st_size}"})
    start, stop = span[0], min(span[1], span[0] + LARGEST_PART)
    with path.open("rb") as handle:
        handle.seek(start)
        data = handle.read(stop - start)
    headers["Content-Range"] = f"bytes {start}-{start + len(data) - 1}/{state.st_size}"
    response = Response(data, 206, headers, mimetype=mimetype)
    response.set_etag(tag)
    return response


def _explained(function: Callable[..., Response]) -> Callable[..., Response]:
    """Answer errors as plain sentences."""

    @wraps(function)
    def answer(**names: str) -> Response:
        try:
            return function(**names)
        except SkeinError as error:
            return Response(str(error), 404, mimetype="text/plain")
        except OSError as error:
            logger.warning("%s: %s", request.path, error)
            return Response("A file of this experiment cannot be read at the moment.", 503, mimetype="text/plain")
        except Exception:
            logger.exception("%s", request.path)
            return Response("That did not work because of a defect in Skein; the log has the details.", 500)

    return answer


def _view(services: Services, recording: bool = True) -> View:
    """The view that this request names; every name in it has been looked up."""
    view = services.view_at(Place.of(request.full_path))
    if view.experiment is None or view.problems:
        raise SkeinError("\n".join(view.problems) or "No experiment is open.")
    if recording and view.recording is None:
        raise SkeinError(f"{view.experiment.name} has no recording yet.")
    return view


def _camera(view: View) -> str:
    assert view.experiment is not None
    names = view.experiment.camera_names
    name = request.args.get("camera") or next(iter(names), "")
    if name not in names:
        raise SkeinError(f"No camera named {name!r}; there are {', '.join(names) or 'none'}.")
    return name


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isdecimal():
        raise SkeinError(f"Expected a whole number for {name}, got {text[:20]!r}.")
    return int(text)


def _width() -> int | None:
    if "width" not in request.args:
        return None
    width = _number("width", 0)
    if width not in _WIDTHS:
        raise SkeinError(f"Expected a width from {_WIDTHS.start} to {_WIDTHS.stop - 1} px, got {width}.")
    return width


def _picture(data: bytes, tag: str) -> Response:
    if not is_resource_modified(request.environ, etag=tag):
        return Response(status=304, headers={"ETag": f'"{tag}"'})
    response = Response(data, mimetype="image/jpeg", headers={"Cache-Control": "no-cache"})
    response.set_etag(tag)
    return response


def _attachment(files: list[Path], stem: str) -> Response:
    """One file as it is, several as a zip archive."""
    if not files:
        raise SkeinError("There is nothing to export for this recording.")
    if len(files) == 1:
        data, name = files[0].read_bytes(), f"{stem}{files[0].suffix}"
    else:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.name)
        data, name = buffer.getvalue(), f"{stem}.zip"
    return send_file(io.BytesIO(data), as_attachment=True, download_name=name)
