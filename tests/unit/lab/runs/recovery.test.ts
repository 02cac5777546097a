// Proves that a run recovers by itself when its worker, device or memory fails, gives up when that is futile, and reports what happened.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { interruptionAfter } from '../../../../src/lab/runs/scheduler.ts';
import { queuedRun, type RunRecord } from '../../../../src/schema/runRecord.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { droppedModel } from '../../../fixtures/drops.ts';
import { fakeReport } from '../../../fixtures/fakeServer.ts';
import { closeLabs, held, notices, openLab, settled, status, stockedLab, view } from '../../../fixtures/labBench.ts';
import { planFile, smallConfig, spec } from '../../../fixtures/records.ts';

afterEach(closeLabs);

/** Fails at these steps, counted over all attempts, with these codes; each once. */
function failing(...failures: readonly (readonly [step: number, code: string])[]) {
  const left = [...failures];
  return (_runId: string, step: number): void => {
    const [next] = left;
    if (next === undefined || next[0] !== step) return;
    left.shift();
    throw new LabError(next[1], 'It gave way.');
  };
}

const interruptionsOf = ({ interruptions = [] }: RunRecord) =>
  interruptions.map(({ step, failure, microBatchSize }) => [step, failure.code, microBatchSize]);

describe('a server that crashes', () => {
  it('is reopened, and the run resumes from its last checkpoint', async () => {
    let reach = (): void => undefined;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const { lab, servers } = await stockedLab({
      // The first server never reaches its third step.
      beforeStep(_runId, step) {
        if (step !== 3 || servers.length > 1) return;
        reach();
        return new Promise(() => undefined);
      },
    });
    const [first, second] = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await reached;
    servers[0]?.crash();
    await settled(lab);
    expect([status(lab, first), status(lab, second)]).toEqual(['finished', 'finished']);
    expect(servers[1]?.begun).toEqual([first, second]);
    expect(interruptionsOf(view(lab, first).record)).toEqual([[2, 'worker/lost', smallConfig.microBatchSize]]);
    expect(view(lab, first).record.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(notices(lab)).toContainEqual(expect.stringContaining('goes on from step 2'));
  });

  it('while idle is reopened for the next call', async () => {
    const { lab, servers } = await stockedLab();
    servers[0]?.crash();
    await expect(lab.measurePlan(planFile())).rejects.toMatchObject({ code: 'worker/lost' });
    await expect.poll(() => lab.getState().backend.status).toBe('ready');
    await expect(lab.measurePlan(planFile())).resolves.toBeDefined();
    expect(servers).toHaveLength(2);
  });

  it('repeatedly without a step in between fails the run, and the next one starts', async () => {
    const { lab, servers } = await stockedLab({
      beforeStep(runId, step) {
        const { runs } = lab.getState();
        const isFirst = runs.find(({ record }) => record.spec.id === runId)?.record.spec.seed === 1;
        if (isFirst && step === 3) throw new LabError('gpu/lost', 'It gave way.');
      },
    });
    const [first, second] = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await settled(lab);
    expect([status(lab, first), status(lab, second)]).toEqual(['failed', 'finished']);
    expect(interruptionsOf(view(lab, first).record)).toHaveLength(3);
    expect(view(lab, first).record.failure).toMatchObject({ code: 'gpu/lost' });
    expect(servers).toHaveLength(5);
  });
});

describe('a backend that is lost while starting', () => {
  const gone = (code: string) => () => {
    throw new LabError(code, 'It gave way.');
  };

  it.each(['gpu/lost', 'gpu/internal', 'worker/lost'])('with %s is there again in a new server', async (code) => {
    const choices: string[] = [];
    const { lab, servers } = await openLab({
      training: {
        start(choice) {
          choices.push(choice);
          if (choices.length < 4) gone(choices.length === 3 ? 'backend/unavailable' : code)();
          return fakeReport;
        },
      },
    });
    expect(lab.getState().backend.status).toBe('ready');
    expect(choices).toEqual(['cpu', 'cpu', 'cpu', 'cpu']);
    expect(servers).toHaveLength(4);
    // Later calls go to the running server.
    await lab.importFiles(droppedModel('tiny'));
    expect(lab.getState().models).toHaveLength(1);
  });

  it('and stays lost is reported, and not retried forever', async () => {
    let starts = 0;
    const start = (): never => {
      starts++;
      return gone('gpu/lost')();
    };
    const { lab } = await openLab({ training: { start } });
    expect(lab.getState().backend).toMatchObject({ status: 'failed', error: { code: 'gpu/lost' } });
    expect(starts).toBe(5);
  });

  it('falls back to the CPU under `auto`, once the GPU was retried', async () => {
    const choices: string[] = [];
    const start = (choice: string) => {
      choices.push(choice);
      return choice === 'wasm' ? fakeReport : gone('gpu/lost')();
    };
    const { lab } = await openLab({ training: { start }, choice: 'auto' });
    const reason = 'It gave way. Training runs on the processor (wasm).';
    expect(lab.getState().backend).toMatchObject({ status: 'ready', report: { reason } });
    expect(choices).toEqual(['auto', 'webgpu', 'webgpu', 'webgpu', 'webgpu', 'wasm']);
  });

  it('that is rejected for a permanent reason is not retried', async () => {
    const { lab, servers } = await openLab({ training: { start: gone('backend/selfTest') } });
    expect(lab.getState().backend).toMatchObject({ status: 'failed', error: { code: 'backend/selfTest' } });
    expect(servers).toHaveLength(1);
  });
});

describe('a device', () => {
  it.each(['gpu/lost', 'gpu/internal'])('that fails with %s is requested again, in a new server', async (code) => {
    const { lab, servers } = await stockedLab({ beforeStep: failing([4, code], [3, code]) });
    const [runId] = await lab.startPlan(planFile());
    await settled(lab);
    expect(status(lab, runId)).toBe('finished');
    expect(interruptionsOf(view(lab, runId).record).map(([, got]) => got)).toEqual([code, code]);
    expect(servers).toHaveLength(3);
  });

  it.each(['gpu/memory', 'memory/full'])('without memory (%s) takes half as many sequences at once', async (code) => {
    const config = { ...smallConfig, batchSize: 8, microBatchSize: 8 };
    const { lab } = await stockedLab({ beforeStep: failing([1, code], [3, code]) });
    const [runId] = await lab.startPlan(planFile({ config }));
    await settled(lab);
    expect(status(lab, runId)).toBe('finished');
    expect(interruptionsOf(view(lab, runId).record)).toEqual([
      [0, code, 4],
      [2, code, 2],
    ]);
    expect(view(lab, runId).record.spec.config).toEqual(config);
    expect(notices(lab)).toContainEqual(expect.stringContaining('with micro-batches of 4'));
  });

  it('that rejects invalid work fails the run, and serves the next one in a new server', async () => {
    const { lab, servers } = await stockedLab({ beforeStep: failing([2, 'gpu/error']) });
    const [first, second] = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await settled(lab);
    expect([status(lab, first), status(lab, second)]).toEqual(['failed', 'finished']);
    expect(view(lab, first).record.interruptions).toBeUndefined();
    expect(servers.map(({ begun }) => begun)).toEqual([[first], [second]]);
  });

  it('that does not come back fails the run and pauses the runs that wait', async () => {
    let starts = 0;
    const { lab } = await stockedLab({
      beforeStep: failing([3, 'gpu/lost']),
      // After the first time there is another device.
      start: () =>
        starts++ === 0 ? fakeReport : { ...fakeReport, environment: { ...fakeReport.environment, device: 'b' } },
    });
    const [first, second] = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await settled(lab);
    expect([status(lab, first), status(lab, second)]).toEqual(['failed', 'paused']);
    expect(lab.getState().backend).toMatchObject({ status: 'ready', report: { environment: { device: 'b' } } });
    await lab.resumeAll([first ?? '', second ?? '']);
    await settled(lab);
    expect([status(lab, first), status(lab, second)]).toEqual(['finished', 'finished']);
  });

  it('allows pausing the run during recovery', async () => {
    const hold = held(1);
    const { lab } = await stockedLab({
      ...hold,
      async beforeStep(...step) {
        await hold.beforeStep?.(...step);
        throw new LabError('gpu/lost', 'It gave way.');
      },
    });
    const [runId] = await lab.startPlan(planFile());
    await hold.reached;
    const pausing = lab.pauseRun(runId ?? '');
    hold.release();
    await pausing;
    expect(status(lab, runId)).toBe('paused');
    expect(view(lab, runId).record.failure).toBeNull();
  });
});

it('interruptions of a run are in its record and in the result file, and survive a reload', async () => {
  const { lab } = await stockedLab({ beforeStep: failing([3, 'gpu/lost']) });
  const [runId] = await lab.startPlan(planFile());
  await settled(lab);
  const file = lab.exportResult([runId ?? '']);
  const { lab: other } = await openLab();
  const bytes = new TextEncoder().encode(JSON.stringify(file));
  await other.importFiles([{ path: 'a.result.json', sizeBytes: bytes.length, bytes: () => Promise.resolve(bytes) }]);
  const [imported] = other.getState().results;
  expect(imported?.file.runs[0]?.interruptions).toEqual(view(lab, runId).record.interruptions);
});

it('attempts end: after three failures at one step, or when one sequence is too large', () => {
  const code = fc.constantFrom('gpu/lost', 'gpu/internal', 'worker/lost', 'gpu/memory', 'memory/full', 'gpu/error');
  fc.assert(
    fc.property(fc.array(code, { minLength: 40, maxLength: 40 }), fc.integer({ min: 1, max: 4096 }), (codes, size) => {
      const config = { ...smallConfig, batchSize: 4096, microBatchSize: size };
      let record = queuedRun(spec({ config }), '2026-01-01T00:00:00.000Z');
      let attempts = 0;
      for (const one of codes) {
        const next = interruptionAfter(record, { code: one, message: '' }, record.createdAt);
        if (next === null) break;
        attempts++;
        const before = record.interruptions?.at(-1)?.microBatchSize ?? size;
        const isMemory = one.endsWith('/memory') || one.startsWith('memory/');
        expect(next.microBatchSize).toBe(isMemory ? Math.ceil(before / 2) : before);
        record = { ...record, interruptions: [...(record.interruptions ?? []), next] };
      }
      expect(attempts).toBeLessThanOrEqual(3 + Math.ceil(Math.log2(size)));
    }),
  );
});
