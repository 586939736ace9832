/**
 * The state of a chain at a position: a fold of its records (records.md section 2: "the chain is its own PKI").
 *
 * State is a map from text keys to plain JSON entities, each replaced whole, never changed in place. That makes it
 * easy to store (one row an entity), to compare, to undo (the entity before each change is remembered until the
 * change set is taken) and to overlay (records that wait for a block see the chain's state through their own).
 *
 *   chain            id, origin, zone, time, quorum, params, member kids
 *   member:<kid>     key, name, roles, note key, last seq and leaf
 *   device:<kid>     key, point, recipients, last seq and leaf, status, end of its last day
 *   point:<P>        active kid, end of its last day, issued bills
 *   place:<P>        of a point at which anything rare happened: keys in turn, fills, meter swaps
 *   moved:<kid>      points that a device has left for another
 *   tariff:<id>      last version
 *   price:<id>       end of the series
 *   logged:<leaf>    type and position of records that later ones name
 *   token:<H>        used one-time tokens
 */
import { decodeLatin1, encodeAscii } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { EcPublicJwk } from "../crypto/suite.ts";
import type { ChainParams, EnrolRecipient, Role } from "../record/payload.ts";
import type { PlaceEntity } from "./place.ts";

export interface ChainEntity {
  readonly id: string;
  readonly origin: string;
  readonly zone: string;
  readonly time: number;
  readonly quorum: number;
  readonly params: ChainParams;
  /** Kids of the members, in the order in which they were admitted. */
  readonly members: readonly string[];
}

export interface MemberEntity {
  readonly key: EcPublicJwk;
  readonly name: string;
  readonly roles: readonly Role[];
  /** Ed25519 note key, exactly where `gateway` is among the roles. */
  readonly note?: string;
  readonly seq: number;
  readonly leaf: string;
}

/** A frozen key that is revoked stays `frozen`; `revoked` says both. */
export type DeviceStatus = "active" | "frozen" | "revoked";

export interface DeviceEntity {
  readonly key: EcPublicJwk;
  readonly point: string;
  readonly to: readonly EnrolRecipient[];
  readonly seq: number;
  readonly leaf: string;
  readonly status: DeviceStatus;
  /** End of its last day; absent while the next day counts as a first. */
  readonly last_to?: number;
  /** 1 after a shorter day that was not a first: no day follows it. */
  readonly ended: 0 | 1;
  /** Its records with a greater seq are void; such a key signs nothing more. */
  readonly revoked?: { readonly last: number };
}

/** Points that a device has left by enrolling at another, in that order. */
export interface MovedEntity {
  readonly points: readonly string[];
}

/**
 * The device after one more record of its key. Written out member by member: this and the change of its last day are
 * all that almost every record does, and copying objects of many shapes is most of what that costs.
 */
export function withRecord(device: DeviceEntity, seq: number, leaf: string): DeviceEntity {
  const { key, point, to, status, last_to, ended } = device;
  return last_to === undefined
    ? { key, point, to, seq, leaf, status, ended }
    : { key, point, to, seq, leaf, status, last_to, ended };
}

/** The device after a day that ends at `last_to`. */
export function withDay(device: DeviceEntity, last_to: number, ended: 0 | 1): DeviceEntity {
  const { key, point, to, seq, leaf, status } = device;
  return { key, point, to, seq, leaf, status, last_to, ended };
}

export interface PointEntity {
  /** The active device, if any. */
  readonly kid?: string;
  /** Latest end of any day logged for this point; 0 before the first. */
  readonly last_to: number;
  /** Issued bills as [from, to], in log order. */
  readonly bills: readonly (readonly [number, number])[];
}

/** The point after a day that ends at `last_to`. */
export function withLastDay(point: PointEntity, last_to: number): PointEntity {
  const { kid, bills } = point;
  return kid === undefined ? { last_to, bills } : { kid, last_to, bills };
}

export interface TariffEntity {
  readonly ver: number;
  readonly leaf: string;
}

export interface PriceEntity {
  /** End of the last price of the series. */
  readonly to: number;
}

export interface LoggedCorrection {
  readonly typ: "correction";
  readonly position: number;
  readonly kid: string;
  readonly seq: number;
  readonly point: string;
  readonly from: number;
  readonly to: number;
  /** The day that it corrects, directly or through other corrections; absent for one that fills a span. */
  readonly root?: { readonly kid: string; readonly seq: number };
}

export type LoggedEntity =
  | { readonly typ: "tariff" | "price"; readonly position: number }
  | { readonly typ: "bill"; readonly position: number; readonly point: string }
  | LoggedCorrection;

export interface TokenEntity {
  readonly leaf: string;
}

interface EntityByKind {
  readonly member: MemberEntity;
  readonly device: DeviceEntity;
  readonly point: PointEntity;
  readonly place: PlaceEntity;
  readonly moved: MovedEntity;
  readonly tariff: TariffEntity;
  readonly price: PriceEntity;
  readonly logged: LoggedEntity;
  readonly token: TokenEntity;
}

export type StateKey = "chain" | `${keyof EntityByKind}:${string}`;
export type Entity = ChainEntity | EntityByKind[keyof EntityByKind];

/** One entity before and after a change; undefined where it did not exist. */
export interface StateChange {
  readonly key: StateKey;
  readonly before: Entity | undefined;
  readonly after: Entity | undefined;
}

type Kind = keyof EntityByKind;

