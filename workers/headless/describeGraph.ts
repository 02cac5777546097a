// The run graph of a plan as lines for a terminal: each run below the one it starts from, with its steps and what is there already.
import type { RunNode } from '../../src/lab/labState.ts';
import type { RunGraph } from '../../src/lab/labState.ts';
import type { RunSpec } from '../../src/schema/runRecord.ts';

/** Ends with a line of totals and a line break. */
export function describeGraph(graph: RunGraph, titleOf: (spec: RunSpec) => string): string {
  const { nodes, runsLeft, stepsLeft, storageBytes, isUpperBound } = graph;
  const ids = new Set(nodes.map(({ spec }) => spec.id));
  const lines: string[] = [];
  const tell = (node: RunNode, depth: number): void => {
    lines.push(`${'  '.repeat(depth + 1)}${titleOf(node.spec)}  ${stateOf(node)}`);
    for (const child of nodes) if (child.spec.parent === node.spec.id) tell(child, depth + 1);
  };
  for (const node of nodes) if (node.spec.parent === null || !ids.has(node.spec.parent)) tell(node, 0);
  const most = isUpperBound ? 'at most ' : '';
  const total =
    runsLeft === 0
      ? 'All are finished already.'
      : `${counted(runsLeft, 'run')} to train, ${most}${counted(stepsLeft, 'step')}, up to ${sizeOf(storageBytes)} of storage.`;
  return `Runs, each below the one it starts from:\n${lines.join('\n')}\n${total}\n`;
}

function stateOf({ status, isReused, stepsLeft, cost }: RunNode): string {
  if (isReused) return 'finished already, reused';
  const begun = stepsLeft < cost.steps ? ` left of ${cost.steps}` : '';
  return `${counted(stepsLeft, 'step')}${begun}${status === 'new' || status === 'queued' ? '' : ` (${status})`}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function sizeOf(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
