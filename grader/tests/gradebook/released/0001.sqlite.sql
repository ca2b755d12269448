-- The gradebook's tables of version 0001, as they were made when it was released. Never changed again.
CREATE TABLE course (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_course PRIMARY KEY (id),
    CONSTRAINT uq_course_name UNIQUE (name)
);

CREATE TABLE person (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    full_name TEXT NOT NULL,
    email TEXT,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (id),
    CONSTRAINT uq_person_email UNIQUE (email),
    CONSTRAINT uq_person_name UNIQUE (name)
);

CREATE TABLE enrolment (
    course_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_enrolment PRIMARY KEY (course_id, person_id),
    CONSTRAINT ck_enrolment_known_role CHECK (role IN ('student', 'grader', 'instructor', 'admin')),
    CONSTRAINT fk_enrolment_course_id_course FOREIGN KEY(course_id) REFERENCES course (id),
    CONSTRAINT fk_enrolment_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE TABLE assignment (
    id INTEGER NOT NULL,
    course_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    opens_at DATETIME,
    due_at DATETIME,
    closes_at DATETIME,
    late_policy TEXT NOT NULL,
    counts TEXT NOT NULL,
    max_submissions INTEGER,
    released_at_once BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_assignment PRIMARY KEY (id),
    CONSTRAINT ck_assignment_known_counts CHECK (counts IN ('best', 'last')),
    CONSTRAINT ck_assignment_known_kind CHECK (kind IN ('lab', 'quiz', 'milestone', 'exam')),
    CONSTRAINT fk_assignment_course_id_course FOREIGN KEY(course_id) REFERENCES course (id),
    CONSTRAINT uq_assignment_course_id_name UNIQUE (course_id, name)
);

CREATE TABLE extension (
    id INTEGER NOT NULL,
    assignment_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    due_at DATETIME NOT NULL,
    closes_at DATETIME,
    reason TEXT NOT NULL,
    given_by INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_extension PRIMARY KEY (id),
    CONSTRAINT fk_extension_assignment_id_assignment FOREIGN KEY(assignment_id) REFERENCES assignment (id),
    CONSTRAINT fk_extension_given_by_person FOREIGN KEY(given_by) REFERENCES person (id),
    CONSTRAINT fk_extension_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE TABLE submission (
    id INTEGER NOT NULL,
    assignment_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    blob TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_submission PRIMARY KEY (id),
    CONSTRAINT fk_submission_assignment_id_assignment FOREIGN KEY(assignment_id) REFERENCES assignment (id),
    CONSTRAINT fk_submission_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT uq_submission_assignment_id_person_id_sha256 UNIQUE (assignment_id, person_id, sha256)
);

CREATE TABLE receipt (
    id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    idempotency_key TEXT,
    received_at DATETIME NOT NULL,
    CONSTRAINT pk_receipt PRIMARY KEY (id),
    CONSTRAINT fk_receipt_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_receipt_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id),
    CONSTRAINT uq_receipt_person_id_idempotency_key UNIQUE (person_id, idempotency_key)
);

CREATE TABLE mark (
    id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL,
    "check" TEXT NOT NULL,
    points DOUBLE,
    reason TEXT NOT NULL,
    given_by INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_mark PRIMARY KEY (id),
    CONSTRAINT fk_mark_given_by_person FOREIGN KEY(given_by) REFERENCES person (id),
    CONSTRAINT fk_mark_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id)
);

CREATE TABLE comment (
    id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL,
    "check" TEXT NOT NULL,
    words TEXT NOT NULL,
    written_by INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_comment PRIMARY KEY (id),
    CONSTRAINT fk_comment_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id),
    CONSTRAINT fk_comment_written_by_person FOREIGN KEY(written_by) REFERENCES person (id)
);

CREATE TABLE job (
    id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    lab TEXT NOT NULL,
    lab_version TEXT NOT NULL,
    image TEXT NOT NULL,
    round INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    not_before DATETIME NOT NULL,
    tries INTEGER NOT NULL,
    token INTEGER NOT NULL,
    worker TEXT,
    leased_until DATETIME,
    fault TEXT NOT NULL,
    requested_by INTEGER,
    reason TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    finished_at DATETIME,
    CONSTRAINT pk_job PRIMARY KEY (id),
    CONSTRAINT ck_job_known_state CHECK (state IN ('waiting', 'leased', 'done', 'dead')),
    CONSTRAINT fk_job_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_job_requested_by_person FOREIGN KEY(requested_by) REFERENCES person (id),
    CONSTRAINT fk_job_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id),
    CONSTRAINT uq_job_submission_id_lab_version_image_round UNIQUE (submission_id, lab_version, image, round)
);

CREATE TABLE job_event (
    id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    what TEXT NOT NULL,
    token INTEGER NOT NULL,
    worker TEXT NOT NULL,
    detail TEXT NOT NULL,
    "by" INTEGER,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_job_event PRIMARY KEY (id),
    CONSTRAINT fk_job_event_by_person FOREIGN KEY("by") REFERENCES person (id),
    CONSTRAINT fk_job_event_job_id_job FOREIGN KEY(job_id) REFERENCES job (id)
);

