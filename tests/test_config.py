"""Options, environment, defaults: read in one place, with sentences for mistakes."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from wirebrush.config import Config, ConfigError, add_serve_options, config_from
from wirebrush.folders import KindFolder


def parse(*arguments: str, **environ: str) -> Config:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_serve_options(parser)
    return config_from(parser.parse_args(arguments), environ)


def test_without_options_everything_has_a_default() -> None:
    config = parse()
    assert (config.host, config.port, config.token) == ("127.0.0.1", None, None)
    assert config.data.is_absolute()
    assert config.open_browser


def test_a_checkout_uses_its_own_folders_however_it_is_started() -> None:
    root = Path(__file__).parents[1]
    config = parse()
    assert (config.data, config.models) == (root / "data", (root / "models",))
    assert config.packs == root / "packs"


def test_another_data_folder_brings_its_own_packs_and_models(tmp_path: Path) -> None:
    config = parse("--data", str(tmp_path))
    assert (config.packs, config.models) == (tmp_path / "packs", (tmp_path / "models",))


def test_without_a_checkout_the_platform_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wirebrush.config.checkout", lambda: None)
    config = parse()
    assert config.data.name == "wirebrush"
    assert config.packs == config.data / "packs"


def test_options(tmp_path: Path) -> None:
    config = parse(
        *("--port", "9000", "--host", "0.0.0.0", "--data", str(tmp_path), "--no-browser"),
        *("--models", "a", "--models", "b", "--token", "long-enough", "--device", "cpu"),
        *("--memory-cache", "500M", "--disk-cache", "1.5G", "--vram-limit", "6G"),
        *("--origin", "https://Studio.example.org/"),
    )
    assert (config.port, config.host, config.data) == (9000, "0.0.0.0", tmp_path)
    assert [path.name for path in config.models] == ["a", "b"]
    assert all(path.is_absolute() for path in config.models)
    assert config.memory_cache == 500 * 1024**2
    assert config.disk_cache == 3 * 1024**3 // 2
    assert config.vram_limit == 6 * 1024**3
    assert config.origins == ("https://studio.example.org",)
    assert (config.token, config.workers) == ("long-enough", ("cpu",))
    assert not config.open_browser


def test_the_environment_stands_in_and_options_win(tmp_path: Path) -> None:
    environ = {
        "WIREBRUSH_DATA": str(tmp_path / "e"),
        "WIREBRUSH_PORT": "8500",
        "WIREBRUSH_HOST": "::1",
        "WIREBRUSH_TOKEN": "of-the-environment",
    }
    config = parse(**environ)
    assert (config.data, config.port, config.host) == (tmp_path / "e", 8500, "::1")
    assert config.token == "of-the-environment"
    assert parse("--data", str(tmp_path), "--port", "1", **environ).data == tmp_path
    assert parse("--port", "1", **environ).port == 1


@pytest.mark.parametrize("text", ["x", "-1", "65536", "80.5", ""])
def test_a_port_that_is_none_is_named(text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="65535"):
        parse("--port", text)
    if text:
        with pytest.raises(ConfigError, match="WIREBRUSH_PORT"):
            parse(WIREBRUSH_PORT=text)


@pytest.mark.parametrize("text", ["short", "has a space", "ümlautümlaut", "line\nbreak-here"])
def test_a_weak_token_is_refused_with_a_better_one(text: str) -> None:
    with pytest.raises(ConfigError, match="token_urlsafe"):
        parse("--token", text)


@pytest.mark.parametrize(
    "text", ["example.org", "ftp://x", "https://x/path", "https://u@x", "https://", "null", "*"]
)
def test_an_origin_is_scheme_and_host(text: str) -> None:
    with pytest.raises(ConfigError, match="scheme and host"):
        parse("--origin", text)


def test_a_packs_folder_that_is_given_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Create it"):
        parse("--packs", str(tmp_path / "nothing"))


@pytest.mark.parametrize("text", ["big", "G", "1e999", "5X"])
def test_sizes(text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="20G"):
        parse("--disk-cache", text)


@pytest.mark.parametrize("text", ["0", "-5", "0.2"])
def test_a_device_without_memory_is_refused(text: str) -> None:
    assert parse().vram_limit is None
    with pytest.raises(argparse.ArgumentError, match="leaves nothing to work with; write 500M"):
        parse(f"--vram-limit={text}")


def test_history_is_kept_for_ever_or_for_some_days() -> None:
    assert parse().history_days is None
    assert parse("--history-days", "30").history_days == 30
    for text in ("0", "-1", "x", "1.5", "9999999"):
        with pytest.raises(argparse.ArgumentError, match="whole number"):
            parse("--history-days", text)


def test_packs_are_turned_on_for_one_process_by_name_or_all(tmp_path: Path) -> None:
    assert (parse().packs_on, parse().all_packs_on) == ((), False)
    config = parse("--packs-on", "Math", "--packs-on", "More Math", "--all-packs-on")
    assert config.packs_on == ("Math", "More Math")
    assert config.all_packs_on
    assert parse("--comfy-packs", str(tmp_path)).comfy_packs == (tmp_path,)


def test_files_of_comfyui_say_where_more_models_and_packs_are(tmp_path: Path) -> None:
    home = tmp_path / "ComfyUI"
    for folder in ("models", "packs"):
        (home / folder).mkdir(parents=True)
    (home / "extra_model_paths.yaml").write_text("a:\n  loras: more\n  custom_nodes: packs\n")
    other = tmp_path / "other.yaml"
    other.write_text("b:\n  base_path: sd\n  vae: vae\n  custom_nodes: gone\n")
    found = KindFolder("loras", home / "more")
    assert parse("--models", str(home / "models")).model_folders == (found,)
    for option in ("--extra-model-paths", "--extra-model-paths-config"):
        config = parse("--models", str(home / "models"), option, str(other))
        assert config.model_folders == (KindFolder("vae", tmp_path / "sd" / "vae"), found)
        assert config.comfy_packs == (home / "packs",)


def test_a_broken_file_of_model_paths_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: [")
    with pytest.raises(ConfigError, match=r"--extra-model-paths: .*x\.yaml cannot be read in line"):
        parse("--extra-model-paths", str(tmp_path / "x.yaml"))


def test_comfyuis_page_is_where_pip_put_it_or_said_how_to_get(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("wirebrush.config.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="-m pip install comfyui-frontend-package"):
        parse("--comfy-ui")
    with pytest.raises(ConfigError, match=r"no index\.html"):
        parse("--comfy-ui", str(tmp_path))
    (tmp_path / "index.html").touch()
    config = parse("--comfy-ui", str(tmp_path))
    assert (config.comfy, config.comfy_ui) == (True, tmp_path)
    assert not parse().comfy


def test_a_folder_of_comfyuis_packs_must_be_there(tmp_path: Path) -> None:
    assert parse("--comfy-packs", str(tmp_path)).comfy_packs == (tmp_path,)
    with pytest.raises(ConfigError, match=r"--comfy-packs .* is not a folder"):
        parse("--comfy-packs", str(tmp_path / "nothing"))
