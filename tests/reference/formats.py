"""The ledger's byte formats a second time: transaction, batch, header, entry record, seal.

Written from docs/maintainers/formats-ledger.md, in the standard library alone, and as plainly as it
can be: speed is no aim, agreement is. Fields are dictionaries as in the vector files: bytes in
lower-case hex, 64-bit numbers as decimal strings, times and counts as numbers. Signatures are not
checked; that keys are valid points is, for it is a rule of the format.

Every decoder returns fields whose encoding is the bytes it was given, or raises Refused.
"""
import hashlib

AMOUNT_MAX = 2**63 - 1
TIME_LIMIT = 2**48
NUMBER_LIMIT = 2**63
HEIGHT_LIMIT = 2**39
TX_BYTES_LIMIT = 1048576


class Refused(Exception):
    """These bytes are not of the format; the argument says which rule they break."""


def require(condition, rule):
    if not condition:
        raise Refused(rule)


def tagged(tag, data):
    """H(tag, x) = SHA-256(tag 0x00 x)."""
    return hashlib.sha256(tag.encode("ascii") + b"\0" + data).digest()


# --- integers and byte strings ------------------------------------------------------------------


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        require(self.at + size <= len(self.data), "ends too early")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def hex(self, size):
        return self.take(size).hex()

    def sized(self, width):
        return self.take(self.number(width))

    def end(self):
        require(self.at == len(self.data), "bytes are left over")


def little(value, size):
    return int(value).to_bytes(size, "little")


def sized(data, width):
    return little(len(data), width) + data


