"""What JupyterLab's server is told by `dap lab`: where the font of the charts is, and the style that asks for it."""

from pathlib import Path

from jupyter_core.paths import jupyter_config_dir

from dap import fonts

# A user's own custom.css is found first. The server has no option of its own for these folders.
looks = (Path(jupyter_config_dir()) / "custom", Path(__file__).parent / "custom", fonts.FOLDER)
c.ServerApp.tornado_settings.update({"static_custom_path": [str(each) for each in looks]})  # type: ignore[name-defined]  # noqa: F821
