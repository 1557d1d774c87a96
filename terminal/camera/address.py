"""Reads the address of a source of pictures from the configuration.

`device:/dev/video0` (or `device:0`)  a camera of this machine
`file:PATH`                           a picture, a folder of pictures or a video, shown again and again
`http://host:port/path`               an IP camera: Motion JPEG, or one JPEG per request; `https://` as well
"""

from urllib.parse import urlsplit

from terminal.camera.source import CameraFault, Source, SourceFactory, without_password


def check_source(address: str) -> SourceFactory:
    """Take a configuration string apart; opens nothing. Raises `CameraFault` (`configuration`) when it names no source.

    The modules of the sources are loaded by the first call of the factory, for OpenCV takes long to load.
    """
    kind, _, rest = address.partition(":")
    if kind == "device" and rest:
        return lambda: _device(rest)
    if kind == "file" and rest:
        return lambda: _file(rest)
    if kind in ("http", "https"):
        try:
            parts = urlsplit(address)
            usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            usable = False
        if usable:
            return lambda: _mjpeg(address)
    raise CameraFault(
        "configuration",
        f"camera source {without_password(address)!r} is not understood: "
        "write device:/dev/video0, file:/path/to/picture-folder-or-video or http://host:port/path",
    )


def _device(name: str) -> Source:
    from terminal.camera.device_source import DeviceSource

    return DeviceSource(name)


def _file(path: str) -> Source:
    from terminal.camera.file_source import FileSource

    return FileSource(path)


def _mjpeg(address: str) -> Source:
    from terminal.camera.mjpeg_source import MjpegSource

    return MjpegSource(address)
