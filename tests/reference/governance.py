"""Governance a second time: proposals, ballots, enactments, epochs.

Written from docs/maintainers/formats-state.md and formats-ledger.md; a part of execution.Chain. The
records of kind 0x80 are kept as their bytes, as the format defines them, and taken apart for each
use. Signatures of ready statements are not checked.
"""
import formats
from formats import Reader, little, sized, tagged

GOVERNANCE, ACCOUNT = 0x80, 0x10
PARAMS, MEMBERS, SET, VALIDATOR, PROPOSAL, NEXT = (bytes([n]) for n in range(1, 7))
OPEN, PASSED, REJECTED, ENACTED, FAILED = 1, 2, 3, 4, 5
YES, NO = 1, 2
ACTIVE, REMOVED = 2, 3
MEMBERS_MAX, ENACTMENTS_MAX = 1024, 10
ENDS_EPOCH = (0, 1, 2, 11)  # tx_bytes_max, batch_bytes_max, batch_txs_max, skew_ms_max
CRITICAL = (3, 4, 5, 11, 14, 15, 16, 17, 18, 19, 20)  # window_, skew_, validators_, gov_
RANGES = [
    (1024, 1048576), (1059, 16777216), (1, 60000), (60000, 86400000), (0, 86400000),
    (2, 200000), (1000, 315360000000), (1, 5000), (0, 1047552), (0, 86400000), (100, 60000),
    (100, 60000), (1, 1024), (10, 100000), (1, 255), (1, 255), None, None, None, (1, 100),
    (3600000, 31536000000),
]  # fmt: skip
HOTSTUFF = {
    "phases": (2, 3), "votes_to": (0, 0), "view_ms": (10, 60000), "leader_turn": (1, 1),
    "view_growth_permille": (1000, 10000), "view_ms_max": (10, 480000), "undecided_max": (3, 64),
}  # fmt: skip


class Invalid(Exception):
    """The index of the action that does not hold."""


def above(votes, members, fraction):
    return votes * (fraction & 0xFFFFFFFF) > (fraction >> 32) * members


# --- records --------------------------------------------------------------------------------------


def read_params(data):
    r = Reader(data)
    version = r.number(8)
    values = [r.number(8) for _ in range(r.number(2))]
    engine = {}
    for _ in range(r.number(2)):
        name = r.sized(1).decode()
        engine[name] = r.number(8)
    return version, values, engine


def params_bytes(version, values, engine):
    data = little(version, 8) + little(len(values), 2)
    data += b"".join(little(value, 8) for value in values) + little(len(engine), 2)
    return data + b"".join(
        sized(name.encode(), 1) + little(engine[name], 8) for name in sorted(engine)
    )


def read_members(data):
    r = Reader(data)
    return {r.take(16): r.sized(1) for _ in range(r.number(2))}


def members_bytes(members):
    items = [account + sized(members[account], 1) for account in sorted(members)]
    return little(len(items), 2) + b"".join(items)


def read_set(data):
    """(model and engine, {id: (member, seal key)})"""
    r = Reader(data)
    head = r.take(2)
    return head, {r.take(16): (r.take(16), r.take(32)) for _ in range(r.number(2))}


def set_bytes(head, validators):
    items = [identity + b"".join(validators[identity]) for identity in sorted(validators)]
    return head + little(len(items), 2) + b"".join(items)


def read_proposal(data):
    r = Reader(data)
    p = {"proposer": r.take(16), "class": r.number(1), "status": r.number(1)}
    for name in ("params_version", "deadline_ms", "activate_ms", "passed_ms"):
        p[name] = r.number(8)
    p["rationale"] = r.take(32)
    p["actions"] = [formats.read_action(r) for _ in range(r.number(1))]
    p["ballots"] = {r.take(16): r.number(1) for _ in range(r.number(2))}
    r.end()
    return p


