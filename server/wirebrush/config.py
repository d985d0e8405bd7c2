"""The configuration: read from the command line and the environment here, and nowhere else."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from os import pathsep
from pathlib import Path

from platformdirs import user_data_path

from wirebrush.folders import KindFolder
from wirebrush.modelpaths import FILE as MODEL_PATHS
from wirebrush.modelpaths import BadModelPaths, ModelPaths, read_model_paths

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8190
GIB = 1024**3
INSTALLED = "installed"
"""Stands for ComfyUI's page as pip installed it."""


class ConfigError(Exception):
    """An option or environment variable that cannot be used; the sentence says how to mend it."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a Wirebrush process is told when it starts.

    `port` None means: the usual one, or the next free one. `token` None means: the one kept in
    the data folder. `workers` None means: one for each device that this machine has.
    `history_days` None means: jobs are never forgotten. `vram_limit` None means: all of a card.
    `model_folders` are those of one kind each, besides the roots `models`. `comfy_ui` is the folder
    of ComfyUI's own page. `packs_on` and `all_packs_on` hold for this
    process alone: what a person chose is kept in the data folder.
    """

    data: Path
    host: str = DEFAULT_HOST
    port: int | None = None
    origins: tuple[str, ...] = ()
    models: tuple[Path, ...] = ()
    model_folders: tuple[KindFolder, ...] = ()
    packs: Path | None = None
    token: str | None = None
    open_browser: bool = True
    workers: tuple[str, ...] | None = None
    memory_cache: int = 2 * GIB
    disk_cache: int = 20 * GIB
    vram_limit: int | None = None
    cancel_grace: float = 5.0
    node_deadline: float = 1800.0
    history_days: int | None = None
    comfy: bool = False
    comfy_ui: Path | None = None
    comfy_packs: tuple[Path, ...] = ()
    packs_on: tuple[str, ...] = ()
    all_packs_on: bool = False


