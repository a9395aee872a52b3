"""The state machine a second time: genesis, records, tree, checks, operations, effects, blocks.

Written from docs/maintainers/formats-state.md and formats-genesis.md, in the standard library alone.
The state is one dictionary, {(kind, key): value}, of plain dictionaries; its root is computed from
all of it after every block, by the definition. Signatures are not checked.
"""
import formats
import governance
import holds
from formats import Reader, little, sized, tagged

ACCOUNT, ASSET, BALANCE, HOLD, KV = 0x10, 0x20, 0x30, 0x40, 0x50
WINDOW, LANE, GOVERNANCE = 0x60, 0x70, 0x80
REGISTRAR, ISSUER, FREEZER = 1, 2, 4
ZERO16, ZERO32 = bytes(16), bytes(32)
MAX = 2**63 - 1
LEVELS = {
    "account.create": "medium",
    "account.set_signers": "high",
    "account.freeze": "medium",
    "asset.create": "medium",
    "asset.mint": "medium",
    "asset.burn": "medium",
    "balance.set_floor": "high",
    "transfer": "medium",
    "hold.create": "medium",
    "hold.post": "medium",
    "hold.void": "medium",
    "hold.post_group": "medium",
    "hold.void_group": "medium",
    "kv.put": "low",
    "kv.delete": "low",
    "gov.propose": "high",
    "gov.ballot": "high",
}
AMOUNTS = ["posted", "held_out", "held_in"]
NO_BALANCE = {"posted": 0, "held_out": 0, "held_in": 0, "floor": 0, "seq": 0, "head": ZERO32}
RANK = {"low": 1, "medium": 2, "high": 3}
RESULTS = {
    "ok": 0, "assert_failed": 10, "account_unknown": 20, "account_exists": 21,
    "account_frozen": 22, "account_protected": 23, "role_missing": 25, "key_unknown": 26,
    "asset_unknown": 30, "asset_exists": 31, "not_issuer": 32, "supply_limit": 33,
    "insufficient_funds": 40, "hold_unknown": 50, "hold_expired": 51, "not_arbiter": 52,
    "hold_amount": 53, "term_out_of_range": 54, "hold_exists": 56, "version_mismatch": 60,
    "value_too_large": 61, "not_member": 70, "proposal_unknown": 71, "proposal_closed": 72,
    "proposal_limit": 73, "params_changed": 74, "action_invalid": 75, "not_ready": 76,
}  # fmt: skip
PARAMS = [
    "tx_bytes_max", "batch_bytes_max", "batch_txs_max", "window_ms_max", "window_grace_ms",
    "window_sweep_max", "hold_ms_max", "hold_sweep_max", "kv_value_max", "max_idle_ms",
    "tick_gap_ms_min", "skew_ms_max", "unsealed_max", "ready_blocks_max", "validators_min",
    "validators_max", "gov_routine", "gov_critical", "gov_emergency", "gov_open_max",
    "gov_term_ms_max",
]  # fmt: skip


def signed(value):
    return (value % 2**64).to_bytes(8, "little")


def plain(data):
    import hashlib

    return hashlib.sha256(data).digest()


# --- trees --------------------------------------------------------------------------------------


def path_of(kind, key, not_after_ms=None):
    digest = tagged("witan/state/path/v1", bytes([kind]) + key)
    if kind == WINDOW:
        return bytes([kind]) + (not_after_ms >> 10).to_bytes(5, "big") + digest[:26]
    return bytes([kind]) + digest[:31]


def value_hash(kind, key, value):
    return tagged("witan/state/value/v1", bytes([kind]) + sized(key, 2) + value)


def leaf_of(path, hashed):
    return tagged("witan/state/leaf/v1", path + hashed)


def root_of(leaves, depth=0):
    """leaves: [(path, hash)] ascending; all share their first depth bits."""
    if not leaves:
        return ZERO32
    if len(leaves) == 1:
        return leaves[0][1]
    split = 0
    while split < len(leaves) and not leaves[split][0][depth >> 3] >> (7 - (depth & 7)) & 1:
        split += 1
    left, right = root_of(leaves[:split], depth + 1), root_of(leaves[split:], depth + 1)
    return tagged("witan/state/node/v1", left + right)


