"""Jars of Maven Central, for tests that hold ours against other people's programs."""

import shutil
import subprocess
from pathlib import Path

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>auditbridge</groupId><artifactId>tests</artifactId><version>1</version>
<dependencies>{dependencies}</dependencies>
</project>
"""
DEPENDENCY = ("<dependency><groupId>{}</groupId><artifactId>{}</artifactId>"
              "<version>{}</version></dependency>")


def install(folder: Path, *coordinates: str) -> bool:
    """Puts the jars of coordinates (group:artifact:version) and all that they need into
    folder, once. False where java, mvn or the registry is not to be had."""
    done = folder / "installed"
    wanted = "\n".join(coordinates)
    if done.exists() and done.read_text() == wanted:
        return True
    if shutil.which("java") is None or shutil.which("mvn") is None:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dependencies = "".join(DEPENDENCY.format(*one.split(":")) for one in coordinates)
    (folder / "pom.xml").write_text(POM.format(dependencies=dependencies))
    try:
        subprocess.run(("mvn", "-q", "-B", "-f", str(folder / "pom.xml"),
                        "dependency:copy-dependencies", f"-DoutputDirectory={folder}"),
                       check=True, capture_output=True, timeout=300)
    except subprocess.SubprocessError:
        return False
    done.write_text(wanted)
    return True
