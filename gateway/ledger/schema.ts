/**
 * The tables of truth, vault and mempool in the one SQLite file of a gateway (design.md section 5).
 *
 * Truth is what every gateway of the chain agrees on and what `gateway verify` reads; the vault is this gateway's
 * own (openings of points, enrolments under way, counters, held records). The projection's tables are listed in
 * projection/schema.ts; they can be dropped and made again from these.
 */

/** `PRAGMA user_version` of a store of this form. */
export const STORE_VERSION = 4;

/** Larger pages waste less on rows of 2 KB and make commits of random keys cheaper. */
export const PAGE_SIZE = 16_384;

export const TRUTH_TABLES = `
  -- Main chain. first = position of its first record; range = compact range of the log after it;
  -- work = sum of work from genesis, 32 bytes big-endian.
  CREATE TABLE block (
    height INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, header BLOB NOT NULL, nonce BLOB NOT NULL,
    seal BLOB NOT NULL, first INTEGER NOT NULL, records INTEGER NOT NULL, range BLOB NOT NULL,
    work BLOB NOT NULL) STRICT;
  CREATE INDEX block_first ON block (first);
  -- Records of the main chain by position in the log. line1 is packed (shared/record/compact.ts);
  -- blob is the row of its line 2; prev is the position of the same key's previous record.
  CREATE TABLE record (
    pos INTEGER PRIMARY KEY, line1 BLOB NOT NULL, blob INTEGER, prev INTEGER) STRICT;
  -- Line 2 by content: ct = first 48 bits of SHA-256(line 2), body packed. refs = records that share it.
  CREATE TABLE blob (
    id INTEGER PRIMARY KEY, ct INTEGER NOT NULL, refs INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE INDEX blob_ct ON blob (ct);
  -- Rows of 64 hashes, four to a tile of 256: id = tile level x 2^40 + number of the row in its level.
  CREATE TABLE tile (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
  CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
  -- Blocks beside the main chain. code: why it can never be part of it, else NULL.
  CREATE TABLE side_block (
    hash BLOB PRIMARY KEY, height INTEGER NOT NULL, prev BLOB NOT NULL, header BLOB NOT NULL,
    nonce BLOB NOT NULL, seal BLOB NOT NULL, work BLOB NOT NULL, code TEXT) STRICT, WITHOUT ROWID;
  CREATE INDEX side_block_prev ON side_block (prev);
  CREATE TABLE side_record (
    hash BLOB NOT NULL, n INTEGER NOT NULL, line1 BLOB NOT NULL, blob INTEGER,
    PRIMARY KEY (hash, n)) STRICT, WITHOUT ROWID;
  -- The fold of the records: one row an entity of ChainState, JSON. What every day changes of a device and its
  -- point is not written here again but in key_tip, which holds over these rows.
  CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  -- Newest record of each signing key in the main chain: its position; of devices also seq, end of the last day,
  -- ended, and the end of the point's last day. no = order of admission.
  CREATE TABLE key_tip (
    no INTEGER PRIMARY KEY, kid BLOB NOT NULL, pos INTEGER, seq INTEGER NOT NULL, last_to INTEGER,
    ended INTEGER NOT NULL, point_to INTEGER) STRICT;
  CREATE UNIQUE INDEX key_tip_kid ON key_tip (kid);
  -- What a block that is not final changed in state and key_tip, to take it back.
  CREATE TABLE undo (height INTEGER PRIMARY KEY, entries TEXT NOT NULL) STRICT;
`;

/** People and programs that may use the portal. */
export const ACCESS_TABLES = `
  -- meters: JSON list of ids; password: scrypt; epoch counts password changes.
  CREATE TABLE vault_user (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, meters TEXT NOT NULL, password TEXT NOT NULL,
    epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  -- hash = H of SHA-256 of the token.
  CREATE TABLE vault_access_token (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, meters TEXT NOT NULL, hash TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX vault_access_token_hash ON vault_access_token (hash);
  CREATE TABLE vault_secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/** What people have to look at, and what blocks cost to make. */
export const UPKEEP_TABLES = `
  -- Alarms and what became of them. leaf and pos: of the record that raised it, where one did; pos is NULL when that record
  -- was taken back. state: 0 open, 1 acknowledged, 2 closed; closed_by is NULL where the cause ended by itself.
  CREATE TABLE vault_alarm (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL, meter INTEGER, leaf TEXT, pos INTEGER, at INTEGER NOT NULL,
    detail TEXT, state INTEGER NOT NULL, taken INTEGER, taken_by TEXT, note TEXT, closed INTEGER,
    closed_by TEXT, closing TEXT) STRICT;
  CREATE INDEX vault_alarm_state ON vault_alarm (state, id);
  CREATE INDEX vault_alarm_meter ON vault_alarm (meter, state, id);
  CREATE UNIQUE INDEX vault_alarm_leaf ON vault_alarm (leaf) WHERE leaf IS NOT NULL;
  CREATE INDEX vault_alarm_pos ON vault_alarm (pos) WHERE pos IS NOT NULL;
  -- What each of the newest blocks made here took, in microseconds: making the template, searching the nonce (hashes: how
  -- many tries), checking it by all rules, writing it with its projection; bytes = the store after it.
  CREATE TABLE vault_block_cost (
    height INTEGER PRIMARY KEY, at INTEGER NOT NULL, records INTEGER NOT NULL, template_us INTEGER NOT NULL,
    mining_us INTEGER NOT NULL, hashes INTEGER NOT NULL, check_us INTEGER NOT NULL, write_us INTEGER NOT NULL,
    bytes INTEGER NOT NULL) STRICT;
  -- The same by civil day (yyyymmdd) of the gateway, summed; bytes = after its last block.
  CREATE TABLE vault_day_cost (
    date INTEGER PRIMARY KEY, blocks INTEGER NOT NULL, records INTEGER NOT NULL, template_us INTEGER NOT NULL,
    mining_us INTEGER NOT NULL, hashes INTEGER NOT NULL, check_us INTEGER NOT NULL, write_us INTEGER NOT NULL,
    bytes INTEGER NOT NULL) STRICT;
`;

/** Held records, in the order of their numbers: one row for those of one commit (held-row.ts). id: not above any of theirs. */
export const HELD_TABLE = `
  CREATE TABLE held (id INTEGER PRIMARY KEY, records INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
`;

export const VAULT_TABLES = `
  -- Openings: which meter a point is. Destroying the row makes the point anonymous for ever.
  CREATE TABLE vault_point (
    point TEXT PRIMARY KEY, meter TEXT NOT NULL, salt TEXT NOT NULL, zone TEXT NOT NULL,
    latitude INTEGER, longitude INTEGER, label TEXT) STRICT, WITHOUT ROWID;
  CREATE INDEX vault_point_meter ON vault_point (meter);
  -- One-time tokens that were handed out and not used: token = H of SHA-256 of the token.
  CREATE TABLE vault_token (token TEXT PRIMARY KEY, point TEXT NOT NULL, made INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE TABLE vault_online (meter TEXT PRIMARY KEY, online INTEGER NOT NULL, at INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
  CREATE INDEX vault_online_now ON vault_online (online);
  ${ACCESS_TABLES}
  ${UPKEEP_TABLES}
  CREATE TABLE vault_counter (code TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  ${HELD_TABLE}
`;
