# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.1
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] id="title"
# # An image that can be trusted
#
# After this page you can say what a layer is by having made one, order a Dockerfile so that its expensive step runs once a month and not once a commit, and read an image's weak points before its first pull.

# %% [markdown] id="before-you-start"
# A notebook in a sandbox has no Docker: whoever can talk to its socket owns the machine. So the cells below build layers by hand and check Dockerfiles with a linter, right here. Commands that need Docker stand in grey boxes; this notebook does not run them. The course's tests do, in this order, with the files that the cells write. If you have Docker, run them in a terminal, in this folder (`cd lessons`), after `export UV_DEFAULT_INDEX=` with the address that the next cell prints.

# %% id="setup"
import hashlib, io, json, os, re, subprocess, sys, tarfile
from pathlib import Path

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
os.environ.update(UV_CACHE_DIR=str(Path("cache").resolve()), UV_PYTHON=sys.executable, UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1", NO_COLOR="1")

def sh(command):
    """Exit code of a shell command, and all that it says."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).strip()

print(sh("hadolint --version")[1])
print("export UV_DEFAULT_INDEX=" + os.environ.get("UV_DEFAULT_INDEX", ""))

# %% [markdown] id="p1-failure"
# ## 1. The image that took the evening
#
# 18:05. A fix of one line. The image is built: 9 minutes. Pushed: 2.4 GB, 6 minutes. Twelve nodes pull it: 8 minutes each, through one link. The fix is live at 19:10, and at 19:30 security writes: the image contains gcc, git and a test suite, it runs as root, and there was a password in it. "We deleted that file", says the developer. In the next layer.
#
# All of that follows from one thing, what a layer is. Make two by hand: the first has the password, the second deletes it.

# %% id="two-layers"
def layer(files):
    """A layer: a tar of what changed, with fixed dates, so that equal content gives equal bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()

def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()

copied = layer({"app/main.py": "print('scores')\n", "app/.env": "PASSWORD=hunter2\n"})
deleted = layer({"app/.wh..env": ""})          # how a layer says "this file is gone"

def seen(layers):
    """What a container sees: the layers, one over the other."""
    files = {}
    for content in layers:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for entry in tar:
                folder, _, name = entry.name.rpartition("/")
                if name.startswith(".wh."):
                    files.pop(f"{folder}/{name[4:]}", None)
                else:
                    files[entry.name] = tar.extractfile(entry).read().decode()
    return files

print("the container sees:", list(seen([copied, deleted])))
print("whoever pulls has :", b"hunter2" in copied, digest(copied)[:19])
assert "app/.env" not in seen([copied, deleted]) and b"hunter2" in copied

# %% [markdown] id="p1-idea"
# **An image is a list of tars and a page of JSON.** Each tar is named by the hash of its bytes; later ones hide earlier ones, and nothing is ever taken out. So: a password that was copied once is in the image for good (change it, today). A file that one step makes and the next one removes is still pulled by every node. And equal bytes have equal names, so what a node has it never pulls again.
#
# *Source: OCI image specification, "Image Layer Filesystem Changeset" (whiteouts).*
#
# The JSON is short. Here is a whole image, in the layout that registries store, of our two layers.

# %% id="whole-image"
blobs = {digest(content): content for content in (copied, deleted)}
def put(value):
    content = json.dumps(value, sort_keys=True).encode()
    blobs[digest(content)] = content
    return {"digest": digest(content), "size": len(content)}

config = put({"architecture": "amd64", "os": "linux", "config": {"User": "10001", "Cmd": ["python", "/app/main.py"], "Labels": {"org.opencontainers.image.revision": "4f1c2d7"}}, "rootfs": {"type": "layers", "diff_ids": [digest(copied), digest(deleted)]}})
manifest = put({"schemaVersion": 2, "config": config, "layers": [{"digest": digest(c), "size": len(c)} for c in (copied, deleted)]})
print("the image's name is", manifest["digest"][:19])
for name, content in blobs.items():
    print(f"  {name[:19]}  {len(content):>6,} bytes  {content[:34]!r}")
again = digest(json.dumps(json.loads(blobs[manifest["digest"]]), sort_keys=True).encode())
assert again == manifest["digest"] and len(blobs) == 4

# %% [markdown] id="p1-tags"
# **The name that can't lie is the digest.** A tag (`1.0.0`, `latest`) is a note on the registry that points at a digest, and anyone with the right to push may move it. Deploy by digest, or by a tag that your rules never move: the version, the commit. With `latest` on twelve nodes you have up to twelve answers to "what runs?".
#
# **At 3 a.m.** the question is "which code is this?". The label `org.opencontainers.image.revision` answers it, if somebody set it.

# %% [markdown] id="p2-failure"
# ## 2. A Dockerfile as it is written first
#
# It doesn't even build (`apt-get` asks a question that nobody answers), and that is the least of it. Read what a linter that knows Dockerfiles, hadolint, says; the numbers stand in front of its lines.

# %% id="first-dockerfile"
# %%writefile Dockerfile.first
FROM python:latest
ADD . /app
WORKDIR /app
RUN apt-get update && apt-get install gcc
RUN pip install -r requirements.txt
CMD python -m churnlib.service

# %% id="lint-first" language="bash"
# hadolint --no-color Dockerfile.first; true

# %% id="lint-first-2"
findings = set(re.findall(r"DL\d+", sh("hadolint --no-color Dockerfile.first")[1]))
assert {"DL3007", "DL3020", "DL3025"} <= findings
print(f"{len(findings)} rules broken; by whom it will be noticed is in the table")

# %% [markdown] id="p2-idea"
# | line | what happens | who notices, when |
# |---|---|---|
# | `FROM python:latest` | another Python one day | nobody deployed anything, and it broke |
# | `ADD . /app` first | every commit changes this layer, and all that stand on it are built again | whoever waits 9 minutes for one line |
# | `gcc` in the image | hundreds of MB and a tool for intruders | security, at 19:30 |
# | no `USER` | root, also outside if a volume is mounted | whoever cleans up after it |
# | `CMD python …` as text | a shell is process 1, and doesn't pass SIGTERM on | every stop takes 10 s and ends in a kill |
# | no `HEALTHCHECK`, no probe | "running" means that a process exists | the customer |
#
# *Source: Docker documentation, "docker stop" (SIGTERM, then SIGKILL after 10 seconds) and "Dockerfile reference".*

# %% [markdown] id="p3-idea"
# ## 3. Order is speed
#
# The rule of the cache: *a step is taken from the cache when the image before it and its own text are the same, and, for `COPY`, the bytes that it copies.* After the first miss everything is built. You can compute which steps a commit will cost; here are ten lines that do.

# %% id="cache-rule"
def costs(steps, changed):
    """The steps that run again when the files in `changed` have changed."""
    missed, run = False, []
    for step in steps:
        words = step.split()
        if words[0] == "COPY":
            sources = words[1:-1]
            missed = missed or "." in sources or bool(set(sources) & changed)
        run += [step] if missed else []
    return run

source_first = ["COPY . /app", "RUN uv sync --locked", "CMD serve"]
lock_first = ["COPY pyproject.toml uv.lock ./", "RUN uv sync --locked --no-install-project", "COPY src ./src", "RUN uv sync --locked --no-editable", "CMD serve"]
for name, steps in (("source first", source_first), ("lock first", lock_first)):
    print(f"{name:13} a change in src runs:", [s.split(" --")[0] for s in costs(steps, {"src"})])
assert "RUN uv sync --locked --no-install-project" not in costs(lock_first, {"src"})
assert "RUN uv sync --locked --no-install-project" in costs(lock_first, {"uv.lock"})

# %% [markdown] id="p3-stages"
# **What changes seldom goes first.** The lock changes once a week, the source forty times a day: copy the lock, install what it names, and only then copy the source.
#
# **And two stages.** Build where the tools are; then start from a clean base and copy the result. What you don't copy isn't in the image: not the compiler, not uv, not the layer with the password.

# %% id="good-dockerfile"
# %%writefile Dockerfile
FROM python:3.11-slim-bookworm AS build
ARG INDEX_URL=https://pypi.org/simple
ENV PIP_INDEX_URL=$INDEX_URL UV_DEFAULT_INDEX=$INDEX_URL UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project
COPY src ./src
RUN uv sync --locked --no-dev --no-editable

FROM python:3.11-slim-bookworm
ARG REVISION=unknown
LABEL org.opencontainers.image.revision=$REVISION
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin app
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/', timeout=2)"]
CMD ["python", "-m", "hello"]

# %% id="project" language="bash"
# set -eu
# mkdir -p src/hello && cat > pyproject.toml <<'TOML'
# [project]
# name = "hello"
# version = "1.0.0"
# requires-python = ">=3.11,<3.12"
# dependencies = ["pyyaml"]
#
# [build-system]
# requires = ["hatchling"]
# build-backend = "hatchling.build"
# TOML
# cat > src/hello/__init__.py <<'PY'
# """Says what it runs with."""
# PY
# cat > src/hello/__main__.py <<'PY'
# from http.server import HTTPServer, SimpleHTTPRequestHandler
#
# import yaml
#
# print("PyYAML", yaml.__version__, flush=True)
# HTTPServer(("0.0.0.0", 8000), SimpleHTTPRequestHandler).serve_forever()
# PY
# printf '%s\n' '*' '!pyproject.toml' '!uv.lock' '!src' > .dockerignore
# uv lock -q && hadolint --no-color Dockerfile && echo "hadolint has nothing to say"

# %% [markdown] id="p3-ignore"
# `.dockerignore` says here: *nothing, but these*. The other way round, a list of what to leave out, forgets the file that is added next year. It also keeps `.env`, `.git` and your `.venv` of another platform out of `COPY .`.
#
# Build it, build it again after a change in the source, and look for `CACHED` beside the expensive step. The build argument hands in the course's index; `--network host` lets the build reach it on this machine (Linux).

# %% [markdown] id="docker-build" tags=["docker"]
# ```sh
# docker build -q --network host --build-arg INDEX_URL="$UV_DEFAULT_INDEX" --build-arg REVISION=4f1c2d7 -t hello:4f1c2d7 .
# echo '# changed' >> src/hello/__init__.py
# docker build --progress plain --network host --build-arg INDEX_URL="$UV_DEFAULT_INDEX" --build-arg REVISION=4f1c2d7 -t hello:4f1c2d7 . 2>&1 | grep -B 1 CACHED | grep 'no-install-project'
# ```

# %% [markdown] id="p4-idea"
# ## 4. Not root, and honestly healthy
#
# Four questions for any image, yours or another's, before it runs anywhere. None of them needs its source.

# %% [markdown] id="docker-inspect" tags=["docker"]
# ```sh
# docker image inspect hello:4f1c2d7 --format 'user {{.Config.User}}, {{len .RootFS.Layers}} layers, health {{.Config.Healthcheck.Test}}'
# docker image inspect hello:4f1c2d7 --format '{{.Config.User}}' | grep -x 10001
# docker history hello:4f1c2d7 --format '{{.Size}} {{.CreatedBy}}' | head -n 8
# docker run --rm --entrypoint sh hello:4f1c2d7 -c 'id -u; ! command -v gcc; ! command -v uv'
# ```

# %% [markdown] id="p4-health"
# **A health check that can't fail is worse than none**: it keeps the dead in the load balancer. Write `HEALTHCHECK CMD true`, and the container is healthy for as long as it exists. So test the check the way you test tests: start the image with something else in place of the service, and see it turn *unhealthy*.

# %% [markdown] id="docker-health" tags=["docker"]
# ```sh
# docker run -d --name hello-up --health-interval 1s --health-retries 2 hello:4f1c2d7
# docker run -d --name hello-down --health-interval 1s --health-retries 2 --entrypoint sleep hello:4f1c2d7 60
# timeout 30 sh -c 'until [ "$(docker inspect -f {{.State.Health.Status}} hello-up)" = healthy ]; do sleep 0.3; done'
# timeout 30 sh -c 'until [ "$(docker inspect -f {{.State.Health.Status}} hello-down)" = unhealthy ]; do sleep 0.3; done'
# docker rm -f hello-up hello-down
# ```

# %% id="fake-health"
honest = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8009/', timeout=2)"
server = subprocess.Popen([sys.executable, "-m", "http.server", "8009", "--bind", "127.0.0.1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    up = next(code for _ in range(100) for code in [subprocess.run([sys.executable, "-c", honest], capture_output=True).returncode] if code == 0)
finally:
    server.terminate(), server.wait()
down = subprocess.run([sys.executable, "-c", honest], capture_output=True).returncode
print({"honest check": {"service up": up, "service down": down}, "HEALTHCHECK CMD true": {"service up": 0, "service down": sh("true")[0]}})
assert up == 0 and down != 0

# %% [markdown] id="p4-wrong"
# *Ready* is another question than *alive*: a service that is loading its model lives and must get no traffic yet. Kubernetes asks the two apart, and ignores HEALTHCHECK altogether (module 10).
#
# *Source: Kubernetes documentation, "Configure Liveness, Readiness and Startup Probes".*

# %% [markdown] id="p5-idea"
# ## 5. More than one container
#
# `compose.yaml` writes down what you would type: images, ports, volumes, who waits for whom. `depends_on` alone waits for a *start*; with `condition: service_healthy` it waits for health, and your health check has its first customer. `init: true` puts a tiny process 1 in front: Python as process 1 ignores SIGTERM unless it handles it, and a stop would take its 10 seconds in spite of the list after `CMD`.

# %% id="compose-file"
# %%writefile compose.yaml
services:
  scorer:
    image: hello:4f1c2d7
    init: true
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    mem_limit: 256m
    ports: ["127.0.0.1:8010:8000"]
    healthcheck: {interval: 1s, retries: 10}
  caller:
    image: hello:4f1c2d7
    depends_on:
      scorer: {condition: service_healthy}
    command: ["python", "-c", "import urllib.request; print(urllib.request.urlopen('http://scorer:8000/').status)"]

# %% id="compose-read"
import yaml
compose = yaml.safe_load(Path("compose.yaml").read_text())
scorer = compose["services"]["scorer"]
assert scorer["read_only"] and scorer["cap_drop"] == ["ALL"] and scorer["ports"] == ["127.0.0.1:8010:8000"]
print("published on loopback only:", scorer["ports"][0].startswith("127.0.0.1:"))

# %% [markdown] id="docker-compose" tags=["docker"]
# ```sh
# docker compose up --exit-code-from caller --abort-on-container-exit
# docker compose down
# docker image rm -f hello:4f1c2d7
# ```

# %% [markdown] id="p5-wrong"
# Write the address in front of the port. `"8000:8000"` publishes on every interface, and Docker's rules stand before those of `ufw`: a database that "the firewall blocks" has been found on the internet that way more than once.
#
# *Source: Docker documentation, "Packet filtering and firewalls".*
#
# **At 3 a.m.** Roll back by digest; don't rebuild. A rebuild at night gets a new base, a cold cache and whatever the index serves now. If you must know why it is unhealthy: `docker inspect` keeps the last five outputs of its check.
#
# **Where the tool stops.** An image freezes what you put in, the holes of last year's base included: build it anew every week, from the same lock, and scan it (module 13). Compose runs one machine; many are Kubernetes' work (10). And all of it knows nothing about data: a frozen image reads whatever `customers.csv` is today. That is the next module.
