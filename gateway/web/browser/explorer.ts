/**
 * "Verify in this browser" on the pages of the chain: fetches the bytes, checks them here with the shared code and the library
 * suite, and shows each step as it ends. What the gateway says of its own checks is not asked for.
 */
import { fail } from "../../../shared/base/error.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import type { ProofStep } from "../proof/check-record.ts";
import { ServedChain } from "../proof/served-chain.ts";
import type { WalkEvent } from "../proof/walk.ts";
import { walkBlock } from "../proof/walk-block.ts";
import { walkChain } from "../proof/walk-chain.ts";
import { walkRecord } from "../proof/walk-record.ts";
import { element } from "./element.ts";
import { forgetChain, recallChain, rememberChain } from "./remembered.ts";

const REFUSALS = { 401: "signed-out", 403: "access", 404: "not-found" } as const;

class Explorer {
  readonly #panel: HTMLElement;
  readonly #start: HTMLElement;
  readonly #stop: HTMLElement;
  readonly #forget: HTMLElement;
  readonly #status: HTMLElement;
  readonly #progress: HTMLProgressElement;
  readonly #verdict: HTMLElement;
  readonly #steps: HTMLElement;
  #running: AbortController | undefined;

  constructor(panel: HTMLElement) {
    this.#panel = panel;
    const part = (selector: string): HTMLElement => {
      const found = panel.querySelector<HTMLElement>(selector);
      if (found === null) throw new Error(`the panel has no ${selector}`);
      return found;
    };
    this.#start = part("[data-start]");
    this.#stop = part("[data-stop]");
    this.#forget = part("[data-forget]");
    this.#status = part(".walk-status");
    this.#progress = part("progress") as HTMLProgressElement;
    this.#verdict = part(".walk-verdict");
    this.#steps = part(".walk-steps");
    this.#start.addEventListener("click", () => void this.#run());
    this.#stop.addEventListener("click", () => this.#running?.abort());
    this.#forget.addEventListener("click", () => {
      forgetChain();
      void this.#run();
    });
    panel.hidden = false;
  }

  async #run(): Promise<void> {
    if (this.#running !== undefined) return;
    const running = new AbortController();
    this.#running = running;
    this.#steps.replaceChildren();
    this.#verdict.replaceChildren();
    this.#show(true);
    const started = performance.now();
    let last: ProofStep | undefined;
    let count = 0;
    for await (const event of this.#walk(running.signal)) {
      if (running.signal.aborted) break;
      if (event.kind === "progress") {
        this.#progress.hidden = false;
        this.#progress.max = event.of;
        this.#progress.value = event.done;
        const [done, of] = [event.done, event.of].map((n) => n.toLocaleString("en-GB"));
        this.#status.textContent = `${event.title}: ${done} of ${of} ${event.unit}`;
        continue;
      }
      last = event.step;
      count += 1;
      this.#steps.append(this.#draw(last));
      this.#status.textContent = `${last.title}: ${WORDS[last.verdict]}`;
    }
    this.#running = undefined;
    this.#show(false);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (running.signal.aborted) this.#status.textContent = "Stopped before the end.";
    else if (last !== undefined) this.#conclude(last, count, seconds);
  }

  #walk(signal: AbortSignal): AsyncGenerator<WalkEvent> {
    const { walk, position, leaf, height, hash } = this.#panel.dataset;
    const chain = new ServedChain((path) => fetchJson(path, signal));
    const remembered = recallChain();
    if (walk === "record") {
      const asked = { position: Number(position), leaf: leaf ?? "", chain: remembered?.chain };
      return walkRecord(nobleSuite, chain, asked);
    }
    const shown = { height: Number(height), hash: hash ?? "" };
    return walk === "block"
      ? walkBlock(nobleSuite, chain, { ...shown, chain: remembered?.chain })
      : walkChain(nobleSuite, chain, { ...shown, remembered, remember: rememberChain });
  }

  #show(isRunning: boolean): void {
    this.#start.hidden = isRunning;
    this.#stop.hidden = !isRunning;
    this.#forget.hidden = true;
    this.#progress.hidden = true;
    if (isRunning) this.#stop.focus();
    else this.#start.focus();
    this.#panel.setAttribute("aria-busy", String(isRunning));
  }

  #conclude(last: ProofStep, count: number, seconds: string): void {
    const isBad = last.verdict === "fails";
    const [title, words] = isBad
      ? ["This does not hold.", `Ended at “${last.title}” (${last.code}).`]
      : ["All of it holds.", `${count} steps, checked in this browser in ${seconds} s.`];
    this.#status.textContent = "";
    this.#verdict.append(
      element(
        "p",
        {
          class: `notice ${isBad ? "notice-bad" : "notice-good"}`,
          role: isBad ? "alert" : "status",
        },
        element("strong", {}, title),
        ` ${words}`,
      ),
    );
    this.#start.textContent = "Verify again";
    // A chain that was founded anew is another chain; whether that is meant, only the reader knows.
    this.#forget.hidden = last.code !== "chain" && last.code !== "past-changed";
  }

  #draw(step: ProofStep): HTMLElement {
    const { title, verdict, sentence, code, bytes } = step;
    const head = element("h3", {}, `${title} `, element("span", { class: "vh" }, WORDS[verdict]));
    if (code !== undefined) head.append(element("code", { class: "flag flag-bad" }, code));
    const text = element("div", {}, head, element("p", {}, sentence));
    if (bytes.length > 0) {
      const parts = bytes.flatMap(([name, value]) => [
        element("h4", {}, name),
        element("pre", { tabindex: "0" }, value),
      ]);
      text.append(
        element("details", { class: "bytes" }, element("summary", {}, "The bytes"), ...parts),
      );
    }
    const item = element("li", { class: `step step-${verdict}` }, text);
    const mark = this.#panel.querySelector<HTMLTemplateElement>(`template[data-mark=${verdict}]`);
    if (mark !== null) item.prepend(mark.content.cloneNode(true));
    return item;
  }
}

const WORDS = { holds: "holds", fails: "does not hold", open: "not yet" } as const;

/** Throws `signed-out`, `access`, `not-found`, `internal`. */
async function fetchJson(path: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(`/api/v1${path}`, { signal, cache: "no-store" });
  if (response.ok) return response.json();
  const code = REFUSALS[response.status as keyof typeof REFUSALS] ?? "internal";
  fail(code, `the gateway does not hand out ${path}`);
}

for (const panel of document.querySelectorAll<HTMLElement>("[data-walk]")) new Explorer(panel);
