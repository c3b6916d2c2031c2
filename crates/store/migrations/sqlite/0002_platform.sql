-- People, credentials, apps, definitions, documents, settings.

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL,
    login_key TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email TEXT NOT NULL,
    language TEXT NOT NULL,
    theme TEXT,
    role INTEGER NOT NULL,
    active INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE groups (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE group_members (
    group_key TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (group_key, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_user ON group_members (user_id);

CREATE TABLE notifications (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    text TEXT NOT NULL,
    kind TEXT NOT NULL,
    link TEXT,
    from_user INTEGER,
    created_at INTEGER NOT NULL,
    read_at INTEGER
) STRICT;
CREATE INDEX notifications_user ON notifications (user_id);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL,
    csrf_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    user_agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    expires_at INTEGER
) STRICT;

CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    secret_hash BLOB NOT NULL,
    title TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;

CREATE TABLE apps (
    id INTEGER PRIMARY KEY,
    client_id TEXT NOT NULL UNIQUE,
    client_secret_hash BLOB NOT NULL,
    client_secret_sealed BLOB,
    name TEXT NOT NULL,
    handler_url TEXT NOT NULL,
    install_url TEXT NOT NULL,
    scopes TEXT NOT NULL,
    application_token TEXT NOT NULL,
    script_only INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    installed INTEGER NOT NULL,
    status INTEGER NOT NULL,
    version INTEGER NOT NULL,
    attributes TEXT NOT NULL
) STRICT;

CREATE TABLE oauth_codes (
    hash BLOB PRIMARY KEY,
    app_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    scopes TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE oauth_tokens (
    id INTEGER PRIMARY KEY,
    access_hash BLOB NOT NULL UNIQUE,
    refresh_hash BLOB NOT NULL UNIQUE,
    prev_refresh_hash BLOB,
    prev_refresh_until INTEGER,
    app_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    scopes TEXT NOT NULL,
    access_expires_at INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX oauth_tokens_prev ON oauth_tokens (prev_refresh_hash) WHERE prev_refresh_hash IS NOT NULL;
CREATE INDEX oauth_tokens_app ON oauth_tokens (app_id, user_id);

CREATE TABLE app_activities (
    id INTEGER PRIMARY KEY,
    app_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    code TEXT NOT NULL,
    internal_code TEXT NOT NULL UNIQUE,
    spec TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (app_id, code)
) STRICT;

CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    document_catalog INTEGER,
    updated_at INTEGER NOT NULL,
    updated_by INTEGER,
    version INTEGER NOT NULL,
    source TEXT NOT NULL
) STRICT;

CREATE TABLE definitions (
    id INTEGER PRIMARY KEY,
    process_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    origin TEXT NOT NULL,
    document_catalog INTEGER,
    deployed_at INTEGER NOT NULL,
    deployed_by INTEGER,
    modified_at INTEGER NOT NULL,
    app_id INTEGER,
    auto_execute INTEGER NOT NULL,
    template_meta TEXT NOT NULL,
    deployable INTEGER NOT NULL,
    deleted_at INTEGER,
    model_id INTEGER,
    source BLOB NOT NULL,
    view TEXT NOT NULL,
    UNIQUE (process_id, version)
) STRICT;

CREATE TABLE catalogs (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    fields TEXT NOT NULL,
    title_field TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- `search` holds title and text values in lower case of every script.
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    catalog_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by INTEGER,
    updated_at INTEGER NOT NULL,
    updated_by INTEGER,
    deleted INTEGER NOT NULL,
    data TEXT NOT NULL,
    search TEXT NOT NULL
) STRICT;
CREATE INDEX records_catalog ON records (catalog_id, deleted);

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by INTEGER,
    bytes BLOB NOT NULL
) STRICT;
