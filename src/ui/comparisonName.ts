// How a comparison is named among others: its category, its model, its settings.
import { presets } from '../lab/presets.ts';
import type { Comparison } from '../lab/comparison.ts';
import { changedPaths, draftOfConfig } from './configDraft.ts';
import { format } from './format.ts';
import { nearestPreset } from './planDraft.ts';

/** `disease · xlnet-bio-tiny · Quick look, 1 setting changed`. */
export function comparisonName({ category, model, config, slicing, tasks }: Comparison): string {
  const preset = nearestPreset(config);
  const changed = changedPaths(draftOfConfig(config), presets[preset].config).size;
  const subject =
    category?.name ?? (tasks.length === 1 ? 'one task alone' : `${format.count(tasks.length)} tasks alone`);
  return [
    subject,
    model.name,
    changed === 0 ? presets[preset].label : `${presets[preset].label}, ${format.counted(changed, 'setting')} changed`,
    ...(slicing?.frozen === true ? ['shared layers frozen'] : []),
    ...(slicing?.biases === 'perLayer' ? ['biases per layer'] : []),
  ].join(' · ');
}
