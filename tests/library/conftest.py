"""Two real libraries: the Open Fixture Library from npm, and QLC+'s from its Debian package. Never committed."""

import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from controller.config import FixtureConfig
from controller.errors import ProfileError
from controller.rig.patch.patch import build_patch
from controller.rig.profiles import ofl, qxf
from controller.rig.profiles.profile import Profile
from controller.rig.profiles.xml_tree import xml_tree

PACKAGE = "@directctrl/fixturelibrary@2.0.1"
QLCPLUS = Path("/usr/share/qlcplus/fixtures")
ROLES = {"mover": "mover", "scanner": "beam", "bar": "pixel", "hazer": "wash", "blinder": "blinder", "strobe": "strobe"}


def cache() -> Path:
    """Where downloads stay between runs."""
    home = Path.home() / ".cache" / "followspot-tests"
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError:
        home = Path(os.environ.get("TMPDIR", "/tmp")) / "followspot-tests"
        home.mkdir(parents=True, exist_ok=True)
    return home


def ofl_folder() -> Path | None:
    """The Open Fixture Library's fixtures, downloaded once; None without npm or a network."""
    folder = cache() / "ofl-2.0.1"
    if not folder.is_dir():
        if shutil.which("npm") is None:
            return None
        part = cache() / f"part-{os.getpid()}"
        part.mkdir(exist_ok=True)
        try:
            subprocess.run(["npm", "pack", PACKAGE], cwd=part, check=True, capture_output=True, timeout=100)
            with tarfile.open(next(part.glob("*.tgz"))) as archive:
                archive.extractall(part, filter="data")
            (part / "package" / "dist" / ".fixturelibrary").rename(folder)
        except (OSError, subprocess.SubprocessError, StopIteration, tarfile.TarError):
            return folder if folder.is_dir() else None
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


@dataclass
class Imported:
    """A whole library: profiles, raw files, and what was refused."""

    name: str
    profiles: dict[str, Profile] = field(default_factory=dict)
    raw: dict[str, object] = field(default_factory=dict)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    modes: int = 0
    files: int = 0

    @property
    def imported(self):
        return sum(len(profile.modes) for profile in self.profiles.values())

    def take(self, reference, modes, make):
        self.files += 1
        self.modes += len(modes)
        try:
            profile = make()
        except ProfileError as error:
            self.refused |= {(reference, mode): str(error) for mode in modes}
            return
        self.profiles[reference] = profile
        self.refused |= {(reference, mode): reason for mode, reason in profile.refused.items()}


@pytest.fixture(scope="session")
def ofl_library():
    folder = ofl_folder()
    if folder is None:
        if os.environ.get("FOLLOWSPOT_REQUIRE_REAL"):
            pytest.fail("the Open Fixture Library's npm package is required here and missing")
        pytest.skip("no npm or no network: the Open Fixture Library is not here")
    library = Imported("ofl")
    for file in sorted(folder.glob("*/*.json")):
        data = json.loads(file.read_bytes())
        if ofl.redirect_of(data):
            library.files += 1
            continue
        reference = f"ofl:{file.parent.name}/{file.stem}"
        modes = [str(mode.get("shortName") or mode["name"]) for mode in data["modes"]]
        library.raw[reference] = data
        library.take(reference, modes, lambda d=data, f=file, r=reference: ofl.profile_of(d, f.parent.name, r))
    return library


@pytest.fixture(scope="session")
def qxf_library():
    if not QLCPLUS.is_dir():
        if os.environ.get("FOLLOWSPOT_REQUIRE_REAL"):
            pytest.fail("qlcplus-data is required here and missing")
        pytest.skip("qlcplus-data is not installed")
    library = Imported("qxf")
    for file in sorted(QLCPLUS.glob("*/*.qxf")):
        root = xml_tree(file.read_bytes())
        reference = f"qxf:{file.parent.name}/{file.stem}"
        library.raw[reference] = root
        modes = [mode.attrib["Name"] for mode in root.findall("Mode")]
        library.take(reference, modes, lambda r=root, ref=reference: qxf.profile_of(r, ref))
    return library


def rig_of(profiles: dict[str, Profile], **more):
    """A patch with every mode of every profile, packed into as many universes as it takes."""
    fixtures, address, universe = [], 1, 1
    for reference, profile in profiles.items():
        for mode in profile.modes:
            size = profile.footprint(mode)
            if address + size > 513:
                address, universe = 1, universe + 1
            fixtures.append(
                FixtureConfig.model_construct(
                    **{name: one.default for name, one in FixtureConfig.model_fields.items() if not one.is_required()},
                    id=f"f{len(fixtures)}",
                    profile=reference,
                    mode=mode,
                    universe=universe,
                    address=address,
                    role=ROLES.get(profile.kind, "wash"),
                    position_m=(len(fixtures) % 40 - 20.0, 1.0, 3.0),
                )
            )
            fixtures[-1] = fixtures[-1].model_copy(update={"allow_laser": True, **more})
            address += size
    return build_patch(fixtures, list(range(1, universe + 1)), profiles, str)


@pytest.fixture(scope="session")
def make_rig():
    """`rig_of`, for tests that want another rig."""
    return rig_of


@pytest.fixture(scope="session")
def ofl_rig(ofl_library):
    return rig_of(ofl_library.profiles)


@pytest.fixture(scope="session")
def qxf_rig(qxf_library):
    return rig_of(qxf_library.profiles)
