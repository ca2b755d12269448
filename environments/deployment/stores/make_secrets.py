"""Makes what the services of one installation know each other by, once: random, in a folder that only they can read.

Files that are there already stay, so one's own can be put there first.
"""

import json
import os
import secrets
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Write the files that aren't there."""
    password = once(folder / "postgres-password", secrets.token_hex(24)).strip()
    once(folder / "pgpass", f"*:*:gradebook:mlops:{password}\n")  # by PGPASSFILE
    key = once(folder / "s3-secret-key", secrets.token_hex(24)).strip()
    once(folder / "s3-credentials", f"[default]\naws_access_key_id = mlops\naws_secret_access_key = {key}\n")
    identity = {"name": "mlops", "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    identity["credentials"] = [{"accessKey": "mlops", "secretKey": key}]
    once(folder / "identities.json", json.dumps({"identities": [identity]}))


def once(file: Path, text: str) -> str:
    """What the file holds, which is the text if it was not there; only its owner may read it."""
    if not file.exists():
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(text, encoding="utf-8")
        new.rename(file)
    return file.read_text(encoding="utf-8")


if __name__ == "__main__":
    os.umask(0o077)
    main(Path(sys.argv[1]))
