-- The centre's tables as PostgreSQL has them; a line that SQLite has otherwise stands behind it.
-- Made from the code by `python -m tests.documents --write`; do not edit. `dopusk central migrate` makes a store, not this file.

CREATE TABLE account (
    account_id TEXT NOT NULL,
    username TEXT NOT NULL,
    full_name TEXT NOT NULL,
    role TEXT NOT NULL,
    orgs JSON NOT NULL,
    medic_id TEXT,
    person_id TEXT,
    password_hash TEXT NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    totp_sealed BYTEA,
    -- SQLite: totp_sealed BLOB,
    totp_last_step BIGINT,
    factor_due_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: factor_due_at DATETIME,
    failed_logins INTEGER NOT NULL,
    failed_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: failed_at DATETIME,
    locked_until TIMESTAMP WITH TIME ZONE,
    -- SQLite: locked_until DATETIME,
    disabled BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    last_login_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: last_login_at DATETIME,
    vouched_by TEXT,
    vouched_issuer TEXT,
    vouched_name TEXT,
    ends_on DATE,
    closed_unused_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: closed_unused_at DATETIME,
    enabled_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: enabled_at DATETIME,
    enabled_note TEXT,
    deleted_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: deleted_at DATETIME,
    erased_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: erased_at DATETIME,
    CONSTRAINT pk_account PRIMARY KEY (account_id),
    CONSTRAINT uq_account_username UNIQUE (username)
);

CREATE UNIQUE INDEX ix_account_person_id ON account (person_id);

CREATE UNIQUE INDEX ix_account_vouched ON account (vouched_by, vouched_issuer, vouched_name);

CREATE TABLE act (
    act_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    drafted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: drafted_at DATETIME NOT NULL,
    drafted_by TEXT NOT NULL,
    record BYTEA NOT NULL,
    -- SQLite: record BLOB NOT NULL,
    CONSTRAINT pk_act PRIMARY KEY (act_id),
    CONSTRAINT uq_act_org_year_number UNIQUE (org, year, number)
);

CREATE TABLE alert (
    alert_id TEXT NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: delivered_at DATETIME,
    seen_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: seen_at DATETIME,
    seen_by TEXT,
    CONSTRAINT pk_alert PRIMARY KEY (alert_id)
);

CREATE INDEX ix_alert_employer_id_created_at ON alert (employer_id, created_at);

CREATE INDEX ix_alert_exam_id ON alert (exam_id);

CREATE TABLE anomaly (
    anomaly_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    topic TEXT NOT NULL,
    terminal_id TEXT,
    message_id TEXT,
    detail TEXT NOT NULL,
    first_seq BIGINT,
    last_seq BIGINT,
    times INTEGER NOT NULL,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: first_at DATETIME NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: last_at DATETIME NOT NULL,
    resolved_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: resolved_at DATETIME,
    org TEXT,
    CONSTRAINT pk_anomaly PRIMARY KEY (anomaly_id)
);

CREATE INDEX ix_anomaly_last_at ON anomaly (last_at);

CREATE INDEX ix_anomaly_org_last_at ON anomaly (org, last_at);

CREATE INDEX ix_anomaly_terminal_id_kind ON anomaly (terminal_id, kind);

CREATE TABLE api_answer (
    key_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_sha256 TEXT NOT NULL,
    status INTEGER NOT NULL,
    body JSON NOT NULL,
    etag TEXT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    CONSTRAINT pk_api_answer PRIMARY KEY (key_id, idempotency_key)
);

CREATE INDEX ix_api_answer_at ON api_answer (at);

CREATE TABLE api_key (
    key_id TEXT NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT,
    name TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: last_used_at DATETIME,
    revoked_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: revoked_at DATETIME,
    scopes JSON DEFAULT '["admissions:read", "exams:read"]' NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: expires_at DATETIME,
    allowed_networks JSON DEFAULT '[]' NOT NULL,
    CONSTRAINT pk_api_key PRIMARY KEY (key_id),
    CONSTRAINT uq_api_key_secret_sha256 UNIQUE (secret_sha256)
);

CREATE TABLE audit (
    audit_id TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    account_id TEXT,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    org TEXT,
    detail JSON NOT NULL,
    CONSTRAINT pk_audit PRIMARY KEY (audit_id)
);

CREATE INDEX ix_audit_account_id_at ON audit (account_id, at);

CREATE INDEX ix_audit_action_at ON audit (action, at);

CREATE INDEX ix_audit_at ON audit (at);

CREATE INDEX ix_audit_subject_at ON audit (subject, at);

CREATE TABLE book (
    book TEXT NOT NULL,
    org TEXT NOT NULL,
    title_ru TEXT NOT NULL,
    title_en TEXT NOT NULL,
    columns JSON NOT NULL,
    spread BOOLEAN NOT NULL,
    owner_right TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    CONSTRAINT pk_book PRIMARY KEY (book, org)
);

CREATE TABLE book_draft (
    book TEXT NOT NULL,
    org TEXT NOT NULL,
    base_version TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    source JSON NOT NULL,
    version TEXT NOT NULL,
    CONSTRAINT pk_book_draft PRIMARY KEY (book, org)
);

CREATE TABLE book_draft_item (
    book TEXT NOT NULL,
    org TEXT NOT NULL,
    code TEXT NOT NULL,
    parent TEXT NOT NULL,
    ru TEXT NOT NULL,
    en TEXT NOT NULL,
    attrs JSON NOT NULL,
    offered BOOLEAN NOT NULL,
    valid_from DATE,
    valid_until DATE,
    revision INTEGER NOT NULL,
    author TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: changed_at DATETIME NOT NULL,
    CONSTRAINT pk_book_draft_item PRIMARY KEY (book, org, code)
);

CREATE TABLE book_version (
    version_id TEXT NOT NULL,
    book TEXT NOT NULL,
    org TEXT NOT NULL,
    version TEXT NOT NULL,
    state TEXT NOT NULL,
    basis TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: published_at DATETIME NOT NULL,
    valid_from DATE NOT NULL,
    sha256 TEXT NOT NULL,
    source JSON NOT NULL,
    CONSTRAINT pk_book_version PRIMARY KEY (version_id),
    CONSTRAINT uq_book_version_book_org_version_state UNIQUE (book, org, version, state)
);

CREATE INDEX ix_book_version_book_org ON book_version (book, org, version_id);

CREATE TABLE claim (
    exam_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    full_name TEXT NOT NULL,
    claimed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: claimed_at DATETIME NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: expires_at DATETIME NOT NULL,
    CONSTRAINT pk_claim PRIMARY KEY (exam_id)
);

CREATE TABLE code_map (
    map_id TEXT NOT NULL,
    system_id TEXT NOT NULL,
    org TEXT NOT NULL,
    book TEXT NOT NULL,
    own_code TEXT NOT NULL,
    their_system TEXT NOT NULL,
    their_code TEXT NOT NULL,
    their_display TEXT NOT NULL,
    relation TEXT NOT NULL,
    version INTEGER NOT NULL,
    basis TEXT NOT NULL,
    account_id TEXT NOT NULL,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: entered_at DATETIME NOT NULL,
    CONSTRAINT pk_code_map PRIMARY KEY (map_id),
    CONSTRAINT uq_code_map_system_id_book_own_code_version UNIQUE (system_id, book, own_code, version)
);

CREATE TABLE contract (
    contract_id TEXT NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    number TEXT NOT NULL,
    since_day DATE NOT NULL,
    until_day DATE,
    vat_note TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    made_by TEXT NOT NULL,
    CONSTRAINT pk_contract PRIMARY KEY (contract_id)
);

CREATE INDEX ix_contract_org_employer_id ON contract (org, employer_id);

CREATE TABLE decision (
    decision_id TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    exam_message_id TEXT NOT NULL,
    exam_revision INTEGER NOT NULL,
    org TEXT NOT NULL,
    worker_id TEXT,
    medic_id TEXT NOT NULL,
    medic_name TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reasons JSON NOT NULL,
    corrects TEXT,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: decided_at DATETIME NOT NULL,
    valid_until TIMESTAMP WITH TIME ZONE,
    -- SQLite: valid_until DATETIME,
    record BYTEA NOT NULL,
    -- SQLite: record BLOB NOT NULL,
    cms BYTEA NOT NULL,
    -- SQLite: cms BLOB NOT NULL,
    certificate_serial TEXT NOT NULL,
    trail JSON NOT NULL,
    CONSTRAINT pk_decision PRIMARY KEY (decision_id)
);

CREATE INDEX ix_decision_decided_at ON decision (decided_at);

CREATE INDEX ix_decision_exam_id ON decision (exam_id);

CREATE INDEX ix_decision_medic_id_decided_at ON decision (medic_id, decided_at);

CREATE INDEX ix_decision_org_decided_at ON decision (org, decided_at);

CREATE INDEX ix_decision_worker_id ON decision (worker_id);

CREATE UNIQUE INDEX uq_decision_corrects ON decision (corrects) WHERE corrects IS NOT NULL;

CREATE UNIQUE INDEX uq_decision_first ON decision (exam_message_id) WHERE corrects IS NULL;

CREATE TABLE duty (
    duty_id TEXT NOT NULL,
    org TEXT NOT NULL,
    account_id TEXT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: starts_at DATETIME NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: ends_at DATETIME NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    made_by TEXT NOT NULL,
    CONSTRAINT pk_duty PRIMARY KEY (duty_id)
);

CREATE INDEX ix_duty_org_ends_at ON duty (org, ends_at);

CREATE TABLE exam (
    exam_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    org TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    employer_id TEXT,
    worker_id TEXT,
    exam_type TEXT NOT NULL,
    generation TEXT NOT NULL,
    state TEXT NOT NULL,
    end_reason TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: started_at DATETIME NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: finished_at DATETIME NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: received_at DATETIME NOT NULL,
    first_received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: first_received_at DATETIME NOT NULL,
    suggestion TEXT NOT NULL,
    has_deviation BOOLEAN NOT NULL,
    is_urgent BOOLEAN DEFAULT false NOT NULL,
    -- SQLite: is_urgent BOOLEAN DEFAULT 0 NOT NULL,
    payload JSON NOT NULL,
    message_id TEXT NOT NULL,
    message_sha256 TEXT NOT NULL,
    decision_id TEXT,
    outcome TEXT,
    medic_id TEXT,
    decided_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: decided_at DATETIME,
    CONSTRAINT pk_exam PRIMARY KEY (exam_id)
);

