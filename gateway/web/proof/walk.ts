/**
 * A walk: checks that follow each other, told one by one while they pass. The first that does not hold ends the walk, because
 * all that follows would rest on it.
 */
import { failStep, type Outcome, type ProofStep } from "./check-record.ts";

/** How far a long step has come. */
export interface Progress {
  readonly done: number;
  readonly of: number;
  /** What is counted: "blocks", "records". */
  readonly unit: string;
}

/** One finished step, or the progress of the step that runs. */
export type WalkEvent =
  | { readonly kind: "step"; readonly step: ProofStep }
  | ({ readonly kind: "progress"; readonly title: string } & Progress);

/** A step under way: yields its progress, returns what it found. Throws the code of what does not hold. */
type Check =
  | (() => Outcome | Promise<Outcome>)
  | (() => AsyncGenerator<Progress, Outcome, undefined>);

export type PlannedStep = readonly [title: string, check: Check];

/** Runs the steps in order until one fails. */
export async function* walkSteps(plan: readonly PlannedStep[]): AsyncGenerator<WalkEvent> {
  for (const [title, check] of plan) {
    try {
      const running = check();
      let outcome: Outcome;
      if (Symbol.asyncIterator in running) {
        let next = await running.next();
        while (next.done !== true) {
          yield { kind: "progress", title, ...next.value };
          next = await running.next();
        }
        outcome = next.value;
      } else outcome = await running;
      const { sentence, bytes = [], open = false } = outcome;
      const verdict = open ? "open" : "holds";
      yield { kind: "step", step: { title, verdict, sentence, bytes } };
    } catch (error) {
      yield { kind: "step", step: failStep(title, error) };
      return;
    }
  }
}
