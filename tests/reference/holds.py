"""Holds a second time: made, posted, voided, ended in groups, and by themselves.

Written from docs/maintainers/formats-state.md, as execution.py is, of which this is a part. Each
question looks at the whole state.
"""
from formats import little, tagged

ACCOUNT, ASSET, BALANCE, HOLD = 0x10, 0x20, 0x30, 0x40
MADE, POSTED, VOIDED, EXPIRED = 1, 2, 3, 4
GROUP_MAX = 100


def encode(hold):
    names = hold["payer"] + hold["payee"] + hold["arbiter"] + hold["asset"]
    numbers = little(hold["amount"], 8) + little(hold["expires_ms"], 8)
    return little(hold["version"], 8) + names + numbers + hold["group"] + bytes(32)


class Holds:
    def apply_hold_create(self, op, payer, position):
        raw = {name: bytes.fromhex(op[name]) for name in ("payee", "asset", "arbiter", "group")}
        amount, expires_ms = int(op["amount"]), op["expires_ms"]
        payee, arbiter = self.get(ACCOUNT, raw["payee"]), self.get(ACCOUNT, raw["arbiter"])
        if not payee or not arbiter:
            raise self.failed("account_unknown")
        if payee["flags"] & 1:
            raise self.failed("account_frozen")
        if not self.get(ASSET, raw["asset"]):
            raise self.failed("asset_unknown")
        if not self.block_ms < expires_ms <= self.block_ms + self.params["hold_ms_max"]:
            raise self.failed("term_out_of_range")
        identity = tagged("witan/hold/v1", self.txid + little(position & 255, 1))[:16]
        if self.get(HOLD, identity):
            raise self.failed("hold_exists")
        have = self.available(payer, raw["asset"])
        if have < amount:
            raise self.failed("insufficient_funds", 1, have)
        self.change(HOLD, identity).update(
            raw, version=position, payer=payer, amount=amount, expires_ms=expires_ms
        )
        self.told[identity] = (MADE, amount)
        self.change(BALANCE, payer + raw["asset"])["held_out"] += amount
        self.balance_for(raw["payee"], raw["asset"], position)["held_in"] += amount

    def end_hold(self, identity, how, paid):
        hold = self.get(HOLD, identity)
        payer = self.change(BALANCE, hold["payer"] + hold["asset"])
        payee = self.change(BALANCE, hold["payee"] + hold["asset"])
        payer["held_out"] -= hold["amount"]
        payer["posted"] -= paid
        payee["held_in"] -= hold["amount"]
        payee["posted"] += paid
        self.told[identity] = (how, paid if how == POSTED else hold["amount"])
        self.remove(HOLD, identity)

    def may_post(self, hold):
        if hold["expires_ms"] <= self.block_ms:
            raise self.failed("hold_expired")
        if any(self.get(ACCOUNT, hold[who])["flags"] & 1 for who in ("payer", "payee")):
            raise self.failed("account_frozen")

    def hold_of(self, op):
        hold = self.get(HOLD, bytes.fromhex(op["hold"]))
        if not hold:
            raise self.failed("hold_unknown")
        return bytes.fromhex(op["hold"]), hold

    def apply_hold_post(self, op, actor, position):
        identity, hold = self.hold_of(op)
        if hold["arbiter"] != actor:
            raise self.failed("not_arbiter")
        self.may_post(hold)
        if int(op["amount"]) > hold["amount"]:
            raise self.failed("hold_amount", 1, hold["amount"])
        self.end_hold(identity, POSTED, int(op["amount"]))

    def apply_hold_void(self, op, actor, position):
        identity, hold = self.hold_of(op)
        if actor not in (hold["arbiter"], hold["payee"]):
            raise self.failed("not_arbiter")
        self.end_hold(identity, VOIDED, 0)

    def group_of(self, op, actor):
        """Its holds that this arbiter decides, by id."""
        group = bytes.fromhex(op["group"])
        found = sorted(
            key
            for (kind, key), hold in self.state.items()
            if kind == HOLD and hold["group"] == group and hold["arbiter"] == actor
        )
        if not found:
            raise self.failed("hold_unknown")
        self.grouped += len(found)
        if self.grouped > GROUP_MAX:
            raise self.failed("hold_amount")
        return found

    def apply_hold_post_group(self, op, actor, position):
        for identity in self.group_of(op, actor):
            hold = self.get(HOLD, identity)
            self.may_post(hold)
            self.end_hold(identity, POSTED, hold["amount"])

    def apply_hold_void_group(self, op, actor, position):
        for identity in self.group_of(op, actor):
            self.end_hold(identity, VOIDED, 0)

    # -- those that end by themselves

    def holds_due(self):
        due = sorted(
            (hold["expires_ms"], key)
            for (kind, key), hold in self.state.items()
            if kind == HOLD and hold["expires_ms"] <= self.block_ms
        )
        return [identity for _, identity in due[: self.params["hold_sweep_max"]]]

    def expire(self, identity, entry):
        """((result word, at, effects), entry id)"""
        base = (self.height + 1) << 24 | entry << 8
        entry_id = tagged("witan/expiry/v1", identity)
        self.before, self.told = {}, {}
        self.end_hold(identity, EXPIRED, 0)
        records = sorted(self.effect(*key, old, entry_id, base) for key, old in self.before.items())
        return ("ok", 0, little(len(records), 2) + b"".join(records)), entry_id