CREATE TABLE attempt (
    id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    token INTEGER NOT NULL,
    worker TEXT NOT NULL,
    lab_version TEXT NOT NULL,
    image TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ours BOOLEAN NOT NULL,
    earned DOUBLE NOT NULL,
    possible DOUBLE NOT NULL,
    result TEXT NOT NULL,
    requested_by INTEGER,
    reason TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (id),
    CONSTRAINT fk_attempt_job_id_job FOREIGN KEY(job_id) REFERENCES job (id),
    CONSTRAINT fk_attempt_requested_by_person FOREIGN KEY(requested_by) REFERENCES person (id),
    CONSTRAINT fk_attempt_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id),
    CONSTRAINT uq_attempt_job_id_token UNIQUE (job_id, token),
    CONSTRAINT uq_attempt_submission_id_number UNIQUE (submission_id, number)
);

CREATE TABLE release (
    id INTEGER NOT NULL,
    attempt_id INTEGER NOT NULL,
    released_by INTEGER,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (id),
    CONSTRAINT fk_release_attempt_id_attempt FOREIGN KEY(attempt_id) REFERENCES attempt (id),
    CONSTRAINT fk_release_released_by_person FOREIGN KEY(released_by) REFERENCES person (id),
    CONSTRAINT uq_release_attempt_id UNIQUE (attempt_id)
);

CREATE INDEX ix_assignment_course_id ON assignment (course_id);

CREATE INDEX ix_enrolment_person_id ON enrolment (person_id);

CREATE INDEX ix_extension_assignment_id ON extension (assignment_id);

CREATE INDEX ix_extension_given_by ON extension (given_by);

CREATE INDEX ix_extension_person_id ON extension (person_id);

CREATE INDEX ix_submission_assignment_id ON submission (assignment_id);

CREATE INDEX ix_submission_person_id ON submission (person_id);

CREATE INDEX ix_comment_submission_id ON comment (submission_id);

CREATE INDEX ix_comment_written_by ON comment (written_by);

CREATE INDEX ix_job_person_id ON job (person_id);

CREATE INDEX ix_job_state ON job (state);

CREATE INDEX ix_job_submission_id ON job (submission_id);

CREATE INDEX ix_mark_given_by ON mark (given_by);

CREATE INDEX ix_mark_submission_id ON mark (submission_id);

CREATE INDEX ix_receipt_person_id ON receipt (person_id);

CREATE INDEX ix_receipt_submission_id ON receipt (submission_id);

CREATE INDEX ix_attempt_job_id ON attempt (job_id);

CREATE INDEX ix_attempt_submission_id ON attempt (submission_id);

CREATE INDEX ix_job_event_job_id ON job_event (job_id);

CREATE UNIQUE INDEX uq_attempt_one_verdict ON attempt (job_id) WHERE NOT ours;

CREATE TRIGGER extension_no_update BEFORE UPDATE ON "extension" BEGIN SELECT RAISE(ABORT, 'extension is append-only'); END;

CREATE TRIGGER extension_no_delete BEFORE DELETE ON "extension" BEGIN SELECT RAISE(ABORT, 'extension is append-only'); END;

CREATE TRIGGER submission_no_update BEFORE UPDATE ON "submission" BEGIN SELECT RAISE(ABORT, 'submission is append-only'); END;

CREATE TRIGGER submission_no_delete BEFORE DELETE ON "submission" BEGIN SELECT RAISE(ABORT, 'submission is append-only'); END;

CREATE TRIGGER receipt_no_update BEFORE UPDATE ON "receipt" BEGIN SELECT RAISE(ABORT, 'receipt is append-only'); END;

CREATE TRIGGER receipt_no_delete BEFORE DELETE ON "receipt" BEGIN SELECT RAISE(ABORT, 'receipt is append-only'); END;

CREATE TRIGGER attempt_no_update BEFORE UPDATE ON "attempt" BEGIN SELECT RAISE(ABORT, 'attempt is append-only'); END;

CREATE TRIGGER attempt_no_delete BEFORE DELETE ON "attempt" BEGIN SELECT RAISE(ABORT, 'attempt is append-only'); END;

CREATE TRIGGER release_no_update BEFORE UPDATE ON "release" BEGIN SELECT RAISE(ABORT, 'release is append-only'); END;

CREATE TRIGGER release_no_delete BEFORE DELETE ON "release" BEGIN SELECT RAISE(ABORT, 'release is append-only'); END;

CREATE TRIGGER mark_no_update BEFORE UPDATE ON "mark" BEGIN SELECT RAISE(ABORT, 'mark is append-only'); END;

CREATE TRIGGER mark_no_delete BEFORE DELETE ON "mark" BEGIN SELECT RAISE(ABORT, 'mark is append-only'); END;

CREATE TRIGGER comment_no_update BEFORE UPDATE ON "comment" BEGIN SELECT RAISE(ABORT, 'comment is append-only'); END;

CREATE TRIGGER comment_no_delete BEFORE DELETE ON "comment" BEGIN SELECT RAISE(ABORT, 'comment is append-only'); END;

CREATE TRIGGER job_event_no_update BEFORE UPDATE ON "job_event" BEGIN SELECT RAISE(ABORT, 'job_event is append-only'); END;

CREATE TRIGGER job_event_no_delete BEFORE DELETE ON "job_event" BEGIN SELECT RAISE(ABORT, 'job_event is append-only'); END;

CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('0001');