def proposal_bytes(p):
    data = p["proposer"] + little(p["class"], 1) + little(p["status"], 1)
    for name in ("params_version", "deadline_ms", "activate_ms", "passed_ms"):
        data += little(p[name], 8)
    data += p["rationale"] + little(len(p["actions"]), 1)
    data += b"".join(formats.encode_action(a) for a in p["actions"])
    data += little(len(p["ballots"]), 2)
    return data + b"".join(member + little(p["ballots"][member], 1) for member in sorted(p["ballots"]))


# --- what actions leave ---------------------------------------------------------------------------


def same_thing(a, b):
    if a["action"] in ("member.add", "member.remove"):
        return b["action"] in ("member.add", "member.remove") and a["account"] == b["account"]
    names = {"params.set": "index", "engine.params": "name"}
    names.update({"account.roles": "account", "account.frozen": "account"})
    name = names.get(a["action"])
    return a["action"] == b["action"] and name is not None and a[name] == b[name]


class Draft:
    """Parameters, members and validators, changed by actions in order."""

    def __init__(self, chain):
        self.chain = chain
        self.version, self.values, self.engine = read_params(chain.record(PARAMS))
        self.members = read_members(chain.record(MEMBERS))
        self.head, self.set = read_set(chain.record(SET))
        self.records = {}
        for kind, key in chain.state:
            if kind == GOVERNANCE and key[:1] == VALIDATOR:
                r = Reader(chain.record(key))
                self.records[key[1:]] = [r.take(16), r.take(32), r.take(32), r.number(1), r.sized(1)]

    def known(self, key):
        return any(key in record[1:3] for record in self.records.values())

    def exists(self, account):
        return self.chain.get(ACCOUNT, account) is not None

    def apply_one(self, a, name):
        account = bytes.fromhex(a.get("account", ""))
        identity = bytes.fromhex(a.get("id", ""))
        if name == "params.set":
            self.values[a["index"]] = int(a["value"])
            return True
        if name == "engine.params":
            name = bytes.fromhex(a["name"]).decode()
            known = name in self.engine
            self.engine[name] = int(a["value"])
            return known
        if name in ("account.roles", "account.frozen"):
            return self.exists(account)
        if name == "member.add":
            if not self.exists(account) or account in self.members:
                return False
            self.members[account] = bytes.fromhex(a["name"])
            return len(self.members) <= MEMBERS_MAX
        if name == "member.remove":
            if account not in self.members or len(self.members) == 1:
                return False
            del self.members[account]
            return all(member != account for member, _ in self.set.values())
        if name == "validator.add":
            member, seal, node = (bytes.fromhex(a[n]) for n in ("member", "seal_key", "node_key"))
            if identity in self.records or member not in self.members:
                return False
            if self.known(seal) or self.known(node):
                return False
            self.records[identity] = [member, seal, node, ACTIVE, bytes.fromhex(a["endpoint"])]
            self.set[identity] = (member, seal)
            return len(self.set) <= 255
        if identity not in self.set:
            return False
        if name == "validator.remove":
            self.records[identity][3] = REMOVED
            del self.set[identity]
            return True
        key = bytes.fromhex(a["seal_key"])
        if self.known(key):
            return False
        self.records[identity][1] = key
        self.set[identity] = (self.set[identity][0], key)
        return True

    def params_hold(self):
        v = self.values
        for value, limits in zip(v, RANGES):
            if limits is None and not value >> 32 < value & 0xFFFFFFFF:
                return False
            if limits and not limits[0] <= value <= limits[1]:
                return False
        if self.head[0] == 1 and not self.chain.test and v[14] < 4:
            return False
        if v[1] < v[0] + 35 or v[5] < 2 * v[2] or v[8] > v[0] - 1024:
            return False
        if 0 < v[9] < 1000 or v[15] < v[14]:
            return False
        if not all(least <= self.engine[n] <= most for n, (least, most) in HOTSTUFF.items()):
            return False
        return self.engine["view_ms"] <= self.engine["view_ms_max"] <= 8 * self.engine["view_ms"]

    def whole_holds(self, name):
        if name in ("params.set", "engine.params"):
            return self.params_hold()
        if name == "validator.add":
            return len(self.set) <= self.values[15]
        if name == "validator.remove":
            least = 4 if self.head[0] == 1 and not self.chain.test else 1
            return len(self.set) >= max(least, self.values[14])
        return True

    def apply(self, items):
        changes = []  # of the set
        for i, a in enumerate(items):
            name = a["action"]
            if any(same_thing(earlier, a) for earlier in items[:i]):
                raise Invalid(i)
            if name.startswith("validator."):
                changes.append(name)
                if len(changes) > 1 and changes != ["validator.remove", "validator.add"]:
                    raise Invalid(i)
            if not self.apply_one(a, name):
                raise Invalid(i)
        for i, a in enumerate(items):
            if not self.whole_holds(a["action"]):
                raise Invalid(i)
        if any(a["action"] in ("params.set", "engine.params") for a in items):
            self.version += 1