def merkle_root(data):
    """RFC 6962 over tagged hashes."""
    if not data:
        return plain(b"")
    if len(data) == 1:
        return plain(b"\0" + data[0])
    split = 1
    while split * 2 < len(data):
        split *= 2
    return plain(b"\1" + merkle_root(data[:split]) + merkle_root(data[split:]))


# --- records ------------------------------------------------------------------------------------


def encode_record(kind, r):
    if kind == ACCOUNT:
        signers = b"".join(key + little(weight, 1) for key, weight in r["signers"])
        return (
            little(r["version"], 8) + little(r["flags"], 1) + little(r["roles"], 4)
            + little(r["low"], 2) + little(r["medium"], 2) + little(r["high"], 2)
            + r["sponsor"] + little(r["balances"], 4) + r["metadata"]
            + little(len(r["signers"]), 1) + signers
        )  # fmt: skip
    if kind == ASSET:
        return (
            little(r["version"], 8) + r["issuer"] + r["code"] + little(r["scale"], 1)
            + little(r["flags"], 1) + little(r["max_supply"], 8) + little(r["supply"], 8)
            + r["metadata"]
        )  # fmt: skip
    if kind == BALANCE:
        numbers = b"".join(signed(r[name]) for name in AMOUNTS + ["floor"])
        return numbers + bytes(1) + little(r["seq"], 8) + r["head"]
    if kind == HOLD:
        return holds.encode(r)
    if kind == KV:
        return (
            little(r["version"], 8) + little(1, 1) + little(len(r["value"]), 4)
            + tagged("witan/kv-value/v1", r["value"])
        )  # fmt: skip
    if kind == WINDOW:
        return (
            r["txid"] + little(r["position"], 8) + little(r["code"], 2) + little(r["at"], 1)
            + little(r["not_after_ms"], 8)
        )  # fmt: skip
    if kind == LANE:
        return little(r["next"], 8)
    return r["bytes"]


def movement_bytes(entry_id, position, account, asset, seq, deltas, results):
    numbers = b"".join(signed(number) for number in list(deltas) + list(results))
    return entry_id + little(position, 8) + account + asset + little(seq, 8) + numbers


def movement_head(previous, movement):
    return tagged("witan/movement/v1", previous + movement)


# --- genesis ------------------------------------------------------------------------------------


def read_genesis(data):
    """The canonical bytes, as far as block 0 needs them."""
    r = Reader(data)
    assert r.number(2) == 1
    g = {"network": r.sized(1), "time_ms": r.number(8), "purpose": r.number(1)}
    start = r.at
    g["params_version"] = r.number(8)
    assert r.number(2) == len(PARAMS)
    g["params"] = {name: r.number(8) for name in PARAMS}
    for _ in range(r.number(2)):
        r.sized(1), r.number(8)
    g["params_bytes"] = data[start : r.at]
    start = r.at
    g["fault_model"], _, count = r.number(1), r.number(1), r.number(2)
    g["validators"] = [(r.take(16), r.take(16), r.take(32)) for _ in range(count)]
    g["set_bytes"] = data[start : r.at]
    g["nodes"] = []
    for _ in range(count):
        g["nodes"].append((r.take(32), r.sized(1)))
        r.take(64)
    start = r.at
    g["members"] = [(r.take(16), r.sized(1)) for _ in range(r.number(2))]
    g["members_bytes"] = data[start : r.at]
    g["accounts"] = []
    for _ in range(r.number(4)):
        a = {"id": r.take(16), "roles": r.number(4)}
        a["low"], a["medium"], a["high"] = r.number(2), r.number(2), r.number(2)
        a["metadata"] = r.take(32)
        a["signers"] = [(r.take(32), r.number(1)) for _ in range(r.number(1))]
        g["accounts"].append(a)
    g["assets"] = []
    for _ in range(r.number(4)):
        s = {"id": r.take(16), "issuer": r.take(16), "code": r.take(12), "scale": r.number(1)}
        s["flags"], s["max_supply"], s["supply"] = r.number(1), r.number(8), r.number(8)
        s["metadata"] = r.take(32)
        g["assets"].append(s)
    g["balances"] = [(r.take(16), r.take(16), r.number(8)) for _ in range(r.number(4))]
    r.end()
    return g


