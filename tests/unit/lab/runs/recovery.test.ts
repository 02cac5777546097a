// Proves that a run goes on by itself after its thread, its device or its memory gave way, up to where that is in vain, and says what happened.
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
  it('is opened anew, and the run goes on from what was stored last', async () => {
    let reach = (): void => undefined;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const { lab, servers } = await stockedLab({
      // The first server never comes to its third step.
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

  it('with nothing on it is opened anew for the next call', async () => {
    const { lab, servers } = await stockedLab();
    servers[0]?.crash();
    await expect(lab.measurePlan(planFile())).rejects.toMatchObject({ code: 'worker/lost' });
    await expect.poll(() => lab.getState().backend.status).toBe('ready');
    await expect(lab.measurePlan(planFile())).resolves.toBeDefined();
    expect(servers).toHaveLength(2);
  });

  it('again and again without a step in between leaves the run failed, and the next one has its turn', async () => {
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

describe('a backend that goes away while it is started', () => {
  const gone = (code: string) => () => {
    throw new LabError(code, 'It gave way.');
  };

  it.each(['gpu/lost', 'gpu/internal', 'worker/lost'])('with %s is there again in a new server', async (code) => {
    const asked: string[] = [];
    const { lab, servers } = await openLab({
      training: {
        start(choice) {
          asked.push(choice);
          if (asked.length < 4) gone(asked.length === 3 ? 'backend/unavailable' : code)();
          return fakeReport;
        },
      },
    });
    expect(lab.getState().backend.status).toBe('ready');
    expect(asked).toEqual(['cpu', 'cpu', 'cpu', 'cpu']);
    expect(servers).toHaveLength(4);
    // What is asked of the server afterwards is asked of the one that stands.
    await lab.importFiles(droppedModel('tiny'));
    expect(lab.getState().models).toHaveLength(1);
  });

  it('and stays away is told, and not tried for ever', async () => {
    let starts = 0;
    const start = (): never => {
      starts++;
      return gone('gpu/lost')();
    };
    const { lab } = await openLab({ training: { start } });
    expect(lab.getState().backend).toMatchObject({ status: 'failed', error: { code: 'gpu/lost' } });
    expect(starts).toBe(5);
  });

  it('leaves the processor to one who left the choice to the lab, once the GPU was tried again', async () => {
    const asked: string[] = [];
    const start = (choice: string) => {
      asked.push(choice);
      return choice === 'wasm' ? fakeReport : gone('gpu/lost')();
    };
    const { lab } = await openLab({ training: { start }, choice: 'auto' });
    const reason = 'It gave way. Training runs on the processor (wasm).';
    expect(lab.getState().backend).toMatchObject({ status: 'ready', report: { reason } });
    expect(asked).toEqual(['auto', 'webgpu', 'webgpu', 'webgpu', 'webgpu', 'wasm']);
  });

  it('that is refused for a reason that stays is not tried again', async () => {
    const { lab, servers } = await openLab({ training: { start: gone('backend/selfTest') } });
    expect(lab.getState().backend).toMatchObject({ status: 'failed', error: { code: 'backend/selfTest' } });
    expect(servers).toHaveLength(1);
  });
});

describe('a device', () => {
  it.each(['gpu/lost', 'gpu/internal'])('that fails with %s is asked for again, in a new server', async (code) => {
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

  it('that refuses invalid work stops the run loudly, and serves the next one anew', async () => {
    const { lab, servers } = await stockedLab({ beforeStep: failing([2, 'gpu/error']) });
    const [first, second] = await lab.startPlan(planFile({ seeds: [1, 2] }));
    await settled(lab);
    expect([status(lab, first), status(lab, second)]).toEqual(['failed', 'finished']);
    expect(view(lab, first).record.interruptions).toBeUndefined();
    expect(servers.map(({ begun }) => begun)).toEqual([[first], [second]]);
  });

  it('that does not come back leaves the run failed, and what waits for it paused', async () => {
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

  it('may be left while it is brought back', async () => {
    const hold = held(1);
    const { lab } = await stockedLab({
      ...hold,
      async beforeStep(...asked) {
        await hold.beforeStep?.(...asked);
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

it('what interrupted a run is in its record and in the result file, and opens again', async () => {
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

it('attempts end: after three in vain at one step, or when one sequence is too much', () => {
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
