"""PostgreSQL for the gradebook: makes the cluster at the first start, and ends cleanly when it is told to.

The password of the owner of `gradebook` is read from the file that POSTGRES_PASSWORD_FILE names; what is in it at a later
start holds from then on.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

CLUSTER = Path(os.environ.get("PGDATA", "/data/postgres"))
OWNER, DATABASE = "mlops", "gradebook"
ACCESS = "host all all all scram-sha-256\n"
SETTINGS = (
    "listen_addresses=*",
    "unix_socket_directories=",
    "password_encryption=scram-sha-256",
    "max_connections=200",
    "jit=off",
)


def main() -> int:
    """Serve until told to stop; returns PostgreSQL's exit code."""
    password = Path(os.environ["POSTGRES_PASSWORD_FILE"]).read_text(encoding="utf-8").strip()
    if not CLUSTER.exists():
        create(CLUSTER)
    with tempfile.TemporaryDirectory() as folder:
        access = Path(folder, "pg_hba.conf")
        access.write_text(ACCESS, encoding="utf-8")
        set_password(password)
        options = [word for setting in (*SETTINGS, f"hba_file={access}") for word in ("-c", setting)]
        server = subprocess.Popen(["postgres", "-D", CLUSTER, *options])
        # SIGTERM means "wait until every client has gone" to PostgreSQL; SIGINT means "stop now, cleanly".
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.send_signal(signal.SIGINT))
        return server.wait()


def create(cluster: Path) -> None:
    """A cluster with the gradebook's database and its owner, whole or not at all."""
    new = cluster.with_name("new")
    subprocess.run(["rm", "-rf", new], check=True)  # of a creation that was interrupted
    locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    subprocess.run(["initdb", f"--pgdata={new}", *locale, "--username=postgres", "--auth=reject"], check=True)
    alone(new, f"CREATE ROLE {OWNER} LOGIN;\n\nCREATE DATABASE {DATABASE} OWNER {OWNER};\n\n"
               "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;\n\n")  # fmt: skip
    new.rename(cluster)


def set_password(password: str) -> None:
    """Before the server listens: nobody needs to be let in for it."""
    quoted = password.replace("'", "''")
    alone(CLUSTER, f"ALTER ROLE {OWNER} PASSWORD '{quoted}';\n\n")


def alone(cluster: Path, statements: str) -> None:
    """Run statements without a server."""
    command = ["postgres", "--single", "-j", "-D", cluster, "postgres"]
    subprocess.run(command, input=statements.encode(), stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    sys.exit(main())