CREATE INDEX ix_exam_employer_id_finished_at ON exam (employer_id, finished_at, state, org);

CREATE INDEX ix_exam_org_exam_type_finished_at ON exam (org, exam_type, finished_at, state);

CREATE INDEX ix_exam_org_finished_at ON exam (org, finished_at, state);

CREATE INDEX ix_exam_org_finished_at_deviation ON exam (org, finished_at, state) WHERE has_deviation IS true;
    -- SQLite: CREATE INDEX ix_exam_org_finished_at_deviation ON exam (org, finished_at, state) WHERE has_deviation IS 1;

CREATE INDEX ix_exam_org_medic_id_finished_at ON exam (org, medic_id, finished_at, state) WHERE medic_id IS NOT NULL;

CREATE INDEX ix_exam_org_outcome_finished_at ON exam (org, outcome, finished_at, state);

CREATE INDEX ix_exam_org_terminal_id_finished_at ON exam (org, terminal_id, finished_at, state);

CREATE INDEX ix_exam_received_at ON exam (received_at);

CREATE INDEX ix_exam_state_first_received_at ON exam (state, first_received_at);

CREATE INDEX ix_exam_worker_id_finished_at ON exam (worker_id, finished_at);

CREATE TABLE exam_fact (
    exam_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    number FLOAT,
    org TEXT NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: finished_at DATETIME NOT NULL,
    CONSTRAINT pk_exam_fact PRIMARY KEY (exam_id, kind, value)
);

CREATE INDEX ix_exam_fact_number ON exam_fact (org, kind, number, exam_id) WHERE number IS NOT NULL;

CREATE INDEX ix_exam_fact_quantity ON exam_fact (org, kind, finished_at, exam_id, number) WHERE number IS NOT NULL;

CREATE INDEX ix_exam_fact_value ON exam_fact (org, kind, value, finished_at, exam_id) WHERE number IS NULL;

CREATE TABLE exchange (
    exchange_id TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    org TEXT NOT NULL,
    system_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    channel TEXT NOT NULL,
    operation TEXT NOT NULL,
    format TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT NOT NULL,
    place TEXT NOT NULL,
    http_status INTEGER,
    duration_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    actor TEXT NOT NULL,
    CONSTRAINT pk_exchange PRIMARY KEY (exchange_id)
);

CREATE INDEX ix_exchange_org_exchange_id ON exchange (org, exchange_id);

CREATE INDEX ix_exchange_outcome_exchange_id ON exchange (outcome, exchange_id);

CREATE INDEX ix_exchange_system_id_exchange_id ON exchange (system_id, exchange_id);

CREATE TABLE field_map (
    map_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    fields JSON NOT NULL,
    account_id TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    CONSTRAINT pk_field_map PRIMARY KEY (map_id)
);

CREATE TABLE gate_passage (
    passage_id TEXT NOT NULL,
    org TEXT NOT NULL,
    gate TEXT NOT NULL,
    request_key TEXT NOT NULL,
    asked_for TEXT NOT NULL,
    employer_id TEXT,
    worker_id TEXT,
    answer TEXT NOT NULL,
    exam_id TEXT,
    decision_id TEXT,
    valid_until TIMESTAMP WITH TIME ZONE,
    -- SQLite: valid_until DATETIME,
    opening_of TEXT,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: asked_at DATETIME NOT NULL,
    state TEXT NOT NULL,
    state_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: state_at DATETIME NOT NULL,
    words TEXT NOT NULL,
    corrected_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: corrected_at DATETIME,
    CONSTRAINT pk_gate_passage PRIMARY KEY (passage_id),
    CONSTRAINT uq_gate_passage_opening_of UNIQUE (opening_of)
);

CREATE INDEX ix_gate_passage_decision_id ON gate_passage (decision_id);

CREATE INDEX ix_gate_passage_gate_state ON gate_passage (gate, state);

CREATE INDEX ix_gate_passage_org_asked_at ON gate_passage (org, asked_at);

CREATE INDEX ix_gate_passage_worker_id ON gate_passage (worker_id);

CREATE UNIQUE INDEX uq_gate_passage_request ON gate_passage (gate, request_key);

CREATE TABLE hold (
    hold_id TEXT NOT NULL,
    org TEXT NOT NULL,
    about TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    since_day DATE,
    until_day DATE,
    reason TEXT NOT NULL,
    basis TEXT NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: placed_at DATETIME NOT NULL,
    placed_by TEXT NOT NULL,
    CONSTRAINT pk_hold PRIMARY KEY (hold_id)
);

CREATE INDEX ix_hold_org ON hold (org);

CREATE TABLE hold_list (
    message_id TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    org TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: as_of DATETIME NOT NULL,
    CONSTRAINT pk_hold_list PRIMARY KEY (message_id)
);

CREATE INDEX ix_hold_list_terminal_id_message_id ON hold_list (terminal_id, message_id);

CREATE TABLE inspection (
    inspection_id TEXT NOT NULL,
    org TEXT NOT NULL,
    account_id TEXT NOT NULL,
    basis TEXT NOT NULL,
    since_day DATE NOT NULL,
    until_day DATE NOT NULL,
    ends_on DATE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: opened_at DATETIME NOT NULL,
    opened_by TEXT NOT NULL,
    CONSTRAINT pk_inspection PRIMARY KEY (inspection_id)
);

CREATE INDEX ix_inspection_account_id ON inspection (account_id);

CREATE INDEX ix_inspection_org ON inspection (org);

CREATE TABLE job (
    job_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    params JSON NOT NULL,
    rows_total INTEGER,
    rows_done INTEGER NOT NULL,
    result JSON NOT NULL,
    file_name TEXT NOT NULL,
    runner TEXT NOT NULL,
    cancel_asked BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: seen_at DATETIME,
    finished_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: finished_at DATETIME,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: expires_at DATETIME NOT NULL,
    CONSTRAINT pk_job PRIMARY KEY (job_id)
);

CREATE INDEX ix_job_account_id_created_at ON job (account_id, created_at);

CREATE INDEX ix_job_state_created_at ON job (state, created_at);

CREATE TABLE media (
    sha256 TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    content_type TEXT NOT NULL,
    chunk_count INTEGER NOT NULL,
    size_bytes BIGINT,
    first_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: first_at DATETIME NOT NULL,
    completed_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: completed_at DATETIME,
    CONSTRAINT pk_media PRIMARY KEY (sha256)
);

CREATE INDEX ix_media_exam_id ON media (exam_id);

CREATE TABLE media_chunk (
    sha256 TEXT NOT NULL,
    chunk_index INTEGER NOT NULL,
    chunk_sha256 TEXT NOT NULL,
    CONSTRAINT pk_media_chunk PRIMARY KEY (sha256, chunk_index)
);

CREATE TABLE medic_certificate (
    record_id TEXT NOT NULL,
    medic_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    speciality TEXT NOT NULL,
    number TEXT NOT NULL,
    issued DATE,
    until DATE,
    hours INTEGER,
    source TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    CONSTRAINT pk_medic_certificate PRIMARY KEY (record_id)
);

CREATE INDEX ix_medic_certificate_medic_id ON medic_certificate (medic_id);

CREATE TABLE medic_education (
    record_id TEXT NOT NULL,
    medic_id TEXT NOT NULL,
    level TEXT NOT NULL,
    institution TEXT NOT NULL,
    year INTEGER,
    diploma_no TEXT NOT NULL,
    speciality TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    CONSTRAINT pk_medic_education PRIMARY KEY (record_id)
);

CREATE INDEX ix_medic_education_medic_id ON medic_education (medic_id);

CREATE TABLE medic_employment (
    record_id TEXT NOT NULL,
    medic_id TEXT NOT NULL,
    org_oid TEXT NOT NULL,
    org_name TEXT NOT NULL,
    post TEXT NOT NULL,
    since DATE,
    until DATE,
    rate TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    CONSTRAINT pk_medic_employment PRIMARY KEY (record_id)
);

CREATE INDEX ix_medic_employment_medic_id ON medic_employment (medic_id);

CREATE TABLE message (
    message_id TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    prev_hash TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    kind TEXT NOT NULL,
    schema TEXT NOT NULL,
    wire BYTEA,
    -- SQLite: wire BLOB,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    clock_trusted BOOLEAN NOT NULL,
    clock_offset_s FLOAT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: received_at DATETIME NOT NULL,
    CONSTRAINT pk_message PRIMARY KEY (message_id)
);

CREATE INDEX ix_message_terminal_id_seq ON message (terminal_id, seq);

CREATE TABLE notice (
    notice_id TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    body JSON NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: next_at DATETIME NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: delivered_at DATETIME,
    last_error TEXT NOT NULL,
    CONSTRAINT pk_notice PRIMARY KEY (notice_id)
);

CREATE INDEX ix_notice_alert_id ON notice (alert_id);

CREATE INDEX ix_notice_state_next_at ON notice (state, next_at);

CREATE TABLE notice_channel (
    channel_id TEXT NOT NULL,
    employer_id TEXT,
    org TEXT,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    secret_sealed BYTEA,
    -- SQLite: secret_sealed BLOB,
    disabled BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    account_id TEXT,
    CONSTRAINT pk_notice_channel PRIMARY KEY (channel_id)
);

CREATE INDEX ix_notice_channel_account_id ON notice_channel (account_id);

CREATE INDEX ix_notice_channel_employer_id ON notice_channel (employer_id);

CREATE INDEX ix_notice_channel_org ON notice_channel (org);

CREATE TABLE organisation (
    org TEXT NOT NULL,
    name TEXT NOT NULL,
    licence TEXT NOT NULL,
    licence_until DATE,
    oid TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    inn TEXT,
    kpp TEXT,
    ogrn TEXT,
    address TEXT,
    region_code TEXT,
    email TEXT,
    phone TEXT,
    profile TEXT,
    hours TEXT,
    oid_checked_at DATE,
    oid_source TEXT,
    conclusions_keeper TEXT,
    CONSTRAINT pk_organisation PRIMARY KEY (org)
);

