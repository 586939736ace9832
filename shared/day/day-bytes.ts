/**
 * The fast reading of a day's plaintext, byte by byte, and nothing but a shortcut of the schema over canonical JSON.
 *
 * A day admits one text for given values (canonical JSON), so one pass in the order of its members says at once that it
 * is canonical and of the right members and ranges. What it does not follow goes the long way, which finds the
 * code; what it reads is what the long way gives (a property test holds them together).
 */
import { encodeAscii, readLatin1 } from "../base/bytes.ts";
import { type DayPlaintext, MAX_SLOTS, STEPS } from "./day-plaintext.ts";

const MAX_EVENTS = 1_000;
const MAX_TEXT = 200;
const MAX_CODE = 32;
/** Fifteen digits are below 2^53; rarer numbers take the long way. */
const MAX_DIGITS = 15;
const MAX_PHASES = 3;
const H_CHARS = 43;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Which characters a text may have, one bit a kind. */
const BASE64URL = 1;
/** Last character of 32 bytes: two zero bits. */
const LAST_OF_HASH = 2;
const CODE = 4;
/** Printable ASCII that JSON writes as it is. */
const PRINTABLE = 8;
const LETTER = 16;
const DIGIT = 32;
const KINDS = createKinds();

function createKinds(): Uint8Array {
  const kinds = new Uint8Array(256);
  const mark = (characters: string, kind: number): void => {
    for (const byte of encodeAscii(characters)) kinds[byte] = (kinds[byte] ?? 0) | kind;
  };
  const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const lower = "abcdefghijklmnopqrstuvwxyz";
  const digits = "0123456789";
  mark(`${upper}${lower}${digits}-_`, BASE64URL);
  mark("AEIMQUYcgkosw048", LAST_OF_HASH);
  mark(`${lower}${digits}-`, CODE);
  mark(`${upper}${lower}`, LETTER);
  mark(digits, DIGIT);
  for (let byte = 0x20; byte < 0x7f; byte++) {
    if (byte !== QUOTE && byte !== BACKSLASH) kinds[byte] = (kinds[byte] ?? 0) | PRINTABLE;
  }
  return kinds;
}

const name = (member: string): Uint8Array => encodeAscii(`"${member}":`);
const CAL = name("cal");
const CLOCK = name("clock");
const CURRENT = name("current");
const DAY = name("day");
const EVENTS = name("events");
const FROM = name("from");
const FW = name("fw");
const HUMIDITY = name("humidity");
const LOCATION = name("location");
const METER = name("meter");
const OUT = name("out");
const PAD = name("pad");
const QUALITY = name("quality");
const REGISTER = name("register");
const SALT = name("salt");
const STEP = name("step");
const TEMPERATURE = name("temperature");
const TO = name("to");
const TZ = name("tz");
const V = name("v");
const VOLTAGE = name("voltage");
const WH = name("wh");
const ZONE = name("zone");

type Spread = readonly [number, number, number];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Not of the usual form; thrown and caught here only, where nothing else throws. */
const OTHER = Symbol("other");

/** Reads days one after the other; texts that repeat from day to day are the same objects. */
export class DayReader {
  readonly #texts = new Map<Uint8Array, { readonly bytes: Uint8Array; readonly text: string }>();
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** The day that the bytes say, or undefined where the long way must judge. The bytes are then all ASCII. */
  read(bytes: Uint8Array): DayPlaintext | undefined {
    this.#bytes = bytes;
    this.#at = 0;
    try {
      const day = this.#day();
      return this.#at === bytes.length ? day : undefined;
    } catch (error) {
      if (error !== OTHER) throw error;
      return undefined;
    }
  }