def add_serve_options(parser: argparse.ArgumentParser) -> None:
    """The options of `wirebrush serve`; those of `add_common_options` come with them."""
    add_common_options(parser)
    parser.add_argument(
        "--port",
        type=_port,
        help=f"port to listen on (default {DEFAULT_PORT}, or the next free one)",
    )
    parser.add_argument(
        "--host",
        help=f"address to listen on (default {DEFAULT_HOST}: this machine only)",
    )
    parser.add_argument(
        "--origin",
        action="append",
        metavar="URL",
        help="another address under which the page is reached, such as a proxy's"
        " https://studio.example.org; may be repeated",
    )
    parser.add_argument(
        "--token",
        help="secret that opens the studio (default: one kept in the data folder);"
        " WIREBRUSH_TOKEN does the same without showing it in the process list",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    parser.add_argument(
        "--node-deadline",
        type=float,
        metavar="SECONDS",
        help="how long a node may go without progress before its worker is replaced (default 1800)",
    )
    parser.add_argument(
        "--history-days",
        type=_days,
        metavar="N",
        help="forget jobs that ended N days ago; their pictures stay (default: never)",
    )
    add_comfy_options(parser)


def add_comfy_options(parser: argparse.ArgumentParser) -> None:
    """The options for people who come from ComfyUI."""
    parser.add_argument(
        "--comfy",
        action="store_true",
        help="also speak ComfyUI's HTTP and websocket API, at / and /api",
    )
    parser.add_argument(
        "--comfy-ui",
        nargs="?",
        const=INSTALLED,
        metavar="DIR",
        help="also serve ComfyUI's own page at /comfy/: the one of the installed package"
        " comfyui-frontend-package, or that folder's; includes --comfy",
    )


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """The options that say where things are and what to compute on."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder for everything we keep")
    _add_model_options(parser)
    _add_pack_options(parser)
    parser.add_argument(
        "--device",
        action="append",
        metavar="NAME",
        help="cpu, cuda:0, mps ...; repeat it for several workers (default: what there is)",
    )
    parser.add_argument(
        "--vram-limit",
        type=_some_size,
        metavar="SIZE",
        help="memory that models and their work may use on the device; with --device cpu it"
        " simulates a card of that size (default: all of it)",
    )
    parser.add_argument(
        "--memory-cache", type=_size, metavar="SIZE", help="results kept in memory (default 2G)"
    )
    parser.add_argument(
        "--disk-cache", type=_size, metavar="SIZE", help="results kept on disk (default 20G)"
    )


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models",
        type=Path,
        action="append",
        metavar="DIR",
        help="folder with checkpoints/, loras/ ...; may be repeated, earlier ones win",
    )
    parser.add_argument(
        "--extra-model-paths",
        "--extra-model-paths-config",
        type=Path,
        action="append",
        metavar="FILE",
        help="ComfyUI's extra_model_paths.yaml: more folders of models, and of its packs; may be"
        " repeated (one that lies beside a folder models of --models is read anyway)",
    )


def _add_pack_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--packs",
        type=Path,
        metavar="DIR",
        help="folder of packs (default: packs/ of the checkout, else of the data)",
    )
    parser.add_argument(
        "--comfy-packs",
        type=Path,
        action="append",
        metavar="DIR",
        help="folder of packs written for ComfyUI (its custom_nodes); may be repeated",
    )
    parser.add_argument(
        "--packs-on",
        action="append",
        metavar="NAME",
        help="turn a pack on this time, whatever `wirebrush pack on` and `off` said; may be"
        " repeated. Packs written for ComfyUI are off until they are turned on",
    )
    parser.add_argument("--all-packs-on", action="store_true", help="turn every pack on this time")


def config_from(options: argparse.Namespace, environ: Mapping[str, str]) -> Config:
    """The configuration from parsed options; the environment stands in for what is not given."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    data: Path = (given.get("data") or data_folder(environ)).expanduser().absolute()
    root = checkout()
    at_home = root is not None and data == root / "data"
    models = _models(given, environ, (root if root and at_home else data) / "models")
    elsewhere = _model_paths(given.get("extra_model_paths", ()), models)
    known = {
        name: given[name]
        for name in ("memory_cache", "disk_cache", "node_deadline", "history_days", "vram_limit")
        if name in given
    }
    return Config(
        data=data,
        host=given.get("host") or environ.get("WIREBRUSH_HOST") or DEFAULT_HOST,
        port=given.get("port", _env_port(environ)),
        origins=tuple(_origin(text) for text in given.get("origin", ())),
        models=models,
        model_folders=elsewhere.models,
        packs=_packs(given, root / "packs" if root and at_home else data / "packs"),
        token=_token(given.get("token") or environ.get("WIREBRUSH_TOKEN")),
        open_browser=not given.get("no_browser", False),
        workers=tuple(given["device"]) if "device" in given else None,
        comfy=given.get("comfy", False) or "comfy_ui" in given,
        comfy_ui=_comfy_ui(given.get("comfy_ui")),
        comfy_packs=(*_folders("--comfy-packs", given.get("comfy_packs", ())), *elsewhere.packs),
        packs_on=tuple(given.get("packs_on", ())),
        all_packs_on=given.get("all_packs_on", False),
        **known,
    )


def data_folder(environ: Mapping[str, str]) -> Path:
    """WIREBRUSH_DATA; else `data/` of the checkout, or the platform's folder for programs' data."""
    given = environ.get("WIREBRUSH_DATA")
    if given:
        return Path(given)
    root = checkout()
    return root / "data" if root else user_data_path("wirebrush", appauthor=False)


def checkout() -> Path | None:
    """The checkout that this package runs from, if it was installed in place as run.py does.

    Its `data/`, `models/` and `packs/` are then everybody's: `run.py`, the command line, scripts.
    """
    root = Path(__file__).resolve().parents[2]
    return root if (root / "run.py").is_file() else None


def _models(
    given: Mapping[str, Sequence[Path]], environ: Mapping[str, str], usual: Path
) -> tuple[Path, ...]:
    folders = given.get("models") or [
        Path(text) for text in environ.get("WIREBRUSH_MODELS", "").split(pathsep) if text
    ]
    return tuple(folder.expanduser().absolute() for folder in folders or [usual])


def _model_paths(given: Sequence[Path], models: Sequence[Path]) -> ModelPaths:
    """What the given files name, and those that lie beside the `models` folder of a ComfyUI."""
    files = [file.expanduser().absolute() for file in given]
    beside = (folder.parent / MODEL_PATHS for folder in models if folder.name == "models")
    files += [file for file in beside if file.is_file() and file not in files]
    try:
        found = [read_model_paths(file) for file in files]
    except BadModelPaths as error:
        raise ConfigError(f"--extra-model-paths: {error}") from error
    return ModelPaths(
        tuple(folder for paths in found for folder in paths.models),
        tuple(folder for paths in found for folder in paths.packs if folder.is_dir()),
    )


def _packs(given: Mapping[str, Path], usual: Path) -> Path:
    if "packs" not in given:
        return usual
    return _folder("--packs", given["packs"])


def _folders(option: str, given: Iterable[Path]) -> Iterator[Path]:
    return (_folder(option, path) for path in given)


def _folder(option: str, given: Path) -> Path:
    folder = given.expanduser().absolute()
    if not folder.is_dir():
        raise ConfigError(f"{option} {folder} is not a folder. Create it, or leave the option out.")
    return folder


def _comfy_ui(given: str | None) -> Path | None:
    """Where ComfyUI's page is; ConfigError if it is not there."""
    if given is None:
        return None
    if given != INSTALLED:
        folder = _folder("--comfy-ui", Path(given))
    else:
        found = find_spec("comfyui_frontend_package")
        if found is None or found.origin is None:
            raise ConfigError(
                "--comfy-ui needs ComfyUI's page, which is not installed. Install it with"
                f"\n  {sys.executable} -m pip install comfyui-frontend-package\n"
                "or name the folder that has its index.html: --comfy-ui DIR"
            )
        folder = Path(found.origin).parent / "static"
    if not (folder / "index.html").is_file():
        raise ConfigError(f"--comfy-ui: there is no index.html in {folder}.")
    return folder


def _token(text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) < 8 or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError(
            "The token needs at least 8 ASCII characters and no spaces. This makes a good one:"
            ' python3 -c "import secrets; print(secrets.token_urlsafe())"'
        )
    return text


def _origin(text: str) -> str:
    scheme, _, host = text.rstrip("/").partition("://")
    if scheme not in ("http", "https") or not host or any(c in host for c in "/?#@ "):
        raise ConfigError(
            f"--origin {text!r} is not an origin. Write scheme and host, as in"
            " https://studio.example.org"
        )
    return f"{scheme}://{host.lower()}"


def _env_port(environ: Mapping[str, str]) -> int | None:
    text = environ.get("WIREBRUSH_PORT")
    if not text:
        return None
    try:
        return _port(text)
    except (ValueError, argparse.ArgumentTypeError) as error:
        raise ConfigError(f"WIREBRUSH_PORT is {text!r}; {error}") from error


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 (any free one) to 65535")
    return int(text)


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 100_000:
        raise argparse.ArgumentTypeError("a number of days is a whole number from 1")
    return int(text)


def _some_size(text: str) -> int:
    size = _size(text)
    if size < 1:
        raise argparse.ArgumentTypeError(f"{text!r} leaves nothing to work with; write 500M or 8G")
    return size


def _size(text: str) -> int:
    units = {"K": 1024, "M": 1024**2, "G": GIB, "T": 1024 * GIB}
    number, unit = (text[:-1], units[text[-1].upper()]) if text[-1:].upper() in units else (text, 1)
    try:
        return int(float(number) * unit)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 500M or 20G") from None
