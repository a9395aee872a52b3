#include "ledger/schema.h"

#include "format/transaction.h"
#include <pthread.h>
#include <sqlite3.h>

/* The formatter takes SQL apart. */
/* clang-format off */

/* A statement of several strings; the parentheses say that no comma was forgotten. */
#define SQL(text) (text)

/* Pieces of the views. */
#define TIME(ms) \
    "strftime('%Y-%m-%dT%H:%M:%S', " ms " / 1000, 'unixepoch') || printf('.%03dZ', " ms " % 1000)"
#define HEX(column) "lower(hex(" column "))"
#define HEIGHT(position) "(" position " >> 24)"
#define ENTRY(position) "(" position " >> 8 & 0xffff)"
#define OPERATION(position) "(" position " & 0xff)"
#define MODEL(column) "CASE " column " WHEN 1 THEN 'byzantine' ELSE 'crash' END"
#define WHEN_OPERATION(name, code, text) " WHEN " #code " THEN '" text "'"
#define WHEN_RESULT(name, number) " WHEN " #number " THEN '" #name "'"
#define OPERATION_NAME(column) "CASE " column OPERATION_LIST(WHEN_OPERATION) " ELSE 'unknown' END"
#define RESULT_NAME(column) "CASE " column RESULT_LIST(WHEN_RESULT) " ELSE 'unknown' END"