  #day(): DayPlaintext {
    const day: Partial<Mutable<DayPlaintext>> = {};
    this.#take(OPEN_OBJECT);
    if (this.#is(CAL)) day.cal = this.#next(this.#hash(CAL));
    this.#name(CLOCK);
    day.clock = this.#next(this.#list(MAX_SLOTS, () => this.#clockEntry()));
    if (this.#is(CURRENT)) day.current = this.#next(this.#phases());
    this.#name(DAY);
    day.day = this.#next(this.#date());
    this.#name(EVENTS);
    day.events = this.#next(this.#list(MAX_EVENTS, () => this.#event()));
    this.#name(FROM);
    day.from = this.#next(this.#natural());
    this.#name(FW);
    day.fw = this.#next(this.#hash(FW));
    if (this.#is(HUMIDITY)) day.humidity = this.#next(this.#spread(false));
    if (this.#is(LOCATION)) day.location = this.#next(this.#pair(true));
    this.#name(METER);
    day.meter = this.#next(this.#text(METER, DIGIT, 9, 9));
    if (this.#is(OUT)) day.out = this.#next(this.#export());
    this.#name(PAD);
    day.pad = this.#next(this.#zeros());
    this.#name(QUALITY);
    day.quality = this.#next(this.#text(QUALITY, LETTER, 1, MAX_SLOTS));
    this.#name(REGISTER);
    day.register = this.#next(this.#pair(false));
    this.#name(SALT);
    day.salt = this.#next(this.#hash(undefined));
    this.#name(STEP);
    day.step = this.#next(this.#step());
    if (this.#is(TEMPERATURE)) day.temperature = this.#next(this.#spread(true));
    this.#name(TO);
    day.to = this.#next(this.#natural());
    this.#name(TZ);
    day.tz = this.#next(this.#text(TZ, PRINTABLE, 1, MAX_TEXT));
    this.#name(V);
    if (this.#natural() !== 1) throw OTHER;
    day.v = this.#next(1);
    if (this.#is(VOLTAGE)) day.voltage = this.#next(this.#phases());
    this.#name(WH);
    day.wh = this.#next(this.#naturals());
    this.#name(ZONE);
    day.zone = this.#text(ZONE, PRINTABLE, 1, MAX_TEXT);
    this.#take(CLOSE_OBJECT);
    return day as DayPlaintext;
  }

  /** The comma after a member. */
  #next<T>(value: T): T {
    this.#take(COMMA);
    return value;
  }

  #take(byte: number): void {
    if (this.#bytes[this.#at++] !== byte) throw OTHER;
  }

  /** Goes on behind a character if it is next. */
  #skip(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #is(text: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
    this.#at = at + text.length;
    return true;
  }

  #name(text: Uint8Array): void {
    if (!this.#is(text)) throw OTHER;
  }

  #natural(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let value = 0;
    for (;;) {
      const byte = bytes[at] as number;
      if (!(byte >= ZERO && byte <= NINE)) break;
      value = value * 10 + byte - ZERO;
      at += 1;
    }
    const digits = at - start;
    if (digits === 0 || digits > MAX_DIGITS || (digits > 1 && bytes[start] === ZERO)) throw OTHER;
    this.#at = at;
    return value;
  }

  #integer(signed: boolean): number {
    if (!signed || !this.#skip(MINUS)) return this.#natural();
    const value = this.#natural();
    // Canonical JSON writes no negative zero.
    if (value === 0) throw OTHER;
    return -value;
  }

  #pair(signed: boolean): readonly [number, number] {
    this.#take(OPEN);
    const first = this.#next(this.#integer(signed));
    const second = this.#integer(signed);
    this.#take(CLOSE);
    return [first, second];
  }

  #spread(signed: boolean): Spread {
    this.#take(OPEN);
    const mean = this.#next(this.#integer(signed));
    const least = this.#next(this.#integer(signed));
    const greatest = this.#integer(signed);
    this.#take(CLOSE);
    return [mean, least, greatest];
  }

  #phases(): Spread[] {
    const phases = this.#list(MAX_PHASES, () => this.#spread(false));
    if (phases.length === 0) throw OTHER;
    return phases;
  }

  #list<T>(most: number, item: () => T): T[] {
    const items: T[] = [];
    this.#take(OPEN);
    if (this.#skip(CLOSE)) return items;
    do {
      if (items.length === most) throw OTHER;
      items.push(item());
    } while (this.#skip(COMMA));
    this.#take(CLOSE);
    return items;
  }

  /** One value a slot. `#natural` written out: these are most of a day, and members cost more than variables. */
  #naturals(): number[] {
    const bytes = this.#bytes;
    const values: number[] = [];
    this.#take(OPEN);
    let at = this.#at;
    for (;;) {
      if (values.length === MAX_SLOTS) throw OTHER;
      const start = at;
      let value = 0;
      for (;;) {
        const digit = (bytes[at] as number) - ZERO;
        if (!(digit >= 0 && digit <= 9)) break;
        value = value * 10 + digit;
        at += 1;
      }
      const digits = at - start;
      if (digits === 0 || digits > MAX_DIGITS) throw OTHER;
      if (digits > 1 && bytes[start] === ZERO) throw OTHER;
      values.push(value);
      if (bytes[at] !== COMMA) break;
      at += 1;
    }
    this.#at = at;
    this.#take(CLOSE);
    return values;
  }

  #export(): NonNullable<DayPlaintext["out"]> {
    this.#take(OPEN_OBJECT);
    this.#name(REGISTER);
    const register = this.#next(this.#pair(false));
    this.#name(WH);
    const wh = this.#naturals();
    this.#take(CLOSE_OBJECT);
    return { register, wh };
  }

