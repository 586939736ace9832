/** Schemas of what the JSON interface says of the chain itself: tip, blocks, records with their proofs. */
import type {
  BlockDetail,
  BlockSummary,
  ChainTip,
  HeaderRow,
  LineRow,
  RecordDetail,
  RecordSummary,
  SignerKey,
} from "../../projection/chain-view-types.ts";
import type { DayTotal, Overview } from "../../projection/read-model-types.ts";
import { DATE, HASH, METER, STATE } from "./answers.ts";
import {
  arrayOf,
  bytes,
  flag,
  integer,
  named,
  natural,
  objectOf,
  oneOf,
  optional,
  text,
} from "./schema.ts";

const WORK = text("Expected hashes, decimal digits", { pattern: "^[0-9]+$" });
const HASHES = arrayOf(HASH);
const BITS = natural("Target of the proof of work, compact form");

const TIP = named(
  "Tip",
  "Where the chain stands",
  objectOf<ChainTip>({
    chainId: HASH,
    origin: text("Name of the log"),
    zone: text("Three digits with which meter ids of this chain begin", { pattern: "^[0-9]{3}$" }),
    height: natural("Newest block"),
    hash: HASH,
    timeSeconds: natural("Its time, unix seconds"),
    finalHeight: natural("Newest final block"),
    logSize: natural("Records in the log"),
    logRoot: HASH,
    bits: BITS,
    work: WORK,
  }),
);

export const OVERVIEW = objectOf<Overview>({
  tip: TIP,
  meters: natural("Enrolled meters"),
  online: natural("Meters that are connected"),
  recentDays: arrayOf(
    objectOf<DayTotal>({
      date: DATE,
      wh: natural("Energy of all meters, Wh"),
      meters: natural("Meters with a usable record"),
    }),
    { maxItems: 31 },
  ),
  openAlarms: natural("Alarms that nobody has acknowledged"),
  acknowledgedAlarms: natural("Alarms that are acknowledged and not closed"),
  held: natural("Records that are held and in no block"),
  bills: natural("Bills and credits"),
});

const BLOCK_MEMBERS = {
  height: natural("Height"),
  hash: HASH,
  prevHash: HASH,
  timeSeconds: natural("Time, unix seconds"),
  final: flag("Whether it can still be replaced"),
  records: natural("Number of its records"),
  firstPosition: natural("Position of the first of them"),
  logSize: natural("Records in the log after it"),
  bits: BITS,
  work: WORK,
  gatewayKid: HASH,
  gatewayName: text("Gateway that sealed it"),
};

export const BLOCK = named("Block", "A block", objectOf<BlockSummary>(BLOCK_MEMBERS));

const SIGNER = named(
  "SignerKey",
  "Public key of a signer, as a JWK",
  objectOf<SignerKey>({
    crv: oneOf("Curve", "P-256"),
    kty: oneOf("Kind", "EC"),
    x: text("base64url"),
    y: text("base64url"),
  }),
);

export const BLOCK_DETAIL = named(
  "BlockDetail",
  "A block with all that is needed to check it again",
  objectOf<BlockDetail>({
    ...BLOCK_MEMBERS,
    header: bytes("The header that was hashed"),
    nonce: bytes("What was searched for"),
    seal: bytes("The gateway's signature"),
    headerHash: HASH,
    recordsRoot: HASH,
    logRoot: HASH,
    gatewayKey: SIGNER,
    nextHash: optional(HASH),
  }),
);

export const HEADER = named(
  "Header",
  "What the hash of a block is made of",
  objectOf<HeaderRow>({
    height: natural("Height"),
    header: bytes("156 bytes (docs/formats.md section 5)"),
    nonce: bytes("32 bytes"),
  }),
);

export const LINE = named(
  "Line",
  "The signed line of a record: its leaf is SHA-256(0x00, line1)",
  objectOf<LineRow>({ position: natural("Position in the log"), line1: text("As logged") }),
);

const RECORD_MEMBERS = {
  position: natural("Position in the log"),
  height: natural("Its block"),
  leaf: HASH,
  typ: text("Type, for example day"),
  kid: HASH,
  seq: natural("Number among the records of its key"),
  state: STATE,
  signer: text("Name of a member, or meter id of a meter key"),
  meter: optional(METER),
  subject: optional(text("A day's date, a bill's number, a tariff's version")),
};

export const RECORD = named(
  "Record",
  "A record of the log",
  objectOf<RecordSummary>(RECORD_MEMBERS),
);

type Checkpoint = NonNullable<RecordDetail["checkpoint"]>;

export const RECORD_DETAIL = named(
  "RecordDetail",
  "A record with its proofs: nothing here needs a secret to be checked",
  objectOf<RecordDetail>({
    ...RECORD_MEMBERS,
    line1: text("Signed part, as sealed"),
    line2: optional(text("Encrypted part, as sealed")),
    signerKey: SIGNER,
    keyPosition: natural(
      "Record that admits the signer's key: 0 for a member, a meter's enrolment",
    ),
    unusable: optional(text("Code of the rule that makes it unusable")),
    inclusion: HASHES,
    block: BLOCK_DETAIL,
    checkpoint: optional(
      objectOf<Checkpoint>({
        size: natural("Records that it covers"),
        note: text("Signed note (C2SP)"),
        threshold: integer("Signatures of gateways that it needs", { minimum: 1 }),
        consistency: HASHES,
        keys: arrayOf(
          objectOf<Checkpoint["keys"][number]>({
            name: text("Gateway"),
            publicKey: bytes("Ed25519 key"),
          }),
        ),
      }),
    ),
    receipt: optional(text("Receipt as sent to a meter")),
    previousPosition: optional(natural("Record of the same key before it")),
    nextPosition: optional(natural("Record of the same key after it")),
  }),
);
