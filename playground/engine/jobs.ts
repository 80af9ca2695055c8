// Jobs of a worker. They run step by step, in turns with its messages.

/** How long messages wait at most, in ms, unless a step takes longer. */
const TURN = 12;

/** Work in steps. It yields the number of passes of k-means so far. */
export type Work<T> = Generator<number, T>;

export interface Job {
  /** The job of the lowest rank runs first. */
  rank: number;
  /** Makes a step; true if that was the last. Does not throw. */
  step(): boolean;
  /** Called once where the job is stopped before its last step. */
  stop(): void;
}

/** Calls back after the messages that are waiting. A timer would wait for 4 ms more. */
export function afterMessages(): (call: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  return (call) => {
    port1.onmessage = call;
    port2.postMessage(null);
  };
}

export class Jobs {
  private readonly jobs = new Set<Job>();
  private scheduled = false;

  constructor(private readonly later: (call: () => void) => void) {}

  add(job: Job): void {
    this.jobs.add(job);
    this.schedule();
  }

  /** Stops a job, unless it has ended. */
  stop(job: Job): void {
    if (this.jobs.delete(job)) job.stop();
  }

  private schedule(): void {
    if (this.scheduled || this.jobs.size === 0) return;
    this.scheduled = true;
    this.later(() => this.turn());
  }

  private turn(): void {
    this.scheduled = false;
    const end = performance.now() + TURN;
    while (this.jobs.size > 0 && performance.now() < end) {
      const job = [...this.jobs].reduce((first, next) => (next.rank < first.rank ? next : first));
      if (job.step()) this.jobs.delete(job);
    }
    this.schedule();
  }
}
