"""Images of files that nobody has read: what a build reaches, what comes out of it, and what is pushed."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import pytest
from docker import APIClient
from docker.errors import ImageNotFound

from grader.backends import owner
from grader.backends.containment import NAME
from grader.backends.docker import building, built, disk, steps
from grader.backends.docker.backend import DockerBackend
from grader.backends.docker.building import WHEELS, Builder
from grader.backends.docker.images import archive_of
from grader.backends.docker.steps import Steps
from grader.backends.protocol import BuildFailed, BuildRequest, BuiltImage, Running
from grader.course.tree import Course
from grader.errors import OurFault
from grader.services.registry import RegistryService
from grader.stack.stack import Stack
from grader.tests.contract.conftest import docker_backend

pytestmark = [pytest.mark.docker, pytest.mark.services]
BASE = "python:3.11-slim-bookworm"
INDEX = "http://127.0.0.1:3141/course/wheels/+simple/"
SERVER = 'CMD ["python", "-m", "http.server", "8000", "--directory", "/srv"]\n'
ASKS = "HEALTHCHECK CMD python -c \"import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)\"\n"
PAGE = {"page": "here"}
RICH = f"""\
ARG GLOBAL=all
FROM {BASE} AS First
ARG GLOBAL
ARG GIVEN=none OTHER="o p"
ARG UNUSED
ENV OTHER=env KEPT=$GIVEN
CMD ["first"]
HEALTHCHECK --interval=9s CMD true
SHELL ["/bin/bash", "-e", "-c"]
RUN [[ $0 == bash || -n $BASH ]] && env > /first
ARG LATE=$KEPT-late QUOTED='it is "$5" \\'
WORKDIR /some
LABEL late=$LATE global=$GLOBAL
RUN true
LABEL quoted=$QUOTED given=$GIVEN
RUN ["/bin/sh", "-c", "env > /second; pwd >> /second; id -u >> /second"]
FROM {BASE} AS other
COPY code /code
RUN cp /code /copied
FROM first
COPY --from=other /copied /a
COPY --from=1 /copied /b
ARG EARLY=$PATH
ENV PATH=/x:$PATH
RUN true
LABEL early=$EARLY
USER 1234
ENTRYPOINT ["entry"]
EXPOSE 80
STOPSIGNAL SIGINT
USER 0
RUN env > /third \\
    # between

    && cat /a /b >> /third
USER nobody
CMD after
"""
REACH = """\
import socket, sys
outside = (("1.1.1.1", 53), ("8.8.8.8", 443), ("172.17.0.1", 22), ("host.docker.internal", 80), ("169.254.169.254", 80))
for host, port in outside:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        continue
    sys.exit(f"reached {host}")
"""


@pytest.fixture(scope="module")
def stack(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(course, docker_backend(prepared=False), tmp_path_factory.mktemp("images"))
    with stack.use(["package-index", "registry"]):
        yield stack
    stack.reset()


@pytest.fixture(scope="module")
def running(stack: Stack) -> dict[str, Running]:
    return stack.running()


@pytest.fixture
def builder(stack: Stack, running: dict[str, Running]) -> Iterator[Builder]:
    backend = stack.backend
    assert isinstance(backend, DockerBackend)
    builder = backend.builder(running["package-index"])
    yield builder
    builder.close()


def build(
    builder: Builder, dockerfile: str, files: Mapping[str, str] | None = None, seconds: int = 120, memory_mb: int = 512
) -> BuiltImage:
    """An image of this Dockerfile and these files."""
    content = {"Dockerfile": dockerfile.encode(), **{name: text.encode() for name, text in (files or {}).items()}}
    return builder.build(BuildRequest(content, {"INDEX_URL": INDEX}, seconds, memory_mb))


def test_a_build_reaches_the_index_and_nothing_else(builder: Builder) -> None:
    """Wheels install by pip from the course's index; names, machines and the internet are out of reach."""
    text = f"FROM {BASE}\nARG INDEX_URL\nRUN pip install -q --index-url $INDEX_URL pyyaml\n"
    image = build(builder, f"{text}COPY reach /reach\nRUN python /reach\n", {"reach": REACH})
    assert any(path.endswith("/yaml/__init__.py") for path in image.files())
    assert 0 < image.added_bytes < 20 * 2**20


