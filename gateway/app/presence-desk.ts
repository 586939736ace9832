/**
 * Which meters are online, as their status topics say.
 *
 * After a reconnect the broker repeats the status of every meter at once, and a meter may say what it likes as often as
 * it likes; a commit a message would hold up the writer. So what is said is gathered, the newest of each meter,
 * and stored together. It is shown, and nothing rests on it.
 */
import type { Presence } from "../vault/point-vault.ts";

export class PresenceDesk {
  readonly #store: (presences: Iterable<Presence>) => void;
  #changed = new Map<string, Presence>();

  constructor(store: (presences: Iterable<Presence>) => void) {
    this.#store = store;
  }

  note(presence: Presence): void {
    this.#changed.set(presence.meter, presence);
  }

  /** Stores what has been said since the last time. */
  flush(): void {
    if (this.#changed.size === 0) return;
    const changed = this.#changed;
    this.#changed = new Map();
    this.#store(changed.values());
  }
}
