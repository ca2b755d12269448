-- The gradebook's tables of version 0001, as they were made when it was released. Never changed again.
CREATE TABLE course (
    id BIGSERIAL NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_course PRIMARY KEY (id),
    CONSTRAINT uq_course_name UNIQUE (name)
);

CREATE TABLE person (
    id BIGSERIAL NOT NULL,
    name TEXT NOT NULL,
    full_name TEXT NOT NULL,
    email TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (id),
    CONSTRAINT uq_person_email UNIQUE (email),
    CONSTRAINT uq_person_name UNIQUE (name)
);

CREATE TABLE enrolment (
    course_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    role TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_enrolment PRIMARY KEY (course_id, person_id),
    CONSTRAINT ck_enrolment_known_role CHECK (role IN ('student', 'grader', 'instructor', 'admin')),
    CONSTRAINT fk_enrolment_course_id_course FOREIGN KEY(course_id) REFERENCES course (id),
    CONSTRAINT fk_enrolment_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE TABLE assignment (
    id BIGSERIAL NOT NULL,
    course_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    opens_at TIMESTAMP WITH TIME ZONE,
    due_at TIMESTAMP WITH TIME ZONE,
    closes_at TIMESTAMP WITH TIME ZONE,
    late_policy TEXT NOT NULL,
    counts TEXT NOT NULL,
    max_submissions BIGINT,
    released_at_once BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_assignment PRIMARY KEY (id),
    CONSTRAINT ck_assignment_known_counts CHECK (counts IN ('best', 'last')),
    CONSTRAINT ck_assignment_known_kind CHECK (kind IN ('lab', 'quiz', 'milestone', 'exam')),
    CONSTRAINT fk_assignment_course_id_course FOREIGN KEY(course_id) REFERENCES course (id),
    CONSTRAINT uq_assignment_course_id_name UNIQUE (course_id, name)
);

CREATE TABLE extension (
    id BIGSERIAL NOT NULL,
    assignment_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closes_at TIMESTAMP WITH TIME ZONE,
    reason TEXT NOT NULL,
    given_by BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_extension PRIMARY KEY (id),
    CONSTRAINT fk_extension_assignment_id_assignment FOREIGN KEY(assignment_id) REFERENCES assignment (id),
    CONSTRAINT fk_extension_given_by_person FOREIGN KEY(given_by) REFERENCES person (id),
    CONSTRAINT fk_extension_person_id_person FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE TABLE submission (
    id BIGSERIAL NOT NULL,
    assignment_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    blob TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_submission PRIMARY KEY (id),
    CONSTRAINT fk_submission_assignment_id_assignment FOREIGN KEY(assignment_id) REFERENCES assignment (id),
    CONSTRAINT fk_submission_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT uq_submission_assignment_id_person_id_sha256 UNIQUE (assignment_id, person_id, sha256)
);

CREATE TABLE receipt (
    id BIGSERIAL NOT NULL,
    submission_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    idempotency_key TEXT,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_receipt PRIMARY KEY (id),
    CONSTRAINT fk_receipt_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_receipt_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id),
    CONSTRAINT uq_receipt_person_id_idempotency_key UNIQUE (person_id, idempotency_key)
);

CREATE TABLE mark (
    id BIGSERIAL NOT NULL,
    submission_id BIGINT NOT NULL,
    "check" TEXT NOT NULL,
    points DOUBLE PRECISION,
    reason TEXT NOT NULL,
    given_by BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_mark PRIMARY KEY (id),
    CONSTRAINT fk_mark_given_by_person FOREIGN KEY(given_by) REFERENCES person (id),
    CONSTRAINT fk_mark_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id)
);

CREATE TABLE comment (
    id BIGSERIAL NOT NULL,
    submission_id BIGINT NOT NULL,
    "check" TEXT NOT NULL,
    words TEXT NOT NULL,
    written_by BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_comment PRIMARY KEY (id),
    CONSTRAINT fk_comment_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id),
    CONSTRAINT fk_comment_written_by_person FOREIGN KEY(written_by) REFERENCES person (id)
);

