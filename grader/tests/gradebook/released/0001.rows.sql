-- A row in every table of version 0001: ann has 60 of 100 points by the grader, and 1 more by hand.
INSERT INTO course (id, name, title, created_at) VALUES (1, 'math', 'Mathematics', '2026-03-02 12:00:00.000000');
INSERT INTO person (id, name, full_name, email, created_at) VALUES
  (1, 'tess', '', NULL, '2026-03-02 12:00:00.000000'), (2, 'ann', 'Ann Able', 'ann@example.org', '2026-03-02 12:00:00.000000');
INSERT INTO enrolment (course_id, person_id, role, created_at) VALUES
  (1, 1, 'instructor', '2026-03-02 12:00:00.000000'), (1, 2, 'student', '2026-03-02 12:00:00.000000');
INSERT INTO assignment (id, course_id, name, kind, content, opens_at, due_at, closes_at, late_policy, counts, max_submissions,
  released_at_once, created_at) VALUES
  (1, 1, 'adding', 'lab', '01-adding', NULL, '2026-03-03 12:00:00.000000', NULL, '{"kind":"none"}', 'best', NULL, true,
  '2026-03-02 12:00:00.000000');
INSERT INTO extension (id, assignment_id, person_id, due_at, closes_at, reason, given_by, created_at) VALUES
  (1, 1, 2, '2026-03-04 12:00:00.000000', NULL, 'ill', 1, '2026-03-02 12:00:00.000000');
INSERT INTO submission (id, assignment_id, person_id, sha256, blob, created_at) VALUES
  (1, 1, 2, 'ab', 'cd', '2026-03-02 12:00:00.000000');
INSERT INTO receipt (id, submission_id, person_id, idempotency_key, received_at) VALUES
  (1, 1, 2, 'k', '2026-03-02 12:00:00.000000');
INSERT INTO job (id, submission_id, person_id, lab, lab_version, image, round, priority, state, not_before, tries, token, worker,
  leased_until, fault, requested_by, reason, created_at, finished_at) VALUES
  (1, 1, 2, '01-adding', 'v', 'i', 0, 0, 'done', '2026-03-02 12:00:00.000000', 1, 1, 'w', NULL, '', 2, 'handed in',
  '2026-03-02 12:00:00.000000', '2026-03-02 12:00:09.000000');
INSERT INTO attempt (id, submission_id, number, job_id, token, worker, lab_version, image, outcome, ours, earned, possible, result,
  requested_by, reason, created_at) VALUES
  (1, 1, 1, 1, 1, 'w', 'v', 'i', 'finished', false, 60, 100, '{"schema":1,"lab":"01-adding","lab_version":"v","submission":"x","student":null,"submission_sha256":"ab","outcome":"finished","detail":"","earned":60.0,"possible":100.0,"checks":[{"id":"adds","task":"adds","statement":"It holds.","status":"passed","earned":60.0,"possible":60.0,"expected":"","found":"","next":""},{"id":"means","task":"means","statement":"It holds.","status":"failed","earned":0.0,"possible":40.0,"expected":"","found":"","next":""}],"flags":[],"seconds":{"queue":0.0,"services":0.0,"cells":0.0,"checks":0.0}}',
  2, 'handed in', '2026-03-02 12:00:09.000000');
INSERT INTO release (id, attempt_id, released_by, created_at) VALUES (1, 1, NULL, '2026-03-02 12:00:09.000000');
INSERT INTO mark (id, submission_id, "check", points, reason, given_by, created_at) VALUES
  (1, 1, '', 1, 'neat', 1, '2026-03-02 13:00:00.000000');
INSERT INTO comment (id, submission_id, "check", words, written_by, created_at) VALUES
  (1, 1, 'means', 'Divide.', 1, '2026-03-02 13:00:00.000000');
INSERT INTO job_event (id, job_id, what, token, worker, detail, "by", created_at) VALUES
  (1, 1, 'done', 1, 'w', 'finished', NULL, '2026-03-02 12:00:09.000000');
