"""`mlops admin webhook`: addresses that are told when something is graded or released."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.cli.admin import By, CourseName, DatabaseOption, admin, open_database, written
from grader.cli.app import say

webhook = typer.Typer(name="webhook", help="Addresses that are told what is graded and released.", no_args_is_help=True)
admin.add_typer(webhook)


@webhook.command()
def add(
    name: CourseName, url: str, by: By,
    event: Annotated[
        list[str] | None, typer.Option("--event", help="attempt.graded | attempt.released; both unless given.")
    ] = None,
    database: DatabaseOption = None,
) -> None:  # fmt: skip
    """Tell an address from now on; prints its secret, this once.

    The secret signs what is sent there.
    """
    import base64
    import secrets

    from grader.gradebook import outbox, roster

    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    with written(database) as (session, now):
        course, who = roster.course(session, name), roster.person(session, by)
        hook = outbox.add(session, now, course, url, secret, event or outbox.EVENTS, who)
    say(f"webhook {hook.id} is told of {hook.events}; `mlops worker` sends; the secret:")
    typer.echo(secret)


@webhook.command(name="list")
def list_them(database: DatabaseOption = None) -> None:
    """Every webhook, and how its messages fare.

    How many wait, arrived and were given up, and what the last try came to.
    """
    from sqlalchemy import func, select

    from grader.gradebook.tables import Course, Delivery, Webhook

    with open_database(database).reading() as session:
        counted = select(Delivery.webhook_id, Delivery.state, func.count()).group_by(Delivery.webhook_id, Delivery.state)
        counts = {(hook, state): count for hook, state, count in session.execute(counted)}
        hooks = session.execute(select(Webhook, Course.name).join(Course).order_by(Webhook.id)).all()
        for hook, course in hooks:
            tried = select(Delivery.answer).where(Delivery.webhook_id == hook.id, Delivery.answer != "")
            last = session.scalar(tried.order_by(Delivery.id.desc()).limit(1)) or "nothing sent yet"
            states = "  ".join(f"{state} {counts.get((hook.id, state), 0)}" for state in ("waiting", "done", "dead"))
            on = "on" if hook.active else "off"
            typer.echo(f"webhook {hook.id}  {on}  {course}  {hook.url}  {hook.events}  {states}  last: {last}")


@webhook.command()
def off(webhook: int, database: DatabaseOption = None) -> None:
    """Tell an address nothing any more."""
    from grader.gradebook import outbox

    with written(database) as (session, now):
        hook = outbox.stop(session, now, webhook)
    say(f"webhook {hook.id} is off")


@webhook.command()
def send(database: DatabaseOption = None) -> None:
    """Send what waits and may be sent now, without a worker."""
    from grader.exchange.sender import Sender

    say(f"{Sender(open_database(database)).send_all()} message(s) sent or tried")