def genesis_state(g, chain_id):
    state = {}
    for a in g["accounts"]:
        record = {key: value for key, value in a.items() if key != "id"}
        record.update(version=1, flags=0, sponsor=ZERO16, balances=0)
        state[ACCOUNT, a["id"]] = record
    for s in g["assets"]:
        record = {key: value for key, value in s.items() if key != "id"}
        record.update(version=1)
        state[ASSET, s["id"]] = record
    for account, asset, posted in g["balances"]:
        movement = movement_bytes(chain_id, 1, account, asset, 1, (posted, 0, 0), (posted, 0, 0))
        head = movement_head(ZERO32, movement)
        state[BALANCE, account + asset] = dict(NO_BALANCE, posted=posted, seq=1, head=head)
        state[ACCOUNT, account]["balances"] += 1
    state[GOVERNANCE, b"\1"] = {"bytes": g["params_bytes"]}
    state[GOVERNANCE, b"\2"] = {"bytes": g["members_bytes"]}
    state[GOVERNANCE, b"\3"] = {"bytes": g["set_bytes"]}
    state[GOVERNANCE, b"\6"] = {"bytes": little(1, 8)}
    for (identity, member, seal_key), (node_key, endpoint) in zip(g["validators"], g["nodes"]):
        record = member + seal_key + node_key + little(2, 1) + sized(endpoint, 1)
        state[GOVERNANCE, b"\4" + identity] = {"bytes": record}
    return state


# --- the state machine --------------------------------------------------------------------------


class Failed(Exception):
    """A result other than ok: its word, and what was observed."""

    def __init__(self, word, what=None, value=0):
        super().__init__(word)
        self.word, self.what, self.value = word, what, value


