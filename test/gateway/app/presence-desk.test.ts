import assert from "node:assert/strict";
import { test } from "node:test";
import { PresenceDesk } from "../../../gateway/app/presence-desk.ts";
import type { Presence } from "../../../gateway/vault/point-vault.ts";

test("the newest word of each meter is stored, all in one go, and once", () => {
  const stored: Presence[][] = [];
  const desk = new PresenceDesk((presences) => stored.push([...presences]));
  desk.flush();
  for (let at = 1; at <= 1000; at++) {
    desk.note({ meter: "352522395", online: at % 2 === 0, at });
  }
  desk.note({ meter: "352522396", online: false, at: 7 });
  desk.flush();
  desk.flush();
  assert.deepEqual(stored, [
    [
      { meter: "352522395", online: true, at: 1000 },
      { meter: "352522396", online: false, at: 7 },
    ],
  ]);
});