def test_what_a_step_says_when_it_fails(builder: Builder) -> None:
    """The end of the build's own words, for whoever wrote the Dockerfile; so is a Dockerfile that may not be."""
    with pytest.raises(BuildFailed, match="no such thing"):
        build(builder, f"FROM {BASE}\nRUN echo no such thing && false\n")
    for text, said in (("USER nosuch\nRUN true", "unable to find user nosuch"), ('RUN ["/no/such"]', "/no/such: no such file")):
        with pytest.raises(BuildFailed, match=f"^the build failed: .*{said}.*; it was at:\nDockerfile, line "):
            build(builder, f"FROM {BASE}\n{text}\n")
    with pytest.raises(BuildFailed, match=r"line 2: ADD may fetch"):
        build(builder, f"FROM {BASE}\nADD https://example.org /\n")
    with pytest.raises(BuildFailed, match=r"there is no Dockerfile"):
        builder.build(BuildRequest({}, {}, 60, 256))


NO_DOCKERFILES = {
    "misspelt": (f"FROM {BASE}\nFORM x\n", "line 2: unknown instruction: FORM"),
    "misspelt-after-commands": (f"FROM {BASE}\n\nRUN true\nRUN \\\n  true\nFORM x\n", "line 6: unknown instruction: FORM"),
    "copy-of-nothing": (f"FROM {BASE}\nCOPY x\n", "COPY requires at least two arguments"),
    "health-check": (f"FROM {BASE}\nHEALTHCHECK --interval=soon CMD true\n", 'invalid duration "soon"'),
}


@pytest.mark.parametrize(("text", "said"), NO_DOCKERFILES.values(), ids=NO_DOCKERFILES)
def test_what_the_engine_can_t_parse_is_its_writer_s_fault(builder: Builder, text: str, said: str) -> None:
    """The engine refuses such a file before the first step; its words reach the writer, and the grader is not to blame."""
    with pytest.raises(BuildFailed, match=f"the build failed:\n.*{re.escape(said)}"):
        build(builder, text)


def test_a_build_ends_at_its_limits(builder: Builder) -> None:
    """One that prints for ever ends at its time, one that takes too much memory is killed."""
    with pytest.raises(BuildFailed, match="more than 3 s"):
        build(builder, f"FROM {BASE}\nRUN while true; do echo still here; sleep 0.1; done\n", seconds=3)
    with pytest.raises(BuildFailed, match="the build failed"):
        build(builder, f"FROM {BASE}\nRUN python -c 'x = bytearray(2**30)'\n", memory_mb=128)
    build(builder, f"FROM {BASE}\nRUN python -c 'x = bytearray(2**30)' || true # {uuid.uuid4()}\n", memory_mb=128)


