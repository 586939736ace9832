/** Both crypto suites, for tests that hold each to the same cases. */
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";

export const SUITES: readonly CryptoSuite[] = [nobleSuite, nodeSuite];