const char *const schema_statements[] = {
    /* ---- history: only appended ---- */
    SQL("CREATE TABLE block (height INTEGER NOT NULL PRIMARY KEY, hash BLOB NOT NULL,"
        " time_ms INTEGER NOT NULL, epoch INTEGER NOT NULL, proposer BLOB NOT NULL,"
        " entries INTEGER NOT NULL, header BLOB NOT NULL) STRICT"),
    SQL("CREATE UNIQUE INDEX block_by_hash ON block (hash)"),
    SQL("CREATE UNIQUE INDEX block_by_time ON block (time_ms)"),
    SQL("CREATE TABLE entry (position INTEGER NOT NULL PRIMARY KEY, kind INTEGER NOT NULL,"
        " id BLOB NOT NULL, source BLOB, client_ref BLOB, code INTEGER NOT NULL,"
        " at INTEGER NOT NULL, data BLOB, effects BLOB NOT NULL, leaf BLOB NOT NULL) STRICT"),
    SQL("CREATE UNIQUE INDEX entry_by_id ON entry (id)"),
    SQL("CREATE INDEX entry_by_reference ON entry (source, client_ref) WHERE source IS NOT NULL"),
    SQL("CREATE TABLE operation (position INTEGER NOT NULL PRIMARY KEY, kind INTEGER NOT NULL,"
        " actor BLOB NOT NULL, other BLOB, asset BLOB, amount INTEGER) STRICT"),
    SQL("CREATE INDEX operation_by_kind ON operation (kind, position)"),
    SQL("CREATE TABLE touch (account BLOB NOT NULL, position INTEGER NOT NULL,"
        " PRIMARY KEY (account, position)) STRICT, WITHOUT ROWID"),
    SQL("CREATE TABLE movement (account BLOB NOT NULL, asset BLOB NOT NULL, seq INTEGER NOT NULL,"
        " position INTEGER NOT NULL, d_posted INTEGER NOT NULL, d_held_out INTEGER NOT NULL,"
        " d_held_in INTEGER NOT NULL, posted INTEGER NOT NULL, held_out INTEGER NOT NULL,"
        " held_in INTEGER NOT NULL, PRIMARY KEY (account, asset, seq)) STRICT, WITHOUT ROWID"),
    SQL("CREATE TABLE hold_end (id BLOB NOT NULL PRIMARY KEY, made INTEGER NOT NULL,"
        " ended INTEGER NOT NULL) STRICT, WITHOUT ROWID"),
    SQL("CREATE TABLE history (level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL,"
        " PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID"),
    SQL("CREATE TABLE epoch (number INTEGER NOT NULL PRIMARY KEY, first_height INTEGER NOT NULL,"
        " fault_model INTEGER NOT NULL, engine INTEGER NOT NULL, n INTEGER NOT NULL,"
        " quorum INTEGER NOT NULL, validators BLOB NOT NULL, recovery BLOB,"
        " params BLOB NOT NULL) STRICT"),
    SQL("CREATE TABLE seal (height INTEGER NOT NULL, validator INTEGER NOT NULL,"
        " signature BLOB NOT NULL, PRIMARY KEY (height, validator)) STRICT, WITHOUT ROWID"),

    /* ---- state ---- */
    SQL("CREATE TABLE account (id BLOB NOT NULL PRIMARY KEY, address TEXT NOT NULL,"
        " version INTEGER NOT NULL, flags INTEGER NOT NULL, roles INTEGER NOT NULL,"
        " low INTEGER NOT NULL, medium INTEGER NOT NULL, high INTEGER NOT NULL,"
        " sponsor BLOB NOT NULL, balances INTEGER NOT NULL, metadata BLOB NOT NULL)"
        " STRICT, WITHOUT ROWID"),
    SQL("CREATE UNIQUE INDEX account_by_address ON account (address)"),
    SQL("CREATE TABLE signer (account BLOB NOT NULL, key BLOB NOT NULL, weight INTEGER NOT NULL,"
        " PRIMARY KEY (account, key)) STRICT, WITHOUT ROWID"),
    SQL("CREATE INDEX signer_by_key ON signer (key)"),
    SQL("CREATE TABLE asset (id BLOB NOT NULL PRIMARY KEY, address TEXT NOT NULL,"
        " version INTEGER NOT NULL, issuer BLOB NOT NULL, code TEXT NOT NULL,"
        " scale INTEGER NOT NULL, flags INTEGER NOT NULL, max_supply INTEGER NOT NULL,"
        " supply INTEGER NOT NULL, metadata BLOB NOT NULL) STRICT, WITHOUT ROWID"),
    SQL("CREATE UNIQUE INDEX asset_by_address ON asset (address)"),
    SQL("CREATE TABLE balance (account BLOB NOT NULL, asset BLOB NOT NULL,"
        " posted INTEGER NOT NULL, held_out INTEGER NOT NULL, held_in INTEGER NOT NULL,"
        " floor INTEGER NOT NULL, flags INTEGER NOT NULL, seq INTEGER NOT NULL,"
        " head BLOB NOT NULL, PRIMARY KEY (account, asset)) STRICT, WITHOUT ROWID"),
    SQL("CREATE INDEX balance_by_asset ON balance (asset, account)"),
    SQL("CREATE INDEX balance_by_line ON balance (asset, floor) WHERE floor < 0"),
    SQL("CREATE TABLE hold (id BLOB NOT NULL PRIMARY KEY, version INTEGER NOT NULL,"
        " payer BLOB NOT NULL, payee BLOB NOT NULL, arbiter BLOB NOT NULL, asset BLOB NOT NULL,"
        " amount INTEGER NOT NULL, expires_ms INTEGER NOT NULL, group_id BLOB NOT NULL,"
        " lock BLOB NOT NULL) STRICT, WITHOUT ROWID"),
    SQL("CREATE INDEX hold_by_expiry ON hold (expires_ms, id)"),
    SQL("CREATE INDEX hold_by_payer ON hold (payer)"),
    SQL("CREATE INDEX hold_by_payee ON hold (payee)"),
    SQL("CREATE INDEX hold_by_group ON hold (group_id, arbiter)"),
    SQL("CREATE TABLE kv (version INTEGER NOT NULL PRIMARY KEY, owner BLOB NOT NULL,"
        " key BLOB NOT NULL, kind INTEGER NOT NULL, value BLOB NOT NULL) STRICT"),
    SQL("CREATE UNIQUE INDEX kv_by_key ON kv (owner, key)"),
    SQL("CREATE TABLE recent (source BLOB NOT NULL, client_ref BLOB NOT NULL,"
        " not_after_ms INTEGER NOT NULL, txid BLOB NOT NULL, position INTEGER NOT NULL,"
        " code INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (source, client_ref))"
        " STRICT, WITHOUT ROWID"),
    SQL("CREATE INDEX recent_by_time ON recent (not_after_ms, txid)"),
    SQL("CREATE TABLE lane (account BLOB NOT NULL, lane INTEGER NOT NULL, next INTEGER NOT NULL,"
        " PRIMARY KEY (account, lane)) STRICT, WITHOUT ROWID"),

    /* ---- governance ---- */
    SQL("CREATE TABLE member (account BLOB NOT NULL PRIMARY KEY, name TEXT NOT NULL)"
        " STRICT, WITHOUT ROWID"),
    SQL("CREATE TABLE validator (id BLOB NOT NULL PRIMARY KEY, address TEXT NOT NULL,"
        " member BLOB NOT NULL, seal_key BLOB NOT NULL, node_key BLOB NOT NULL,"
        " endpoint TEXT NOT NULL, status INTEGER NOT NULL) STRICT, WITHOUT ROWID"),
    SQL("CREATE UNIQUE INDEX validator_by_address ON validator (address)"),
    SQL("CREATE TABLE param (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL)"
        " STRICT, WITHOUT ROWID"),
    SQL("CREATE TABLE proposal (number INTEGER NOT NULL PRIMARY KEY, proposer BLOB NOT NULL,"
        " class INTEGER NOT NULL, status INTEGER NOT NULL, deadline_ms INTEGER NOT NULL,"
        " activate_ms INTEGER NOT NULL, record BLOB NOT NULL) STRICT"),
    SQL("CREATE TABLE ballot (proposal INTEGER NOT NULL, member BLOB NOT NULL,"
        " vote INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (proposal, member))"
        " STRICT, WITHOUT ROWID"),

    /* ---- the authenticated map, the place that was reached, evidence ---- */
    SQL("CREATE TABLE leaf (path BLOB NOT NULL PRIMARY KEY, hash BLOB NOT NULL,"
        " value_hash BLOB NOT NULL) STRICT, WITHOUT ROWID"),
    SQL("CREATE TABLE slot (prefix BLOB NOT NULL PRIMARY KEY, depth INTEGER NOT NULL,"
        " count INTEGER NOT NULL, hash BLOB NOT NULL) STRICT, WITHOUT ROWID"),
    SQL("CREATE TABLE ledger (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),"
        " chain_id BLOB NOT NULL, genesis BLOB NOT NULL, height INTEGER NOT NULL,"
        " epoch INTEGER NOT NULL, sequence INTEGER NOT NULL) STRICT"),
    SQL("CREATE TABLE evidence (id BLOB NOT NULL PRIMARY KEY, kind INTEGER NOT NULL,"
        " height INTEGER NOT NULL, data BLOB NOT NULL) STRICT, WITHOUT ROWID"),

    /* ---- views: history ---- */
    SQL("CREATE VIEW audit_blocks AS"
        " SELECT b.height, " HEX("b.hash") " AS hash, " TIME("b.time_ms") " AS time, b.time_ms,"
        "  b.epoch, " MODEL("e.fault_model") " AS fault_model, v.address AS proposer, b.entries,"
        "  (SELECT count(*) FROM seal s WHERE s.height = b.height) AS signatures, e.quorum"
        " FROM block b"
        " JOIN epoch e ON e.number = b.epoch"
        " LEFT JOIN validator v ON v.id = b.proposer"),
    /* Signature i is that of validator i of the epoch's set: 4 bytes, then 64 for each. */
    SQL("CREATE VIEW audit_seals AS"
        " SELECT s.height, v.address AS validator, a.address AS member,"
        "  " HEX("s.signature") " AS signature"
        " FROM seal s"
        " JOIN block b ON b.height = s.height"
        " JOIN epoch e ON e.number = b.epoch"
        " LEFT JOIN validator v ON v.id = substr(e.validators, 5 + 64 * s.validator, 16)"
        " LEFT JOIN account a ON a.id = v.member"),
    SQL("CREATE VIEW audit_transactions AS"
        " SELECT b.height, " ENTRY("x.position") " AS entry, " TIME("b.time_ms") " AS time,"
        "  " HEX("x.id") " AS txid, a.address AS source, " HEX("x.client_ref") " AS client_ref,"
        "  " RESULT_NAME("x.code") " AS code, x.at,"
        "  (SELECT count(*) FROM operation o"
        "   WHERE o.position BETWEEN x.position AND x.position + 255) AS operations,"
        "  " HEX("x.data") " AS data"
        " FROM entry x"
        " JOIN block b ON b.height = " HEIGHT("x.position")
        " LEFT JOIN account a ON a.id = x.source"
        " WHERE x.kind = 1"),
    SQL("CREATE VIEW audit_entries AS"
        " SELECT b.height, " ENTRY("x.position") " AS entry, " TIME("b.time_ms") " AS time,"
        "  CASE x.kind WHEN 1 THEN 'transaction' WHEN 2 THEN 'expiry' WHEN 3 THEN 'enactment'"
        "   WHEN 4 THEN 'recovery' ELSE 'unknown' END AS kind,"
        "  " HEX("x.id") " AS id, " RESULT_NAME("x.code") " AS code, x.at"
        " FROM entry x"
        " JOIN block b ON b.height = " HEIGHT("x.position")),
    SQL("CREATE VIEW audit_operations AS"
        " SELECT b.height, " ENTRY("o.position") " AS entry, " OPERATION("o.position") " AS op,"
        "  " TIME("b.time_ms") " AS time, " OPERATION_NAME("o.kind") " AS kind,"
        "  actor.address AS actor, other.address AS other, s.code AS asset, s.scale, o.amount,"
        "  " RESULT_NAME("x.code") " AS code"
        " FROM operation o"
        " JOIN entry x ON x.position = (o.position & ~255)"
        " JOIN block b ON b.height = " HEIGHT("o.position")
        " LEFT JOIN account actor ON actor.id = o.actor"
        " LEFT JOIN account other ON other.id = o.other"
        " LEFT JOIN asset s ON s.id = o.asset"),
    /* The balances of the genesis have no entry: the chain id stands for it. */
    SQL("CREATE VIEW audit_movements AS"
        " SELECT b.height, " ENTRY("m.position") " AS entry, " TIME("b.time_ms") " AS time,"
        "  a.address AS account, s.code AS asset, s.address AS asset_id, s.scale, m.seq,"
        "  m.d_posted, m.d_held_out, m.d_held_in, m.posted, m.held_out, m.held_in,"
        "  " HEX("coalesce(x.id, (SELECT chain_id FROM ledger))") " AS entry_id"
        " FROM movement m"
        " JOIN block b ON b.height = " HEIGHT("m.position")
        " LEFT JOIN account a ON a.id = m.account"
        " LEFT JOIN asset s ON s.id = m.asset"
        " LEFT JOIN entry x ON x.position = m.position"),

    /* ---- views: state ---- */
    SQL("CREATE VIEW audit_accounts AS"
        " SELECT a.address AS account, a.flags & 1 AS frozen, a.flags >> 1 & 1 AS closed,"
        "  a.roles, a.low, a.medium, a.high, s.address AS sponsor, a.balances, a.version"
        " FROM account a"
        " LEFT JOIN account s ON s.id = a.sponsor"),
    SQL("CREATE VIEW audit_signers AS"
        " SELECT a.address AS account, " HEX("s.key") " AS key, s.weight"
        " FROM signer s"
        " LEFT JOIN account a ON a.id = s.account"),
    SQL("CREATE VIEW audit_assets AS"
        " SELECT s.address AS asset_id, s.code AS asset, a.address AS issuer, s.scale, s.supply,"
        "  s.max_supply"
        " FROM asset s"
        " LEFT JOIN account a ON a.id = s.issuer"),
    SQL("CREATE VIEW audit_totals AS"
        " SELECT s.address AS asset_id, s.code AS asset, s.supply,"
        "  coalesce((SELECT sum(posted) FROM balance WHERE asset = s.id), 0) AS posted,"
        "  coalesce((SELECT sum(held_out) FROM balance WHERE asset = s.id), 0) AS held_out,"
        "  coalesce((SELECT sum(held_in) FROM balance WHERE asset = s.id), 0) AS held_in,"
        "  coalesce((SELECT sum(amount) FROM hold WHERE asset = s.id), 0) AS holds"
        " FROM asset s"),
    SQL("CREATE VIEW audit_balances AS"
        " SELECT a.address AS account, s.code AS asset, s.address AS asset_id, s.scale, b.posted,"
        "  b.held_out, b.held_in, b.posted - b.held_out - b.floor AS available, b.floor, b.seq"
        " FROM balance b"
        " LEFT JOIN account a ON a.id = b.account"
        " LEFT JOIN asset s ON s.id = b.asset"),
    SQL("CREATE VIEW audit_holds AS"
        " SELECT " HEX("h.id") " AS hold, payer.address AS payer, payee.address AS payee,"
        "  arbiter.address AS arbiter, s.code AS asset, h.amount,"
        "  " TIME("h.expires_ms") " AS expires, " HEX("h.group_id") " AS group_id"
        " FROM hold h"
        " LEFT JOIN account payer ON payer.id = h.payer"
        " LEFT JOIN account payee ON payee.id = h.payee"
        " LEFT JOIN account arbiter ON arbiter.id = h.arbiter"
        " LEFT JOIN asset s ON s.id = h.asset"),
    SQL("CREATE VIEW audit_ended_holds AS"
        " SELECT " HEX("e.id") " AS hold, " HEIGHT("e.made") " AS made_height,"
        "  " ENTRY("e.made") " AS made_entry, " HEIGHT("e.ended") " AS height,"
        "  " ENTRY("e.ended") " AS entry, " TIME("b.time_ms") " AS time,"
        "  x.kind = 2 AS expired, " HEX("x.id") " AS entry_id"
        " FROM hold_end e"
        " JOIN block b ON b.height = " HEIGHT("e.ended")
        " LEFT JOIN entry x ON x.position = e.ended"),
    SQL("CREATE VIEW audit_kv AS"
        " SELECT a.address AS owner, k.key, k.version,"
        "  CASE k.kind WHEN 1 THEN 'value' ELSE 'commitment' END AS kind, k.value"
        " FROM kv k"
        " LEFT JOIN account a ON a.id = k.owner"),

    /* ---- views: governance ---- */
    SQL("CREATE VIEW audit_members AS"
        " SELECT a.address AS account, m.name"
        " FROM member m"
        " LEFT JOIN account a ON a.id = m.account"),
    SQL("CREATE VIEW audit_validators AS"
        " SELECT v.address AS validator, a.address AS member, " HEX("v.seal_key") " AS seal_key,"
        "  " HEX("v.node_key") " AS node_key,"
        "  CASE v.status WHEN 1 THEN 'learner' WHEN 2 THEN 'active' ELSE 'removed' END AS status"
        " FROM validator v"
        " LEFT JOIN account a ON a.id = v.member"),
    SQL("CREATE VIEW audit_epochs AS"
        " SELECT number AS epoch, first_height, n, quorum,"
        "  " MODEL("fault_model") " AS fault_model,"
        "  CASE engine WHEN 1 THEN 'hotstuff' WHEN 2 THEN 'raft' WHEN 3 THEN 'pbft'"
        "   WHEN 4 THEN 'tendermint' WHEN 5 THEN 'paxos' WHEN 6 THEN 'zab' ELSE 'unknown' END"
        "  AS engine"
        " FROM epoch"),
    SQL("CREATE VIEW audit_proposals AS"
        " SELECT p.number, a.address AS proposer,"
        "  CASE p.class WHEN 1 THEN 'routine' WHEN 2 THEN 'critical' ELSE 'emergency' END"
        "  AS class,"
        "  CASE p.status WHEN 1 THEN 'open' WHEN 2 THEN 'passed' WHEN 3 THEN 'rejected'"
        "   WHEN 4 THEN 'enacted' WHEN 5 THEN 'failed' ELSE 'withdrawn' END AS status,"
        "  " TIME("p.deadline_ms") " AS deadline, " TIME("p.activate_ms") " AS activate,"
        "  (SELECT count(*) FROM ballot b WHERE b.proposal = p.number AND b.vote = 1) AS yes,"
        "  (SELECT count(*) FROM ballot b WHERE b.proposal = p.number AND b.vote = 2) AS no"
        " FROM proposal p"
        " LEFT JOIN account a ON a.id = p.proposer"),
    SQL("CREATE VIEW audit_ballots AS"
        " SELECT b.proposal, a.address AS member,"
        "  CASE b.vote WHEN 1 THEN 'yes' WHEN 2 THEN 'no' ELSE 'abstain' END AS vote,"
        "  " HEIGHT("b.position") " AS height"
        " FROM ballot b"
        " LEFT JOIN account a ON a.id = b.member"),
    SQL("CREATE VIEW audit_params AS SELECT name, value FROM param"),
    NULL,
};
/* clang-format on */

