/** Chain rule C3, by record type (records.md section 3, column "signer"). */
import type { Role, Typ } from "../record/payload.ts";

/** Who signs which type: a meter key, a member with one of these roles, or either. */
export const SIGNERS: { readonly [T in Typ]: readonly (Role | "meter")[] } = {
  genesis: ["authority"],
  enrol: ["registrar"],
  revoke: ["registrar"],
  day: ["meter"],
  event: ["meter"],
  correction: ["meter", "registrar"],
  exchange: ["registrar"],
  tariff: ["biller"],
  price: ["biller"],
  assign: ["biller"],
  bill: ["biller"],
  credit: ["biller"],
  payment: ["biller"],
  evidence: ["gateway", "registrar"],
};
