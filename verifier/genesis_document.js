// The canonical bytes of a genesis, which an anchor carries: reading them, and block 0 that follows.

import { Reader, ZERO_16, ZERO_32, ascending, concat, hex, i64, text8, u32, u64, u8 } from "./bytes.js";
import { movementBytes, movementHead, readSet } from "./formats.js";
import { verifySignature } from "./ed25519.js";
import { EMPTY_TREE } from "./merkle.js";
import { hash, tagged } from "./sha2.js";
import { ACCOUNT, ASSET, BALANCE, GOVERNANCE, rootOfObjects } from "./state.js";
import { ENGINES, FAULT_MODELS, PURPOSES } from "./text.js";

// ---- reading ---------------------------------------------------------------------------------------

// [what `read` returns, the bytes that it read]
function withBytes(r, read) {
    const start = r.at;
    const value = read(r);
    return [value, r.bytes.subarray(start, r.at)];
}

function readParameters(r) {
    r.ensure(r.u64() === 1n && r.u16() === 21);
    r.take(21 * 8);
    const names = r.list(r.u16(), () => {
        const name = r.bytes8();
        r.u64();
        return name;
    });
    r.ensure(ascending(names));
}

function readAccount(r) {
    const account = {
        id: r.id(), roles: r.u32(), thresholds: r.take(6), metadata: r.hash(), signers: [],
    };
    const count = r.u8();
    r.ensure(count <= 20);
    [account.signers, account.signerBytes] = withBytes(r, () =>
        r.list(count, () => ({ key: r.hash(), weight: r.u8() })));
    r.ensure(ascending(account.signers, (signer) => signer.key));
    return account;
}

function readAsset(r) {
    const id = r.id();
    const [asset, bytes] = withBytes(r, () => ({
        issuer: r.id(), code: r.take(12), scale: r.u8(), flags: r.u8(), maxSupply: r.u64(),
        supply: r.u64(), metadata: r.hash(),
    }));
    return { id, bytes, ...asset };
}

// A list with a count of 32 bits, strictly ascending by what `key` takes from each.
function readSorted(r, read, key) {
    const items = r.list(r.u32(), read);
    r.ensure(ascending(items, key));
    return items;
}

// The genesis in these bytes, with its chain id. If they are none: P0.1.
export function readDocument(bytes) {
    const r = new Reader(bytes, "P0.1");
    r.limited = (count, limit, least = 0) => {
        r.ensure(count >= least && count <= limit);
        return count;
    };
    r.ensure(r.u16() === 1);
    const genesis = { chainId: hash("witan/genesis/v1", bytes), network: r.text8(), timeMs: r.u64() };
    genesis.purpose = PURPOSES.get(r.u8());
    r.ensure(genesis.purpose !== undefined);
    [, genesis.parameters] = withBytes(r, readParameters);
    genesis.set = readSet(r);
    r.ensure(FAULT_MODELS.has(genesis.set.faultModel) && ENGINES.has(genesis.set.engine));
    r.ensure(ascending(genesis.set.validators, (validator) => validator.id));
    genesis.validators = genesis.set.validators.map((inSet) => ({
        ...inSet, nodeKey: r.hash(), endpoint: r.text8(), possession: r.signature(),
    }));
    const readMember = () => ({ account: r.id(), name: r.text8() });
    let members;
    [members, genesis.members] = withBytes(r, () => r.list(r.u16(), readMember));
    r.ensure(ascending(members, (member) => member.account));
    genesis.accounts = readSorted(r, readAccount, (account) => account.id);
    genesis.assets = readSorted(r, readAsset, (asset) => asset.id);
    const readBalance = () => ({ account: r.id(), asset: r.id(), posted: r.u64() });
    genesis.balances = readSorted(r, readBalance, (each) => concat(each.account, each.asset));
    r.end();
    return genesis;
}

// ---- what follows from it ---------------------------------------------------------------------------

// Each validator has signed, with its seal key, that both its keys are its own in this network.
export function possessionsHold(genesis) {
    return genesis.validators.every((validator) => verifySignature(validator.sealKey,
        tagged("witan/possession/v1", text8(genesis.network), validator.id, validator.member,
            validator.sealKey, validator.nodeKey),
        validator.possession));
}

// How many balances each account has, by its id in hexadecimal.
function countBalances(genesis) {
    const counts = new Map();
    for (const { account } of genesis.balances) {
        counts.set(hex(account), (counts.get(hex(account)) ?? 0) + 1);
    }
    return counts;
}

function accountObject(account, balances) {
    return {
        kind: ACCOUNT, key: account.id,
        value: concat(u64(1), u8(0), u32(account.roles), account.thresholds, ZERO_16, u32(balances),
            account.metadata, u8(account.signers.length), account.signerBytes),
    };
}

function balanceObject(genesis, { account, asset, posted }) {
    const numbers = { dPosted: posted, dHeldOut: 0n, dHeldIn: 0n, posted, heldOut: 0n, heldIn: 0n };
    const movement = movementBytes(genesis.chainId, 1n, account, asset, 1n, numbers);
    return {
        kind: BALANCE, key: concat(account, asset),
        value: concat(i64(posted), i64(0), i64(0), i64(0), u8(0), u64(1), movementHead(ZERO_32, movement)),
    };
}

function governanceObjects(genesis) {
    const records = [[1, genesis.parameters], [2, genesis.members], [3, genesis.set.bytes], [6, u64(1)]];
    const objects = records.map(([what, value]) => ({ kind: GOVERNANCE, key: u8(what), value }));
    for (const { id, member, sealKey, nodeKey, endpoint } of genesis.validators) {
        const value = concat(member, sealKey, nodeKey, u8(2), text8(endpoint));
        objects.push({ kind: GOVERNANCE, key: concat(u8(4), id), value });
    }
    return objects;
}

// The state root of block 0.
export function allocationsRoot(genesis) {
    const counts = countBalances(genesis);
    return rootOfObjects([
        ...genesis.accounts.map((account) => accountObject(account, counts.get(hex(account.id)) ?? 0)),
        ...genesis.assets.map((asset) =>
            ({ kind: ASSET, key: asset.id, value: concat(u64(1), asset.bytes) })),
        ...genesis.balances.map((balance) => balanceObject(genesis, balance)),
        ...governanceObjects(genesis),
    ]);
}

// The bytes of block 0's header, but for its state root, which is that of the given header.
export function block0Bytes(genesis, stateRoot) {
    const set = genesis.set;
    return concat(
        Uint8Array.of(1, 0, set.faultModel, 0), u32(0), genesis.chainId, u64(0), u64(0), u64(0),
        u64(genesis.timeMs), u64(0), ZERO_16, ZERO_32, EMPTY_TREE, stateRoot, EMPTY_TREE,
        set.hash, set.hash, hash("witan/members/v1", genesis.members),
        hash("witan/params/v1", genesis.parameters));
}
