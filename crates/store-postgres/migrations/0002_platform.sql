-- People, credentials, apps, definitions, documents, settings. Names and meanings are those of the SQLite schema.
--
-- Texts are ordered and compared by their bytes whatever the locale of the database is, hence COLLATE "C" everywhere.
-- JSON stays text: the order of its members and the digits of its numbers are kept to the letter.

-- `fold(text)`: lower case in every script. Which collation knows all scripts differs between servers, and the
-- database's own may know none (C) or have its own mind (Turkish): the first that passes a test is taken.
DO $$
DECLARE
    candidate text;
    folded text;
    chosen text;
BEGIN
    FOR candidate IN
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.collname)
        FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
        WHERE n.nspname = 'pg_catalog'
            AND c.collname IN ('und-x-icu', 'pg_unicode_fast', 'pg_c_utf8', 'C.utf8', 'C.UTF-8', 'en_US.utf8')
            AND c.collencoding IN (-1, pg_char_to_encoding('UTF8'))
        ORDER BY array_position(
            ARRAY['und-x-icu', 'pg_unicode_fast', 'pg_c_utf8', 'C.utf8', 'C.UTF-8', 'en_US.utf8'], c.collname::text)
    LOOP
        BEGIN
            EXECUTE 'SELECT lower(''ЁЖIΣԱ'' COLLATE ' || candidate || ')' INTO folded;
        EXCEPTION WHEN OTHERS THEN
            folded := NULL;
        END;
        IF chosen IS NULL AND folded IN ('ёжiσա', 'ёжiςա') THEN
            chosen := ' COLLATE ' || candidate;
        END IF;
    END LOOP;
    IF chosen IS NULL AND lower('ЁЖIΣԱ') IN ('ёжiσա', 'ёжiςա') THEN
        chosen := '';
    END IF;
    IF chosen IS NULL THEN
        RAISE EXCEPTION 'no collation of this server lowers the letters of every script'
            USING HINT = 'The database must have the encoding UTF8 and the server ICU or C.UTF-8 collations.';
    END IF;
    EXECUTE 'CREATE FUNCTION fold(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS ''SELECT lower($1'
        || chosen || ')''';
END $$;

CREATE TABLE users (
    id BIGINT PRIMARY KEY,
    login TEXT COLLATE "C" NOT NULL,
    login_key TEXT COLLATE "C" NOT NULL CONSTRAINT users_login_key UNIQUE,
    password_hash TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    last_name TEXT COLLATE "C" NOT NULL,
    email TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    theme TEXT COLLATE "C",
    role BIGINT NOT NULL,
    active BIGINT NOT NULL,
    attributes TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE groups (
    key TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL
);

CREATE TABLE group_members (
    group_key TEXT COLLATE "C" NOT NULL,
    user_id BIGINT NOT NULL,
    PRIMARY KEY (group_key, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id, group_key);

CREATE TABLE notifications (
    id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    link TEXT COLLATE "C",
    from_user BIGINT,
    created_at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE INDEX notifications_user ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;

CREATE TABLE sessions (
    token_hash BYTEA PRIMARY KEY,
    user_id BIGINT NOT NULL,
    csrf_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    user_agent TEXT COLLATE "C" NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
    id BIGINT PRIMARY KEY,
    hash BYTEA NOT NULL CONSTRAINT api_tokens_hash UNIQUE,
    user_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT
);

CREATE TABLE webhooks (
    id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    secret_hash BYTEA NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE TABLE apps (
    id BIGINT PRIMARY KEY,
    client_id TEXT COLLATE "C" NOT NULL CONSTRAINT apps_client_id UNIQUE,
    client_secret_hash BYTEA NOT NULL,
    client_secret_sealed BYTEA,
    name TEXT COLLATE "C" NOT NULL,
    handler_url TEXT COLLATE "C" NOT NULL,
    install_url TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    application_token TEXT COLLATE "C" NOT NULL,
    script_only BIGINT NOT NULL,
    created_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    installed BIGINT NOT NULL,
    status BIGINT NOT NULL,
    version BIGINT NOT NULL,
    attributes TEXT COLLATE "C" NOT NULL
);

CREATE TABLE oauth_codes (
    hash BYTEA PRIMARY KEY,
    app_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE oauth_tokens (
    id BIGINT PRIMARY KEY,
    access_hash BYTEA NOT NULL CONSTRAINT oauth_tokens_access UNIQUE,
    refresh_hash BYTEA NOT NULL CONSTRAINT oauth_tokens_refresh UNIQUE,
    prev_refresh_hash BYTEA,
    prev_refresh_until BIGINT,
    app_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    access_expires_at BIGINT NOT NULL,
    refresh_expires_at BIGINT NOT NULL
);
CREATE INDEX oauth_tokens_prev ON oauth_tokens (prev_refresh_hash) WHERE prev_refresh_hash IS NOT NULL;
CREATE INDEX oauth_tokens_app ON oauth_tokens (app_id, user_id);

CREATE TABLE app_activities (
    id BIGINT PRIMARY KEY,
    app_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    internal_code TEXT COLLATE "C" NOT NULL CONSTRAINT app_activities_internal_code UNIQUE,
    spec TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT app_activities_code UNIQUE (app_id, code)
);

CREATE TABLE models (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    document_catalog BIGINT,
    updated_at BIGINT NOT NULL,
    updated_by BIGINT,
    version BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL
);

CREATE TABLE definitions (
    id BIGINT PRIMARY KEY,
    process_id TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    origin TEXT COLLATE "C" NOT NULL,
    document_catalog BIGINT,
    deployed_at BIGINT NOT NULL,
    deployed_by BIGINT,
    modified_at BIGINT NOT NULL,
    app_id BIGINT,
    auto_execute BIGINT NOT NULL,
    template_meta TEXT COLLATE "C" NOT NULL,
    deployable BIGINT NOT NULL,
    deleted_at BIGINT,
    model_id BIGINT,
    source BYTEA NOT NULL,
    view TEXT COLLATE "C" NOT NULL,
    CONSTRAINT definitions_version UNIQUE (process_id, version)
);

CREATE TABLE catalogs (
    id BIGINT PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    fields TEXT COLLATE "C" NOT NULL,
    title_field TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
-- Keys are Latin: as SQLite's NOCASE does, only A to Z lose their case.
CREATE UNIQUE INDEX catalogs_key ON catalogs (lower(key));

-- `search` holds title and text values in lower case of every script.
CREATE TABLE records (
    id BIGINT PRIMARY KEY,
    catalog_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by BIGINT,
    updated_at BIGINT NOT NULL,
    updated_by BIGINT,
    deleted BIGINT NOT NULL,
    data TEXT COLLATE "C" NOT NULL,
    search TEXT COLLATE "C" NOT NULL
);
CREATE INDEX records_catalog ON records (catalog_id, deleted, id);

CREATE TABLE settings (
    key TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE secrets (
    key TEXT COLLATE "C" PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE files (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by BIGINT,
    bytes BYTEA NOT NULL
);
