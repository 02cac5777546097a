// Run records of earlier versions, brought to the present form.

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The configuration of a version 1 run or plan, which had neither fixed steps nor mixing. */
export function upgradeConfig(config: unknown): unknown {
  return isObject(config) ? { steps: null, mixing: 'proportional', ...config } : config;
}

/** Version 1 knew one task a run, without category, slicing and rounds. Anything else is answered as it came, for the schema to judge. */
export function upgradeRunRecord(value: unknown): unknown {
  if (!isObject(value) || value['version'] !== 1 || !isObject(value['spec'])) return value;
  const { corpus, type, config, ...spec } = value['spec'];
  const alone = (scores: unknown): unknown[] => [scores ?? null];
  const points = (list: unknown, members: readonly string[]): unknown =>
    Array.isArray(list)
      ? list.map((point: unknown) =>
          isObject(point)
            ? { ...point, ...Object.fromEntries(members.map((name) => [name, alone(point[name])])) }
            : point,
        )
      : list;
  return {
    ...value,
    version: 2,
    spec: {
      ...spec,
      tasks: [{ corpus, type }],
      category: null,
      slicing: null,
      round: 0,
      parent: null,
      config: upgradeConfig(config),
    },
    counts: isObject(value['counts']) ? [value['counts']] : null,
    epochs: points(value['epochs'], ['devel']),
    snapshots: points(value['snapshots'], ['devel', 'test']),
  };
}
