"""The first tables.

Revision: 0001, the first
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
APPEND_ONLY = ("extension", "submission", "receipt", "attempt", "release", "mark", "comment", "job_event")
INDEXED = {
    "assignment": ("course_id",),
    "enrolment": ("person_id",),
    "extension": (
        "assignment_id",
        "given_by",
        "person_id",
    ),
    "submission": (
        "assignment_id",
        "person_id",
    ),
    "comment": (
        "submission_id",
        "written_by",
    ),
    "job": (
        "person_id",
        "state",
        "submission_id",
    ),
    "mark": (
        "given_by",
        "submission_id",
    ),
    "receipt": (
        "person_id",
        "submission_id",
    ),
    "attempt": (
        "job_id",
        "submission_id",
    ),
    "job_event": ("job_id",),
}


def upgrade() -> None:
    """Make the tables, their indexes, and the triggers that keep history as it is."""
    _people()
    _work()
    _jobs()
    _verdicts()
    for table, columns in INDEXED.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    only = sa.text("NOT ours")
    op.create_index("uq_attempt_one_verdict", "attempt", ["job_id"], unique=True, sqlite_where=only, postgresql_where=only)
    _keep_history()


def _people() -> None:
    """Who is in a course, and what is asked of them."""
    op.create_table(
        "course",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("name", name=op.f("uq_course_name")),
    )
    op.create_table(
        "person",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
        sa.UniqueConstraint("name", name=op.f("uq_person_name")),
    )
    op.create_table(
        "enrolment",
        sa.Column("course_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("role IN ('student', 'grader', 'instructor', 'admin')", name=op.f("ck_enrolment_known_role")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_enrolment_course_id_course")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id_person")),
        sa.PrimaryKeyConstraint("course_id", "person_id", name=op.f("pk_enrolment")),
    )
    op.create_table(
        "assignment",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("course_id", NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("opens_at", MOMENT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("closes_at", MOMENT, nullable=True),
        sa.Column("late_policy", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("max_submissions", NUMBER, nullable=True),
        sa.Column("released_at_once", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("counts IN ('best', 'last')", name=op.f("ck_assignment_known_counts")),
        sa.CheckConstraint("kind IN ('lab', 'quiz', 'milestone', 'exam')", name=op.f("ck_assignment_known_kind")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_assignment_course_id_course")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("course_id", "name", name=op.f("uq_assignment_course_id_name")),
    )
    op.create_table(
        "extension",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("assignment_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", NUMBER, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_extension_assignment_id_assignment")),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"], name=op.f("fk_extension_given_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_extension_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension")),
    )


def _work() -> None:
    """What was handed in, and what people said of it."""
    op.create_table(
        "submission",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("assignment_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("blob", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_submission_assignment_id_assignment")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_submission_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("assignment_id", "person_id", "sha256", name=op.f("uq_submission_assignment_id_person_id_sha256")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("submission_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_receipt_person_id_person")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_receipt_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("person_id", "idempotency_key", name=op.f("uq_receipt_person_id_idempotency_key")),
    )
    op.create_table(
        "mark",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("submission_id", NUMBER, nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("points", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", NUMBER, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"], name=op.f("fk_mark_given_by_person")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_mark_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark")),
    )
    op.create_table(
        "comment",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("submission_id", NUMBER, nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_by", NUMBER, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_comment_submission_id_submission")),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_comment_written_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )


def _jobs() -> None:
    """What is to be graded."""
    op.create_table(
        "job",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("submission_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("lab", sa.Text(), nullable=False),
        sa.Column("lab_version", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("round", NUMBER, nullable=False),
        sa.Column("priority", NUMBER, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("token", NUMBER, nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("leased_until", MOMENT, nullable=True),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("requested_by", NUMBER, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'leased', 'done', 'dead')", name=op.f("ck_job_known_state")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_job_person_id_person")),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_job_requested_by_person")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_job_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint(
            "submission_id", "lab_version", "image", "round", name=op.f("uq_job_submission_id_lab_version_image_round")
        ),
    )
    op.create_table(
        "job_event",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("job_id", NUMBER, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("token", NUMBER, nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("by", NUMBER, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_job_event_by_person")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_event_job_id_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_event")),
    )


def _verdicts() -> None:
    """What came out."""
    op.create_table(
        "attempt",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("submission_id", NUMBER, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("job_id", NUMBER, nullable=False),
        sa.Column("token", NUMBER, nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("lab_version", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("earned", sa.Double(), nullable=False),
        sa.Column("possible", sa.Double(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("requested_by", NUMBER, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_attempt_job_id_job")),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_attempt_requested_by_person")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_attempt_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("job_id", "token", name=op.f("uq_attempt_job_id_token")),
        sa.UniqueConstraint("submission_id", "number", name=op.f("uq_attempt_submission_id_number")),
    )
    op.create_table(
        "release",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("attempt_id", NUMBER, nullable=False),
        sa.Column("released_by", NUMBER, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_release_attempt_id_attempt")),
        sa.ForeignKeyConstraint(["released_by"], ["person.id"], name=op.f("fk_release_released_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_release_attempt_id")),
    )


def _keep_history() -> None:
    """No row of these tables is ever changed or deleted, whoever asks."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table in APPEND_ONLY:
        for change in ("UPDATE", "DELETE") if sqlite else ("UPDATE", "DELETE", "TRUNCATE"):
            head = f'CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON "{table}"'
            op.execute(
                f"{head} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                if sqlite
                else f"{head} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