CREATE TABLE job (
    id BIGSERIAL NOT NULL,
    submission_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    lab TEXT NOT NULL,
    lab_version TEXT NOT NULL,
    image TEXT NOT NULL,
    round BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    state TEXT NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE NOT NULL,
    tries BIGINT NOT NULL,
    token BIGINT NOT NULL,
    worker TEXT,
    leased_until TIMESTAMP WITH TIME ZONE,
    fault TEXT NOT NULL,
    requested_by BIGINT,
    reason TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_job PRIMARY KEY (id),
    CONSTRAINT ck_job_known_state CHECK (state IN ('waiting', 'leased', 'done', 'dead')),
    CONSTRAINT fk_job_person_id_person FOREIGN KEY(person_id) REFERENCES person (id),
    CONSTRAINT fk_job_requested_by_person FOREIGN KEY(requested_by) REFERENCES person (id),
    CONSTRAINT fk_job_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id),
    CONSTRAINT uq_job_submission_id_lab_version_image_round UNIQUE (submission_id, lab_version, image, round)
);

CREATE TABLE job_event (
    id BIGSERIAL NOT NULL,
    job_id BIGINT NOT NULL,
    what TEXT NOT NULL,
    token BIGINT NOT NULL,
    worker TEXT NOT NULL,
    detail TEXT NOT NULL,
    by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_job_event PRIMARY KEY (id),
    CONSTRAINT fk_job_event_by_person FOREIGN KEY(by) REFERENCES person (id),
    CONSTRAINT fk_job_event_job_id_job FOREIGN KEY(job_id) REFERENCES job (id)
);

CREATE TABLE attempt (
    id BIGSERIAL NOT NULL,
    submission_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    job_id BIGINT NOT NULL,
    token BIGINT NOT NULL,
    worker TEXT NOT NULL,
    lab_version TEXT NOT NULL,
    image TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ours BOOLEAN NOT NULL,
    earned DOUBLE PRECISION NOT NULL,
    possible DOUBLE PRECISION NOT NULL,
    result TEXT NOT NULL,
    requested_by BIGINT,
    reason TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (id),
    CONSTRAINT fk_attempt_job_id_job FOREIGN KEY(job_id) REFERENCES job (id),
    CONSTRAINT fk_attempt_requested_by_person FOREIGN KEY(requested_by) REFERENCES person (id),
    CONSTRAINT fk_attempt_submission_id_submission FOREIGN KEY(submission_id) REFERENCES submission (id),
    CONSTRAINT uq_attempt_job_id_token UNIQUE (job_id, token),
    CONSTRAINT uq_attempt_submission_id_number UNIQUE (submission_id, number)
);

CREATE TABLE release (
    id BIGSERIAL NOT NULL,
    attempt_id BIGINT NOT NULL,
    released_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
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

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;

CREATE TRIGGER extension_no_update BEFORE UPDATE ON "extension" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER extension_no_delete BEFORE DELETE ON "extension" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER extension_no_truncate BEFORE TRUNCATE ON "extension" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER submission_no_update BEFORE UPDATE ON "submission" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER submission_no_delete BEFORE DELETE ON "submission" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER submission_no_truncate BEFORE TRUNCATE ON "submission" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER receipt_no_update BEFORE UPDATE ON "receipt" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER receipt_no_delete BEFORE DELETE ON "receipt" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER receipt_no_truncate BEFORE TRUNCATE ON "receipt" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER attempt_no_update BEFORE UPDATE ON "attempt" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER attempt_no_delete BEFORE DELETE ON "attempt" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER attempt_no_truncate BEFORE TRUNCATE ON "attempt" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER release_no_update BEFORE UPDATE ON "release" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER release_no_delete BEFORE DELETE ON "release" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER release_no_truncate BEFORE TRUNCATE ON "release" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER mark_no_update BEFORE UPDATE ON "mark" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER mark_no_delete BEFORE DELETE ON "mark" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER mark_no_truncate BEFORE TRUNCATE ON "mark" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER comment_no_update BEFORE UPDATE ON "comment" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER comment_no_delete BEFORE DELETE ON "comment" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER comment_no_truncate BEFORE TRUNCATE ON "comment" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER job_event_no_update BEFORE UPDATE ON "job_event" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER job_event_no_delete BEFORE DELETE ON "job_event" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER job_event_no_truncate BEFORE TRUNCATE ON "job_event" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('0001');
