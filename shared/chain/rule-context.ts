/** What a chain rule sees beyond the record: where it stands, and the suite that checks signatures. */
import type { CryptoSuite, EcPublicJwk, VerifyKey } from "../crypto/suite.ts";
import type { LogView } from "./log-view.ts";

export interface RuleContext {
  readonly suite: CryptoSuite;
  readonly keys: VerifyKeyCache;
  /** Position of the record in the log. */
  readonly position: number;
  readonly height: number;
  /** Unix seconds of the block's header. */
  readonly blockTime: number;
  /** The records below this one. */
  readonly log: LogView;
  /** The caller has verified the form of the request in an enrol record, and that the key to be enrolled signed it. */
  readonly requestChecked?: boolean;
}

/** Imported public keys by kid; importing costs more than looking up, and checks that the point is on its curve. */
export class VerifyKeyCache {
  readonly #suite: Pick<CryptoSuite, "importVerifyKey">;
  readonly #keys = new Map<string, VerifyKey>();

  constructor(suite: Pick<CryptoSuite, "importVerifyKey">) {
    this.#suite = suite;
  }

  /** Throws `key-form` or `key-off-curve`. */
  get(kid: string, jwk: EcPublicJwk): VerifyKey {
    let key = this.#keys.get(kid);
    if (key === undefined) {
      key = this.#suite.importVerifyKey(jwk);
      this.#keys.set(kid, key);
    }
    return key;
  }

  /** Takes a key that the same suite has imported elsewhere; `kid` is its thumbprint. */
  add(kid: string, key: VerifyKey): void {
    this.#keys.set(kid, key);
  }
}
