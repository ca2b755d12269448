"""An S3 store (SeaweedFS) for what is handed in. Only its S3 port leaves the loopback.

Who may do what stands in the file that S3_IDENTITIES_FILE names, in SeaweedFS's own form.
"""

import contextlib
import os
import signal
import subprocess
import sys

DATA = os.environ.get("S3_DATA", "/data/s3")
COMMAND = (
    "weed", "-logtostderr=true", "server", f"-dir={DATA}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
    "-master.peers=none", "-master.telemetry=false", "-master.volumeSizeLimitMB=1024", "-volume.max=2000",
    "-volume.preStopSeconds=0", "-filer=true", "-filer.disableHttp=true",
    "-s3=true", "-s3.ip.bind=0.0.0.0", "-s3.port=8333", "-s3.port.iceberg=0", "-s3.port.lance=0",
    f"-s3.config={os.environ.get('S3_IDENTITIES_FILE', '/secrets/identities.json')}",
)  # fmt: skip


def main() -> int:
    """Serve until told to stop."""
    os.makedirs(DATA, exist_ok=True)  # noqa: PTH103
    # A bucket is a collection, and its first object would otherwise make seven volume files at once.
    weed = subprocess.Popen(COMMAND, env={**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"})

    told = list[int]()

    def stop(number: int, _: object) -> None:
        told.append(number)
        weed.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):  # its filer waits for its own S3 gateway to hang up
            weed.wait(2)
        weed.kill()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    code = weed.wait()
    return 0 if told else code


if __name__ == "__main__":
    sys.exit(main())
