// Plan files of earlier versions, brought to the present form.
import { upgradeConfig } from './upgradeRunRecord.ts';

/** Version 1 knew a list of tasks for one method, STL. Anything else is answered as it came, for the schema to judge. */
export function upgradePlanFile(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { method, tasks, config, ...rest } = value as Readonly<Record<string, unknown>>;
  if (rest['format'] !== 'bioner-lab-plan' || rest['version'] !== 1) return value;
  return {
    ...rest,
    version: 2,
    methods: [method],
    slicingRates: [],
    biases: 'released',
    frozen: false,
    categories: [{ name: 'tasks', typeName: null, tasks }],
    rounds: { count: 0, epochs: 30 },
    config: upgradeConfig(config),
  };
}
