"""Where the model of a PromptCompressor comes from."""
import hashlib
import os
import sys
from pathlib import Path
from typing import List, Optional, Union

from . import _library


def cache_folder() -> Path:
    """Converted models: $PITH_CACHE, or pith in the user's cache."""
    given = os.environ.get("PITH_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pith"


def _hub_snapshot(name: str) -> Optional[Path]:
    """What huggingface_hub has fetched of a repository, the newest first."""
    home = os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    folder = Path(home) / "hub" / f"models--{name.replace('/', '--')}"
    snapshots = [path for path in folder.glob("snapshots/*")
                 if (path / "config.json").exists()]
    return max(snapshots, key=lambda path: path.stat().st_mtime, default=None)


def _files(source: Path) -> List[Path]:
    return sorted(source.iterdir()) if source.is_dir() else [source]


def _converted_path(source: Path) -> Path:
    """Another name as soon as a file of the source is another one."""
    state = hashlib.sha256(str(source.resolve()).encode())
    for path in _files(source):
        about = path.stat()
        state.update(f"{path.name} {about.st_size} {about.st_mtime_ns}".encode())
    return cache_folder() / f"{source.stem}-{state.hexdigest()[:12]}.pith"


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty() and total > 0:
        width = 30 * done // total
        end = "\n" if done >= total else ""
        print(f"\rconverting [{'#' * width:<30}] {done // 1024:,} of "
              f"{total // 1024:,} MiB", end=end, file=sys.stderr, flush=True)


def find_model(name: Union[str, "os.PathLike[str]", None] = None) -> Path:
    """The .pith file of a model.

    name: None or "default" for the one in this package; a .pith file; a .gguf
    file or a folder of Hugging Face, which is converted once into the cache; a
    name in that cache ("smollm2"); a repository that huggingface_hub has
    already fetched. Nothing is downloaded.
    """
    if name is None or name == "default":
        return _library.FOLDER / "default.pith"
    source = Path(name)
    cached = cache_folder() / f"{name}.pith"
    if not source.exists():
        snapshot = _hub_snapshot(str(name))
        if cached.is_file():
            return cached
        if snapshot is None:
            raise FileNotFoundError(
                f"{name}: is not a .pith or .gguf file, a folder, a model in "
                f"{cache_folder()} or a repository in the cache of Hugging "
                "Face; name one of these, or \"default\"")
        source = snapshot
    if source.suffix == ".pith":
        return source
    converted = _converted_path(source)
    if not converted.exists():
        converted.parent.mkdir(parents=True, exist_ok=True)
        _library.convert(source, converted, _show_progress)
    return converted
