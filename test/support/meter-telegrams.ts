/** Test only: telegrams as meter-telegrams.py makes them, an implementation of its own. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { decodeHex } from "../../shared/base/bytes.ts";
import { projectRoot } from "./project-root.ts";
import { findProgram } from "./system-part.ts";

export interface SmlEntry {
  /** 12 hexadecimal digits. */
  readonly obis: string;
  readonly unit?: number;
  readonly scaler?: number;
  readonly value?: number;
  /** `int8` to `int64`, `uint8` to `uint64`, in steps of 8. */
  readonly type?: string;
  /** Instead of a number, hexadecimal. */
  readonly octets?: string;
  readonly status?: boolean;
  readonly time?: boolean;
}

export interface SmlSpec {
  /** Hexadecimal. */
  readonly server: string;
  readonly entries: readonly SmlEntry[];
  readonly crc?: "x25" | "kermit";
  readonly time?: "choice" | "bare" | "none";
  readonly signed?: boolean;
  /** Leave out the list of values. */
  readonly listless?: boolean;
}

export interface P1Spec {
  readonly lines: readonly string[];
  readonly crc?: "padded" | "bare" | "none";
  readonly parity?: boolean;
}

export interface SmartySpec extends P1Spec {
  readonly key: string;
  readonly title: string;
  readonly counter: number;
  readonly aad?: string;
}

export type TelegramSpec =
  | { readonly sml: SmlSpec }
  | { readonly p1: P1Spec }
  | { readonly smarty: SmartySpec };

export function makeTelegrams(specs: readonly TelegramSpec[]): readonly Uint8Array[] {
  const script = path.join(projectRoot(), "test", "support", "meter-telegrams.py");
  const { stdout, stderr, status } = spawnSync(findProgram("python3") ?? "python3", [script], {
    input: `${JSON.stringify(specs)}\n`,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim().split("\n").map(decodeHex);
}

/** The telegram in the reference of P1: three phases, two tariffs, no export; checksum 2B8A. */
export const P1_LINES: readonly string[] = [
  "/ISK5\\2M550T-1012",
  "",
  "1-3:0.2.8(50)",
  "0-0:1.0.0(260101000000W)",
  "0-0:96.1.1(4530303030303030303030303030303031)",
  "1-0:1.8.1(001234.567*kWh)",
  "1-0:1.8.2(000765.433*kWh)",
  "1-0:2.8.1(000000.000*kWh)",
  "1-0:2.8.2(000000.000*kWh)",
  "0-0:96.14.0(0001)",
  "1-0:1.7.0(00.518*kW)",
  "1-0:2.7.0(00.000*kW)",
  "1-0:32.7.0(230.1*V)",
  "1-0:31.7.0(002*A)",
  "1-0:21.7.0(00.518*kW)",
  "1-0:22.7.0(00.000*kW)",
];

/** A telegram of version 2.2, without checksum. */
export const P1_OLD_LINES: readonly string[] = [
  "/KMP5 ZABF000000000001",
  "",
  "0-0:96.1.1(4B384547303034303436333935353037)",
  "1-0:1.8.1(00185.000*kWh)",
  "1-0:1.8.2(00084.001*kWh)",
  "1-0:2.8.1(00013.000*kWh)",
  "1-0:2.8.2(00019.000*kWh)",
  "0-0:96.14.0(0001)",
  "1-0:1.7.0(0000.98*kW)",
  "1-0:2.7.0(0000.00*kW)",
  "0-0:17.0.0(999*A)",
  "0-0:96.3.10(1)",
  "0-0:96.13.1()",
  "0-0:96.13.0()",
  "0-1:24.1.0(3)",
  "0-1:96.1.0(3238313031453631373038389930337131)",
  "0-1:24.3.0(120517020000)(08)(60)(1)(0-1:24.2.1)(m3)",
  "(00124.477)",
  "0-1:24.4.0(1)",
];

/** A two-way three-phase meter with everything that a reading can have. */
export const SML_METER: SmlSpec = {
  server: "0a0149534b0004328f8e",
  entries: [
    { obis: "010060320101", octets: "49534b" },
    { obis: "0100600100ff", octets: "0a0149534b0004328f8e" },
    {
      obis: "0100010800ff",
      unit: 30,
      scaler: -1,
      value: 153385557,
      type: "uint64",
      status: true,
      time: true,
    },
    { obis: "0100020800ff", unit: 30, scaler: -1, value: 4, type: "int40", time: true },
    { obis: "0100100700ff", unit: 27, scaler: -1, value: -5635, type: "int24" },
    { obis: "0100200700ff", unit: 35, scaler: -1, value: 2301, type: "uint16" },
    { obis: "0100340700ff", unit: 35, scaler: -1, value: 2302, type: "uint16" },
    { obis: "0100480700ff", unit: 35, scaler: -1, value: 2303, type: "uint16" },
    { obis: "01001f0700ff", unit: 33, scaler: -2, value: 106, type: "uint8" },
    { obis: "0100330700ff", unit: 33, scaler: -2, value: 174, type: "uint8" },
    { obis: "0100470700ff", unit: 33, scaler: -2, value: 91, type: "uint8" },
    { obis: "01000e0700ff", unit: 44, scaler: -1, value: 500, type: "uint16" },
    { obis: "010051070fff", unit: 8, scaler: 0, value: 312, type: "uint16" },
  ],
};
