/** Chain rule C3, by record type (records.md section 3, column "signer"). */
import type { Role, Typ } from "../record/payload.ts";

/** Who signs which type: a meter key, or a member with one of these roles. */
export const SIGNERS: { readonly [T in Typ]: "meter" | readonly Role[] } = {
  genesis: ["authority"],
  enrol: ["registrar"],
  day: "meter",
  event: "meter",
  tariff: ["biller"],
  price: ["biller"],
  assign: ["biller"],
  bill: ["biller"],
  payment: ["biller"],
  evidence: ["gateway", "registrar"],
};