class Chain(governance.Governance, holds.Holds):
    failed = Failed

    def __init__(self, genesis):
        self.chain_id = tagged("witan/genesis/v1", genesis)
        self.genesis = read_genesis(genesis)
        self.test = self.genesis["purpose"] == 2
        self.state = genesis_state(self.genesis, self.chain_id)
        self.hashes = []
        self.epoch, self.sequence, self.last_sequence, self.epoch_ends = 0, 0, 0, False
        self.take_over()
        self.height, self.time_ms, self.horizon_ms = -1, self.genesis["time_ms"], 0
        self.seal_block([], ZERO16.hex(), 0, 0, self.time_ms, 0)

    # -- what is in force, as the records say between two blocks

    def take_over(self):
        self.params_version, values, _ = governance.read_params(self.record(b"\1"))
        self.params = dict(zip(PARAMS, values))
        self.members = set(governance.read_members(self.record(b"\2")))
        self.set_hash = tagged("witan/validators/v1", self.record(b"\3"))

    # -- reading

    def get(self, kind, key):
        return self.state.get((kind, key))

    def available(self, account, asset):
        balance = self.get(BALANCE, account + asset) or NO_BALANCE
        return balance["posted"] - balance["held_out"] - balance["floor"]

    def change(self, kind, key):
        """The record, to be changed; None before becomes an empty one."""
        self.before.setdefault((kind, key), self.state.get((kind, key)))
        self.state[kind, key] = dict(self.state.get((kind, key)) or {})
        return self.state[kind, key]

    def remove(self, kind, key):
        self.before.setdefault((kind, key), self.state.get((kind, key)))
        del self.state[kind, key]

    # -- checks 6 to 12

    def refusal(self, tx, txid, signatures, time_ms):
        source = bytes.fromhex(tx["source"])
        if tx["order"] == "none":
            first = self.get(WINDOW, source + bytes.fromhex(tx["client_ref"]))
            if first:
                return "duplicate" if first["txid"] == txid else "tx_ref_conflict"
        else:
            lane = self.get(LANE, source + little(tx["lane"], 4))
            following = lane["next"] if lane else 1
            if int(tx["seq"]) != following:
                return "tx_lane_past" if int(tx["seq"]) < following else "tx_lane_gap"
        if time_ms > tx["not_after_ms"]:
            return "tx_expired"
        if time_ms < tx["not_before_ms"]:
            return "tx_too_early"
        if tx["order"] == "none" and tx["not_after_ms"] > time_ms + self.params["window_ms_max"]:
            return "tx_window_too_long"
        account = self.get(ACCOUNT, source)
        if not account:
            return "tx_unknown_source"
        if account["flags"] & 1:
            return "tx_source_frozen"
        return None if self.permitted(tx, source, signatures) else "tx_not_permitted"

    def permitted(self, tx, source, signatures):
        actors = {source: "low"}
        for op in tx["operations"]:
            actor, level = bytes.fromhex(op["actor"]), LEVELS[op["op"]]
            if RANK[level] > RANK.get(actors.get(actor), 0):
                actors[actor] = level
        keys, used = {key for key, _ in signatures}, set()
        for actor, level in actors.items():
            account = self.get(ACCOUNT, actor)
            if not account:
                return False
            signers = [(key, weight) for key, weight in account["signers"] if key in keys]
            if sum(weight for _, weight in signers) < account[level]:
                return False
            used.update(key for key, _ in signers)
        return used == keys

    # -- asserts

    def check_assert(self, item):
        kind = item["assert"]
        account = bytes.fromhex(item.get("account", ""))
        asset = bytes.fromhex(item.get("asset", ""))
        key = bytes.fromhex(item.get("key", ""))
        if kind == "balance":
            what, value, limit = 1, self.available(account, asset), int(item["amount"])
            if item["field"] == "posted":
                what, value = 2, (self.get(BALANCE, account + asset) or NO_BALANCE)["posted"]
            holds = {"equal": value == limit, "least": value >= limit, "most": value <= limit}
            holds = holds[item["relation"]]
        elif kind == "balance_seq":
            what, value = 3, (self.get(BALANCE, account + asset) or {"seq": 0})["seq"]
            holds = value == int(item["number"])
        elif kind == "kv_version":
            what, value = 4, (self.get(KV, account + key) or {"version": 0})["version"]
            holds = value == int(item["number"])
        elif kind == "kv_value":
            record = self.get(KV, account + key)
            what, value = 4, record["version"] if record else 0
            hashed = tagged("witan/kv-value/v1", record["value"]) if record else ZERO32
            holds = hashed.hex() == item["value_hash"]
        elif kind == "account_version":
            what, value = 4, (self.get(ACCOUNT, account) or {"version": 0})["version"]
            holds = value == int(item["number"])
        elif kind == "params_version":
            what, value = 6, self.params_version
            holds = value == int(item["number"])
        else:
            what, value = 5, self.height + 1
            holds = value <= int(item["number"])
        if not holds:
            raise Failed("assert_failed", what, value)

    # -- operations

    def balance_for(self, account, asset, position):
        """The balance to pay into; a new one changes its account too."""
        if not self.get(BALANCE, account + asset):
            owner = self.change(ACCOUNT, account)
            owner["balances"] += 1
            owner["version"] = position
            self.change(BALANCE, account + asset).update(NO_BALANCE)
        return self.change(BALANCE, account + asset)

    def pay_into(self, account, asset, amount, position):
        self.balance_for(account, asset, position)["posted"] += amount

    def lines(self, asset):
        """The sum of the credit lines of an asset."""
        return sum(
            -record["floor"]
            for (kind, key), record in self.state.items()
            if kind == BALANCE and key[16:] == asset
        )

    def draw(self, account, asset, amount):
        have = self.available(account, asset)
        if have < amount:
            raise Failed("insufficient_funds", 1, have)
        self.change(BALANCE, account + asset)["posted"] -= amount

    def role(self, actor, role):
        if not self.get(ACCOUNT, actor)["roles"] & role:
            raise Failed("role_missing")

    def payee(self, account):
        record = self.get(ACCOUNT, account)
        if not record:
            raise Failed("account_unknown")
        if record["flags"] & 1:
            raise Failed("account_frozen")

    def issued(self, actor, asset):
        record = self.get(ASSET, asset)
        if not record:
            raise Failed("asset_unknown")
        if record["issuer"] != actor:
            raise Failed("not_issuer")
        return record

    def apply(self, op, position):
        actor = bytes.fromhex(op["actor"])
        if self.get(ACCOUNT, actor)["flags"] & 1:
            raise Failed("account_frozen")
        getattr(self, "apply_" + op["op"].replace(".", "_"))(op, actor, position)

    @staticmethod
    def signers_of(op):
        signers = [(bytes.fromhex(s["key"]), s["weight"]) for s in op["signers"]]
        return {"low": op["low"], "medium": op["medium"], "high": op["high"], "signers": signers}

    def apply_account_create(self, op, actor, position):
        self.role(actor, REGISTRAR)
        identity = bytes.fromhex(op["id"])
        if self.get(ACCOUNT, identity):
            raise Failed("account_exists")
        account = self.change(ACCOUNT, identity)
        account.update(self.signers_of(op), version=position, flags=0, roles=0, balances=0)
        account.update(sponsor=actor, metadata=bytes.fromhex(op["metadata"]))

    def apply_account_set_signers(self, op, actor, position):
        self.change(ACCOUNT, actor).update(self.signers_of(op), version=position)

    def apply_account_freeze(self, op, actor, position):
        self.role(actor, FREEZER)
        identity = bytes.fromhex(op["account"])
        if not self.get(ACCOUNT, identity):
            raise Failed("account_unknown")
        if identity in self.members:
            raise Failed("account_protected")
        self.change(ACCOUNT, identity).update(flags=int(op["frozen"]), version=position)

    def apply_asset_create(self, op, actor, position):
        self.role(actor, ISSUER)
        code = bytes.fromhex(op["code"])
        identity = tagged("witan/asset/v1", actor + code)[:16]
        if self.get(ASSET, identity):
            raise Failed("asset_exists")
        asset = self.change(ASSET, identity)
        asset.update(version=position, issuer=actor, code=code, scale=op["scale"], supply=0)
        asset.update(flags=op["flags"], max_supply=int(op["max_supply"]))
        asset.update(metadata=bytes.fromhex(op["metadata"]))

    def apply_asset_mint(self, op, actor, position):
        identity, to = bytes.fromhex(op["asset"]), bytes.fromhex(op["to"])
        asset, amount = self.issued(actor, identity), int(op["amount"])
        self.payee(to)
        left = asset["max_supply"] - asset["supply"]
        left = min(left, MAX - asset["supply"] - self.lines(identity))
        if amount > left:
            raise Failed("supply_limit", 7, left)
        self.change(ASSET, identity).update(supply=asset["supply"] + amount, version=position)
        self.pay_into(to, identity, amount, position)

    def apply_asset_burn(self, op, actor, position):
        identity, amount = bytes.fromhex(op["asset"]), int(op["amount"])
        asset = self.issued(actor, identity)
        self.draw(actor, identity, amount)
        self.change(ASSET, identity).update(supply=asset["supply"] - amount, version=position)

    def apply_balance_set_floor(self, op, actor, position):
        identity, account = bytes.fromhex(op["asset"]), bytes.fromhex(op["account"])
        asset, floor = self.issued(actor, identity), int(op["floor"])
        if not self.get(ACCOUNT, account):
            raise Failed("account_unknown")
        balance = self.get(BALANCE, account + identity) or NO_BALANCE
        left = MAX - asset["supply"] - self.lines(identity) - balance["floor"]
        if -floor > left:
            raise Failed("supply_limit", 7, left)
        if balance["posted"] - balance["held_out"] < floor:
            raise Failed("insufficient_funds", 1, self.available(account, identity))
        self.balance_for(account, identity, position)["floor"] = floor

    def apply_transfer(self, op, actor, position):
        to, asset = bytes.fromhex(op["to"]), bytes.fromhex(op["asset"])
        self.payee(to)
        if not self.get(ASSET, asset):
            raise Failed("asset_unknown")
        self.draw(actor, asset, int(op["amount"]))
        self.pay_into(to, asset, int(op["amount"]), position)

    def apply_kv_put(self, op, actor, position):
        key, value = bytes.fromhex(op["key"]), bytes.fromhex(op["value"])
        if len(value) > self.params["kv_value_max"]:
            raise Failed("value_too_large")
        version = (self.get(KV, actor + key) or {"version": 0})["version"]
        wrong = op["expect"] == "absent" and version != 0
        if wrong or (op["expect"] == "version" and version != int(op["version"])):
            raise Failed("version_mismatch", 4, version)
        self.change(KV, actor + key).update(version=position, value=value)

    def apply_kv_delete(self, op, actor, position):
        key = bytes.fromhex(op["key"])
        record = self.get(KV, actor + key)
        if not record:
            raise Failed("key_unknown")
        if op["expect"] == "version" and record["version"] != int(op["version"]):
            raise Failed("version_mismatch", 4, record["version"])
        self.remove(KV, actor + key)

    # -- an entry

    def effect(self, kind, key, old, txid, position):
        """The record of one changed object; gives a balance its next number and head."""
        now = self.state.get((kind, key))
        if kind == GOVERNANCE:
            return self.proposal_effect(key)
        if kind == BALANCE:
            old = old or NO_BALANCE
            account, asset = key[:16], key[16:]
            deltas = [now[name] - old[name] for name in AMOUNTS]
            results = [now[name] for name in AMOUNTS]
            movement = movement_bytes(
                txid, position, account, asset, old["seq"] + 1, deltas, results
            )
            now["seq"], now["head"] = old["seq"] + 1, movement_head(old["head"], movement)
            return b"\1" + key + movement[72:] + now["head"]
        if kind == HOLD:
            state, amount = self.told[key]
            return b"\4" + key + little(state, 1) + little(amount, 8)
        versions = little(old["version"] if old else 0, 8) + little(now["version"] if now else 0, 8)
        if kind == ACCOUNT:
            return b"\2" + key + versions
        if kind == ASSET:
            return b"\3" + key + versions + little(now["supply"], 8)
        if not old and not now:
            return None
        hashed = tagged("witan/kv-value/v1", now["value"]) if now else ZERO32
        return b"\5" + key[:16] + sized(key[16:], 1) + versions + hashed

    def execute(self, tx, txid, entry):
        """(result word, at, effects)"""
        base = (self.height + 1) << 24 | entry << 8
        self.before, self.told, self.grouped, self.txid = {}, {}, 0, txid
        at = 0
        try:
            for at, item in enumerate(tx["asserts"], 128):
                self.check_assert(item)
            for at, op in enumerate(tx["operations"]):
                self.apply(op, base | at)
            word, at = "ok", 0
            records = [self.effect(*key, old, txid, base) for key, old in self.before.items()]
            records = sorted(record for record in records if record)
        except Failed as failed:
            word, records = failed.word, []
            if failed.what:
                records = [b"\7" + little(failed.what, 1) + signed(failed.value)]
            for key, old in self.before.items():
                if old is None:
                    self.state.pop(key, None)
                else:
                    self.state[key] = old
        source = bytes.fromhex(tx["source"])
        if tx["order"] == "lane":
            key = source + little(tx["lane"], 4)
            self.state[LANE, key] = {"next": int(tx["seq"]) + 1}
        else:
            record = {"txid": txid, "position": base, "code": RESULTS[word], "at": at}
            record["not_after_ms"] = tx["not_after_ms"]
            self.state[WINDOW, source + bytes.fromhex(tx["client_ref"])] = record
        return word, at, little(len(records), 2) + b"".join(records)

    # -- a block

    def sweep(self, horizon_ms):
        due = [
            (record["not_after_ms"], record["txid"], key)
            for (kind, key), record in self.state.items()
            if kind == WINDOW and record["not_after_ms"] < horizon_ms
        ]
        for _, _, key in sorted(due)[: self.params["window_sweep_max"]]:
            del self.state[WINDOW, key]

    def state_root(self):
        leaves = []
        for (kind, key), record in self.state.items():
            path = path_of(kind, key, record.get("not_after_ms"))
            leaves.append((path, leaf_of(path, value_hash(kind, key, encode_record(kind, record)))))
        return root_of(sorted(leaves))

    def seal_block(self, leaves, proposer, flags, sequence, time_ms, horizon_ms):
        g = self.genesis
        self.height, self.time_ms, self.horizon_ms = self.height + 1, time_ms, horizon_ms
        following = tagged("witan/validators/v1", self.record(b"\3")).hex()
        self.header = formats.encode_header(
            {
                "version": 1,
                "fault_model": g["fault_model"],
                "flags": flags,
                "entry_count": len(leaves),
                "chain_id": self.chain_id.hex(),
                "epoch": str(self.epoch),
                "height": str(self.height),
                "sequence": str(sequence),
                "time_ms": time_ms,
                "window_horizon_ms": horizon_ms,
                "proposer": proposer,
                "parent_hash": (self.hashes[-1] if self.hashes else ZERO32).hex(),
                "tx_root": merkle_root(leaves).hex(),
                "state_root": self.state_root().hex(),
                "history_root": merkle_root(self.hashes).hex(),
                "validators_hash": self.set_hash.hex(),
                "next_validators_hash": following,
                "members_hash": tagged("witan/members/v1", self.record(b"\2")).hex(),
                "params_hash": tagged("witan/params/v1", self.record(b"\1")).hex(),
            }
        )
        self.hashes.append(formats.header_hash(self.header))
        self.take_over()
        self.sequence = self.last_sequence = sequence
        if self.epoch_ends:
            self.epoch, self.sequence, self.epoch_ends = self.epoch + 1, 0, False

    @staticmethod
    def entry(kind, identity, signed, outcome):
        """An entry as the vectors show it, from its result word, at and effects."""
        word, at, effects = outcome
        record = {
            "kind": kind,
            "id": identity.hex(),
            "signed_hash": signed.hex(),
            "code": RESULTS[word],
            "at": at,
            "effects_hash": tagged("witan/effects/v1", effects).hex(),
        }
        leaf = formats.entry_hash(formats.encode_entry(record))
        entry = {"id": identity.hex(), "code": word, "at": at, "effects": effects.hex()}
        return dict(entry, leaf=leaf.hex())

    def execute_batch(self, data, sequence, epoch=0):
        """{"kind", "skipped", "entries"}; self.header and self.hashes are those of the block."""
        if epoch < self.epoch:
            void = epoch == self.epoch - 1 and self.sequence == 0 and sequence > self.last_sequence
            return {"kind": "void" if void else "past", "skipped": [], "entries": []}
        try:
            batch = formats.decode_batch(data, self.params)
        except formats.Refused:
            batch = {"time_ms": 0, "flags": 0, "proposer": ZERO16.hex(), "transactions": []}
        time_ms = self.block_ms = max(batch["time_ms"], self.time_ms + 1)
        idle = time_ms - self.time_ms
        skipped, entries = [], []
        for hold in self.holds_due():
            outcome, identity = self.expire(hold, len(entries))
            entries.append(self.entry(2, identity, ZERO32, outcome))
        for number in self.due():
            outcome, identity = self.enact(number, len(entries))
            entries.append(self.entry(3, identity, ZERO32, outcome))
        for transaction in batch["transactions"]:
            raw = bytes.fromhex(transaction)
            try:
                tx, body, signatures = formats.decode_transaction(raw)
            except formats.Refused:
                skipped.append("tx_malformed")
                continue
            txid = formats.txid(body)
            if tx["chain_id"] != self.chain_id.hex():
                skipped.append("tx_wrong_chain")
                continue
            refusal = self.refusal(tx, txid, signatures, time_ms)
            if refusal:
                skipped.append(refusal)
                continue
            outcome = self.execute(tx, txid, len(entries))
            entries.append(self.entry(1, txid, formats.signed_hash(raw), outcome))
        longest, gap = self.params["max_idle_ms"], self.params["tick_gap_ms_min"]
        tick = (longest > 0 and idle >= longest) or (batch["flags"] & 1 and idle >= gap)
        if not entries and not tick:
            return {"kind": "empty", "skipped": skipped, "entries": []}
        horizon_ms = max(self.horizon_ms, self.time_ms - self.params["window_grace_ms"], 0)
        self.sweep(horizon_ms)
        leaves = [bytes.fromhex(entry["leaf"]) for entry in entries]
        flags = (0 if entries else 2) | (1 if self.epoch_ends else 0)
        self.seal_block(leaves, batch["proposer"], flags, sequence, time_ms, horizon_ms)
        return {"kind": "block", "skipped": skipped, "entries": entries}
