// Chooses a second run on the same task to stand beside the first.
import type { AnalysisPlace } from '../route.ts';
import { useLayers } from '../useLayers.ts';
import { goTo } from '../useRoute.ts';
import { choiceName } from './choiceName.ts';
import type { Subject } from './subject.ts';

export function BesideField({ subject, place }: { readonly subject: Subject; readonly place: AnalysisPlace }) {
  const layersOf = useLayers();
  const others = subject.runs.filter(({ record }) => record !== subject.run?.record);
  const chosen = others.find(({ record }) => record.spec.id === place.beside);
  return (
    <label>
      Compare with
      <select
        value={chosen?.record.spec.id ?? ''}
        disabled={others.length === 0}
        onChange={(event) => {
          const beside = event.target.value === '' ? null : event.target.value;
          goTo({ page: 'analyse', ...place, run: subject.run?.record.spec.id ?? null, beside });
        }}
      >
        <option value="">{others.length === 0 ? 'no other run on this task' : 'no other run'}</option>
        {others.map((one) => (
          <option key={one.record.spec.id} value={one.record.spec.id}>
            {choiceName(one, layersOf)}
          </option>
        ))}
      </select>
    </label>
  );
}