CREATE TABLE paper (
    paper_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    exam_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    code TEXT NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: issued_at DATETIME NOT NULL,
    issued_by TEXT NOT NULL,
    prints INTEGER NOT NULL,
    zone TEXT,
    CONSTRAINT pk_paper PRIMARY KEY (paper_id),
    CONSTRAINT uq_paper_org_kind_year_number UNIQUE (org, kind, year, number),
    CONSTRAINT uq_paper_decision_id_kind UNIQUE (decision_id, kind),
    CONSTRAINT uq_paper_code UNIQUE (code)
);

CREATE INDEX ix_paper_exam_id ON paper (exam_id);

CREATE INDEX ix_paper_org_kind_issued_at ON paper (org, kind, issued_at);

CREATE TABLE paper_record (
    record_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    medic_id TEXT NOT NULL,
    medic_name TEXT NOT NULL,
    account_id TEXT NOT NULL,
    corrects TEXT,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: written_at DATETIME NOT NULL,
    certificate_serial TEXT NOT NULL,
    record BYTEA NOT NULL,
    -- SQLite: record BLOB NOT NULL,
    cms BYTEA NOT NULL,
    -- SQLite: cms BLOB NOT NULL,
    CONSTRAINT pk_paper_record PRIMARY KEY (record_id)
);

CREATE INDEX ix_paper_record_decision_id ON paper_record (decision_id);

CREATE INDEX ix_paper_record_exam_id ON paper_record (exam_id);

CREATE UNIQUE INDEX uq_paper_record_corrects ON paper_record (corrects) WHERE corrects IS NOT NULL;

CREATE UNIQUE INDEX uq_paper_record_first ON paper_record (decision_id, kind) WHERE corrects IS NULL;

CREATE TABLE partner_dictionary (
    dictionary_id TEXT NOT NULL,
    system_id TEXT NOT NULL,
    org TEXT NOT NULL,
    book TEXT NOT NULL,
    their_system TEXT NOT NULL,
    items JSON NOT NULL,
    sha256 TEXT NOT NULL,
    account_id TEXT NOT NULL,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: entered_at DATETIME NOT NULL,
    CONSTRAINT pk_partner_dictionary PRIMARY KEY (dictionary_id)
);

CREATE TABLE partner_sending (
    sending_id TEXT NOT NULL,
    system_id TEXT NOT NULL,
    org TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    object_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: object_at DATETIME NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: next_at DATETIME NOT NULL,
    code TEXT NOT NULL,
    place TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: changed_at DATETIME NOT NULL,
    CONSTRAINT pk_partner_sending PRIMARY KEY (sending_id),
    CONSTRAINT uq_partner_sending_system_id_object_kind_object_id UNIQUE (system_id, object_kind, object_id)
);

CREATE INDEX ix_partner_sending_object_at ON partner_sending (system_id, object_at);

CREATE INDEX ix_partner_sending_state ON partner_sending (system_id, state, next_at);

CREATE TABLE person (
    person_id TEXT NOT NULL,
    snils_hmac TEXT,
    snils_sealed BYTEA,
    -- SQLite: snils_sealed BLOB,
    full_name TEXT NOT NULL,
    birth_date DATE,
    sex TEXT,
    phone_sealed BYTEA,
    -- SQLite: phone_sealed BLOB,
    email_sealed BYTEA,
    -- SQLite: email_sealed BLOB,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: updated_at DATETIME NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (person_id),
    CONSTRAINT uq_person_snils_hmac UNIQUE (snils_hmac)
);

CREATE TABLE post (
    version_id TEXT NOT NULL,
    post_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    department TEXT NOT NULL,
    position_code TEXT,
    places INTEGER NOT NULL,
    harm_factors JSON NOT NULL,
    sout_class TEXT,
    sout_until DATE,
    document TEXT NOT NULL,
    is_closed BOOLEAN NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    made_by TEXT NOT NULL,
    CONSTRAINT pk_post PRIMARY KEY (version_id),
    CONSTRAINT uq_post_post_id_version UNIQUE (post_id, version)
);

CREATE INDEX ix_post_employer_id_number ON post (employer_id, number);

CREATE TABLE process (
    process_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: started_at DATETIME NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: seen_at DATETIME NOT NULL,
    troubles JSON NOT NULL,
    CONSTRAINT pk_process PRIMARY KEY (process_id)
);

CREATE TABLE recovery_code (
    code_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    salt BYTEA NOT NULL,
    -- SQLite: salt BLOB NOT NULL,
    code_sha256 TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: used_at DATETIME,
    CONSTRAINT pk_recovery_code PRIMARY KEY (code_id)
);

CREATE INDEX ix_recovery_code_account_id ON recovery_code (account_id);

CREATE TABLE reminder (
    reminder_id TEXT NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    until DATE,
    days INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: delivered_at DATETIME,
    taken_back_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: taken_back_at DATETIME,
    CONSTRAINT pk_reminder PRIMARY KEY (reminder_id),
    CONSTRAINT uq_reminder_worker_id_subject_days UNIQUE (worker_id, subject, days)
);

CREATE INDEX ix_reminder_employer_id_created_at ON reminder (employer_id, created_at);

CREATE TABLE ring (
    ring_id TEXT NOT NULL,
    org TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    exam_message_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    in_session BOOLEAN NOT NULL,
    rung_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: rung_at DATETIME NOT NULL,
    stopped_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: stopped_at DATETIME,
    stopped_by TEXT NOT NULL,
    CONSTRAINT pk_ring PRIMARY KEY (ring_id),
    CONSTRAINT uq_ring_exam_message_id_step UNIQUE (exam_message_id, step),
    CONSTRAINT uq_ring_exam_message_id_account_id UNIQUE (exam_message_id, account_id)
);

CREATE INDEX ix_ring_open ON ring (org, account_id) WHERE stopped_at IS NULL;

CREATE TABLE roster_due (
    due_id SERIAL NOT NULL,
    -- SQLite: due_id INTEGER NOT NULL,
    worker_id TEXT NOT NULL,
    CONSTRAINT pk_roster_due PRIMARY KEY (due_id)
);

CREATE TABLE roster_employer (
    employer_id TEXT NOT NULL,
    org TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    CONSTRAINT pk_roster_employer PRIMARY KEY (employer_id)
);

CREATE INDEX ix_roster_employer_org ON roster_employer (org);

CREATE TABLE roster_entry (
    worker_id TEXT NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    since DATE,
    look_again_on DATE,
    CONSTRAINT pk_roster_entry PRIMARY KEY (worker_id)
);

CREATE INDEX ix_roster_entry_look_again_on ON roster_entry (look_again_on);

CREATE INDEX ix_roster_entry_org_changed_at ON roster_entry (org, changed_at);

CREATE INDEX ix_roster_entry_org_employer_id ON roster_entry (org, employer_id);

CREATE INDEX ix_roster_entry_since ON roster_entry (since);

CREATE TABLE roster_gone (
    worker_id TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    gone_at BIGINT NOT NULL,
    CONSTRAINT pk_roster_gone PRIMARY KEY (worker_id, employer_id)
);

CREATE INDEX ix_roster_gone_employer_id_gone_at ON roster_gone (employer_id, gone_at);

CREATE TABLE seal (
    seal_no BIGINT NOT NULL,
    kind TEXT NOT NULL,
    rows JSON NOT NULL,
    newest_row TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    signature BYTEA NOT NULL,
    -- SQLite: signature BLOB NOT NULL,
    CONSTRAINT pk_seal PRIMARY KEY (seal_no)
);

CREATE INDEX ix_seal_kind_newest_row ON seal (kind, newest_row);

CREATE TABLE seal_head (
    head_id INTEGER NOT NULL,
    seal_no BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    CONSTRAINT pk_seal_head PRIMARY KEY (head_id)
);

CREATE TABLE secret_try (
    door TEXT NOT NULL,
    account_id TEXT,
    failures INTEGER NOT NULL,
    failed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: failed_at DATETIME NOT NULL,
    locked_until TIMESTAMP WITH TIME ZONE,
    -- SQLite: locked_until DATETIME,
    CONSTRAINT pk_secret_try PRIMARY KEY (door)
);

CREATE INDEX ix_secret_try_account_id ON secret_try (account_id);

CREATE TABLE security_alert (
    alert_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_audit_id TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    delivered_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: delivered_at DATETIME,
    CONSTRAINT pk_security_alert PRIMARY KEY (alert_id),
    CONSTRAINT uq_security_alert_org_kind_subject_last_audit_id UNIQUE (org, kind, subject, last_audit_id)
);

CREATE INDEX ix_security_alert_org_created_at ON security_alert (org, created_at);

CREATE TABLE sent_field (
    field_id TEXT NOT NULL,
    system_id TEXT NOT NULL,
    org TEXT NOT NULL,
    object TEXT NOT NULL,
    their_field TEXT NOT NULL,
    kind TEXT NOT NULL,
    own TEXT NOT NULL,
    version INTEGER NOT NULL,
    basis TEXT NOT NULL,
    account_id TEXT NOT NULL,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: entered_at DATETIME NOT NULL,
    CONSTRAINT pk_sent_field PRIMARY KEY (field_id),
    CONSTRAINT uq_sent_field_system_id_object_their_field_version UNIQUE (system_id, object, their_field, version)
);

CREATE TABLE session (
    session_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    csrf_token TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: seen_at DATETIME NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: expires_at DATETIME NOT NULL,
    address TEXT NOT NULL,
    draft JSON,
    CONSTRAINT pk_session PRIMARY KEY (session_id)
);

CREATE INDEX ix_session_account_id ON session (account_id);

CREATE TABLE staff_fetch (
    fetch_id TEXT NOT NULL,
    system_id TEXT NOT NULL,
    org TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    state TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    difference JSON NOT NULL,
    faults JSON NOT NULL,
    code TEXT NOT NULL,
    accepted_by TEXT,
    CONSTRAINT pk_staff_fetch PRIMARY KEY (fetch_id)
);