def ends_epoch(items):
    return any(
        a["action"].startswith(("validator.", "engine."))
        or (a["action"] == "params.set" and a["index"] in ENDS_EPOCH)
        for a in items
    )


# --- the part of a chain --------------------------------------------------------------------------


class Governance:
    """What execution.Chain inherits."""

    def record(self, key):
        found = self.get(GOVERNANCE, key)
        return found["bytes"] if found else None

    def put(self, key, data):
        self.change(GOVERNANCE, key)["bytes"] = data

    def next_number(self):
        return int.from_bytes(self.record(NEXT), "little")

    def proposal(self, number):
        data = self.record(PROPOSAL + little(number, 8))
        return read_proposal(data) if data else None

    def tally(self, p):
        votes = [p["ballots"].get(member) for member in read_members(self.record(MEMBERS))]
        return len(votes), votes.count(YES), votes.count(NO), len(votes) - votes.count(None)

    def resolve(self, p):
        _, values, _ = read_params(self.record(PARAMS))
        fraction = values[{1: 16, 2: 17, 3: 18}[p["class"]]]
        members, yes, _, voted = self.tally(p)
        if above(yes, members, fraction):
            p["status"], p["passed_ms"] = PASSED, self.block_ms
        elif not above(yes + members - voted, members, fraction):
            p["status"] = REJECTED

    def class_of(self, items):
        members = read_members(self.record(MEMBERS))
        for a in items:
            name = a["action"]
            if name.startswith(("member.", "validator.", "engine.")):
                return 2
            if name == "params.set" and a["index"] in CRITICAL:
                return 2
            if name == "account.frozen" and bytes.fromhex(a["account"]) in members:
                return 2
        return 1

    def is_ready(self, a, values):
        if a["action"] not in ("validator.add", "validator.rekey"):
            return True
        height = int(a["height"])
        if height > self.height or self.height - height > values[13]:
            return False
        return self.hashes[height].hex() == a["block_hash"]

    def apply_gov_propose(self, op, actor, position):
        version, values, _ = read_params(self.record(PARAMS))
        if actor not in read_members(self.record(MEMBERS)):
            raise self.failed("not_member")
        if int(op["expects_params_version"]) != version:
            raise self.failed("params_changed", 6, version)
        deadline, activate, term = op["deadline_ms"], op["activate_ms"], values[20]
        if not self.block_ms < deadline <= self.block_ms + term or activate > deadline + term:
            raise self.failed("term_out_of_range")
        waiting = 0
        for number in range(1, self.next_number()):
            p = self.proposal(number)
            still = p["status"] == OPEN and p["deadline_ms"] >= self.block_ms
            waiting += p["proposer"] == actor and (p["status"] == PASSED or still)
        if waiting >= values[19]:
            raise self.failed("proposal_limit")
        try:
            Draft(self).apply(op["actions"])
        except Invalid:
            raise self.failed("action_invalid") from None
        if not all(self.is_ready(a, values) for a in op["actions"]):
            raise self.failed("not_ready")
        p = {
            "proposer": actor, "class": self.class_of(op["actions"]), "status": OPEN,
            "params_version": version, "deadline_ms": deadline, "activate_ms": activate,
            "passed_ms": 0, "rationale": bytes.fromhex(op["rationale"]),
            "actions": op["actions"], "ballots": {actor: YES},
        }  # fmt: skip
        self.resolve(p)
        number = self.next_number()
        self.put(PROPOSAL + little(number, 8), proposal_bytes(p))
        self.put(NEXT, little(number + 1, 8))

    def apply_gov_ballot(self, op, actor, position):
        number = int(op["proposal"])
        members = read_members(self.record(MEMBERS))
        if actor not in members:
            raise self.failed("not_member")
        p = self.proposal(number)
        if not p:
            raise self.failed("proposal_unknown")
        if p["status"] != OPEN or self.block_ms > p["deadline_ms"]:
            raise self.failed("proposal_closed")
        if actor not in p["ballots"] and len(p["ballots"]) == MEMBERS_MAX:
            p["ballots"] = {m: vote for m, vote in p["ballots"].items() if m in members}
        p["ballots"][actor] = {"yes": 1, "no": 2, "abstain": 3}[op["vote"]]
        self.resolve(p)
        self.put(PROPOSAL + little(number, 8), proposal_bytes(p))

    def proposal_effect(self, key):
        if key[:1] != PROPOSAL:
            return None
        p = read_proposal(self.record(key))
        _, yes, no, _ = self.tally(p)
        return b"\6" + key[1:] + little(p["status"], 1) + little(yes, 2) + little(no, 2)

    def due(self):
        numbers, ended = [], False
        for number in range(1, self.next_number()):
            p = self.proposal(number)
            if p["status"] != PASSED or max(p["activate_ms"], p["passed_ms"] + 1) > self.block_ms:
                continue
            if ends_epoch(p["actions"]):
                if ended:
                    continue
                ended = True
            numbers.append(number)
        return numbers[:ENACTMENTS_MAX]

    def enact(self, number, entry):
        """((result word, at, effects), entry id); sets self.epoch_ends."""
        base = (self.height + 1) << 24 | entry << 8
        identity = tagged("witan/enactment/v1", little(number, 8))
        p, draft, word, at = self.proposal(number), Draft(self), "ok", 0
        self.before = {}
        try:
            draft.apply(p["actions"])
        except Invalid as invalid:
            word, at = "action_invalid", invalid.args[0]
        if word == "ok":
            self.carry_out(draft, p["actions"], base)
            self.epoch_ends = self.epoch_ends or ends_epoch(p["actions"])
        p["status"] = ENACTED if word == "ok" else FAILED
        self.put(PROPOSAL + little(number, 8), proposal_bytes(p))
        records = [self.effect(*key, old, identity, base) for key, old in self.before.items()]
        records = sorted(record for record in records if record)
        return (word, at, little(len(records), 2) + b"".join(records)), identity

    def carry_out(self, draft, items, position):
        self.put(PARAMS, params_bytes(draft.version, draft.values, draft.engine))
        self.put(MEMBERS, members_bytes(draft.members))
        self.put(SET, set_bytes(draft.head, draft.set))
        for identity, (member, seal, node, status, endpoint) in draft.records.items():
            data = member + seal + node + little(status, 1) + sized(endpoint, 1)
            self.put(VALIDATOR + identity, data)
        for a in items:
            if a["action"] == "account.roles":
                account = self.change(ACCOUNT, bytes.fromhex(a["account"]))
                account.update(roles=a["roles"], version=position)
            elif a["action"] == "account.frozen":
                account = self.change(ACCOUNT, bytes.fromhex(a["account"]))
                account.update(flags=int(a["frozen"]), version=position)