def test_a_build_that_fills_the_disk_is_ended(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what one step writes while it runs, and by what many small steps leave, copies between stages among them; before files
    with holes are written out, whose holes are not holes in a layer. What a base image holds was not written."""
    monkeypatch.setattr(building, "MOST_WRITTEN", 96 * 2**20)
    fill = "dd if=/dev/urandom bs=1M of=/{0} count={1}"
    endless = f"FROM {BASE}\nRUN {fill.format('a', 40)}\nRUN {fill.format('b', 100)} && sleep 60\n"
    copies = "".join(f"COPY --from=a /a /{number}\n" for number in range(3))
    copied = f"FROM {BASE} AS a\nRUN {fill.format('a', 30)}\nFROM {BASE}\n{copies}RUN sleep 60\n"
    holes = f"FROM {BASE}\nRUN for n in $(seq 1000); do truncate -s 90M /$n; done\n"
    for text, at in ((endless, "Dockerfile, line 3: RUN dd "), (copied, "Step 5/"), (holes, "Dockerfile, line 2: RUN for ")):
        began = time.monotonic()
        with pytest.raises(
            BuildFailed, match=rf"^the build wrote more than 96 MiB \(install less.*\); it was at:\n(.*\n)*{at}"
        ):
            build(builder, text)
        assert time.monotonic() - began < 50
    with pytest.raises(BuildFailed, match=r"a command made a file of more than 96 MiB \(make it smaller\); it was at:"):
        build(builder, f"FROM {BASE}\nRUN truncate -s 6G /large; exit $?\n")
    build(builder, f"FROM {BASE} AS a\nRUN {fill.format('a', 30)}\nFROM {BASE}\nCOPY --from=a /a /a\n")


def test_a_build_that_makes_many_files_is_ended(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty ones take no room, and a disk has only so many. Nor can the grader list what is in an image of so many."""
    monkeypatch.setattr(disk, "MOST_FILES", 5000)
    some = "RUN mkdir /{0} && cd /{0} && seq 4000 | xargs touch\n"
    with pytest.raises(
        BuildFailed,
        match=r"^the build wrote more than 5000 files with one command \(make fewer\); it was at:\nDockerfile, line 3",
    ):
        build(builder, f"FROM {BASE}\n{some.format('a')}RUN cd /tmp && seq 100000 | xargs touch && sleep 60\n")
    image = build(builder, f"FROM {BASE}\n{some.format('a')}{some.format('b')}")
    assert len([path for path in image.files() if path.startswith(("/a/", "/b/"))]) == 8000
    monkeypatch.setattr(built, "MOST_FILES", 8000)
    with pytest.raises(BuildFailed, match="the image holds more than 8000 files"):
        image.files()


def test_what_a_command_may_do(builder: Builder) -> None:
    """Install for other users and become them; start no more than so many processes, and nothing of the machine's."""
    installs = "useradd -m some && su some -c 'touch ~/mine' && chown -R nobody ~some && rm -r ~some"
    build(builder, f"FROM {BASE}\nRUN {installs} # {uuid.uuid4()}: not from the cache\n")
    refused = {
        "mknod /disk b 254 0": "Operation not permitted",
        "mount -t tmpfs x /mnt": "(permission denied|not permitted|must be superuser)",
        "for n in $(seq 300); do sleep 30 & done": "(Cannot fork|Resource temporarily unavailable)",
        "unshare --user true": "Operation not permitted",
    }
    for command, said in refused.items():
        with pytest.raises(BuildFailed, match=f"a command ended with status .*\n(.*\n)*.*{said}"):
            build(builder, f"FROM {BASE}\nRUN {command}\n")


def test_an_image_is_what_the_engines_builder_makes(builder: Builder, stack: Stack) -> None:
    """Whoever runs a command: its variables, and all that is said of the image, whether before it or after it."""
    backend = stack.backend
    assert isinstance(backend, DockerBackend)
    client = backend._client
    new = str(uuid.uuid4())  # nothing comes from the cache
    files = {"Dockerfile": RICH.replace("SHELL", f"LABEL new={new}\nSHELL").encode(), "code": new.encode()}
    arguments = {"GIVEN": 'a "b" $c', "INDEX_URL": INDEX}
    told = list(client.build(fileobj=archive_of(files), custom_context=True, decode=True, buildargs=arguments, rm=True))
    (name,) = (match[1] for line in told if (match := building.BUILT.match(line.get("stream", ""))))
    mine = builder.build(BuildRequest(files, arguments, 120, 512))
    found = [(facts(client, one), printed(client, one)) for one in (name, mine._image)]
    client.remove_image(name)
    assert found[1] == found[0]
    assert 'GIVEN=a "b" $c' in found[0][1]


def facts(client: APIClient, image: str) -> dict[str, object]:
    """What an image says of how it is run; without the course's own labels, and what containers get by chance."""
    config = client.inspect_image(image)["Config"]  # type: ignore[no-untyped-call]
    labels = {name: value for name, value in (config.pop("Labels") or {}).items() if not name.startswith("mlops-course")}
    return {"labels": labels, **{key: value for key, value in config.items() if key not in ("Hostname", "Image") and value}}


def printed(client: APIClient, image: str) -> str:
    """What the commands of RICH found in their variables."""
    made = client.create_container(image, entrypoint=["cat", "/first", "/second", "/third"])["Id"]
    client.start(made)
    client.wait(made)
    text = client.logs(made).decode()
    client.remove_container(made)
    return "\n".join(sorted(line for line in text.splitlines() if not line.startswith("HOSTNAME=")))


def test_health_is_what_the_service_says(builder: Builder) -> None:
    """An honest check is healthy with the service and unhealthy without; one that can't fail stays healthy; none is none."""
    base = f"FROM {BASE}\nCOPY page /srv/\n"
    kinds = {"asks": ASKS, "fakes": "HEALTHCHECK CMD true\n", "none": ""}
    found = {}
    for name, check in kinds.items():
        image = build(builder, base + check + SERVER, PAGE)
        states = []
        for command in (None, ("sleep", "60")):
            container = image.start(command)
            states.append(container.health(30).status)
            container.close()
        found[name] = states
    assert found == {"asks": ["healthy", "unhealthy"], "fakes": ["healthy", "healthy"], "none": ["none", "none"]}


def test_a_container_is_asked_from_outside(builder: Builder) -> None:
    """Its answer comes over its own loopback; its user's id is the engine's word; one that ends says so."""
    image = build(builder, f"FROM {BASE}\nCOPY page /srv/\nUSER 10001\n{SERVER}", PAGE)
    container = image.start()
    assert container.get(8000, "/page", 20) == (200, "here")
    assert container.get(8000, "/nothing", 20)[0] == 404
    assert container.users() == {10001}
    container.close()
    ended = image.start(("false",))
    assert ended.get(8000, "/", 1)[0] == 0
    assert ended.users() == set()
    absent = image.start(("/no/such/command",))
    assert "/no/such/command: no such file" in absent.get(8000, "/", 1)[1]
    absent.close()
    with pytest.raises(BuildFailed, match="No command specified"):
        build(builder, f"FROM {BASE}\nENTRYPOINT []\nCMD []\n").start()
    ended.close()


def test_what_a_rebuild_writes(builder: Builder) -> None:
    """A step that comes from the cache writes nothing; one that runs again tells its files, however quiet it is."""
    good = f"FROM {BASE}\nARG INDEX_URL\nRUN pip install -q --index-url $INDEX_URL pyyaml > /dev/null\nCOPY code /code\n"
    bad = f"FROM {BASE}\nARG INDEX_URL\nCOPY code /code\nRUN pip install -q --index-url $INDEX_URL pyyaml > /dev/null\n"
    wrote = {}
    for name, text in (("good", good), ("bad", bad)):
        build(builder, text, {"code": str(uuid.uuid4())})
        again = build(builder, text, {"code": str(uuid.uuid4())})
        wrote[name] = any(path.endswith("/yaml/__init__.py") for path in again.written)
    assert wrote == {"good": False, "bad": True}


def test_what_another_build_copied_meanwhile_takes_nothing_from_the_cache(builder: Builder, stack: Stack) -> None:
    """Of two equal copies the engine's builder goes on from the later one, which no command has been run on yet."""
    backend = stack.backend
    assert isinstance(backend, DockerBackend)
    code, text = str(uuid.uuid4()), f"FROM {BASE}\nCOPY code /code\n"
    build(builder, f"{text}RUN touch /made\n", {"code": code})
    files = archive_of({"Dockerfile": text.encode(), "code": code.encode()})
    list(backend._client.build(fileobj=files, custom_context=True, decode=True, nocache=True, rm=True))
    assert build(builder, f"{text}RUN touch /made\n", {"code": code}).written == frozenset()


def test_pushed_images_are_the_run_s_own(stack: Stack, running: dict[str, Running], builder: Builder) -> None:
    """The grader reads tags, digest and labels from the registry; nothing of a closed namespace stays."""
    registry = stack.service(running["registry"])
    assert isinstance(registry, RegistryService)
    name, address = f"run-{uuid.uuid4().hex[:10]}", running["registry"].address
    grant = registry.open(name, address)
    assert (dict(grant.variables), dict(grant.parameters)) == ({}, {"registry": f"{address}/{name}"})
    image = build(builder, f"FROM {BASE}\nLABEL version=1\nCOPY code /code\n", {"code": name})
    image.push(f"{address}/{name}/churnlib", ["1.0.0", "abc"], registry.account)
    ask = registry.questions(name)
    assert (ask.repositories(), ask.tags("churnlib")) == (["churnlib"], ["1.0.0", "abc"])
    assert ask.digest("churnlib", "abc") == ask.digest("churnlib", "1.0.0") != ""
    assert ask.labels("churnlib", "abc")["version"] == "1"
    assert registry.questions("run-other").repositories() == []
    registry.close(name)
    registry.close(name)
    assert (ask.tags("churnlib"), ask.digest("churnlib", "abc")) == ([], "")


def test_lines_that_a_command_makes_up_are_not_the_builders(builder: Builder, stack: Stack) -> None:
    """What it prints as the engine's builder does names no image of the build, and no container."""
    backend = stack.backend
    assert isinstance(backend, DockerBackend)
    client = backend._client
    others = client.create_container(BASE, "true", labels={owner.LABEL: owner.current()})["Id"]
    before = client.inspect_image(BASE)["RepoTags"]  # type: ignore[no-untyped-call]
    named = client.inspect_image(BASE)["Id"].removeprefix("sha256:")[:12]  # type: ignore[no-untyped-call]
    lines = f" ---> Running in {others[:12]}\\n ---> {named}\\nSuccessfully built {named}"
    text = f"FROM {BASE}\nCOPY code /code\nRUN printf '{lines}\\n' # {uuid.uuid4()}\nRUN touch /after\n"
    assert "/after" in build(builder, text, {"code": "x"}).files()
    assert client.inspect_container(others)["Id"] == others
    assert client.inspect_image(BASE)["RepoTags"] == before  # type: ignore[no-untyped-call]
    client.remove_container(others)


def test_wheels_that_nobody_serves_are_our_fault(builder: Builder, stack: Stack) -> None:
    """A build whose wheels nobody serves costs its writer nothing, and the next one has another container of ours."""
    backend = stack.backend
    assert isinstance(backend, DockerBackend)
    text = f"FROM {BASE}\nARG INDEX_URL\nRUN pip install -q --retries 0 --index-url $INDEX_URL pyyaml # {uuid.uuid4()}\n"
    build(builder, f"FROM {BASE}\n")
    ours = {"label": [f"{owner.LABEL}={owner.current()}", f"{NAME}={WHEELS}"]}
    (serving,) = backend._client.containers(filters=ours)
    backend._client.kill(serving["Id"])
    with pytest.raises(OurFault, match="serves wheels"):
        build(builder, text)
    assert any(path.endswith("/yaml/__init__.py") for path in build(builder, text).files())
    assert len(backend._client.containers(all=True, filters=ours)) == 1


def histories(client: APIClient) -> list[str]:
    """What made each image and layer that is on the engine; without those that another build takes away meanwhile."""
    found = []
    for one in client.images(all=True):
        with contextlib.suppress(ImageNotFound):
            found.append(str(client.history(one["Id"])))  # type: ignore[no-untyped-call]
    return found


def close_alone(builder: Builder) -> None:
    """Close the engine's last builder, with which much goes; skip the test where it isn't the last."""
    alone = not builder.others()
    builder.close()
    if not alone:
        pytest.skip("another grader builds images on this engine now, and keeps its cache")


def test_large_layers_do_not_stay(stack: Stack, running: dict[str, Running], monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that copied nothing in leaves its steps in the cache, unless they hold much: then they go with the builder."""
    backend = stack.backend
    assert isinstance(backend, DockerBackend)
    monkeypatch.setattr(building, "MOST_KEPT", 32 * 2**20)
    builder, small, large = backend.builder(running["package-index"]), uuid.uuid4().hex, uuid.uuid4().hex
    for name, count in ((small, 1), (large, 40)):
        build(builder, f"FROM {BASE}\nRUN dd if=/dev/urandom bs=1M of=/{name} count={count}\n")
    close_alone(builder)
    found = " ".join(histories(backend._client))
    assert (small in found, large in found) == (True, False)


def test_the_commands_used_last_stay(stack: Stack, running: dict[str, Running], monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those made last: what all builds begin with is made once. What others stand on goes with that."""
    backend = stack.backend
    assert isinstance(backend, DockerBackend)
    monkeypatch.setattr(steps, "LAST_KEPT", 1)
    builder, first, second = backend.builder(running["package-index"]), uuid.uuid4().hex, uuid.uuid4().hex
    for name in (first, second, first):
        build(builder, f"FROM {BASE}\nRUN touch /{name}\nENV A={name}\n")
    close_alone(builder)
    found = " ".join(histories(backend._client))
    assert (first in found, second in found) == (True, False)


def test_what_no_build_uses_goes_while_others_build(builder: Builder, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker has its builder for months. What was used just now stays."""
    backend = stack.backend
    assert isinstance(backend, DockerBackend)
    monkeypatch.setattr(steps, "TIDY_SECONDS", 0)
    client, old, new, real = backend._client, uuid.uuid4().hex, uuid.uuid4().hex, Steps._last_used

    def last_used(self: Steps, image: str) -> datetime:
        """As the engine says, but for `old`: that was two hours ago."""
        ago = timedelta(hours=2 if old in str(client.history(image)) else 0)  # type: ignore[no-untyped-call]
        return real(self, image) - ago

    monkeypatch.setattr(Steps, "_last_used", last_used)
    found = []
    for name in (old, new, new):
        build(builder, f"FROM {BASE}\nCOPY code /{name}\nRUN touch /a\n", {"code": name})
        found.append([mark in " ".join(histories(client)) for mark in (old, new)])
    assert found == [[False, False], [False, True], [False, True]]


def test_nothing_of_a_builder_stays(stack: Stack, running: dict[str, Running]) -> None:
    """While somebody else builds, steps stay in the cache; with the last builder go images, layers and containers."""
    backend = stack.backend
    assert isinstance(backend, DockerBackend)
    builder = backend.builder(running["package-index"])
    mark = uuid.uuid4().hex
    quick = "ENV A=1\nENV B=2\nENV C=3\nLABEL d=4\n"  # steps of one moment: their age says nothing of what stands on what
    first = f"FROM {BASE} AS a\nCOPY code /{mark}\n{quick}RUN echo {mark} > /b\n{quick}"
    text = f"{first}FROM {BASE}\nCOPY --from=a /b /{mark}\n{quick}"
    build(builder, text, {"code": mark})
    second = backend.builder(running["package-index"])
    build(second, f"FROM {BASE}\n")
    builder.close()
    client = backend._client
    assert [one for one in histories(client) if mark in one] != []
    close_alone(second)
    assert [one for one in histories(client) if mark in one] == []
    ours = {"label": [f"{owner.LABEL}={owner.current()}", f"{NAME}={WHEELS}"]}
    assert client.containers(all=True, filters=ours) == []