CREATE INDEX ix_staff_fetch_system_id_fetch_id ON staff_fetch (system_id, fetch_id);

CREATE TABLE stamp_term (
    kind TEXT NOT NULL,
    signature_id TEXT NOT NULL,
    until TIMESTAMP WITH TIME ZONE,
    -- SQLite: until DATETIME,
    is_stamped BOOLEAN NOT NULL,
    renewed_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: renewed_at DATETIME,
    judged_by TEXT NOT NULL,
    CONSTRAINT pk_stamp_term PRIMARY KEY (kind, signature_id)
);

CREATE INDEX ix_stamp_term_until ON stamp_term (until);

CREATE TABLE statement (
    statement_id TEXT NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    month TEXT NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    content JSON NOT NULL,
    sha256 TEXT NOT NULL,
    sum_kopecks BIGINT NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: issued_at DATETIME NOT NULL,
    issued_by TEXT NOT NULL,
    CONSTRAINT pk_statement PRIMARY KEY (statement_id),
    CONSTRAINT uq_statement_org_employer_id_month_version UNIQUE (org, employer_id, month, version),
    CONSTRAINT uq_statement_org_year_number_version UNIQUE (org, year, number, version)
);

CREATE TABLE stock_check (
    check_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    month TEXT NOT NULL,
    expected JSON NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: opened_at DATETIME NOT NULL,
    responsible TEXT NOT NULL,
    CONSTRAINT pk_stock_check PRIMARY KEY (check_id),
    CONSTRAINT uq_stock_check_org_kind_month UNIQUE (org, kind, month)
);

CREATE TABLE waybill (
    waybill_id TEXT NOT NULL,
    org TEXT NOT NULL,
    operator TEXT NOT NULL,
    kind TEXT NOT NULL,
    file_id TEXT NOT NULL,
    driver_no INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    waybill_uid TEXT NOT NULL,
    number TEXT NOT NULL,
    employer_id TEXT,
    worker_id TEXT,
    valid_from DATE,
    valid_until DATE,
    content BYTEA NOT NULL,
    -- SQLite: content BLOB NOT NULL,
    signature BYTEA NOT NULL,
    -- SQLite: signature BLOB NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: received_at DATETIME NOT NULL,
    state TEXT NOT NULL,
    fault TEXT NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT pk_waybill PRIMARY KEY (waybill_id)
);

CREATE INDEX ix_waybill_org_received_at ON waybill (org, received_at);

CREATE INDEX ix_waybill_waybill_uid ON waybill (waybill_uid);

CREATE INDEX ix_waybill_worker_id ON waybill (worker_id);

CREATE UNIQUE INDEX uq_waybill_file ON waybill (operator, file_id, sha256, driver_no);

CREATE TABLE waybill_receipt (
    receipt_id TEXT NOT NULL,
    operator TEXT NOT NULL,
    file_id TEXT NOT NULL,
    state TEXT NOT NULL,
    words TEXT NOT NULL,
    content BYTEA NOT NULL,
    -- SQLite: content BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: received_at DATETIME NOT NULL,
    CONSTRAINT pk_waybill_receipt PRIMARY KEY (receipt_id)
);

CREATE UNIQUE INDEX uq_waybill_receipt_content ON waybill_receipt (operator, sha256);

CREATE TABLE worker_term (
    worker_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    until DATE,
    warn_from DATE,
    CONSTRAINT pk_worker_term PRIMARY KEY (worker_id, place)
);

CREATE INDEX ix_worker_term_until ON worker_term (until);

CREATE TABLE account_link (
    link_id TEXT NOT NULL,
    token_sha256 TEXT NOT NULL,
    person_id TEXT NOT NULL,
    exam_id TEXT,
    made_by TEXT,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: expires_at DATETIME NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: used_at DATETIME,
    account_id TEXT,
    CONSTRAINT pk_account_link PRIMARY KEY (link_id),
    CONSTRAINT uq_account_link_token_sha256 UNIQUE (token_sha256),
    CONSTRAINT fk_account_link_person_id_person FOREIGN KEY(person_id) REFERENCES person (person_id)
);

CREATE INDEX ix_account_link_exam_id ON account_link (exam_id);

CREATE INDEX ix_account_link_person_id ON account_link (person_id);

CREATE TABLE act_signature (
    signature_id TEXT NOT NULL,
    act_id TEXT NOT NULL,
    org TEXT NOT NULL,
    place INTEGER NOT NULL,
    account_id TEXT NOT NULL,
    medic_id TEXT NOT NULL,
    medic_name TEXT NOT NULL,
    position TEXT NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: signed_at DATETIME NOT NULL,
    certificate_serial TEXT NOT NULL,
    cms BYTEA NOT NULL,
    -- SQLite: cms BLOB NOT NULL,
    CONSTRAINT pk_act_signature PRIMARY KEY (signature_id),
    CONSTRAINT uq_act_signature_place UNIQUE (act_id, place),
    CONSTRAINT uq_act_signature_account UNIQUE (act_id, account_id),
    CONSTRAINT uq_act_signature_medic UNIQUE (act_id, medic_id),
    CONSTRAINT fk_act_signature_act_id_act FOREIGN KEY(act_id) REFERENCES act (act_id)
);

CREATE TABLE act_withdrawal (
    act_id TEXT NOT NULL,
    org TEXT NOT NULL,
    reason TEXT NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: withdrawn_at DATETIME NOT NULL,
    withdrawn_by TEXT NOT NULL,
    CONSTRAINT pk_act_withdrawal PRIMARY KEY (act_id),
    CONSTRAINT fk_act_withdrawal_act_id_act FOREIGN KEY(act_id) REFERENCES act (act_id)
);

CREATE TABLE book_check (
    check_id TEXT NOT NULL,
    org TEXT NOT NULL,
    place TEXT NOT NULL,
    employer_id TEXT,
    worker_id TEXT,
    terminal_id TEXT,
    exam_id TEXT,
    account_id TEXT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    read_sha256 TEXT NOT NULL,
    read_form TEXT NOT NULL,
    read_host TEXT NOT NULL,
    ground_id TEXT,
    result TEXT NOT NULL,
    points JSON NOT NULL,
    rules_version TEXT NOT NULL,
    CONSTRAINT pk_book_check PRIMARY KEY (check_id),
    CONSTRAINT fk_book_check_org_organisation FOREIGN KEY(org) REFERENCES organisation (org),
    CONSTRAINT uq_book_check_exam_id UNIQUE (exam_id)
);

CREATE INDEX ix_book_check_employer_id_check_id ON book_check (employer_id, check_id);

CREATE INDEX ix_book_check_worker_id_check_id ON book_check (worker_id, check_id);

CREATE TABLE book_item (
    book TEXT NOT NULL,
    org TEXT NOT NULL,
    version TEXT NOT NULL,
    code TEXT NOT NULL,
    version_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    parent TEXT NOT NULL,
    ru TEXT NOT NULL,
    en TEXT NOT NULL,
    attrs JSON NOT NULL,
    offered BOOLEAN NOT NULL,
    valid_from DATE,
    valid_until DATE,
    CONSTRAINT pk_book_item PRIMARY KEY (book, org, version, code),
    CONSTRAINT fk_book_item_version_id_book_version FOREIGN KEY(version_id) REFERENCES book_version (version_id)
);

CREATE INDEX ix_book_item_version_id ON book_item (version_id);