const struct schema_object schema_tables[] = {
    { "block", "height hash time_ms epoch proposer entries header" },
    { "entry", "position kind id source client_ref code at data effects leaf" },
    { "operation", "position kind actor other asset amount" },
    { "touch", "account position" },
    { "movement", "account asset seq position d_posted d_held_out d_held_in posted held_out"
                  " held_in" },
    { "hold_end", "id made ended" },
    { "history", "level idx hash" },
    { "epoch", "number first_height fault_model engine n quorum validators recovery params" },
    { "seal", "height validator signature" },
    { "account", "id address version flags roles low medium high sponsor balances metadata" },
    { "signer", "account key weight" },
    { "asset", "id address version issuer code scale flags max_supply supply metadata" },
    { "balance", "account asset posted held_out held_in floor flags seq head" },
    { "hold", "id version payer payee arbiter asset amount expires_ms group_id lock" },
    { "kv", "version owner key kind value" },
    { "recent", "source client_ref not_after_ms txid position code at" },
    { "lane", "account lane next" },
    { "member", "account name" },
    { "validator", "id address member seal_key node_key endpoint status" },
    { "param", "name value" },
    { "proposal", "number proposer class status deadline_ms activate_ms record" },
    { "ballot", "proposal member vote position" },
    { "leaf", "path hash value_hash" },
    { "slot", "prefix depth count hash" },
    { "ledger", "one chain_id genesis height epoch sequence" },
    { "evidence", "id kind height data" },
    { NULL, NULL },
};

