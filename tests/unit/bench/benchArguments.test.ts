// Proves that `npm run bench` parses its arguments, and reports those it does not understand.
import { describe, expect, it } from 'vitest';
import { benchArguments } from '../../../bench/benchArguments.ts';
import { spreadOf } from '../../../bench/benchReport.ts';
import { benchShapes, describeBenchShape } from '../../../bench/benchShape.ts';
import { printBenchTable } from '../../../bench/printBench.ts';

describe('arguments', () => {
  it('stand for a step of the built-in model in Node when there are none', () => {
    const torch = {
      python: process.env['BENCH_PYTHON'] ?? null,
      compiled: false,
      epochs: true,
      quiet: false,
      processorTime: false,
    };
    expect(benchArguments([])).toEqual({ what: 'step', shape: benchShapes.issue, rounds: 3, place: 'node', jsonFile: null, ...torch }); // prettier-ignore
    expect(benchArguments(['torch', '--python', '/venv/python', '--compile', '--no-epochs', '--quiet'])).toMatchObject({
      what: 'torch',
      python: '/venv/python',
      compiled: true,
      epochs: false,
      quiet: true,
    });
  });

  it('name a shape, change some of its sizes, or give them all', () => {
    const shapeOf = (text: string) => benchArguments(['crf', '--shape', text]).shape;
    expect(shapeOf('large')).toEqual(benchShapes.large);
    expect(shapeOf('base,length=512,recompute=yes')).toEqual({ ...benchShapes.base, length: 512, recompute: true });
    expect(shapeOf('layers=2,dropout=0.1')).toEqual({ ...benchShapes.issue, layers: 2, dropout: 0.1 });
    expect(shapeOf('base,precision=mixed,tuned=no')).toEqual({ ...benchShapes.base, precision: 'mixed', tuned: false });
    expect(shapeOf('base,family=bert,vocabulary=30522')).toEqual(benchShapes['bert-base']);
    expect(describeBenchShape(shapeOf('tiny'))).toMatch(/^tiny: 2 layers, d 32/);
    expect(describeBenchShape(shapeOf('bert-base'))).toMatch(/^bert-base: 12 layers, BERT, d 768/);
  });

  it('are refused with what would do', () => {
    const refused = (...words: string[]) => expect(() => benchArguments(words));
    refused('speed').toThrow('one of step, matmul');
    refused('--shape', 'huge').toThrow('shapes: issue, tiny, base, large, bert-base');
    refused('--shape', 'width=3').toThrow('it has family, layers, d, ff');
    refused('--shape', 'layers=0').toThrow('layers cannot be 0');
    refused('--shape', 'family=gpt').toThrow('xlnet or bert');
    refused('--shape', 'precision=f64').toThrow('f32 or mixed');
    refused('--shape', 'd=100,heads=3').toThrow('multiples of 4');
    refused('--rounds', 'many').toThrow('rounds');
    refused('--in', 'firefox').toThrow('node or chromium');
  });
});

it('spreads are the middle, the least and the most', () => {
  expect(spreadOf([5, 1, 3])).toEqual({ median: 3, least: 1, most: 5 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, least: 1, most: 4 });
});

it('tables have names to the left and numbers to the right', () => {
  const text = printBenchTable({ title: 'Times', columns: ['kernel', 'ms'], rows: [['adam', '0.5'], ['crf', '12']], notes: ['So.'] }); // prettier-ignore
  expect(text).toBe('Times\n  kernel   ms\n  adam    0.5\n  crf      12\nSo.');
});
