"""As much of the docker command as deploying needs, faithfully: `python fake_docker.py WORDS...`.

FAKE_DOCKER names a folder; state.json in it is the daemon. An image is the hash of its Dockerfile and of its labels;
`ENV ODD=...` lines become its environment, `RUN false` fails the build. A container is a real process: the little
service on the published host port, by the env file and the image's environment. `fail` in the state breaks a command:
{"run": "words on stderr"}. What real Docker does in odd moments it does too: a run whose port is taken leaves the
container behind as created, a name that is in use is a conflict, an image in use cannot be removed.
"""

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HOME = Path(os.environ["FAKE_DOCKER"])
LITTLE = Path(__file__).with_name("little_service.py")
State = dict[str, Any]


def fail(words: str, code: int = 1) -> None:
    sys.stderr.write(words + "\n")
    sys.exit(code)


def say(words: str) -> None:
    sys.stdout.write(words + "\n")


def read() -> State:
    with contextlib.suppress(FileNotFoundError):
        state: State = json.loads((HOME / "state.json").read_text())
        return state
    return {"images": {}, "tags": {}, "containers": {}, "fail": {}, "asked": []}


def write(state: State) -> None:
    fresh = HOME / f"state.{os.getpid()}"
    fresh.write_text(json.dumps(state))
    fresh.replace(HOME / "state.json")


def options(words: list[str], *flags: str) -> tuple[dict[str, list[str]], list[str]]:
    """Options with their values, and the rest; `flags` take none."""
    found: dict[str, list[str]] = {}
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("-") or rest:
            rest.append(word)
        elif word in flags:
            found.setdefault(word, []).append("")
        else:
            found.setdefault(word, []).append(left.pop(0))
    return found, rest


def is_running(container: dict[str, Any]) -> bool:
    pid = container["pid"]
    if pid is None:
        return False
    stat = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def container_of(state: State, name: str) -> tuple[str, dict[str, Any]]:
    for key, one in state["containers"].items():
        if key.startswith(name) or one["name"] == name:
            return key, one
    fail(f"Error response from daemon: No such container: {name}")
    raise AssertionError


def image_of(state: State, name: str) -> str:
    key: str = state["tags"].get(name, name if name in state["images"] else "")
    if not key:
        fail(f"Error response from daemon: No such image: {name}")
    return key


def build(state: State, words: list[str]) -> None:
    given, (context,) = options(words)
    file = Path(context) / "Dockerfile"
    if not file.exists():
        fail("ERROR: failed to solve: failed to read dockerfile")
    text = file.read_text()
    sys.stderr.write("#1 building\n" + text + "\n")
    if "RUN false" in text:
        fail('ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1')
    labels = dict(label.split("=", 1) for label in given.get("--label", []))
    key = "sha256:" + hashlib.sha256((text + repr(labels)).encode()).hexdigest()
    state["images"][key] = {"env": dict(re.findall(r"^ENV (\w+)=(.*)$", text, re.M)), "labels": labels}
    for name in given.get("-t", []):
        state["tags"][name] = key


