/** Runs pieces of work one after the other, in call order; a failed one does not stop the next. */
export class Lock {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // The caller of `run` sees the rejection; the chain itself must not keep it, nor the result.
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