# --- valid public keys --------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def point_add(a, b):
    """Extended coordinates, the complete addition law for a = -1."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (x1 + y1) * (x2 + y2) - x1 * x2 - y1 * y2
    f = z1 * z2 - D * t1 * t2
    g = z1 * z2 + D * t1 * t2
    h = y1 * y2 + x1 * x2
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_times(scalar, point):
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def is_identity(point):
    x, y, z, _ = point
    return x % P == 0 and (y - z) % P == 0


def point_of(key):
    """The point, or None if the bytes are not canonical or not on the curve."""
    y = int.from_bytes(key, "little")
    sign = y >> 255
    y &= 2**255 - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_1 % P
    if x * x % P != square or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def key_valid(key):
    """Canonical, on the curve, not of small order, in the main subgroup."""
    point = point_of(key)
    if point is None or is_identity(point_times(8, point)):
        return False
    return is_identity(point_times(L, point))


# --- transaction --------------------------------------------------------------------------------

EXPECT = ["any", "absent", "version"]
FIELD = [None, "posted", "available"]
RELATION = [None, "equal", "least", "most"]
ASSERTS = [
    None,
    "balance",
    "balance_seq",
    "kv_version",
    "kv_value",
    "account_version",
    "params_version",
    "height_max",
]
OPERATIONS = {
    0x0101: "account.create",
    0x0102: "account.set_signers",
    0x0103: "account.freeze",
    0x0201: "asset.create",
    0x0202: "asset.mint",
    0x0203: "asset.burn",
    0x0207: "balance.set_floor",
    0x0301: "transfer",
    0x0401: "hold.create",
    0x0402: "hold.post",
    0x0403: "hold.void",
    0x0406: "hold.post_group",
    0x0407: "hold.void_group",
    0x0501: "kv.put",
    0x0502: "kv.delete",
    0x0601: "gov.propose",
    0x0602: "gov.ballot",
}
CODES = {name: code for code, name in OPERATIONS.items()}


def read_amount(r):
    amount = r.number(8)
    require(1 <= amount <= AMOUNT_MAX, "amount")
    return str(amount)


def read_number(r):
    number = r.number(8)
    require(number < NUMBER_LIMIT, "number")
    return str(number)


def read_time(r):
    time = r.number(8)
    require(time < TIME_LIMIT, "time")
    return time


def read_word(r, words):
    index = r.number(1)
    require(index < len(words) and words[index] is not None, "unknown kind")
    return words[index]


def read_key(r):
    key = r.sized(1)
    require(len(key) >= 1, "empty key")
    return key.hex()


def read_thresholds(r):
    return {"low": r.number(2), "medium": r.number(2), "high": r.number(2)}


def read_signers(r, thresholds):
    count = r.number(1)
    require(1 <= count <= 20, "count of signers")
    signers = []
    for _ in range(count):
        key, weight = r.take(32), r.number(1)
        require(weight >= 1, "weight")
        require(not signers or signers[-1]["key"] < key.hex(), "order of keys")
        require(key_valid(key), "key")
        signers.append({"key": key.hex(), "weight": weight})
    low, medium, high = (thresholds[name] for name in ("low", "medium", "high"))
    require(1 <= low <= medium <= high, "thresholds")
    require(high <= sum(signer["weight"] for signer in signers), "sum of weights")
    return signers


def read_expectation(r, words):
    expect = read_word(r, words)
    version = read_number(r)
    require((expect == "version") == (version != "0"), "version")
    return expect, version


def read_code(r):
    code = r.take(12)
    name = code.rstrip(b"\0")
    allowed = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    require(len(name) >= 1 and all(byte in allowed for byte in name), "code")
    return code.hex()


# --- actions of a proposal ----------------------------------------------------------------------

VOTES = [None, "yes", "no", "abstain"]
ACTIONS = [
    None,
    "params.set",
    "account.roles",
    "account.frozen",
    "member.add",
    "member.remove",
    "validator.add",
    "validator.remove",
    "validator.rekey",
    "engine.params",
]
PARAM_COUNT = 21
FRACTIONS = (16, 17, 18)  # gov_routine, gov_critical, gov_emergency


def read_text(r, most):
    data = r.sized(1)
    require(len(data) <= most, "length of a text")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("UTF-8") from None
    require(b"\0" not in data, "NUL")
    return data


def read_point(r):
    key = r.take(32)
    require(key_valid(key), "key")
    return key.hex()


def read_validator(r):
    validator = r.hex(16)
    require(int(validator, 16) != 0, "id of zeros")
    return validator


def read_ready(r):
    return {"height": read_number(r), "block_hash": r.hex(32), "signature": r.hex(64)}


def endpoint_valid(data):
    """host:port; an IPv6 address stands in brackets."""
    host, colon, port = data.rpartition(b":")
    if not colon or not port.isdigit() or port[:1] == b"0" or not 1 <= int(port) <= 65535:
        return False
    if len(host) > 2 and host[:1] == b"[" and host[-1:] == b"]":
        return all(byte in b"0123456789abcdefABCDEF:." for byte in host[1:-1])
    letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
    return 1 <= len(host) <= 253 and all(byte in letters for byte in host)


def read_action(r):
    action = {"action": read_word(r, ACTIONS)}
    kind = action["action"]
    if kind == "params.set":
        action["index"] = r.number(2)
        require(action["index"] < PARAM_COUNT, "parameter")
        fraction = action["index"] in FRACTIONS
        action["value"] = str(r.number(8)) if fraction else read_number(r)
    elif kind == "account.roles":
        action["account"] = r.hex(16)
        action["roles"] = r.number(4)
        require(action["roles"] <= 7, "roles")
    elif kind == "account.frozen":
        action["account"] = r.hex(16)
        action["frozen"] = read_word(r, [False, True])
    elif kind == "member.add":
        action["account"] = r.hex(16)
        name = read_text(r, 64)
        require(len(name) >= 1 and all(byte >= 0x20 and byte != 0x7F for byte in name), "name")
        action["name"] = name.hex()
    elif kind == "member.remove":
        action["account"] = r.hex(16)
    elif kind == "validator.add":
        action["id"] = read_validator(r)
        action["member"] = r.hex(16)
        action["seal_key"], action["node_key"] = read_point(r), read_point(r)
        require(action["seal_key"] != action["node_key"], "one key for both")
        endpoint = read_text(r, 255)
        require(endpoint_valid(endpoint), "endpoint")
        action["endpoint"] = endpoint.hex()
        action.update(read_ready(r))
    elif kind == "validator.remove":
        action["id"] = read_validator(r)
    elif kind == "validator.rekey":
        action["id"] = read_validator(r)
        action["seal_key"] = read_point(r)
        action.update(read_ready(r))
    else:
        name = r.sized(1)
        allowed = b"abcdefghijklmnopqrstuvwxyz0123456789_"
        require(1 <= len(name) <= 31 and all(byte in allowed for byte in name), "name")
        action["name"] = name.hex()
        action["value"] = read_number(r)
    return action


def encode_ready(action):
    return little(action["height"], 8) + bytes.fromhex(action["block_hash"] + action["signature"])


def encode_action(action):
    kind = action["action"]
    data = little(ACTIONS.index(kind), 1)

    def raw(*names):
        return bytes.fromhex("".join(action[name] for name in names))

    if kind == "params.set":
        return data + little(action["index"], 2) + little(action["value"], 8)
    if kind == "account.roles":
        return data + raw("account") + little(action["roles"], 4)
    if kind == "account.frozen":
        return data + raw("account") + little(action["frozen"], 1)
    if kind == "member.add":
        return data + raw("account") + sized(raw("name"), 1)
    if kind == "member.remove":
        return data + raw("account")
    if kind == "validator.add":
        keys = raw("id", "member", "seal_key", "node_key")
        return data + keys + sized(raw("endpoint"), 1) + encode_ready(action)
    if kind == "validator.remove":
        return data + raw("id")
    if kind == "validator.rekey":
        return data + raw("id", "seal_key") + encode_ready(action)
    return data + sized(raw("name"), 1) + little(action["value"], 8)


def read_operation(r):
    name = OPERATIONS.get(r.number(2))
    require(name is not None, "unknown operation")
    op = {"op": name, "actor": r.hex(16)}
    if name == "account.create":
        op["id"] = r.hex(16)
        op.update(read_thresholds(r))
        op["metadata"] = r.hex(32)
        op["signers"] = read_signers(r, op)
    elif name == "account.set_signers":
        op.update(read_thresholds(r))
        op["signers"] = read_signers(r, op)
    elif name == "account.freeze":
        op["account"] = r.hex(16)
        op["frozen"] = read_word(r, [False, True])
    elif name == "asset.create":
        op["code"] = read_code(r)
        op["scale"] = r.number(1)
        require(op["scale"] <= 12, "scale")
        op["flags"] = r.number(1)
        require(op["flags"] == 0, "flags")
        op["max_supply"] = read_amount(r)
        op["metadata"] = r.hex(32)
    elif name == "asset.mint":
        op["asset"], op["to"] = r.hex(16), r.hex(16)
        op["amount"] = read_amount(r)
    elif name == "asset.burn":
        op["asset"] = r.hex(16)
        op["amount"] = read_amount(r)
    elif name == "transfer":
        op["to"], op["asset"] = r.hex(16), r.hex(16)
        op["amount"] = read_amount(r)
        require(op["to"] != op["actor"], "pays to itself")
    elif name == "balance.set_floor":
        op["asset"], op["account"] = r.hex(16), r.hex(16)
        floor = int.from_bytes(r.take(8), "little", signed=True)
        require(-AMOUNT_MAX <= floor <= 0, "floor")
        op["floor"] = str(floor)
    elif name == "hold.create":
        op["payee"], op["asset"] = r.hex(16), r.hex(16)
        op["amount"], op["expires_ms"] = read_amount(r), read_time(r)
        op["arbiter"], op["group"] = r.hex(16), r.hex(16)
        require(op["payee"] != op["actor"], "pays to itself")
    elif name == "hold.post":
        op["hold"], op["amount"] = r.hex(16), read_amount(r)
    elif name == "hold.void":
        op["hold"] = r.hex(16)
    elif name in ("hold.post_group", "hold.void_group"):
        op["group"] = r.hex(16)
        require(int(op["group"], 16) != 0, "no group")
    elif name == "kv.put":
        op["key"] = read_key(r)
        op["expect"], op["version"] = read_expectation(r, EXPECT)
        op["value"] = r.sized(4).hex()
    elif name == "kv.delete":
        op["key"] = read_key(r)
        op["expect"], op["version"] = read_expectation(r, ["any", None, "version"])
    elif name == "gov.propose":
        op["rationale"] = r.hex(32)
        op["expects_params_version"] = read_number(r)
        op["deadline_ms"], op["activate_ms"] = read_time(r), read_time(r)
        count = r.number(1)
        require(1 <= count <= 10, "count of actions")
        op["actions"] = [read_action(r) for _ in range(count)]
    elif name == "gov.ballot":
        op["proposal"] = read_number(r)
        op["vote"] = read_word(r, VOTES)
    return op


def read_assert(r):
    kind = read_word(r, ASSERTS)
    item = {"assert": kind}
    if kind not in ("params_version", "height_max"):
        item["account"] = r.hex(16)
    if kind == "balance":
        item["asset"] = r.hex(16)
        item["field"] = read_word(r, FIELD)
        item["relation"] = read_word(r, RELATION)
        item["amount"] = str(int.from_bytes(r.take(8), "little", signed=True))
        return item
    if kind == "balance_seq":
        item["asset"] = r.hex(16)
    if kind in ("kv_version", "kv_value"):
        item["key"] = read_key(r)
    if kind == "kv_value":
        item["value_hash"] = r.hex(32)
    else:
        item["number"] = read_number(r)
    return item


def decode_body(body):
    r = Reader(body)
    require(r.number(2) == 1, "version")
    tx = {"chain_id": r.hex(32), "source": r.hex(16), "client_ref": r.hex(16)}
    tx["not_before_ms"] = read_time(r)
    tx["not_after_ms"] = read_time(r)
    tx["order"] = read_word(r, ["none", "lane"])
    tx["lane"] = r.number(4)
    tx["seq"] = read_number(r)
    if tx["order"] == "none":
        require(tx["lane"] == 0 and tx["seq"] == "0", "lane without order")
    else:
        require(tx["seq"] != "0", "number of a lane")
    tx["memo_hash"] = r.hex(32)
    count = r.number(1)
    require(count <= 16, "count of asserts")
    tx["asserts"] = [read_assert(r) for _ in range(count)]
    count = r.number(1)
    require(1 <= count <= 100, "count of operations")
    tx["operations"] = [read_operation(r) for _ in range(count)]
    r.end()
    return tx


def decode_transaction(data):
    """(fields, body, [(key, signature), ...])"""
    r = Reader(data)
    body = r.sized(4)
    fields = decode_body(body)
    count = r.number(1)
    require(1 <= count <= 32, "count of signatures")
    signatures = []
    for _ in range(count):
        key, signature = r.take(32), r.take(64)
        require(not signatures or signatures[-1][0] < key, "order of signatures")
        signatures.append((key, signature))
    r.end()
    return fields, body, signatures


def encode_signers(op):
    items = [bytes.fromhex(s["key"]) + little(s["weight"], 1) for s in op["signers"]]
    return little(len(items), 1) + b"".join(items)


def encode_thresholds(op):
    return little(op["low"], 2) + little(op["medium"], 2) + little(op["high"], 2)


def encode_expectation(op):
    return little(EXPECT.index(op["expect"]), 1) + little(op["version"], 8)


def encode_operation(op):
    name = op["op"]
    raw = {field: bytes.fromhex(op[field]) for field in op if isinstance(op[field], str)
           and field in ("actor", "id", "to", "asset", "account", "code", "metadata", "key", "value",
                         "payee", "arbiter", "group", "hold")}
    head = little(CODES[name], 2) + raw["actor"]
    if name == "account.create":
        return head + raw["id"] + encode_thresholds(op) + raw["metadata"] + encode_signers(op)
    if name == "account.set_signers":
        return head + encode_thresholds(op) + encode_signers(op)
    if name == "account.freeze":
        return head + raw["account"] + little(op["frozen"], 1)
    if name == "asset.create":
        numbers = little(op["scale"], 1) + little(op["flags"], 1) + little(op["max_supply"], 8)
        return head + raw["code"] + numbers + raw["metadata"]
    if name == "asset.mint":
        return head + raw["asset"] + raw["to"] + little(op["amount"], 8)
    if name == "asset.burn":
        return head + raw["asset"] + little(op["amount"], 8)
    if name == "transfer":
        return head + raw["to"] + raw["asset"] + little(op["amount"], 8)
    if name == "balance.set_floor":
        floor = int(op["floor"]).to_bytes(8, "little", signed=True)
        return head + raw["asset"] + raw["account"] + floor
    if name == "hold.create":
        numbers = little(op["amount"], 8) + little(op["expires_ms"], 8)
        return head + raw["payee"] + raw["asset"] + numbers + raw["arbiter"] + raw["group"]
    if name == "hold.post":
        return head + raw["hold"] + little(op["amount"], 8)
    if name == "hold.void":
        return head + raw["hold"]
    if name in ("hold.post_group", "hold.void_group"):
        return head + raw["group"]
    if name == "kv.put":
        return head + sized(raw["key"], 1) + encode_expectation(op) + sized(raw["value"], 4)
    if name == "gov.propose":
        times = little(op["deadline_ms"], 8) + little(op["activate_ms"], 8)
        actions = b"".join(encode_action(action) for action in op["actions"])
        numbers = little(op["expects_params_version"], 8) + times + little(len(op["actions"]), 1)
        return head + bytes.fromhex(op["rationale"]) + numbers + actions
    if name == "gov.ballot":
        return head + little(op["proposal"], 8) + little(VOTES.index(op["vote"]), 1)
    return head + sized(raw["key"], 1) + encode_expectation(op)


def encode_assert(item):
    kind = item["assert"]
    data = little(ASSERTS.index(kind), 1) + bytes.fromhex(item.get("account", ""))
    data += bytes.fromhex(item.get("asset", ""))
    if "key" in item:
        data += sized(bytes.fromhex(item["key"]), 1)
    if kind == "balance":
        data += little(FIELD.index(item["field"]), 1) + little(RELATION.index(item["relation"]), 1)
        return data + int(item["amount"]).to_bytes(8, "little", signed=True)
    if kind == "kv_value":
        return data + bytes.fromhex(item["value_hash"])
    return data + little(item["number"], 8)


def encode_body(tx):
    return b"".join(
        [
            little(1, 2),
            bytes.fromhex(tx["chain_id"]),
            bytes.fromhex(tx["source"]),
            bytes.fromhex(tx["client_ref"]),
            little(tx["not_before_ms"], 8),
            little(tx["not_after_ms"], 8),
            little(["none", "lane"].index(tx["order"]), 1),
            little(tx["lane"], 4),
            little(tx["seq"], 8),
            bytes.fromhex(tx["memo_hash"]),
            little(len(tx["asserts"]), 1),
            b"".join(encode_assert(item) for item in tx["asserts"]),
            little(len(tx["operations"]), 1),
            b"".join(encode_operation(op) for op in tx["operations"]),
        ]
    )


def encode_transaction(body, signatures):
    items = b"".join(key + signature for key, signature in sorted(signatures))
    return sized(body, 4) + little(len(signatures), 1) + items


def txid(body):
    return tagged("witan/transaction/v1", body)


def signed_hash(data):
    return tagged("witan/signed-transaction/v1", data)


# --- batch --------------------------------------------------------------------------------------


def decode_batch(data, limits):
    require(len(data) <= limits["batch_bytes_max"], "batch_bytes_max")
    r = Reader(data)
    require(r.number(2) == 1, "version")
    flags = r.number(1)
    require(flags <= 1, "flags")
    batch = {"flags": flags, "proposer": r.hex(16), "time_ms": read_time(r)}
    count = r.number(4)
    require(count <= limits["batch_txs_max"], "batch_txs_max")
    batch["transactions"] = []
    for _ in range(count):
        transaction = r.sized(4)
        require(len(transaction) <= limits["tx_bytes_max"], "tx_bytes_max")
        batch["transactions"].append(transaction.hex())
    r.end()
    return batch


def encode_batch(batch):
    transactions = [bytes.fromhex(transaction) for transaction in batch["transactions"]]
    return b"".join(
        [
            little(1, 2),
            little(batch["flags"], 1),
            bytes.fromhex(batch["proposer"]),
            little(batch["time_ms"], 8),
            little(len(transactions), 4),
            b"".join(sized(transaction, 4) for transaction in transactions),
        ]
    )


def batch_digest(data):
    return tagged("witan/batch/v1", data)


def check_batch(data, limits, chain_id):
    """What can be said of a batch without state, but for signatures. Returns the txids."""
    ids = []
    for transaction in decode_batch(data, limits)["transactions"]:
        fields, body, _ = decode_transaction(bytes.fromhex(transaction))
        require(fields["chain_id"] == chain_id, "chain")
        ids.append(txid(body).hex())
    require(len(set(ids)) == len(ids), "a txid twice")
    return ids


# --- header and entry record --------------------------------------------------------------------

HEADER = [
    ("version", 2, int),
    ("fault_model", 1, int),
    ("flags", 1, int),
    ("entry_count", 4, int),
    ("chain_id", 32, bytes),
    ("epoch", 8, str),
    ("height", 8, str),
    ("sequence", 8, str),
    ("time_ms", 8, int),
    ("window_horizon_ms", 8, int),
    ("proposer", 16, bytes),
    ("parent_hash", 32, bytes),
    ("tx_root", 32, bytes),
    ("state_root", 32, bytes),
    ("history_root", 32, bytes),
    ("validators_hash", 32, bytes),
    ("next_validators_hash", 32, bytes),
    ("members_hash", 32, bytes),
    ("params_hash", 32, bytes),
]

ENTRY = [
    ("kind", 1, int),
    ("id", 32, bytes),
    ("signed_hash", 32, bytes),
    ("code", 2, int),
    ("at", 1, int),
    ("effects_hash", 32, bytes),
]


def read_layout(r, layout):
    fields = {}
    for name, size, form in layout:
        fields[name] = r.hex(size) if form is bytes else form(r.number(size))
    return fields


def encode_layout(fields, layout):
    data = b""
    for name, size, form in layout:
        data += bytes.fromhex(fields[name]) if form is bytes else little(fields[name], size)
    return data


def decode_header(data):
    r = Reader(data)
    header = read_layout(r, HEADER)
    r.end()
    require(header["version"] == 1, "version")
    require(header["fault_model"] in (1, 2), "fault model")
    require(header["flags"] <= 7, "flags")
    require(header["entry_count"] <= 65535, "entries")
    require(int(header["height"]) < HEIGHT_LIMIT, "height")
    require(header["time_ms"] < TIME_LIMIT, "time")
    require(header["window_horizon_ms"] < TIME_LIMIT, "horizon")
    return header


def encode_header(header):
    return encode_layout(header, HEADER)


def header_hash(data):
    return tagged("witan/header/v1", data)


def decode_entry(data):
    r = Reader(data)
    entry = read_layout(r, ENTRY)
    r.end()
    require(1 <= entry["kind"] <= 4, "kind")
    require(entry["kind"] == 1 or entry["signed_hash"] == "00" * 32, "signed hash")
    return entry


def encode_entry(entry):
    return encode_layout(entry, ENTRY)


def entry_hash(data):
    return tagged("witan/entry/v1", data)


# --- validator set and seal ---------------------------------------------------------------------


def decode_validators(data):
    """(fault model, number of validators); the keys are left alone."""
    r = Reader(data)
    fault_model = r.number(1)
    r.number(1)
    count = r.number(2)
    r.take(64 * count)
    r.end()
    return fault_model, count


def validators_hash(data):
    return tagged("witan/validators/v1", data)


def quorum(fault_model, count):
    return (2 * count + 2) // 3 if fault_model == 1 else count // 2 + 1


def decode_seal(data):
    r = Reader(data)
    seal = {"epoch": str(r.number(8)), "height": str(r.number(8)), "block_hash": r.hex(32)}
    count = r.number(2)
    require(count <= 255, "count of signatures")
    seal["signatures"] = []
    for _ in range(count):
        item = {"validator": r.number(2), "signature": r.hex(64)}
        last = seal["signatures"][-1]["validator"] if seal["signatures"] else -1
        require(item["validator"] > last, "order of validators")
        seal["signatures"].append(item)
    r.end()
    return seal


def encode_seal(seal):
    items = [
        little(item["validator"], 2) + bytes.fromhex(item["signature"])
        for item in seal["signatures"]
    ]
    return b"".join(
        [
            little(seal["epoch"], 8),
            little(seal["height"], 8),
            bytes.fromhex(seal["block_hash"]),
            little(len(items), 2),
            b"".join(items),
        ]
    )


def check_seal(seal, header_bytes, validators):
    """Checks 3 to 7 of a seal: the word of the first that fails, or OK. Signatures come after."""
    header = decode_header(header_bytes)
    fault_model, count = decode_validators(validators)
    if seal["epoch"] != header["epoch"] or seal["height"] != header["height"]:
        return "MISMATCH"
    if seal["block_hash"] != header_hash(header_bytes).hex():
        return "MISMATCH"
    if header["validators_hash"] != validators_hash(validators).hex():
        return "MISMATCH"
    if header["fault_model"] != fault_model:
        return "MISMATCH"
    if any(item["validator"] >= count for item in seal["signatures"]):
        return "NOT_MEMBER"
    if len(seal["signatures"]) < quorum(fault_model, count):
        return "NO_QUORUM"
    return "OK"