def run(state: State, words: list[str]) -> None:
    given, (image, *_) = options(words, "-d", "--rm")
    name = given["--name"][0]
    if any(one["name"] == name for one in state["containers"].values()):
        fail(f'docker: Error response from daemon: Conflict. The container name "/{name}" is already in use', 125)
    image = image_of(state, image)
    environment = {"PATH": os.environ["PATH"]} | state["images"][image]["env"]
    for file in given.get("--env-file", []):
        lines = Path(file).read_text().splitlines()
        environment |= dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    key = hashlib.sha256(f"{name}{time.time_ns()}".encode()).hexdigest()
    labels = dict(label.split("=", 1) for label in given.get("--label", []))
    port = int(given["-p"][0].split(":")[-2])
    state["containers"][key] = {"name": name, "image": image, "labels": labels, "pid": None}
    write(state)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            fail(
                f"docker: Error response from daemon: Bind for 0.0.0.0:{port} failed: port is already allocated", 125
            )
    with (HOME / f"{key}.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(LITTLE), str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    state["containers"][key]["pid"] = process.pid
    say(key)


def ps(state: State, words: list[str]) -> None:
    given, _ = options(words, "-a", "--no-trunc", "-q")
    pattern = next((f.removeprefix("name=") for f in given.get("--filter", []) if f.startswith("name=")), "")
    for key, one in state["containers"].items():
        if re.search(pattern, one["name"]) and ("-a" in given or is_running(one)):
            say(key)


def container_inspect(state: State, words: list[str]) -> None:
    key, one = container_of(state, words[0])
    about = {"Id": key, "Name": "/" + one["name"], "Image": one["image"], "Config": {"Labels": one["labels"]}}
    say(json.dumps([about | {"State": {"Running": is_running(one), "Pid": one["pid"] or 0}}]))


def image_inspect(state: State, words: list[str]) -> None:
    say(image_of(state, options(words)[1][0]))


def logs(state: State, words: list[str]) -> None:
    key, _ = container_of(state, options(words)[1][0])
    with contextlib.suppress(FileNotFoundError):
        sys.stdout.write((HOME / f"{key}.log").read_text())


def end(one: dict[str, Any], number: int) -> None:
    if one["pid"] is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one["pid"], number)


def stop(state: State, words: list[str]) -> None:
    given, (name,) = options(words)
    _, one = container_of(state, name)
    end(one, signal.SIGTERM)
    until = time.monotonic() + float(given.get("-t", ["10"])[0])
    while is_running(one) and time.monotonic() < until:
        time.sleep(0.02)
    end(one, signal.SIGKILL)
    while is_running(one):
        time.sleep(0.02)


def rm(state: State, words: list[str]) -> None:
    given, (name,) = options(words, "-f")
    key, one = container_of(state, name)
    if is_running(one) and "-f" not in given:
        fail("Error response from daemon: cannot remove container: container is running")
    end(one, signal.SIGKILL)
    while is_running(one):
        time.sleep(0.02)
    del state["containers"][key]


def tag(state: State, words: list[str]) -> None:
    state["tags"][words[1]] = image_of(state, words[0])


def image_rm(state: State, words: list[str]) -> None:
    key = image_of(state, words[0])
    others = [name for name, image in state["tags"].items() if image == key and name != words[0]]
    in_use = any(one["image"] == key for one in state["containers"].values())
    if in_use and not others:
        fail("Error response from daemon: conflict: unable to delete: image is being used by a container")
    state["tags"].pop(words[0], None)
    if not others:
        del state["images"][key]


def image_prune(state: State, words: list[str]) -> None:
    given, _ = options(words, "-f")
    name, _, value = given["--filter"][0].removeprefix("label=").partition("=")
    used = set(state["tags"].values()) | {one["image"] for one in state["containers"].values()}
    for key in [key for key, one in state["images"].items() if key not in used and one["labels"].get(name) == value]:
        del state["images"][key]


def version(state: State, words: list[str]) -> None:
    say("27.0.0")


def images(state: State, words: list[str]) -> None:
    for name, key in state["tags"].items():
        say(f"{name} {key}")


COMMANDS = {
    "build": build,
    "run": run,
    "ps": ps,
    "container inspect": container_inspect,
    "image inspect": image_inspect,
    "image rm": image_rm,
    "image prune": image_prune,
    "logs": logs,
    "stop": stop,
    "rm": rm,
    "tag": tag,
    "version": version,
    "images": images,
}


def main() -> None:
    words = sys.argv[1:]
    name = " ".join(words[:2]) if words[0] in ("container", "image") else words[0]
    state = read()
    state["asked"].append(words)
    write(state)
    if name in state["fail"]:
        fail(state["fail"][name])
    try:
        COMMANDS[name](state, words[len(name.split()) :])
    finally:
        write(state)


if __name__ == "__main__":
    main()
