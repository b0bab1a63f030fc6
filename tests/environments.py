"""Python environments beside ours, for what must not see our packages."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

GLC = Path(sys.executable).parent / "glc"
UV = Path(sys.executable).parent / "uv"


@dataclass(frozen=True)
class Environment:
    """A Python of its own."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def install(self, *what: str | Path) -> None:
        """Install packages, distributions or requirements."""
        run(UV, "pip", "install", "--quiet", "--python", self.python, *what)

    def pytest(self, project: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the tests of a project."""
        command = [self.python, "-m", "pytest", "-p", "no:cacheprovider", *options]
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=120)


def run(*command: str | Path, **options: Any) -> str:
    """What a command says; fails the test with its words when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