  #clockEntry(): readonly [number, number, string, number] {
    this.#take(OPEN);
    const slot = this.#next(this.#natural());
    const boot = this.#next(this.#natural());
    const sync = this.#next(this.#text(CLOCK, CODE, 1, MAX_CODE));
    const offset = this.#integer(true);
    this.#take(CLOSE);
    return [slot, boot, sync, offset];
  }

  #event(): DayPlaintext["events"][number] {
    this.#take(OPEN);
    const at = this.#next(this.#natural());
    const code = this.#text(EVENTS, CODE, 1, MAX_CODE);
    const note = this.#skip(COMMA) ? this.#text(undefined, PRINTABLE, 1, MAX_TEXT) : undefined;
    this.#take(CLOSE);
    return note === undefined ? [at, code] : [at, code, note];
  }

  #step(): DayPlaintext["step"] {
    const step = this.#natural();
    if (!(STEPS as readonly number[]).includes(step)) throw OTHER;
    return step as DayPlaintext["step"];
  }

  /** The digits of a date stand where they should; whether there is such a day is a local rule. */
  #date(): string {
    const at = this.#at + 1;
    const bytes = this.#bytes;
    const text = this.#text(DAY, PRINTABLE, 10, 10);
    for (let i = 0; i < 10; i++) {
      const byte = bytes[at + i] as number;
      const isDash = i === 4 || i === 7;
      if (isDash ? byte !== MINUS : byte < ZERO || byte > NINE) throw OTHER;
    }
    const month = ((bytes[at + 5] as number) - ZERO) * 10 + (bytes[at + 6] as number) - ZERO;
    const day = ((bytes[at + 8] as number) - ZERO) * 10 + (bytes[at + 9] as number) - ZERO;
    if (month < 1 || month > 12 || day < 1 || day > 31) throw OTHER;
    return text;
  }

  /** H: canonical base64url of 32 bytes. */
  #hash(member: Uint8Array | undefined): string {
    const text = this.#text(member, BASE64URL, H_CHARS, H_CHARS);
    const last = KINDS[this.#bytes[this.#at - 2] as number] as number;
    if ((last & LAST_OF_HASH) === 0) throw OTHER;
    return text;
  }

  #zeros(): string {
    const bytes = this.#bytes;
    this.#take(QUOTE);
    const start = this.#at;
    let at = start;
    while (bytes[at] === ZERO) at += 1;
    this.#at = at;
    this.#take(QUOTE);
    return "0".repeat(at - start);
  }

  /**
   * A text of one kind of characters. Where it belongs to a `member`, the one that was read there last is given
   * again if it is the same.
   */
  #text(member: Uint8Array | undefined, kind: number, least: number, most: number): string {
    const bytes = this.#bytes;
    this.#take(QUOTE);
    const start = this.#at;
    let at = start;
    while (((KINDS[bytes[at] as number] as number) & kind) !== 0) at += 1;
    const length = at - start;
    if (length < least || length > most) throw OTHER;
    this.#at = at;
    this.#take(QUOTE);
    const last = member === undefined ? undefined : this.#texts.get(member);
    if (last !== undefined && last.bytes.length === length) {
      let same = 0;
      while (same < length && last.bytes[same] === bytes[start + same]) same += 1;
      if (same === length) return last.text;
    }
    const text = readLatin1(bytes, start, at);
    if (member !== undefined) this.#texts.set(member, { bytes: bytes.slice(start, at), text });
    return text;
  }
}
