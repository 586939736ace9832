/** What a meter's account shows. Amounts are integers in minor units. */
export interface AccountEntry {
  readonly kind: "bill" | "credit" | "payment";
  readonly position: number;
  /** When it was issued or paid. */
  readonly atSeconds: number;
  /** Number of a bill or credit, reference of a payment. */
  readonly text: string;
  readonly currency: string;
  readonly minorDigits: number;
  /** Positive: to be paid. */
  readonly amountMinor: number;
  /** What was open in this currency after it. */
  readonly balanceMinor: number;
  /** The bill that a payment is for or that a credit is of. */
  readonly billNo?: string;
}

export interface MeterAccount {
  /** In the order in which they happened. */
  readonly entries: readonly AccountEntry[];
}