const struct schema_object schema_views[] = {
    { "audit_blocks", "height hash time time_ms epoch fault_model proposer entries signatures"
                      " quorum" },
    { "audit_seals", "height validator member signature" },
    { "audit_transactions", "height entry time txid source client_ref code at operations data" },
    { "audit_entries", "height entry time kind id code at" },
    { "audit_operations", "height entry op time kind actor other asset scale amount code" },
    { "audit_movements", "height entry time account asset asset_id scale seq d_posted d_held_out"
                         " d_held_in posted held_out held_in entry_id" },
    { "audit_accounts", "account frozen closed roles low medium high sponsor balances version" },
    { "audit_signers", "account key weight" },
    { "audit_assets", "asset_id asset issuer scale supply max_supply" },
    { "audit_totals", "asset_id asset supply posted held_out held_in holds" },
    { "audit_balances", "account asset asset_id scale posted held_out held_in available floor"
                        " seq" },
    { "audit_holds", "hold payer payee arbiter asset amount expires group_id" },
    { "audit_ended_holds", "hold made_height made_entry height entry time expired entry_id" },
    { "audit_kv", "owner key version kind value" },
    { "audit_members", "account name" },
    { "audit_validators", "validator member seal_key node_key status" },
    { "audit_epochs", "epoch first_height n quorum fault_model engine" },
    { "audit_proposals", "number proposer class status deadline activate yes no" },
    { "audit_ballots", "proposal member vote height" },
    { "audit_params", "name value" },
    { NULL, NULL },
};

/* Refused, without harm, if somebody has used the library before us. */
static void library_start(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void schema_library_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, library_start);
}
