/**
 * Who may see what. A role opens kinds of pages; a customer besides sees the own meters only (scoped-model.ts).
 *
 *   operator   everything
 *   auditor    everything but readings: the chain, money, alarms, operations
 *   customer   readings, money and alarms of the own meters, the chain
 *   metrics    nothing but /metrics (tokens only)
 */
export const ROLES = ["operator", "auditor", "customer", "metrics"] as const;
export type Role = (typeof ROLES)[number];

/** `chain`: public by nature. `readings`: a household's private life. `money`: bills. `operations`: how the gateway does. */
export type Shows = "chain" | "readings" | "money" | "alarms" | "operations" | "metrics";

const ALLOWED: { readonly [R in Role]: readonly Shows[] } = {
  operator: ["chain", "readings", "money", "alarms", "operations", "metrics"],
  auditor: ["chain", "money", "alarms", "operations"],
  customer: ["chain", "readings", "money", "alarms"],
  metrics: ["metrics"],
};

/** Someone who has shown who they are. */
export interface Viewer {
  /** User name, or name of the token. */
  readonly name: string;
  readonly role: Role;
  /** Meters of a customer. */
  readonly meters: readonly string[];
}

export function maySee({ role }: Viewer, shows: Shows): boolean {
  return ALLOWED[role].includes(shows);
}
