/** What a gateway tells everybody (records.md section 7), and how it recognises what it said itself. */
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { isCoded } from "../../shared/base/error.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import { verifyCheckpoint } from "../../shared/chain/checkpoint.ts";
import type { NoteKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { formatGatewayTopic } from "../../shared/message/topic.ts";
import type { Publication } from "./ledger-protocol.ts";

/**
 * The retained checkpoint, and a new block's header, nonce and seal; who wants the records asks for them.
 * @param name member name of this gateway
 */
export function listAnnouncements(
  net: string,
  name: string,
  checkpoint: string | undefined,
  block: SealedBlock | undefined,
): Publication[] {
  const list: Publication[] = [];
  if (checkpoint !== undefined) {
    const topic = formatGatewayTopic(net, name, "checkpoint");
    list.push({ topic, payload: checkpoint, retain: true });
  }
  if (block !== undefined) {
    const payload = JSON.stringify({
      header: encodeBase64url(block.header),
      nonce: encodeBase64url(block.nonce),
      seal: encodeBase64url(block.seal),
    });
    list.push({ topic: formatGatewayTopic(net, name, "block"), payload });
  }
  return list;
}

/** Whether a note carries this gateway's own valid signature for its log. */
export function isOwnCheckpoint(
  suite: CryptoSuite,
  key: NoteKey,
  origin: string,
  note: string,
): boolean {
  const verifiers = [{ name: key.name, publicKey: key.publicKey }];
  try {
    verifyCheckpoint(suite, note, { origin, verifiers, threshold: 1 });
    return true;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return false;
  }
}
