// How runs on one task are named where one is chosen, and where two stand side by side.
import type { RunSpec } from '../../schema/runRecord.ts';
import { format } from '../format.ts';
import { methodName } from '../runName.ts';
import type { useLayers } from '../useLayers.ts';
import type { RunChoice } from './subject.ts';

type LayersOf = ReturnType<typeof useLayers>;

/** With the test F1 of its selected snapshot. */
export function choiceName({ record, place }: RunChoice, layersOf: LayersOf): string {
  const { spec, selectedEpoch, snapshots } = record;
  const scores = snapshots.find(({ epoch }) => epoch === selectedEpoch)?.test[place];
  const f1 = scores == null ? [] : [`F1 ${format.percent(scores.lenient.overall.f1)}`];
  return [...partsOf(spec, layersOf), ...f1].join(' · ');
}

/** Names of one run or two: what they differ in, all that is known of one, A and B for two that look the same. */
export function shortNames(specs: readonly RunSpec[], layersOf: LayersOf): readonly string[] {
  const parts = specs.map((spec) => partsOf(spec, layersOf));
  const [first = []] = parts;
  if (specs.length < 2) return parts.map((ofRun) => ofRun.join(' · '));
  const differing = first.flatMap((part, place) => (parts.some((other) => other[place] !== part) ? [place] : []));
  if (differing.length === 0) return specs.map((_, index) => 'AB'.charAt(index));
  return parts.map((ofRun) => differing.map((place) => ofRun[place]).join(' · '));
}

function partsOf(spec: RunSpec, layersOf: LayersOf): readonly string[] {
  return [methodName(spec, layersOf(spec.model.id)), spec.model.name, `seed ${spec.seed}`];
}