/** What a put replaced. */
interface Replaced {
  /** `chain` has the empty id. */
  readonly kind: Kind | "chain";
  readonly id: string;
  readonly before: Entity | undefined;
}

function keyOf({ kind, id }: Pick<Replaced, "kind" | "id">): StateKey {
  return kind === "chain" ? kind : `${kind}:${id}`;
}

function splitKey(key: StateKey): readonly [kind: Kind | "chain", id: string] {
  if (key === "chain") return [key, ""];
  const colon = key.indexOf(":");
  // A text of its own: a slice keeps the whole one alive, and every look-up compares it the slow way.
  const id = decodeLatin1(encodeAscii(key.slice(colon + 1)));
  return [key.slice(0, colon) as Kind, id];
}

export class ChainState {
  readonly #base: ChainState | undefined;
  /** A map a kind: joining kind and id to a text for each look-up would cost more than the look-up. */
  readonly #entities: { readonly [K in Kind | "chain"]: Map<string, Entity> } = {
    chain: new Map(),
    member: new Map(),
    device: new Map(),
    point: new Map(),
    place: new Map(),
    moved: new Map(),
    tariff: new Map(),
    price: new Map(),
    logged: new Map(),
    token: new Map(),
  };
  /** Undo journal: what each put replaced in this layer, oldest first. */
  #journal: Replaced[] = [];

  /** An empty state, or an overlay that reads through to `base` and keeps its own changes. */
  constructor(base?: ChainState) {
    this.#base = base;
  }

  /** Restores a stored state; replaces nothing that is not named. */
  load(entries: Iterable<readonly [StateKey, Entity]>): void {
    for (const [key, entity] of entries) {
      const [kind, id] = splitKey(key);
      this.#entities[kind].set(id, entity);
    }
  }

  /** This layer's entities, in no particular order. */
  *entries(): IterableIterator<[StateKey, Entity]> {
    for (const [kind, entities] of Object.entries(this.#entities)) {
      for (const [id, entity] of entities) {
        yield [keyOf({ kind: kind as Kind | "chain", id }), entity];
      }
    }
  }

  /** Ids of one kind in this layer: the very texts by which its entities are found fastest. */
  ids(kind: Kind): IterableIterator<string> {
    return this.#entities[kind].keys();
  }

  get isEmpty(): boolean {
    return this.#read("chain", "") === undefined;
  }

  /** Throws `genesis` before the genesis record. */
  get chain(): ChainEntity {
    const chain = this.#read("chain", "");
    if (chain === undefined) fail("genesis", "the chain does not begin with genesis");
    return chain as ChainEntity;
  }

  get<K extends Kind>(kind: K, id: string): EntityByKind[K] | undefined {
    return this.#read(kind, id) as EntityByKind[K] | undefined;
  }

  put<K extends Kind>(kind: K, id: string, entity: EntityByKind[K]): void {
    this.#write(kind, id, entity);
  }

  putChain(chain: ChainEntity): void {
    this.#write("chain", "", chain);
  }

  /** The members with role `gateway`, in the order of their admission. */
  gateways(): readonly (MemberEntity & { readonly kid: string })[] {
    return this.chain.members
      .map((kid) => ({ ...(this.get("member", kid) as MemberEntity), kid }))
      .filter((member) => member.roles.includes("gateway"));
  }

  /** A place in the journal to which `rollbackTo` returns. */
  mark(): number {
    return this.#journal.length;
  }

  rollbackTo(mark: number): void {
    for (const replaced of this.#journal.splice(mark).reverse()) this.#restore(replaced);
  }

  /** Ends a change set: what changed since the last one, one entry a key; the journal is emptied. */
  takeChanges(): StateChange[] {
    const first = new Map<Kind | "chain", Set<string>>();
    const changes: StateChange[] = [];
    for (const { kind, id, before } of this.#journal) {
      let seen = first.get(kind);
      if (seen === undefined) {
        seen = new Set();
        first.set(kind, seen);
      }
      if (seen.has(id)) continue;
      seen.add(id);
      changes.push({ key: keyOf({ kind, id }), before, after: this.#entities[kind].get(id) });
    }
    this.#journal = [];
    return changes;
  }

  /** Ends a change set that nobody wants to know: `takeChanges` without the list. */
  forgetChanges(): void {
    this.#journal = [];
  }

  /** Undoes a change set; change sets are reverted newest first. */
  revert(changes: readonly StateChange[]): void {
    for (const { key, before } of changes) {
      const [kind, id] = splitKey(key);
      this.#restore({ kind, id, before });
    }
  }

  /** Forgets everything in this layer; an overlay then shows its base again. */
  clear(): void {
    for (const entities of Object.values(this.#entities)) entities.clear();
    this.#journal = [];
  }

  #read(kind: Kind | "chain", id: string): Entity | undefined {
    const own = this.#entities[kind].get(id);
    return own !== undefined || this.#base === undefined ? own : this.#base.#read(kind, id);
  }

  #write(kind: Kind | "chain", id: string, entity: Entity): void {
    const entities = this.#entities[kind];
    this.#journal.push({ kind, id, before: entities.get(id) });
    entities.set(id, entity);
  }

  #restore({ kind, id, before }: Replaced): void {
    if (before === undefined) this.#entities[kind].delete(id);
    else this.#entities[kind].set(id, before);
  }
}

/** Q: how many of `gateways` members must agree before a block is final (records.md section 6). */
export function quorumOf(gateways: number): number {
  return gateways - Math.floor((gateways - 1) / 3);
}