CREATE TABLE certificate (
    certificate_id TEXT NOT NULL,
    serial TEXT NOT NULL,
    issuer TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    org TEXT NOT NULL,
    key_provider TEXT NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: valid_from DATETIME NOT NULL,
    valid_until TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: valid_until DATETIME NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    state TEXT NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: revoked_at DATETIME,
    reason TEXT,
    note TEXT,
    CONSTRAINT pk_certificate PRIMARY KEY (certificate_id),
    CONSTRAINT fk_certificate_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE INDEX ix_certificate_org ON certificate (org);

CREATE INDEX ix_certificate_owner ON certificate (owner);

CREATE INDEX ix_certificate_serial ON certificate (serial);

CREATE TABLE column_set (
    account_id TEXT NOT NULL,
    name TEXT NOT NULL,
    columns JSON NOT NULL,
    CONSTRAINT pk_column_set PRIMARY KEY (account_id, name),
    CONSTRAINT fk_column_set_account_id_account FOREIGN KEY(account_id) REFERENCES account (account_id)
);

CREATE TABLE consent_text (
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    valid_from DATE NOT NULL,
    author TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    CONSTRAINT pk_consent_text PRIMARY KEY (org, kind, version),
    CONSTRAINT fk_consent_text_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE TABLE contract_end (
    contract_id TEXT NOT NULL,
    org TEXT NOT NULL,
    last_day DATE NOT NULL,
    basis TEXT NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: ended_at DATETIME NOT NULL,
    ended_by TEXT NOT NULL,
    CONSTRAINT pk_contract_end PRIMARY KEY (contract_id),
    CONSTRAINT fk_contract_end_contract_id_contract FOREIGN KEY(contract_id) REFERENCES contract (contract_id)
);

CREATE TABLE contract_price (
    price_id TEXT NOT NULL,
    contract_id TEXT NOT NULL,
    org TEXT NOT NULL,
    exam_type TEXT NOT NULL,
    first_day DATE NOT NULL,
    kopecks BIGINT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    made_by TEXT NOT NULL,
    CONSTRAINT pk_contract_price PRIMARY KEY (price_id),
    CONSTRAINT fk_contract_price_contract_id_contract FOREIGN KEY(contract_id) REFERENCES contract (contract_id)
);

CREATE INDEX ix_contract_price_contract_id ON contract_price (contract_id);

CREATE TABLE copy (
    copy_id TEXT NOT NULL,
    org TEXT NOT NULL,
    paper_id TEXT NOT NULL,
    copy_no INTEGER NOT NULL,
    role TEXT NOT NULL,
    form TEXT NOT NULL,
    record_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    stored_sha256 TEXT NOT NULL,
    file_id TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    signature BYTEA NOT NULL,
    -- SQLite: signature BLOB NOT NULL,
    ground TEXT NOT NULL,
    replaces TEXT,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    made_by TEXT NOT NULL,
    CONSTRAINT pk_copy PRIMARY KEY (copy_id),
    CONSTRAINT uq_copy_paper_id_copy_no UNIQUE (paper_id, copy_no),
    CONSTRAINT fk_copy_paper_id_paper FOREIGN KEY(paper_id) REFERENCES paper (paper_id)
);

CREATE INDEX ix_copy_org_made_at ON copy (org, made_at);

CREATE TABLE deletion (
    deletion_id TEXT NOT NULL,
    org TEXT NOT NULL,
    act_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    result TEXT NOT NULL,
    hold_id TEXT NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: deleted_at DATETIME NOT NULL,
    CONSTRAINT pk_deletion PRIMARY KEY (deletion_id),
    CONSTRAINT uq_deletion_act_id_sha256 UNIQUE (act_id, sha256),
    CONSTRAINT fk_deletion_act_id_act FOREIGN KEY(act_id) REFERENCES act (act_id)
);

CREATE INDEX ix_deletion_exam_id ON deletion (exam_id);

CREATE INDEX ix_deletion_sha256 ON deletion (sha256);

CREATE TABLE duty_end (
    duty_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: ended_at DATETIME NOT NULL,
    ended_by TEXT NOT NULL,
    CONSTRAINT pk_duty_end PRIMARY KEY (duty_id),
    CONSTRAINT fk_duty_end_duty_id_duty FOREIGN KEY(duty_id) REFERENCES duty (duty_id)
);

CREATE TABLE duty_handover (
    handover_id TEXT NOT NULL,
    org TEXT NOT NULL,
    duty_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    waiting JSON NOT NULL,
    words TEXT NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: confirmed_at DATETIME NOT NULL,
    CONSTRAINT pk_duty_handover PRIMARY KEY (handover_id),
    CONSTRAINT fk_duty_handover_duty_id_duty FOREIGN KEY(duty_id) REFERENCES duty (duty_id)
);

CREATE INDEX ix_duty_handover_org_handover_id ON duty_handover (org, handover_id);

CREATE TABLE employer (
    employer_id TEXT NOT NULL,
    org TEXT NOT NULL,
    name TEXT NOT NULL,
    inn TEXT,
    okved TEXT,
    region_code TEXT,
    alert_contact TEXT,
    limits JSON NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: archived_at DATETIME,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    waybill_operator TEXT,
    waybill_titles TEXT,
    exchange_id TEXT,
    CONSTRAINT pk_employer PRIMARY KEY (employer_id),
    CONSTRAINT fk_employer_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE INDEX ix_employer_org ON employer (org);

CREATE TABLE history_import (
    import_id TEXT NOT NULL,
    org TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    account_id TEXT,
    CONSTRAINT pk_history_import PRIMARY KEY (import_id),
    CONSTRAINT fk_history_import_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE TABLE hold_release (
    hold_id TEXT NOT NULL,
    org TEXT NOT NULL,
    basis TEXT NOT NULL,
    released_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: released_at DATETIME NOT NULL,
    released_by TEXT NOT NULL,
    CONSTRAINT pk_hold_release PRIMARY KEY (hold_id),
    CONSTRAINT fk_hold_release_hold_id_hold FOREIGN KEY(hold_id) REFERENCES hold (hold_id)
);

CREATE TABLE inspection_end (
    inspection_id TEXT NOT NULL,
    org TEXT NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: ended_at DATETIME NOT NULL,
    ended_by TEXT NOT NULL,
    CONSTRAINT pk_inspection_end PRIMARY KEY (inspection_id),
    CONSTRAINT fk_inspection_end_inspection_id_inspection FOREIGN KEY(inspection_id) REFERENCES inspection (inspection_id)
);

CREATE TABLE limit_entry (
    entry_id TEXT NOT NULL,
    org TEXT NOT NULL,
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    parameter TEXT NOT NULL,
    low FLOAT,
    high FLOAT,
    author TEXT NOT NULL,
    basis TEXT NOT NULL,
    valid_from DATE,
    valid_until DATE,
    version TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: withdrawn_at DATETIME,
    CONSTRAINT pk_limit_entry PRIMARY KEY (entry_id),
    CONSTRAINT fk_limit_entry_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE INDEX ix_limit_entry_org_parameter ON limit_entry (org, parameter);

CREATE TABLE medic (
    medic_id TEXT NOT NULL,
    org TEXT NOT NULL,
    full_name TEXT NOT NULL,
    position TEXT NOT NULL,
    education TEXT NOT NULL,
    accreditation_until DATE,
    training_hours INTEGER NOT NULL,
    training_at DATE,
    federal_register_at DATE,
    certificate_pem BYTEA NOT NULL,
    -- SQLite: certificate_pem BLOB NOT NULL,
    key_provider TEXT NOT NULL,
    encrypted_key BYTEA,
    -- SQLite: encrypted_key BLOB,
    token_label TEXT,
    active BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: updated_at DATETIME NOT NULL,
    certificate_id TEXT,
    snils_hmac TEXT,
    snils_sealed BYTEA,
    -- SQLite: snils_sealed BLOB,
    birth_date DATE,
    sex TEXT,
    email TEXT,
    frmr_id TEXT,
    frmr_checked_at DATE,
    frmr_source TEXT,
    left_frmr_at DATE,
    CONSTRAINT pk_medic PRIMARY KEY (medic_id),
    CONSTRAINT fk_medic_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE INDEX ix_medic_org ON medic (org);

CREATE INDEX ix_medic_snils_hmac ON medic (snils_hmac);

CREATE TABLE paper_event (
    event_id TEXT NOT NULL,
    paper_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    on_day DATE NOT NULL,
    words TEXT NOT NULL,
    noted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: noted_at DATETIME NOT NULL,
    noted_by TEXT NOT NULL,
    CONSTRAINT pk_paper_event PRIMARY KEY (event_id),
    CONSTRAINT fk_paper_event_paper_id_paper FOREIGN KEY(paper_id) REFERENCES paper (paper_id)
);

CREATE INDEX ix_paper_event_paper_id ON paper_event (paper_id);

CREATE TABLE person_verdict (
    verdict_id TEXT NOT NULL,
    org TEXT NOT NULL,
    person_id TEXT NOT NULL,
    other_id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    worker_ids JSON NOT NULL,
    reason TEXT NOT NULL,
    account_id TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    CONSTRAINT pk_person_verdict PRIMARY KEY (verdict_id),
    CONSTRAINT fk_person_verdict_org_organisation FOREIGN KEY(org) REFERENCES organisation (org),
    CONSTRAINT fk_person_verdict_person_id_person FOREIGN KEY(person_id) REFERENCES person (person_id),
    CONSTRAINT fk_person_verdict_other_id_person FOREIGN KEY(other_id) REFERENCES person (person_id)
);

CREATE INDEX ix_person_verdict_org ON person_verdict (org);

CREATE INDEX ix_person_verdict_other_id ON person_verdict (other_id);

CREATE INDEX ix_person_verdict_person_id ON person_verdict (person_id);

CREATE TABLE register_change (
    change_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    account_id TEXT,
    action TEXT NOT NULL,
    fields JSON NOT NULL,
    CONSTRAINT pk_register_change PRIMARY KEY (change_id),
    CONSTRAINT fk_register_change_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE INDEX ix_register_change_entry_id_at ON register_change (entry_id, at);

CREATE INDEX ix_register_change_org_account_id_at ON register_change (org, account_id, at, change_id);

CREATE INDEX ix_register_change_org_at ON register_change (org, at, change_id);

CREATE INDEX ix_register_change_org_kind_at ON register_change (org, kind, at, change_id);

CREATE TABLE roster_position (
    org TEXT NOT NULL,
    position BIGINT NOT NULL,
    CONSTRAINT pk_roster_position PRIMARY KEY (org),
    CONSTRAINT fk_roster_position_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE TABLE signed_paper (
    signed_id TEXT NOT NULL,
    org TEXT NOT NULL,
    paper_id TEXT NOT NULL,
    record_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    stored_sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    form TEXT NOT NULL,
    signature BYTEA NOT NULL,
    -- SQLite: signature BLOB NOT NULL,
    certificate_serial TEXT NOT NULL,
    certificate_sha256 TEXT NOT NULL,
    stamp TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    CONSTRAINT pk_signed_paper PRIMARY KEY (signed_id),
    CONSTRAINT fk_signed_paper_paper_id_paper FOREIGN KEY(paper_id) REFERENCES paper (paper_id)
);

CREATE UNIQUE INDEX uq_signed_paper_paper_id ON signed_paper (paper_id, record_id);

CREATE TABLE stamp_renewal (
    renewal_id TEXT NOT NULL,
    decision_id TEXT,
    renewal_no INTEGER NOT NULL,
    token BYTEA NOT NULL,
    -- SQLite: token BLOB NOT NULL,
    stamped_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: stamped_at DATETIME NOT NULL,
    signature_kind TEXT,
    signature_id TEXT,
    CONSTRAINT pk_stamp_renewal PRIMARY KEY (renewal_id),
    CONSTRAINT fk_stamp_renewal_decision_id_decision FOREIGN KEY(decision_id) REFERENCES decision (decision_id)
);

CREATE UNIQUE INDEX uq_stamp_renewal_decision_id ON stamp_renewal (decision_id, renewal_no);

CREATE UNIQUE INDEX uq_stamp_renewal_signature_id ON stamp_renewal (signature_id, signature_kind, renewal_no);

CREATE TABLE stock_check_close (
    close_id TEXT NOT NULL,
    check_id TEXT NOT NULL,
    org TEXT NOT NULL,
    differences JSON NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: closed_at DATETIME NOT NULL,
    closed_by TEXT NOT NULL,
    act_id TEXT,
    CONSTRAINT pk_stock_check_close PRIMARY KEY (close_id),
    CONSTRAINT uq_stock_check_close_check_id UNIQUE (check_id),
    CONSTRAINT fk_stock_check_close_check_id_stock_check FOREIGN KEY(check_id) REFERENCES stock_check (check_id)
);

CREATE INDEX ix_stock_check_close_org ON stock_check_close (org);

CREATE TABLE terminal (
    terminal_id TEXT NOT NULL,
    org TEXT NOT NULL,
    name TEXT NOT NULL,
    place TEXT NOT NULL,
    public_key TEXT,
    state TEXT NOT NULL,
    head_seq BIGINT NOT NULL,
    head_hash TEXT NOT NULL,
    gap_from BIGINT,
    gap_since TIMESTAMP WITH TIME ZONE,
    -- SQLite: gap_since DATETIME,
    down_seq BIGINT NOT NULL,
    down_hash TEXT NOT NULL,
    roster_version INTEGER NOT NULL,
    link TEXT NOT NULL,
    last_seen TIMESTAMP WITH TIME ZONE,
    -- SQLite: last_seen DATETIME,
    status JSON,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    CONSTRAINT pk_terminal PRIMARY KEY (terminal_id),
    CONSTRAINT fk_terminal_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE INDEX ix_terminal_org ON terminal (org);

CREATE TABLE waybill_title (
    title_id TEXT NOT NULL,
    waybill_id TEXT NOT NULL,
    org TEXT NOT NULL,
    operator TEXT NOT NULL,
    title TEXT NOT NULL,
    file_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    medic_id TEXT NOT NULL,
    content BYTEA NOT NULL,
    -- SQLite: content BLOB NOT NULL,
    cms BYTEA NOT NULL,
    -- SQLite: cms BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: signed_at DATETIME NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: due_at DATETIME NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: sent_at DATETIME,
    answered_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: answered_at DATETIME,
    words TEXT NOT NULL,
    CONSTRAINT pk_waybill_title PRIMARY KEY (title_id),
    CONSTRAINT uq_waybill_title_waybill_id UNIQUE (waybill_id),
    CONSTRAINT fk_waybill_title_waybill_id_waybill FOREIGN KEY(waybill_id) REFERENCES waybill (waybill_id),
    CONSTRAINT uq_waybill_title_file_id UNIQUE (file_id)
);

CREATE INDEX ix_waybill_title_decision_id ON waybill_title (decision_id);

CREATE INDEX ix_waybill_title_exam_id ON waybill_title (exam_id);

CREATE INDEX ix_waybill_title_state_due_at ON waybill_title (state, due_at);

CREATE TABLE account_employer (
    account_id TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    CONSTRAINT pk_account_employer PRIMARY KEY (account_id, employer_id),
    CONSTRAINT fk_account_employer_account_id_account FOREIGN KEY(account_id) REFERENCES account (account_id),
    CONSTRAINT fk_account_employer_employer_id_employer FOREIGN KEY(employer_id) REFERENCES employer (employer_id)
);

CREATE INDEX ix_account_employer_employer_id ON account_employer (employer_id);

CREATE TABLE centre_outbox (
    message_id TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    org TEXT NOT NULL,
    seq BIGINT NOT NULL,
    prev_hash TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    kind TEXT NOT NULL,
    wire BYTEA NOT NULL,
    -- SQLite: wire BLOB NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: sent_at DATETIME,
    acked_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: acked_at DATETIME,
    refused_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: refused_at DATETIME,
    refusal_code TEXT,
    refusal_reason TEXT,
    resent_as TEXT,
    CONSTRAINT pk_centre_outbox PRIMARY KEY (message_id),
    CONSTRAINT uq_centre_outbox_terminal_id_seq UNIQUE (terminal_id, seq),
    CONSTRAINT fk_centre_outbox_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE INDEX ix_centre_outbox_state_created_at ON centre_outbox (state, created_at);

CREATE INDEX ix_centre_outbox_terminal_id_state ON centre_outbox (terminal_id, state);

CREATE TABLE certificate_event (
    event_id TEXT NOT NULL,
    certificate_id TEXT NOT NULL,
    event_no INTEGER NOT NULL,
    state TEXT NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: revoked_at DATETIME,
    reason TEXT,
    note TEXT,
    CONSTRAINT pk_certificate_event PRIMARY KEY (event_id),
    CONSTRAINT uq_certificate_event_certificate_id_event_no UNIQUE (certificate_id, event_no),
    CONSTRAINT fk_certificate_event_certificate_id_certificate FOREIGN KEY(certificate_id) REFERENCES certificate (certificate_id)
);

CREATE TABLE copy_move (
    move_id TEXT NOT NULL,
    copy_id TEXT NOT NULL,
    move_no INTEGER NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    on_day DATE NOT NULL,
    receiver_sealed BYTEA,
    -- SQLite: receiver_sealed BLOB,
    receiver_kind TEXT NOT NULL,
    way TEXT NOT NULL,
    receipt TEXT NOT NULL,
    due_back DATE,
    document TEXT NOT NULL,
    document_id TEXT,
    note TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    account_id TEXT NOT NULL,
    CONSTRAINT pk_copy_move PRIMARY KEY (move_id),
    CONSTRAINT uq_copy_move_copy_id_move_no UNIQUE (copy_id, move_no),
    CONSTRAINT fk_copy_move_copy_id_copy FOREIGN KEY(copy_id) REFERENCES copy (copy_id)
);

CREATE INDEX ix_copy_move_org_at ON copy_move (org, at);

CREATE TABLE device (
    terminal_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    measures TEXT NOT NULL,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    serial TEXT,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    verified_until TEXT,
    last_seen TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: last_seen DATETIME NOT NULL,
    CONSTRAINT pk_device PRIMARY KEY (terminal_id, device_id),
    CONSTRAINT fk_device_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE TABLE duty_acceptance (
    handover_id TEXT NOT NULL,
    org TEXT NOT NULL,
    account_id TEXT NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: accepted_at DATETIME NOT NULL,
    CONSTRAINT pk_duty_acceptance PRIMARY KEY (handover_id),
    CONSTRAINT fk_duty_acceptance_handover_id_duty_handover FOREIGN KEY(handover_id) REFERENCES duty_handover (handover_id)
);

CREATE TABLE enrolment_code (
    code_id TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    key BYTEA NOT NULL,
    -- SQLite: "key" BLOB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: expires_at DATETIME NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: used_at DATETIME,
    CONSTRAINT pk_enrolment_code PRIMARY KEY (code_id),
    CONSTRAINT fk_enrolment_code_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE TABLE history_withdrawal (
    import_id TEXT NOT NULL,
    org TEXT NOT NULL,
    reason TEXT NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: withdrawn_at DATETIME NOT NULL,
    account_id TEXT,
    CONSTRAINT pk_history_withdrawal PRIMARY KEY (import_id),
    CONSTRAINT fk_history_withdrawal_import_id_history_import FOREIGN KEY(import_id) REFERENCES history_import (import_id),
    CONSTRAINT fk_history_withdrawal_org_organisation FOREIGN KEY(org) REFERENCES organisation (org)
);

CREATE TABLE instrument (
    instrument_id TEXT NOT NULL,
    org TEXT NOT NULL,
    terminal_id TEXT,
    measures TEXT NOT NULL,
    maker TEXT NOT NULL,
    model TEXT NOT NULL,
    serial TEXT NOT NULL,
    registration_number TEXT NOT NULL,
    verified_at DATE,
    verified_until DATE,
    verification_number TEXT NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: archived_at DATETIME,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: updated_at DATETIME NOT NULL,
    CONSTRAINT pk_instrument PRIMARY KEY (instrument_id),
    CONSTRAINT uq_instrument_org_model_serial UNIQUE (org, model, serial),
    CONSTRAINT fk_instrument_org_organisation FOREIGN KEY(org) REFERENCES organisation (org),
    CONSTRAINT fk_instrument_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE INDEX ix_instrument_terminal_id ON instrument (terminal_id);

CREATE TABLE key_carrier (
    carrier_id TEXT NOT NULL,
    org TEXT NOT NULL,
    number TEXT NOT NULL,
    carrier_kind TEXT NOT NULL,
    holder_id TEXT NOT NULL,
    issued_at DATE NOT NULL,
    returned_at DATE,
    lost_at DATE,
    document TEXT NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: archived_at DATETIME,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: updated_at DATETIME NOT NULL,
    CONSTRAINT pk_key_carrier PRIMARY KEY (carrier_id),
    CONSTRAINT fk_key_carrier_org_organisation FOREIGN KEY(org) REFERENCES organisation (org),
    CONSTRAINT fk_key_carrier_holder_id_medic FOREIGN KEY(holder_id) REFERENCES medic (medic_id)
);

CREATE INDEX ix_key_carrier_holder_id ON key_carrier (holder_id);

CREATE INDEX ix_key_carrier_org ON key_carrier (org);

CREATE TABLE medic_key_offer (
    medic_id TEXT NOT NULL,
    certificate_pem BYTEA NOT NULL,
    -- SQLite: certificate_pem BLOB NOT NULL,
    key_provider TEXT NOT NULL,
    offered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: offered_at DATETIME NOT NULL,
    account_id TEXT NOT NULL,
    CONSTRAINT pk_medic_key_offer PRIMARY KEY (medic_id),
    CONSTRAINT fk_medic_key_offer_medic_id_medic FOREIGN KEY(medic_id) REFERENCES medic (medic_id)
);

CREATE TABLE outage (
    outage_id TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: began_at DATETIME NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: ended_at DATETIME,
    CONSTRAINT pk_outage PRIMARY KEY (outage_id),
    CONSTRAINT fk_outage_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE INDEX ix_outage_terminal_id_began_at ON outage (terminal_id, began_at);

CREATE TABLE room_order (
    order_id TEXT NOT NULL,
    draft_id TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    prepared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: prepared_at DATETIME NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: ends_at DATETIME NOT NULL,
    report JSON,
    answered_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: answered_at DATETIME,
    CONSTRAINT pk_room_order PRIMARY KEY (order_id),
    CONSTRAINT fk_room_order_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE INDEX ix_room_order_draft_id ON room_order (draft_id);

CREATE TABLE room_terminal (
    room_id TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    CONSTRAINT pk_room_terminal PRIMARY KEY (room_id),
    CONSTRAINT fk_room_terminal_room_id_terminal FOREIGN KEY(room_id) REFERENCES terminal (terminal_id),
    CONSTRAINT fk_room_terminal_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE TABLE roster_sent (
    terminal_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    position BIGINT NOT NULL,
    employers JSON,
    sha256 TEXT NOT NULL,
    base_version INTEGER,
    sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: sent_at DATETIME NOT NULL,
    CONSTRAINT pk_roster_sent PRIMARY KEY (terminal_id, version),
    CONSTRAINT fk_roster_sent_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE TABLE roster_told (
    terminal_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    sha256 TEXT,
    seq BIGINT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    asks_whole BOOLEAN NOT NULL,
    CONSTRAINT pk_roster_told PRIMARY KEY (terminal_id),
    CONSTRAINT fk_roster_told_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE TABLE stock_check_find (
    find_id TEXT NOT NULL,
    check_id TEXT NOT NULL,
    copy_id TEXT NOT NULL,
    org TEXT NOT NULL,
    means TEXT NOT NULL,
    found_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: found_at DATETIME NOT NULL,
    found_by TEXT NOT NULL,
    CONSTRAINT pk_stock_check_find PRIMARY KEY (find_id),
    CONSTRAINT uq_stock_check_find_check_id_copy_id UNIQUE (check_id, copy_id),
    CONSTRAINT fk_stock_check_find_check_id_stock_check FOREIGN KEY(check_id) REFERENCES stock_check (check_id),
    CONSTRAINT fk_stock_check_find_copy_id_copy FOREIGN KEY(copy_id) REFERENCES copy (copy_id)
);

CREATE TABLE terminal_certificate (
    serial TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: issued_at DATETIME NOT NULL,
    not_after TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: not_after DATETIME NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: revoked_at DATETIME,
    request_sha256 TEXT,
    CONSTRAINT pk_terminal_certificate PRIMARY KEY (serial),
    CONSTRAINT fk_terminal_certificate_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id),
    CONSTRAINT uq_terminal_certificate_request_sha256 UNIQUE (request_sha256)
);

CREATE INDEX ix_terminal_certificate_terminal_id ON terminal_certificate (terminal_id);

CREATE TABLE terminal_employer (
    terminal_id TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    CONSTRAINT pk_terminal_employer PRIMARY KEY (terminal_id, employer_id),
    CONSTRAINT fk_terminal_employer_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id),
    CONSTRAINT fk_terminal_employer_employer_id_employer FOREIGN KEY(employer_id) REFERENCES employer (employer_id)
);

CREATE INDEX ix_terminal_employer_employer_id ON terminal_employer (employer_id);

CREATE TABLE terminal_health (
    terminal_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: made_at DATETIME NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: received_at DATETIME NOT NULL,
    roster_version INTEGER NOT NULL,
    report JSON NOT NULL,
    CONSTRAINT pk_terminal_health PRIMARY KEY (terminal_id),
    CONSTRAINT fk_terminal_health_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE TABLE terminal_key (
    terminal_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: since DATETIME NOT NULL,
    CONSTRAINT pk_terminal_key PRIMARY KEY (terminal_id, public_key),
    CONSTRAINT fk_terminal_key_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE TABLE worker (
    worker_id TEXT NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    personnel_number TEXT NOT NULL,
    cards JSON NOT NULL,
    snils_hmac TEXT,
    snils_sealed BYTEA,
    -- SQLite: snils_sealed BLOB,
    full_name TEXT NOT NULL,
    sex TEXT,
    birth_date DATE,
    position TEXT NOT NULL,
    status TEXT NOT NULL,
    remote_allowed BOOLEAN NOT NULL,
    block_text TEXT NOT NULL,
    photo_sha256 TEXT,
    toxicology_at DATE,
    archived_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: archived_at DATETIME,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: updated_at DATETIME NOT NULL,
    search_name TEXT DEFAULT '' NOT NULL,
    person_id TEXT NOT NULL,
    position_code TEXT,
    department TEXT DEFAULT '' NOT NULL,
    regime TEXT,
    harm_factors JSON DEFAULT '[]' NOT NULL,
    since DATE,
    until DATE,
    external_id TEXT,
    inn TEXT,
    driving_licence TEXT,
    post_number TEXT,
    CONSTRAINT pk_worker PRIMARY KEY (worker_id),
    CONSTRAINT fk_worker_org_organisation FOREIGN KEY(org) REFERENCES organisation (org),
    CONSTRAINT fk_worker_employer_id_employer FOREIGN KEY(employer_id) REFERENCES employer (employer_id),
    CONSTRAINT fk_worker_person_id_person FOREIGN KEY(person_id) REFERENCES person (person_id)
);

CREATE INDEX ix_worker_employer_id ON worker (employer_id);

CREATE INDEX ix_worker_employer_id_external_id ON worker (employer_id, external_id);

CREATE INDEX ix_worker_employer_id_post_number ON worker (employer_id, post_number);

CREATE INDEX ix_worker_org_search_name ON worker (org, search_name text_pattern_ops);
    -- SQLite: CREATE INDEX ix_worker_org_search_name ON worker (org, search_name);

CREATE INDEX ix_worker_person_id ON worker (person_id);

CREATE INDEX ix_worker_personnel_number_org ON worker (personnel_number, org);

CREATE INDEX ix_worker_snils_hmac ON worker (snils_hmac);

CREATE UNIQUE INDEX uq_worker_org_employer_id_personnel_number ON worker (org, employer_id, personnel_number) WHERE archived_at IS NULL;

CREATE TABLE appeal (
    appeal_id TEXT NOT NULL,
    org TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    words TEXT NOT NULL,
    account_id TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: asked_at DATETIME NOT NULL,
    CONSTRAINT pk_appeal PRIMARY KEY (appeal_id),
    CONSTRAINT uq_appeal_decision_id UNIQUE (decision_id),
    CONSTRAINT fk_appeal_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE INDEX ix_appeal_org ON appeal (org);

CREATE INDEX ix_appeal_person_id ON appeal (person_id);

CREATE TABLE archive_entry (
    entry_id TEXT NOT NULL,
    copy_id TEXT NOT NULL,
    move_id TEXT NOT NULL,
    org TEXT NOT NULL,
    inventory_no TEXT NOT NULL,
    arrived_on DATE NOT NULL,
    keeper TEXT NOT NULL,
    place TEXT NOT NULL,
    CONSTRAINT pk_archive_entry PRIMARY KEY (entry_id),
    CONSTRAINT fk_archive_entry_copy_id_copy FOREIGN KEY(copy_id) REFERENCES copy (copy_id),
    CONSTRAINT uq_archive_entry_move_id UNIQUE (move_id),
    CONSTRAINT fk_archive_entry_move_id_copy_move FOREIGN KEY(move_id) REFERENCES copy_move (move_id)
);

CREATE INDEX ix_archive_entry_copy_id ON archive_entry (copy_id);

CREATE INDEX ix_archive_entry_org_inventory_no ON archive_entry (org, inventory_no);

CREATE TABLE consent (
    consent_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    text_version TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    given_on DATE NOT NULL,
    means TEXT NOT NULL,
    basis TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    CONSTRAINT pk_consent PRIMARY KEY (consent_id),
    CONSTRAINT fk_consent_org_kind_text_version_consent_text FOREIGN KEY(org, kind, text_version) REFERENCES consent_text (org, kind, version),
    CONSTRAINT fk_consent_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE INDEX ix_consent_worker_id ON consent (worker_id);

CREATE TABLE copy_request (
    request_id TEXT NOT NULL,
    org TEXT NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    worker_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    identity_checked BOOLEAN NOT NULL,
    kind TEXT NOT NULL,
    since DATE,
    until DATE,
    received_on DATE NOT NULL,
    due_on DATE NOT NULL,
    noted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: noted_at DATETIME NOT NULL,
    noted_by TEXT NOT NULL,
    CONSTRAINT pk_copy_request PRIMARY KEY (request_id),
    CONSTRAINT uq_copy_request_org_year_number UNIQUE (org, year, number),
    CONSTRAINT fk_copy_request_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE TABLE foreign_exam (
    foreign_id TEXT NOT NULL,
    import_id TEXT NOT NULL,
    row_no INTEGER NOT NULL,
    org TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    at DATE NOT NULL,
    at_time TEXT,
    exam_type TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    systolic_mmhg INTEGER,
    diastolic_mmhg INTEGER,
    pulse_bpm INTEGER,
    temperature_celsius FLOAT,
    breath_alcohol_mg_per_l FLOAT,
    device TEXT,
    complaints TEXT,
    medic TEXT,
    organisation TEXT,
    number TEXT,
    note TEXT,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    CONSTRAINT pk_foreign_exam PRIMARY KEY (foreign_id),
    CONSTRAINT fk_foreign_exam_import_id_history_import FOREIGN KEY(import_id) REFERENCES history_import (import_id),
    CONSTRAINT fk_foreign_exam_org_organisation FOREIGN KEY(org) REFERENCES organisation (org),
    CONSTRAINT fk_foreign_exam_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE INDEX ix_foreign_exam_import_id ON foreign_exam (import_id);

CREATE INDEX ix_foreign_exam_worker_id_at ON foreign_exam (worker_id, at);

CREATE TABLE ground (
    ground_id TEXT NOT NULL,
    org TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at DATE NOT NULL,
    valid_until DATE,
    finding TEXT NOT NULL,
    blocks_remote BOOLEAN NOT NULL,
    note TEXT NOT NULL,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: entered_at DATETIME NOT NULL,
    entered_by TEXT,
    at_time TEXT,
    doctor TEXT,
    organisation TEXT,
    organisation_oid TEXT,
    vaccine TEXT,
    dose TEXT,
    series TEXT,
    number TEXT,
    said_state TEXT,
    supersedes TEXT,
    CONSTRAINT pk_ground PRIMARY KEY (ground_id),
    CONSTRAINT uq_ground_worker_id_sha256 UNIQUE (worker_id, sha256),
    CONSTRAINT fk_ground_org_organisation FOREIGN KEY(org) REFERENCES organisation (org),
    CONSTRAINT fk_ground_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE TABLE key_carrier_certificate (
    carrier_id TEXT NOT NULL,
    certificate_id TEXT NOT NULL,
    CONSTRAINT pk_key_carrier_certificate PRIMARY KEY (carrier_id, certificate_id),
    CONSTRAINT fk_key_carrier_certificate_carrier_id_key_carrier FOREIGN KEY(carrier_id) REFERENCES key_carrier (carrier_id),
    CONSTRAINT fk_key_carrier_certificate_certificate_id_certificate FOREIGN KEY(certificate_id) REFERENCES certificate (certificate_id)
);

CREATE INDEX ix_key_carrier_certificate_certificate_id ON key_carrier_certificate (certificate_id);

CREATE TABLE passport_record (
    record_id TEXT NOT NULL,
    org TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    medic_id TEXT NOT NULL,
    medic_name TEXT NOT NULL,
    account_id TEXT NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: signed_at DATETIME NOT NULL,
    certificate_serial TEXT NOT NULL,
    record BYTEA NOT NULL,
    -- SQLite: record BLOB NOT NULL,
    cms BYTEA NOT NULL,
    -- SQLite: cms BLOB NOT NULL,
    CONSTRAINT pk_passport_record PRIMARY KEY (record_id),
    CONSTRAINT fk_passport_record_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE INDEX ix_passport_record_worker_id_record_id ON passport_record (worker_id, record_id);

CREATE TABLE room_draft (
    draft_id TEXT NOT NULL,
    org TEXT NOT NULL,
    room_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    medic_id TEXT NOT NULL,
    exam_id TEXT NOT NULL,
    exam_revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    content JSON NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: started_at DATETIME NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: updated_at DATETIME NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: ends_at DATETIME NOT NULL,
    CONSTRAINT pk_room_draft PRIMARY KEY (draft_id),
    CONSTRAINT uq_room_draft_worker_id UNIQUE (worker_id),
    CONSTRAINT fk_room_draft_org_organisation FOREIGN KEY(org) REFERENCES organisation (org),
    CONSTRAINT fk_room_draft_room_id_terminal FOREIGN KEY(room_id) REFERENCES terminal (terminal_id),
    CONSTRAINT fk_room_draft_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE TABLE self_reading (
    reading_id TEXT NOT NULL,
    org TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    consent_id TEXT NOT NULL,
    quantity TEXT NOT NULL,
    code_system TEXT NOT NULL,
    code TEXT NOT NULL,
    value FLOAT NOT NULL,
    measured_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: measured_at DATETIME NOT NULL,
    device TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sent_id TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: received_at DATETIME NOT NULL,
    CONSTRAINT pk_self_reading PRIMARY KEY (reading_id),
    CONSTRAINT uq_self_reading_key_id_sent_id UNIQUE (key_id, sent_id),
    CONSTRAINT fk_self_reading_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE INDEX ix_self_reading_worker_id_measured_at ON self_reading (worker_id, measured_at);

CREATE TABLE shift_plan (
    plan_id TEXT NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    day DATE NOT NULL,
    begin_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: begin_at DATETIME NOT NULL,
    exam_type TEXT NOT NULL,
    counts_from TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: counts_from DATETIME NOT NULL,
    counts_until TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: counts_until DATETIME NOT NULL,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: entered_at DATETIME NOT NULL,
    entered_by TEXT NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: withdrawn_at DATETIME,
    CONSTRAINT pk_shift_plan PRIMARY KEY (plan_id),
    CONSTRAINT uq_shift_plan_worker_id_begin_at_exam_type UNIQUE (worker_id, begin_at, exam_type),
    CONSTRAINT fk_shift_plan_employer_id_employer FOREIGN KEY(employer_id) REFERENCES employer (employer_id),
    CONSTRAINT fk_shift_plan_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE INDEX ix_shift_plan_begin_at ON shift_plan (begin_at);

CREATE INDEX ix_shift_plan_employer_id_day ON shift_plan (employer_id, day);

CREATE TABLE terminal_book (
    message_id TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    book TEXT NOT NULL,
    org TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    CONSTRAINT pk_terminal_book PRIMARY KEY (message_id),
    CONSTRAINT fk_terminal_book_message_id_centre_outbox FOREIGN KEY(message_id) REFERENCES centre_outbox (message_id),
    CONSTRAINT fk_terminal_book_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id)
);

CREATE INDEX ix_terminal_book_terminal_id_book ON terminal_book (terminal_id, book, message_id);

CREATE TABLE worker_face (
    terminal_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    photo_sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    engine TEXT NOT NULL,
    problems JSON NOT NULL,
    legal_basis TEXT NOT NULL,
    seq BIGINT NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: told_at DATETIME NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: updated_at DATETIME NOT NULL,
    CONSTRAINT pk_worker_face PRIMARY KEY (terminal_id, worker_id),
    CONSTRAINT fk_worker_face_terminal_id_terminal FOREIGN KEY(terminal_id) REFERENCES terminal (terminal_id),
    CONSTRAINT fk_worker_face_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE INDEX ix_worker_face_state ON worker_face (state);

CREATE TABLE worker_limit (
    limit_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    entry JSON NOT NULL,
    author TEXT NOT NULL,
    basis TEXT NOT NULL,
    valid_until DATE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: withdrawn_at DATETIME,
    CONSTRAINT pk_worker_limit PRIMARY KEY (limit_id),
    CONSTRAINT fk_worker_limit_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE INDEX ix_worker_limit_worker_id ON worker_limit (worker_id);

CREATE TABLE workforce_change (
    change_id TEXT NOT NULL,
    org TEXT NOT NULL,
    employer_id TEXT NOT NULL,
    worker_id TEXT,
    kind TEXT NOT NULL,
    fields JSON NOT NULL,
    another BOOLEAN NOT NULL,
    seen INTEGER NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: asked_at DATETIME NOT NULL,
    asked_by TEXT NOT NULL,
    state TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    -- SQLite: decided_at DATETIME,
    decided_by TEXT,
    reason TEXT NOT NULL,
    CONSTRAINT pk_workforce_change PRIMARY KEY (change_id),
    CONSTRAINT fk_workforce_change_org_organisation FOREIGN KEY(org) REFERENCES organisation (org),
    CONSTRAINT fk_workforce_change_employer_id_employer FOREIGN KEY(employer_id) REFERENCES employer (employer_id),
    CONSTRAINT fk_workforce_change_worker_id_worker FOREIGN KEY(worker_id) REFERENCES worker (worker_id)
);

CREATE INDEX ix_workforce_change_employer_id ON workforce_change (employer_id, asked_at);

CREATE INDEX ix_workforce_change_org_state ON workforce_change (org, state, asked_at);

CREATE INDEX ix_workforce_change_worker_id ON workforce_change (worker_id);

CREATE TABLE appeal_answer (
    appeal_id TEXT NOT NULL,
    org TEXT NOT NULL,
    outcome TEXT NOT NULL,
    words TEXT NOT NULL,
    answered_by TEXT NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: answered_at DATETIME NOT NULL,
    CONSTRAINT pk_appeal_answer PRIMARY KEY (appeal_id),
    CONSTRAINT fk_appeal_answer_appeal_id_appeal FOREIGN KEY(appeal_id) REFERENCES appeal (appeal_id)
);

CREATE TABLE consent_withdrawal (
    consent_id TEXT NOT NULL,
    withdrawn_on DATE NOT NULL,
    means TEXT NOT NULL,
    basis TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: created_at DATETIME NOT NULL,
    CONSTRAINT pk_consent_withdrawal PRIMARY KEY (consent_id),
    CONSTRAINT fk_consent_withdrawal_consent_id_consent FOREIGN KEY(consent_id) REFERENCES consent (consent_id)
);

CREATE TABLE copy_request_event (
    event_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    org TEXT NOT NULL,
    event_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    until DATE,
    notice_on DATE,
    reason TEXT NOT NULL,
    refusal_no INTEGER,
    refusal_year INTEGER,
    grounds JSON NOT NULL,
    copies JSON NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    account_id TEXT NOT NULL,
    CONSTRAINT pk_copy_request_event PRIMARY KEY (event_id),
    CONSTRAINT uq_copy_request_event_org_refusal_year_refusal_no UNIQUE (org, refusal_year, refusal_no),
    CONSTRAINT fk_copy_request_event_request_id_copy_request FOREIGN KEY(request_id) REFERENCES copy_request (request_id)
);

CREATE UNIQUE INDEX uq_copy_request_event_request_id ON copy_request_event (request_id, event_no);

CREATE TABLE document (
    document_id TEXT NOT NULL,
    org TEXT NOT NULL,
    ground_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    stored_sha256 TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    dpi INTEGER,
    uploaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: uploaded_at DATETIME NOT NULL,
    uploaded_by TEXT NOT NULL,
    CONSTRAINT pk_document PRIMARY KEY (document_id),
    CONSTRAINT uq_document_ground_id_sha256 UNIQUE (ground_id, sha256),
    CONSTRAINT fk_document_ground_id_ground FOREIGN KEY(ground_id) REFERENCES ground (ground_id)
);

CREATE TABLE ground_state (
    state_id TEXT NOT NULL,
    ground_id TEXT NOT NULL,
    state TEXT NOT NULL,
    register TEXT NOT NULL,
    note TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    account_id TEXT,
    CONSTRAINT pk_ground_state PRIMARY KEY (state_id),
    CONSTRAINT fk_ground_state_ground_id_ground FOREIGN KEY(ground_id) REFERENCES ground (ground_id)
);

CREATE INDEX ix_ground_state_ground_id ON ground_state (ground_id, state_id);

CREATE TABLE document_verdict (
    verdict_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    state TEXT NOT NULL,
    field TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    -- SQLite: at DATETIME NOT NULL,
    account_id TEXT NOT NULL,
    CONSTRAINT pk_document_verdict PRIMARY KEY (verdict_id),
    CONSTRAINT fk_document_verdict_document_id_document FOREIGN KEY(document_id) REFERENCES document (document_id)
);

CREATE INDEX ix_document_verdict_document_id ON document_verdict (document_id, verdict_id);
