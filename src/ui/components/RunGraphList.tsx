// The runs of a plan before it starts, each under the run it starts from.
import type { RunNode } from '../../lab/labState.ts';
import type { RunGraph } from '../../lab/labState.ts';
import { format } from '../format.ts';
import { methodName, runName } from '../runName.ts';
import { STATUS_WORDS } from '../runProgress.ts';
import { useLayers } from '../useLayers.ts';

export function RunGraphList({ graph }: { readonly graph: RunGraph }) {
  const ids = new Set(graph.nodes.map(({ spec }) => spec.id));
  const childrenOf = new Map<string | null, RunNode[]>();
  for (const node of graph.nodes) {
    const parent = node.spec.parent !== null && ids.has(node.spec.parent) ? node.spec.parent : null;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), node]);
  }
  return (
    <details className="fold" open={graph.nodes.length <= 40 && graph.nodes.length > 1}>
      <summary>Run graph</summary>
      <div className="run-graph" role="region" aria-label="Run graph, scrollable" tabIndex={0}>
        <NodeList nodes={childrenOf.get(null) ?? []} childrenOf={childrenOf} label="Runs of the plan" />
      </div>
    </details>
  );
}

interface NodeListProps {
  readonly nodes: readonly RunNode[];
  readonly childrenOf: ReadonlyMap<string | null, readonly RunNode[]>;
  readonly label: string;
}

function NodeList({ nodes, childrenOf, label }: NodeListProps) {
  const layersOf = useLayers();
  return (
    <ul aria-label={label}>
      {nodes.map((node) => {
        const { spec } = node;
        const starting = childrenOf.get(spec.id) ?? [];
        const name = `${methodName(spec, layersOf(spec.model.id))} · ${runName(spec)} · seed ${spec.seed}`;
        return (
          <li key={spec.id}>
            <span className="run-node">
              <span className={`node-mark ${spec.method}`} aria-hidden="true" />
              <span>
                {name}
                <span className={node.isReused ? 'tag reused' : 'tag'}>{stateText(node)}</span>
              </span>
            </span>
            {starting.length > 0 && (
              <NodeList nodes={starting} childrenOf={childrenOf} label={`Runs that start from ${name}`} />
            )}
          </li>
        );
      })}
    </ul>
  );
}

function stateText({ status, isReused, stepsLeft }: RunNode): string {
  if (isReused) return 'reused';
  const steps = format.counted(stepsLeft, 'step');
  return status === 'new' ? `new, ${steps}` : `${STATUS_WORDS[status].toLowerCase()}, ${steps} left`;
}
