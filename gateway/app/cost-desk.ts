/** Gathers what blocks took and stores it now and then, so that no block waits for it. */
import { localDayOf } from "../../shared/time/civil-day.ts";
import type { BlockCost, CostVault } from "../vault/cost-vault.ts";
import type { BlockSpending } from "./block-maker.ts";

/** Blocks whose costs wait at most; a burst beyond it is not worth more memory. */
const MOST_WAITING = 1_000;

export class CostDesk {
  readonly #vault: Pick<CostVault, "add">;
  readonly #zone: string;
  #waiting: BlockCost[] = [];

  /** @param zone IANA zone of the gateway's days */
  constructor(vault: Pick<CostVault, "add">, zone: string) {
    this.#vault = vault;
    this.#zone = zone;
  }

  note({ height, time, records, hashes, ...ms }: BlockSpending): void {
    if (this.#waiting.length >= MOST_WAITING) return;
    const us = (value: number): number => Math.round(value * 1000);
    this.#waiting.push({
      height,
      at: time,
      date: Number(localDayOf(this.#zone, time).replaceAll("-", "")),
      records,
      templateUs: us(ms.templateMs),
      miningUs: us(ms.miningMs),
      hashes,
      checkUs: us(ms.checkMs),
      writeUs: us(ms.writeMs),
    });
  }

  /** Stores what has been noted since the last time. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const costs = this.#waiting;
    this.#waiting = [];
    this.#vault.add(costs);
  }
}
